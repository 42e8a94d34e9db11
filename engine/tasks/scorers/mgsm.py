"""MGSM as lm-evaluation-harness scores it (mgsm/direct, version 4)."""

from __future__ import annotations

import string

from ..extractors import last_number
from ..items import GenerateItem
from ..scorer import Scorer
from .gsm8k import INVALID


def score_mgsm(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match`` of the last number and ``exact_match_whole`` of the whole answer, without any punctuation.

    A number's sign counts as punctuation, as in the harness. ``found`` must be the whole output.
    """
    wanted = {_bare(answer) for answer in item.answers}
    return {
        "exact_match": float(_bare((last_number(found) or INVALID).strip()) in wanted),
        "exact_match_whole": float(_bare(found.strip()) in wanted),
    }


def _bare(text: str) -> str:
    return text.lower().translate(str.maketrans("", "", string.punctuation))


SCORER = Scorer(
    name="mgsm",
    correct_when="its last number is right, as MGSM reads it",
    score=score_mgsm,
    metrics=("exact_match", "exact_match_whole"),
    reads_whole_output=True,
    extractor="last_number",
)
