"""GSM8K and MGSM as lm-evaluation-harness scores them (gsm8k/gsm8k.yaml version 3, mgsm/direct version 4)."""

from __future__ import annotations

import re
import string

from ..extractors import after_hashes, last_number
from ..items import GenerateItem

_INVALID = "[invalid]"
"""What the harness' filters leave where they find nothing."""


def score_gsm8k(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match`` (flexible: the last number) and ``exact_match_strict`` (the first number after ``####``).

    ``found`` must be the whole answer: the strict filter looks for the marker. The item's answers may be worked
    solutions that end in ``#### 42``, or just the number.
    """
    wanted = {normalise(answer) for answer in item.answers}
    return {
        "exact_match": float(normalise((last_number(found) or _INVALID).strip()) in wanted),
        "exact_match_strict": float(normalise((after_hashes(found) or _INVALID).strip()) in wanted),
    }


def score_mgsm(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match`` of the last number and ``exact_match_whole`` of the whole answer, without any punctuation.

    The number's sign is punctuation too: so the harness has it. ``found`` must be the whole answer.
    """
    wanted = {_bare(answer) for answer in item.answers}
    return {
        "exact_match": float(_bare((last_number(found) or _INVALID).strip()) in wanted),
        "exact_match_whole": float(_bare(found.strip()) in wanted),
    }


def _bare(text: str) -> str:
    return text.lower().translate(str.maketrans("", "", string.punctuation))


def normalise(text: str) -> str:
    """Without ``,``, ``$``, everything up to ``#### `` and a final ``.``; in lower case."""
    text = text.replace(",", "").replace("$", "")
    return re.sub(r"\.$", "", text.rpartition("#### ")[2]).lower()
