"""GSM8K as lm-evaluation-harness scores it (gsm8k/gsm8k.yaml, version 3)."""

from __future__ import annotations

import re

from ..extractors import after_hashes, last_number
from ..items import GenerateItem
from ..scorer import Scorer

INVALID = "[invalid]"
"""What the harness's filters return when they find nothing."""


def score_gsm8k(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match`` (flexible: the last number) and ``exact_match_strict`` (the first number after ``####``).

    ``found`` must be the whole output, because the strict filter looks for the marker. The item's answers may be worked
    solutions that end in ``#### 42``, or just the number.
    """
    wanted = {normalize(answer) for answer in item.answers}
    return {
        "exact_match": float(normalize((last_number(found) or INVALID).strip()) in wanted),
        "exact_match_strict": float(normalize((after_hashes(found) or INVALID).strip()) in wanted),
    }


def normalize(text: str) -> str:
    """The text in lower case, without ``,``, ``$``, everything up to ``#### `` and a final ``.``."""
    text = text.replace(",", "").replace("$", "")
    return re.sub(r"\.$", "", text.rpartition("#### ")[2]).lower()


SCORER = Scorer(
    name="gsm8k",
    correct_when="its last number is right, as GSM8K reads it",
    score=score_gsm8k,
    metrics=("exact_match", "exact_match_strict"),
    reads_whole_output=True,
    extractor="last_number",
)
