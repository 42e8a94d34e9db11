"""Prose without facts that a question could ask for: the haystack of the needle suite."""

from __future__ import annotations

import random
import re

from ..tables import Table, Words, read_table


class _Filler(Table, frozen=True):
    patterns: Words
    slots: dict[str, Words]


_FILLER = read_table("filler", _Filler)


def write_filler(rng: random.Random, n_words: int) -> list[str]:
    """Sentences with ``n_words`` or a few more words in total."""
    sentences: list[str] = []
    written = 0
    while written < n_words:
        sentences.append(_sentence(rng))
        written += len(sentences[-1].split())
    return sentences


def _sentence(rng: random.Random) -> str:
    pattern = rng.choice(_FILLER.patterns)
    text = re.sub(r"\{(\w+)\}", lambda slot: rng.choice(_FILLER.slots[slot[1]]), pattern)
    return text[0].upper() + text[1:]
