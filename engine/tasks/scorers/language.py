"""Detects the language of a text by its script and its most frequent words.

An approximation without a model, meant for answers of a sentence or more. A script used by one language
decides alone; languages that share a script are distinguished by function words and letters of their own. In mixed
texts the largest part counts. It knows only the languages of its table: a text in another language with Latin script is
taken for a similar one, or is ``UNKNOWN`` when hardly any word is known.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from ..tables import Table, read_table

UNKNOWN = "und"
"""ISO 639's code for an undetermined language: there are letters, but hardly any known word."""

_MIN_SHARE = 0.08
"""Below this share of known words, the language of a text in Latin script is unknown."""


class _Tables(Table, frozen=True):
    """By script: its letters, and by language frequent words and letters that no other language of the script has."""

    scripts: dict[str, str]
    words: dict[str, dict[str, str]]
    letters: dict[str, dict[str, str]]


@cache
def _tables() -> _Tables:
    return read_table("language-words", _Tables)


@cache
def _known_words(script: str) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in _tables().words[script].items()}


def english_words() -> frozenset[str]:
    """Frequent English function words, in lower case."""
    return _known_words("Latin")["en"]


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the main language of ``text``; ``UNKNOWN`` for other languages; None without letters."""
    tables = _tables()
    letters = Counter({script: len(re.findall(f"[{each}]", text)) for script, each in tables.scripts.items()})
    if letters["ja"] * 10 > letters["zh"]:
        # Japanese uses Chinese characters too; Chinese has no kana.
        letters["ja"] += letters.pop("zh")
    script, n_letters = letters.most_common(1)[0]
    if not n_letters:
        return None
    return _by_words(script, text.casefold()) if script in tables.words else script


def _by_words(script: str, text: str) -> str:
    # \w lacks the vowel signs of Indic scripts, so words are runs of the script's letters.
    tables = _tables()
    words = Counter(re.findall(f"[{tables.scripts[script]}]+", text))
    n_words = sum(words.values())
    points = {
        language: sum(words[word] for word in known)
        + sum(text.count(letter) for letter in tables.letters[script].get(language, ""))
        for language, known in _known_words(script).items()
    }
    language, best = max(points.items(), key=lambda entry: entry[1])
    known_enough = best >= max(1, _MIN_SHARE * n_words)
    if script == "Latin":
        return language if known_enough else UNKNOWN
    # The first language of these scripts is by far the most frequent, so it wins when no word decides.
    return language if best else next(iter(tables.words[script]))
