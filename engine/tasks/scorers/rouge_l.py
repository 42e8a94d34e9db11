"""ROUGE-L (Lin 2004) by the rouge-score package, like most published figures: ``rougeL``."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from ..items import GenerateItem
from ..scorer import Scorer

MAX_TOKENS = 4000
"""Maximum number of tokens compared, because the longest common subsequence takes time proportional to both texts."""


def score_rouge_l(found: str, item: GenerateItem) -> dict[str, float]:
    """``rougeL``: the F-measure of the longest common subsequence, for the best of the item's answers.

    No stemming. The package's tokens are runs of ``a-z`` and digits. An answer without any (Russian, Hindi, Chinese) is
    split into words of its own script instead, because its score would always be 0.
    """
    return {"rougeL": max((_best(found, answer) for answer in item.answers), default=0.0)}


def _best(found: str, answer: str) -> float:
    plain = re.search(r"[a-z0-9]", answer.lower()) is not None
    score: float = _scorer(plain).score(answer, found)["rougeL"].fmeasure
    return min(score, 1.0)


class _Words:
    """A tokenizer with the interface that rouge-score expects."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)

    def tokenize(self, text: str) -> list[str]:
        return [token[0] for token, _ in zip(self._pattern.finditer(text.lower()), range(MAX_TOKENS), strict=False)]


@cache
def _scorer(plain: bool) -> Any:
    # Imports nltk, which takes half a second.
    from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped]

    # Chinese and Japanese have no spaces, so each character is a token.
    words = _Words(r"[a-z0-9]+" if plain else r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
    return RougeScorer(["rougeL"], use_stemmer=False, tokenizer=words)


SCORER = Scorer(
    name="rouge_l",
    correct_when="graded: the longest sequence of words it shares with an allowed answer",
    score=score_rouge_l,
    metrics=("rougeL",),
    right_at=0.5,
)
