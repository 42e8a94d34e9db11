"""GSM8K as lm-evaluation-harness scores it (lm_eval/tasks/gsm8k/gsm8k.yaml, version 3)."""

from __future__ import annotations

import re

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


def normalise(text: str) -> str:
    """Without ``,``, ``$``, everything up to ``#### `` and a final ``.``; in lower case."""
    text = text.replace(",", "").replace("$", "")
    return re.sub(r"\.$", "", text.rpartition("#### ")[2]).lower()
