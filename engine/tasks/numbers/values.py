"""The value of one written number: digits, fractions, mixed numbers, exponents and powers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from .folding import FRACTION, MINUS, SUBSCRIPT, SUPERSCRIPT, VULGAR
from .written import RUN, Mark, readings

MAX_POWER = 999
"""Largest power of ten, either way, that is computed."""
_MAX_BITS = 4096
"""Largest size of a power's numerator or denominator."""

_SIGN = rf"[-+{MINUS}–]"
_SUPER = "".join(SUPERSCRIPT)
_SUPERFRACTION = re.compile(rf"([{_SUPER}]{{1,9}})/([{''.join(SUBSCRIPT)}]{{1,9}})")
_MACRO = re.compile(
    rf"{FRACTION} ?(?:\{{ ?({_SIGN}?[0-9.,]{{1,400}}) ?\}}|([0-9])) ?(?:\{{ ?([0-9.,]{{1,400}}) ?\}}|([0-9]))"
)
_E_NOTATION = re.compile(rf"[eE]({_SIGN}?)([0-9]+)(?![0-9]|\.[0-9])")
_TIMES_TEN = re.compile(
    rf"[ ]{{0,2}}[x×X·*][ ]{{0,2}}10(?:[ ]?(?:\^|\*\*)[ ]?[{{(]?[ ]?({_SIGN}?)[ ]?([0-9]+)[ ]?[}})]?|([{_SUPER}]+))"
)
_POWER = re.compile(
    rf"(?:[ ]?\^[ ]?|\*\*|[ ]\*\*[ ])[{{(]?[ ]?({_SIGN}?)[ ]?([0-9]+)(?![0-9]*[.,][0-9])[ ]?[}})]?|([{_SUPER}]+)(?!/)"
)
_MIXED = re.compile(rf"[ ]?([{''.join(VULGAR)}])|[ ]([0-9]{{1,3}})[ ]?/[ ]?([0-9]{{1,4}})(?![0-9/])|[ ]?(?={FRACTION})")
_CHAIN = re.compile(r"(?:[ ]?/[ ]?[0-9]+)+")
_SLASH = re.compile(r"[ ]?/[ ]?(?=[0-9])")


@dataclass(frozen=True)
class Value:
    """What digits that end at ``end`` can mean, without their sign."""

    readings: tuple[Fraction, ...]
    end: int
    is_plain: bool = True
    """Digits and marks only."""
    is_chain: bool = False
    """Several slashes in a row: ``3/4/5`` is no fraction."""


def read_value(text: str, start: int, mark: Mark | None) -> Value:
    """The number whose digits begin at ``start`` of the folded text."""
    value = _read_digits(text, start, mark)
    if value.is_plain:
        value = _mixed(text, value)
    if value.is_plain:
        value = _powered(text, value)
    return _divided(text, value, mark)


def _read_digits(text: str, start: int, mark: Mark | None) -> Value:
    if text[start] in VULGAR:
        return Value((VULGAR[text[start]],), start + 1, is_plain=False)
    if text[start] == FRACTION:
        return _read_macro(text, start)
    above = _SUPERFRACTION.match(text, start)
    if above:
        return Value(
            _quotient(int(_plain(above[1], SUPERSCRIPT) or "0"), int(_plain(above[2], SUBSCRIPT))), above.end(), False
        )
    run = RUN.match(text, start)
    if run is None:
        return Value((), start + 1, is_plain=False)
    if start > 1 and text[start - 1] in ",'_" and text[start - 2].isdigit():
        return _read_run(run[0].split(text[start - 1])[0], start, mark)  # goes on a list: 1,2,3
    return _read_run(run[0], start, mark)


def _read_run(run: str, start: int, mark: Mark | None) -> Value:
    """The digits, or as many of them as make a number: ``1,2,3`` is a list, and ``1.5 200`` two numbers."""
    found = readings(run, mark)
    if not found and len(run) <= 800:
        for separator in " '_,":
            head, parted, _rest = run.partition(separator)
            if parted and head:
                return _read_run(head, start, mark)
    return Value(tuple(reading.value for reading in found), start + len(run))


def _read_macro(text: str, start: int) -> Value:
    macro = _MACRO.match(text, start)
    if macro is None:
        return Value((), start + 1, is_plain=False)
    above, below = (macro[1] or macro[2]), (macro[3] or macro[4])
    negative = above[0] in f"-–{MINUS}"
    tops, bottoms = readings(above.strip(f"-+–{MINUS}")), readings(below)
    quotients = [each for top in tops for bottom in bottoms for each in _quotient(top.value, bottom.value)]
    return Value(tuple(-each if negative else each for each in quotients), macro.end(), is_plain=False)


def _mixed(text: str, value: Value) -> Value:
    """With the fraction behind it: ``2½``, ``2 1/2``."""
    if len(value.readings) != 1 or value.readings[0].denominator != 1:
        return value
    match = _MIXED.match(text, value.end)
    if match is None:
        return value
    if match[1]:
        part = Value((VULGAR[match[1]],), match.end())
    elif match[2]:
        part = Value(_quotient(int(match[2]), int(match[3])), match.end())
    else:
        part = _read_macro(text, match.end())
    if len(part.readings) != 1 or not 0 < part.readings[0] < 1:
        return value
    return Value((value.readings[0] + part.readings[0],), part.end, is_plain=False)


def _powered(text: str, value: Value) -> Value:
    """With its exponent: ``1e3``, ``1.2 × 10^5``, ``2^10``, ``10⁵``."""
    match = _E_NOTATION.match(text, value.end)
    if match is None:
        match = _TIMES_TEN.match(text, value.end)
    if match is not None:
        power = _exponent(match)
        if power is None:
            return Value((), match.end(), is_plain=False)
        mantissas = value.readings
        if text[value.end - 4 : value.end - 3] == ".":
            mantissas = mantissas[:1]  # before an exponent, a point is never a thousands mark
        return Value(tuple(each * Fraction(10) ** power for each in mantissas), match.end(), is_plain=False)
    powers: list[int | None] = []
    end = value.end
    while (match := _POWER.match(text, end)) and len(powers) < 8:
        powers.append(_exponent(match))
        end = match.end()
    if not powers:
        return value
    power = _tower(powers)
    return Value(tuple(each for base in value.readings for each in _raised(base, power)), end, is_plain=False)


def _exponent(match: re.Match[str]) -> int | None:
    """The exponent; None when it is out of bounds."""
    groups = match.groups()
    if len(groups) > 2 and groups[2]:
        written = _plain(groups[2], SUPERSCRIPT)
        sign, digits = ("-" if written[0] == MINUS else ""), written.lstrip(f"+{MINUS}")
    else:
        sign, digits = ("-" if groups[0] in ("-", MINUS, "–") else ""), groups[1]
    digits = digits.lstrip("0") or "0"
    if not digits.isdigit() or len(digits) > 4 or int(digits) > MAX_POWER:
        return None
    return int(sign + digits)


def _tower(powers: list[int | None]) -> int | None:
    """The exponent of a tower, from its top: ``2^3^2`` is 2 to the power of 9."""
    top: int | None = 1
    for power in reversed(powers):
        raised = _raised(Fraction(power), top) if power is not None else ()
        if not raised or raised[0].denominator != 1:
            return None
        top = int(raised[0])
    return top


def _raised(base: Fraction, power: int | None) -> tuple[Fraction, ...]:
    if power is None or (base == 0 and power < 0):
        return ()
    if max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(power) > _MAX_BITS:
        return ()
    return (base**power,)


def _divided(text: str, value: Value, mark: Mark | None) -> Value:
    """With the denominator behind a slash."""
    slash = _SLASH.match(text, value.end)
    if slash is None or not value.readings:
        return value
    below = _powered(text, _read_digits(text, slash.end(), mark))
    more = _CHAIN.match(text, below.end)
    if more is not None:
        return replace(below, readings=(), end=more.end(), is_chain=True)
    quotients = {each: None for top in value.readings for bottom in below.readings for each in _quotient(top, bottom)}
    return Value(tuple(quotients), below.end, is_plain=False)


def _quotient(above: Fraction | int, below: Fraction | int) -> tuple[Fraction, ...]:
    return (Fraction(above) / Fraction(below),) if below else ()


def _plain(written: str, table: dict[str, str]) -> str:
    return "".join(table[character] for character in written)
