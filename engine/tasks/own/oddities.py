"""What is odd in data that can be used: values that stand for nothing, rows that stand twice, damaged letters, answers
that no model can give. Each kind is told once, with its number of rows and the line of the first."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence

from ..items import ChoiceItem, Item
from .cells import RowProblem

_MISSING = frozenset((
    "NA", "NaN", "nan", "<NA>", "NULL", "null", "NaT", "\\N", "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!",
    "#NULL!", "#SPILL!", "#CALC!", "#FIELD!",
))  # fmt: skip
"""What R, pandas, databases and spreadsheets write where they have no value. ``None`` and ``N/A`` are left out, because
people write them as answers."""
_HIGH = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
"""The second bytes of UTF-8 as Windows-1252 shows them."""
_DAMAGED = re.compile(rf"[ÂÃ][{_HIGH}]|â€[{_HIGH}]|ï»¿|\ufffd")
_AROUND = 10
"""Characters shown before and after damaged ones."""
_LONGEST_TOKEN_BYTES = 8
"""An answer of more bytes a token is longer than what any tokenizer makes of ordinary text."""


def oddities(items: Iterable[tuple[int, Item]], max_tokens: int = 0) -> list[RowProblem]:
    """What a person should look at in usable items, which come with their lines.

    ``max_tokens`` is how long an answer may be, for generate items whose answers models have to write; 0 for others.
    """
    kinds: dict[str, list[tuple[int, str]]] = {}
    seen: dict[object, object] = {}
    for line, item in items:
        for kind, shown in _of_item(item, max_tokens):
            kinds.setdefault(kind, []).append((line, shown))
        asked, right = _asked(item), _right(item)
        if seen.setdefault(asked, right) != right:
            kinds.setdefault("other answer", []).append((line, ""))
        elif seen.setdefault((asked, right), line) != line:
            kinds.setdefault("twice", []).append((line, ""))
    return [RowProblem(line=rows[0][0], message=_WORDS[kind](_count(rows), rows[0][1])) for kind, rows in kinds.items()]


def _of_item(item: Item, max_tokens: int) -> Iterable[tuple[str, str]]:
    is_choice = isinstance(item, ChoiceItem)
    asked, answers = (item.question, item.choices) if isinstance(item, ChoiceItem) else (item.prompt, item.answers)
    missing = [text for text in (asked, *answers) if text.strip() in _MISSING]
    if missing and (is_choice or asked in missing or len(missing) == len(answers)):
        yield "missing", missing[0].strip()
    if damaged := next((found for text in (asked, *answers) if (found := _DAMAGED.search(text))), None):
        start, end = max(0, damaged.start() - _AROUND), damaged.end() + _AROUND
        yield "damaged", damaged.string[start:end].strip()
    if max_tokens and answers and all(len(each.encode()) > _LONGEST_TOKEN_BYTES * max_tokens for each in answers):
        yield "long", str(max_tokens)


def _asked(item: Item) -> object:
    if isinstance(item, ChoiceItem):
        return item.question, frozenset(item.choices)
    return item.prompt, item.system


def _right(item: Item) -> object:
    if isinstance(item, ChoiceItem):
        return item.choices[item.gold]
    # What files tell about all their answers is not in the check yet.
    return frozenset(item.answers), json.dumps(item.check, sort_keys=True, default=str) if item.check else ""


def _count(rows: Sequence[tuple[int, str]]) -> str:
    return "" if len(rows) == 1 else f" ({len(rows):,} such rows)"


_WORDS: dict[str, Callable[[str, str], str]] = {
    "missing": lambda more, shown: (
        f"{shown!r} is what programs write where a value is missing, and is taken as text{more}."
    ),
    "damaged": lambda more, shown: f"{shown!r} looks damaged by a wrong encoding before it came into the file{more}.",
    "long": lambda more, shown: (
        f"The answer is longer than the {shown} tokens that a model may write{more}. Raise --max-tokens."
    ),
    "other answer": lambda more, _shown: f"The row asks what an earlier row asks, but another answer is right{more}.",
    "twice": lambda more, _shown: f"The row is the same as an earlier one, and counts again{more}.",
}
