"""chrF as the main metric, with BLEU beside it. ``bleu`` computes both."""

from __future__ import annotations

from ..scorer import Scorer
from .bleu import score_translation

SCORER = Scorer(
    name="chrf",
    correct_when="graded: the character groups it shares with a reference",
    score=score_translation,
    metrics=("chrf", "bleu"),
    right_at=0.5,
)
