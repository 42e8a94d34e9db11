"""Whether the text is an allowed answer, as a person compares them: ``exact_match``."""

from __future__ import annotations

from ..items import GenerateItem
from ..leads import without_answer_label, without_field_label
from ..plain_numbers import is_number, read_gold, read_plain
from ..scorer import GoldReading, Scorer
from ..text_forms import same


def score_exact(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match``: 1 when the text is an allowed answer, as ``exact`` compares them."""
    return {"exact_match": exact(found, item.answers)}


def exact(found: str, answers: tuple[str, ...]) -> float:
    """1 when the text has the normal form of an allowed answer (``text_forms``) or is the number that one is.

    ``plain_numbers`` says which answers are numbers: ``1,234`` is one, ``007`` and ``3.10`` are texts.
    """
    return float(any(is_answer(found, answer) for answer in answers))


def is_answer(found: str, answer: str) -> bool:
    """Whether the text is this allowed answer, with or without a label such as ``Output:`` before it."""
    if _is(found, answer) or _is(without_field_label(found), answer):
        return True
    # Extraction takes the word off what a model says, so that it must not be required.
    bare = without_answer_label(answer)
    return bool(bare) and bare != answer.strip() and _is(found, bare)


def _is(found: str, answer: str) -> bool:
    if same(found, answer):
        return True
    number = read_plain(answer)
    return number is not None and is_number(found, number)


def _read_gold(gold: str) -> GoldReading:
    if len(gold.strip().splitlines()) > 1:
        first = gold.strip().splitlines()[0].strip()
        return GoldReading(
            "as text",
            f"The answer that begins with {first} has several lines, and answers end with their first line. Choose "
            "the extractor whole and no stop string.",
        )
    return read_gold(gold)


SCORER = Scorer(
    name="exact",
    correct_when="it equals an allowed answer",
    score=score_exact,
    metrics=("exact_match",),
    read_gold=_read_gold,
    extractor="first_line",
    max_tokens=64,
    stop=("\n",),
)
