"""Finds every number in a text, once from left to right, and says what each is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from .folding import FRACTION, SUPERSCRIPT, VULGAR, Folded, fold
from .found import FoundNumber, Kind, Number
from .magnitudes import scaled, unit_sign
from .signs import Before, before
from .values import Value, read_value
from .words import EXPRESSION, ORDINAL, VARIABLE, words
from .written import RUN, Mark, readings

_START = re.compile(rf"[0-9]|(?<![\w.,])[.,](?=[0-9])|[{''.join(VULGAR)}{FRACTION}]|[{''.join(SUPERSCRIPT)}]{{1,9}}/")
_DATE = re.compile(
    r"\d{4}([-/.–‐])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)(?:[T ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?Z?)?"
    r"|(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:\d{4}|\d{2})(?![\d/])"
    r"|(?:19|20)\d{2}-(?:0[1-9]|1[0-2])(?![\d-])"
    r"|\d{1,4}年\d{1,2}月(?:\d{1,2}日)?",
    re.ASCII,
)
_TIME = re.compile(r"\d{1,400}(?::\d{1,400}){1,3}(?:[.,]\d{1,9})?", re.ASCII)
_VERSION = re.compile(r"\d+(?:\.\d+){2,}", re.ASCII)
_NAME = re.compile(r"[0-9A-Za-z]*(?:[._-][0-9A-Za-z]+)*")
_NAME_GOES_ON = re.compile(r"(?![xX×][0-9])(?!(?:[kcdm]?m)[23](?![0-9A-Za-z]))[A-Za-z]+[0-9]")
_DAY_BEFORE_MONTH = re.compile(r"\.?(?:st|nd|rd|th)?,?[ ](?:of |de )?", re.IGNORECASE)
_LIST_MARK = re.compile(r"[*_]{0,2}[.)][*_]{0,2}[ \t]{1,8}\S")
_DECADE = re.compile(r"[0-9]{3}0s(?!\w)")
_MONTH = re.compile(r"[^\W\d_]{3,10}")
_MONTH_AND_DAY_BEFORE = re.compile(r"(?:^|[^\w])([^\W\d_]{3,10})\.? (?:de )?(?:[0-9]{1,2}(?:st|nd|rd|th)?,? )?$")
_OPERATOR = re.compile(r"(?:[ ]?[^\W\d_]{2,12}[ ])?[\s()€$£]{0,4}(?:[×·÷+*]|x)[\s()€$£]{0,4}$")


def find_numbers(text: str, mark: Mark | None = None) -> tuple[FoundNumber, ...]:
    """Every number in the text, in order. ``mark`` is the writer's decimal mark, where it is known."""
    folded = fold(text)
    return tuple(in_original(found, folded) for found in scan(folded.text, mark))


def in_original(found: FoundNumber, folded: Folded) -> FoundNumber:
    return replace(found, start=folded.starts[found.start], end=folded.ends[found.end - 1])


def scan(text: str, mark: Mark | None = None) -> list[FoundNumber]:
    """Every number in folded text, with places in the folded text."""
    found: list[FoundNumber] = []
    at = 0
    while start := _START.search(text, at):
        one = _read(text, start.start(), found[-1] if found else None, mark)
        found.append(one)
        at = one.end
    return _with_operands(text, found)


def _read(text: str, start: int, last: FoundNumber | None, mark: Mark | None) -> FoundNumber:
    """The number whose digits begin at ``start``."""
    ahead = before(text, start, 0 if last is None else last.end)
    skipped = _skipped(text, start, ahead)
    if skipped is not None:
        return skipped
    value = read_value(text, start, mark)
    end = value.end
    if _NAME_GOES_ON.match(text, end):
        name = _NAME.match(text, start)
        return FoundNumber(start, max(end, name.end() if name else end), Number(()), "name")
    money = ahead.has_currency
    value = scaled(text, value, has_currency=money, mark=mark)
    per, end = unit_sign(text, value.end)
    sign = -1 if ahead.is_negative else 1
    number = Number(tuple(sign * each for each in value.readings), per)
    return FoundNumber(ahead.start, end, number, _kind(text, ahead, start, value, end))


def _skipped(text: str, start: int, ahead: Before) -> FoundNumber | None:
    """A date, time, version or name that begins here."""
    if ahead.is_in_name:
        name = _NAME.match(text, start)
        return FoundNumber(start, max(start + 1, name.end() if name else 0), Number(()), "name")
    kinds: tuple[tuple[re.Pattern[str], Kind], ...] = ((_DATE, "date"), (_TIME, "time"), (_VERSION, "version"))
    for pattern, kind in kinds:
        match = pattern.match(text, start)
        if match and not (kind == "version" and read_value(text, start, None).readings):
            return FoundNumber(start, match.end(), Number(()), kind)
    return None


def _kind(text: str, ahead: Before, start: int, value: Value, end: int) -> Kind:
    if ahead.is_tolerance:
        return "tolerance"
    if ahead.is_root or EXPRESSION.match(text, end):
        return "expression"
    if value.is_chain:
        return "expression"
    if text[max(0, start - 1) : start] == "第" or ORDINAL.match(text, end):
        return "ordinal"
    if _DECADE.match(text, start):
        return "date"
    if VARIABLE.match(text, end):
        return "coefficient"
    return _kind_by_place(text, ahead, start, end)


def _kind_by_place(text: str, ahead: Before, start: int, end: int) -> Kind:
    """What the number is by what stands around it."""
    line = text.rfind("\n", max(0, start - 8), start) + 1 or max(0, start - 8)
    lead = text[line:start]
    begins_line = (line == 0 or text[line - 1] == "\n") and re.fullmatch(r"[ >*_#(-]*", lead)
    if begins_line and start + 3 >= end and _LIST_MARK.match(text, end):
        return "list marker"
    if _is_footnote(text, start, end):
        return "footnote"
    if ahead.word.casefold().rstrip(".") in words().references:
        return "reference"
    if _is_in_date(text, start, end):
        return "date"
    return "number"


def _is_footnote(text: str, start: int, end: int) -> bool:
    """Whether it stands in brackets with nothing but other numbers: ``[1]``, ``[^2]``, ``[3, 4]``."""
    lead = re.search(r"\[\^?(?:[0-9]{1,4}[ ]?[,;–-][ ]?){0,8}$", text[max(0, start - 60) : start])
    return lead is not None and re.match(r"(?:[ ]?[,;–-][ ]?[0-9]{1,4}){0,8}\]", text[end : end + 60]) is not None


def _is_in_date(text: str, start: int, end: int) -> bool:
    """Whether it is the day or the year of ``May 5, 2024`` or ``5. Mai 2024``."""
    between = _DAY_BEFORE_MONTH.match(text, end)
    month = _MONTH.match(text, between.end()) if between and end - start <= 2 else None
    if month is None or not _is_month(month[0]):
        before_it = _MONTH_AND_DAY_BEFORE.search(text[max(0, start - 24) : start])
        is_day_or_year = end - start == 4 or text[start:end] <= "31" or end - start == 1
        return before_it is not None and _is_month(before_it[1]) and end - start <= 4 and is_day_or_year
    return True


def _is_month(word: str) -> bool:
    return word not in ("may", "mar", "mars") and word.casefold() in words().months


def _with_operands(text: str, found: list[FoundNumber]) -> list[FoundNumber]:
    """The same, with the numbers of calculations marked: ``6 × 7`` in ``6 × 7 = 42``."""
    marked = list(found)
    for index in range(1, len(found)):
        between = text[found[index - 1].end : found[index].start]
        if len(between) < 24 and "\n" not in between and _OPERATOR.match(between):
            for place in (index - 1, index):
                if found[place].kind in ("number", "coefficient"):
                    marked[place] = replace(found[place], kind="operand")
    return marked


def decimal_mark(texts: Iterable[str]) -> Mark | None:
    """The decimal mark that the numbers in the texts show together; None when they show none, or both."""
    shown: set[str] = set()
    for text in texts:
        folded = fold(text).text
        for found in scan(folded):
            run = RUN.search(folded, found.start, found.end) if found.kind == "number" else None
            read = readings(run[0]) if run else ()
            if len(read) == 1 and read[0].decimal:
                shown.add(read[0].decimal)
    return "." if shown == {"."} else "," if shown == {","} else None
