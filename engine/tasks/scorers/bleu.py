"""Sentence BLEU and chrF by sacrebleu, from 0 to 1 (sacrebleu itself reports 0 to 100)."""

from __future__ import annotations

from ...errors import DatasetError
from ..items import GenerateItem
from ..scorer import Scorer

_TOKENIZERS = ("13a", "zh", "char", "intl", "none")
"""sacrebleu's tokenizers that need no other package or download."""


def score_translation(found: str, item: GenerateItem) -> dict[str, float]:
    """``bleu`` (4-grams, exponential smoothing, effective order) and ``chrf`` (chrF2: 6-grams, beta 2).

    All answers together are the references. ``item.check["tokenize"]`` chooses BLEU's tokenizer: ``13a`` by default,
    ``zh`` for Chinese, ``char`` for Japanese, Thai and other scripts without spaces. The mean over items is not corpus
    BLEU and must not be compared with it.

    Raises:
        DatasetError: the tokenizer is unknown, or there is no answer to compare with.
    """
    tokenize = item.check.get("tokenize", "13a")
    if tokenize not in _TOKENIZERS:
        raise DatasetError(
            f"The tokenizer {tokenize!r} of item {item.id} is unknown.",
            hint=f"Choose one of: {', '.join(_TOKENIZERS)}.",
        )
    if not any(answer.strip() for answer in item.answers):
        raise DatasetError(f"Item {item.id} has no answer to compare with.", hint="Give a reference translation.")
    from sacrebleu import sentence_bleu, sentence_chrf

    references = list(item.answers)
    return {
        "bleu": _share(sentence_bleu(found, references, tokenize=tokenize).score),
        "chrf": _share(sentence_chrf(found, references).score),
    }


def _share(score: float) -> float:
    # Identical texts come out as 100.00000000000004.
    return min(max(score / 100, 0.0), 1.0)


SCORER = Scorer(
    name="bleu",
    correct_when="graded: the word groups it shares with a reference",
    score=score_translation,
    metrics=("bleu", "chrf"),
    right_at=0.5,
)
