"""Compares numbers by value: ``exact_match``."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from ...errors import DatasetError
from ..items import GenerateItem
from ..numbers import Mark, Number, answer_number, decimal_mark, find_numbers, only_number
from ..scorer import GoldReading, Scorer

_MAX_DECIMALS = 12
"""Longer decimal fractions are shown as fractions."""


def score_numeric(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match``: 1 when the number that answers in the text equals one of the answers.

    ``item.check`` may have ``tolerance`` (absolute) and ``relative_tolerance`` (relative to the answer); meeting either
    is enough, and the bounds are included. ``decimal_mark`` (``.`` or ``,``) says how the item's answers are written.
    Words and currency signs are ignored, and a percent sign may be missing on one side.

    A text that can be read in two ways (``1.234``) is right when either reading is: the readings are a thousand times
    apart, so a model that means the wrong one would have to be wrong by exactly that factor.

    Raises:
        DatasetError: an answer is not a number, or a tolerance is negative or not a number.
    """
    absolute, relative = _tolerance(item, "tolerance"), _tolerance(item, "relative_tolerance")
    mark = _mark(item)
    wanted = [_gold(item, answer, mark) for answer in item.answers]
    answer = answer_number(found)
    right = answer is not None and any(
        answer.number.equals(gold, absolute=absolute, relative=relative) for gold in wanted
    )
    return {"exact_match": float(right)}


def find_problem(item: GenerateItem) -> str | None:
    """Why the item cannot be scored."""
    try:
        score_numeric("", item)
    except DatasetError as error:
        return str(error)
    return None


def settle(items: tuple[GenerateItem, ...]) -> tuple[GenerateItem, ...]:
    """The items with the decimal mark that their answers show together: ``1.234`` beside ``1.234,56`` is 1234."""
    mark = decimal_mark([answer for item in items for answer in item.answers])
    if mark is None:
        return items
    return tuple(
        msgspec.structs.replace(item, check={"decimal_mark": mark, **item.check})
        if any(_is_ambiguous(answer, mark=None) for answer in item.answers)
        else item
        for item in items
    )


def read_item(item: GenerateItem) -> tuple[GoldReading, ...]:
    """How each answer of an item is understood."""
    return tuple(_reading(answer, _mark(item)) for answer in item.answers)


def _reading(gold: str, mark: Mark | None) -> GoldReading:
    number = only_number(gold, mark)
    if number is None:
        return GoldReading("as a number, but it is not one")
    shown = [_shown(value, number.per) for value in number.readings]
    if not number.is_ambiguous:
        return GoldReading(f"as the number {shown[0]}")
    meanings = " or ".join(shown)
    clear = " or ".join(f"{each}0" if "." in each and number.per == 1 else each for each in shown)
    return GoldReading(
        f"as the number {meanings}", f"{gold} can mean {meanings}; both count as right. Write {clear} to decide."
    )


def _shown(value: Fraction, per: int) -> str:
    sign = {1: "", 100: "%", 1000: "‰"}[per]
    if value.denominator == 1:
        return f"{value}{sign}"
    decimals = next((n for n in range(1, _MAX_DECIMALS + 1) if 10**n % value.denominator == 0), 0)
    if not decimals or value.numerator.bit_length() > 80:
        return f"{value}{sign}"
    return f"{Decimal(int(value * 10**decimals)).scaleb(-decimals):f}{sign}"


def _is_ambiguous(gold: str, mark: Mark | None) -> bool:
    number = only_number(gold, mark)
    return number is not None and number.is_ambiguous


def _gold(item: GenerateItem, answer: str, mark: Mark | None) -> Number:
    number = only_number(answer, mark)
    if number is None:
        raise DatasetError(
            f"The answer {answer!r} of item {item.id} {_fault(answer)}.", hint="Fix it, or use the scorer exact."
        )
    return number


def _fault(answer: str) -> str:
    """What is wrong with an answer that is not one number."""
    found = find_numbers(answer)
    kinds = {each.kind for each in found}
    values = {each.number for each in found if each.kind in ("number", "operand")}
    if len(values) > 1:
        return "has several numbers"
    if "operand" in kinds:
        return "is a calculation, not a number"
    if values:
        return "is a number that cannot be computed"
    return f"is a {kinds.pop()}, not a number" if len(kinds) == 1 else "is not a number"


def _mark(item: GenerateItem) -> Mark | None:
    value: Any = item.check.get("decimal_mark")
    if value is None:
        return None
    if value not in (".", ","):
        raise DatasetError(f"The decimal_mark of item {item.id} is {value!r}.", hint="Give . or , as text.")
    return "." if value == "." else ","


def _tolerance(item: GenerateItem, name: str) -> Fraction:
    value: Any = item.check.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise DatasetError(f"The {name} of item {item.id} is {value!r}.", hint="Give a number of 0 or more.")
    # From its decimal digits: 0.1 means a tenth, not the nearest binary fraction.
    return Fraction(str(value))


SCORER = Scorer(
    name="numeric",
    correct_when="the number in it equals the allowed number",
    score=score_numeric,
    metrics=("exact_match",),
    extractor="number",
    find_problem=find_problem,
    settle=settle,
    read_item=read_item,
    number_check={"decimal_mark": "."},
    json_fields=frozenset(("tolerance", "relative_tolerance")),
)
