"""Picks the number that answers, from all that a text has."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence

from .folding import BOX, fold
from .found import FoundNumber, Kind, Number
from .scanner import in_original, scan
from .words import words
from .written import Mark

_SECOND: tuple[Kind, ...] = ("ordinal", "coefficient", "footnote", "reference", "list marker")
"""What counts when there is no plain number, in this order."""

_MAX_NAMED = 16
"""How many places that name an answer are looked at, from the end."""
_MAX_CHAIN = 64
"""How many numbers of one calculation are looked at."""

_BETWEEN = re.compile(r"[ ]?[:=]?[^\n.;!?。,:=\d]{0,40}|[\s*_$`>{}:=\-]{0,24}")
_JOINED = re.compile(r"[^\n.;!?]{0,24}[×·÷*+=≈/x–−-][\s$€£*_(){}-]*")

_MAX_ASIDE = 80
_ASIDE = re.compile(r"\((?! ?[=≈])[^()\n]*\Z")
_ASIDE_END = re.compile(r"[^()\n]{0,80}\)")
_ITS_UNIT = re.compile(r"[^\n.!?;:,=≈×·÷+()]{0,32}")


def parse_number(text: str, mark: Mark | None = None) -> Number | None:
    """The number that the text consists of; None when it has no number, several, or words.

    Sign, currency, percent sign, words of magnitude, quotes, Markdown, LaTeX and closing punctuation may stand around
    it. ``mark`` is the writer's decimal mark, where it is known.
    """
    folded = fold(text).text.strip()
    found = scan(folded, mark)
    if len(found) != 1 or found[0].kind != "number" or not found[0].number.readings:
        return None
    around = folded[: found[0].start], folded[found[0].end :]
    return found[0].number if all(words().dress.fullmatch(part) for part in around) else None


def only_number(text: str, mark: Mark | None = None) -> Number | None:
    """The one number in a text that may have words, or the one that the text calls its answer (``#### 18``).

    None when it has none, or numbers with different values.
    """
    folded = fold(text).text
    found = scan(folded, mark)
    named = _named(folded, found)
    if named is not None:
        return named.number if named.number.readings else None
    kinds: tuple[Kind, ...] = ("number", "operand", *_SECOND)
    kind = next((kind for kind in kinds if any(each.kind == kind for each in found)), None)
    values = {each.number for each in found if each.kind == kind}
    number = values.pop() if len(values) == 1 and kind != "operand" else None
    return number if number is not None and number.readings else None


def answer_number(text: str, mark: Mark | None = None) -> FoundNumber | None:
    r"""The number in the text that answers; None when there is none, or when it has no value.

    1. The number after the last ``####``, ``\boxed{``, ``the answer is`` or ``Answer:``, also in other languages. The
       result of a calculation counts, not its operands (``Answer: 6 × 7 = 42``).
    2. Else the last number before closing notes; of ``37 °C (98.6 °F)`` the one before the brackets. Dates, times,
       versions, identifiers (``GPT-4``), numbers behind ± and operands of a calculation never count.
    3. Where there is no such number: the last ordinal, factor (``3x``), bracketed number, numbered part (``step 3``)
       or list marker, in this order; and the year of the last date.
    """
    folded = fold(text)
    found = scan(folded.text, mark)
    chosen = _named(folded.text, found) or _last(folded.text, found)
    return None if chosen is None or not chosen.number.readings else in_original(chosen, folded)


def _last(text: str, found: Sequence[FoundNumber]) -> FoundNumber | None:
    plain = [each for each in found if each.kind == "number"]
    if plain:
        plain = _before_notes(text, plain)
        return _before_aside(text, plain) or plain[-1]
    if any(each.kind == "operand" for each in found):
        return None  # a calculation without its result
    seconds = next((each for kind in _SECOND for each in reversed(found) if each.kind == kind), None)
    return seconds or next((each for each in reversed(found) if _is_year(text, each)), None)


def _before_notes(text: str, plain: list[FoundNumber]) -> list[FoundNumber]:
    """Those before a closing ``Note:``, or before the explanation of an answer in one line; all if that leaves none."""
    line_end = text.find("\n", len(text) - len(text.lstrip()))
    for line in words().notes.finditer(text):
        if line["note"] or line.start() <= line_end + 1:
            return [each for each in plain if each.end <= line.start()] or plain
    return plain


def _before_aside(text: str, plain: Sequence[FoundNumber]) -> FoundNumber | None:
    """The number that the last one only explains, in brackets behind it: ``3.14 (rounded to 2 places)``."""
    last = plain[-1]
    inside = _ASIDE.search(text, max(0, last.start - _MAX_ASIDE), last.start)
    if inside is None or not _ASIDE_END.match(text, last.end):
        return None
    at = bisect.bisect_right([each.end for each in plain], inside.start())
    told = plain[at - 1] if at else None
    return told if told is not None and _ITS_UNIT.fullmatch(text, told.end, inside.start()) else None


def _is_year(text: str, found: FoundNumber) -> bool:
    is_one = found.kind == "date" and bool(found.number.readings)
    return is_one and found.end - found.start == 4 and not text[found.end : found.end + 1].isalpha()


def _named(text: str, found: Sequence[FoundNumber]) -> FoundNumber | None:
    """The number that the text calls its answer."""
    places = [(said.end(), said[0].startswith(BOX)) for said in words().said.finditer(text)]
    ends = [each.end for each in found]
    for end, is_box in reversed(places[-_MAX_NAMED:]):
        first = bisect.bisect_right(ends, end)
        if is_box:
            chosen = _last(text, found[first : bisect.bisect_right(ends, _box_end(text, end))])
        else:
            chosen = _first_result(text, end, found[first : first + _MAX_CHAIN])
        if chosen is not None:
            return chosen
    return None


def _box_end(text: str, start: int) -> int:
    depth = 1
    for brace in re.compile(r"[{}]").finditer(text, start):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.start()
    return len(text)


def _first_result(text: str, end: int, found: Sequence[FoundNumber]) -> FoundNumber | None:
    """The first number behind ``end``, or the result of the calculation that begins with it."""
    if not found or not _BETWEEN.fullmatch(text, end, max(end, found[0].start)):
        return None
    chain = [found[0]]
    for each in found[1:]:
        if not _JOINED.fullmatch(text, chain[-1].end, max(chain[-1].end, each.start)):
            break
        chain.append(each)
    plain = [each for each in chain if each.kind in ("number", "ordinal", "coefficient", "footnote")]
    return plain[-1] if plain else None
