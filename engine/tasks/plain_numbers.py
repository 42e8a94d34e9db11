"""Which allowed answers are numbers when texts are compared, and which numbers in a text equal them.

An allowed answer counts as a number only where nothing else can be meant: digits, with a minus, one currency sign,
thousands commas and a decimal point at most. Everything that a number would lose something of is compared as text:
leading zeros (``007``), trailing zeros of a decimal fraction (``3.10``; but ``2.0`` is how tables write whole numbers),
more than 15 digits, a plus sign, underscores, exponents, several points, ``inf`` and ``nan``. Values are fractions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from .numbers.words import words
from .numbers.written import readings
from .scorer import GoldReading
from .text_forms import SPACELESS, fold, pattern, trim

MAX_DIGITS = 15
"""Longer numbers are names of something; it is also what a spreadsheet keeps."""
_MAX_CHARACTERS = 60

_GOLD = (
    r"(?<sign>-?)(?<before>\p{Sc}?) ?(?<whole>0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)?"
    r"(?:\.(?<decimals>\d+))? ?(?<after>\p{Sc}?)"
)
_WRITTEN = (
    r"(?<sign>[-+]?)(?<before>\p{Sc}?) ?(?<minus>-?)(?<digits>\d+(?:[ .,']\d+)*|[.,]\d+)(?:e(?<power>[-+]?\d{1,3}))?"
    r" ?(?<after>\p{Sc}?)"
)
_LOOKS_LIKE_ONE = r"[-+]?\p{Sc}?[ ]?\d*(?:[.,'_ ]\d+)*(?:e[-+]?\d+)?%?"
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{SPACELESS}\p{{Hangul}}]]"
_TOKEN = (
    r"(?V1)(?<![\w.,])\d+ \d+/\d+"  # 2 1/2 is neither 2 nor 1/2
    rf"|(?<!{_LETTER})(?<!\d[.,])[-+]?\p{{Sc}}?\d{{1,3}}(?: \d{{3}})+(?!\d)(?:[.,]\d+)?(?!{_LETTER})"
    rf"|(?:{_LETTER}|[\p{{Sc}}.,:/'^+-])+"
)
_MAGNITUDES = "十百千万萬亿億兆십백천만억조"


@dataclass(frozen=True)
class PlainNumber:
    """A value and the currency sign written with it, if any."""

    value: Fraction
    currency: str = ""

    def equals(self, other: PlainNumber) -> bool:
        """Whether the values are equal and no other currency is meant."""
        return self.value == other.value and (
            not self.currency or not other.currency or self.currency == other.currency
        )


def read_plain(gold: str) -> PlainNumber | None:
    """The number that an allowed answer is; None when it is compared as text."""
    match = pattern(_GOLD).fullmatch(trim(fold(gold)))
    if match is None or not (match["whole"] or match["decimals"]) or (match["before"] and match["after"]):
        return None
    whole, decimals = (match["whole"] or "").replace(",", ""), match["decimals"] or ""
    currency = match["before"] or match["after"]
    if len(whole) + len(decimals) > MAX_DIGITS:
        return None
    if decimals.endswith("0") and decimals.strip("0") and not currency:
        return None
    value = Fraction(int(whole + decimals), 10 ** len(decimals))
    return PlainNumber(-value if match["sign"] else value, currency)


def is_number(found: str, gold: PlainNumber) -> bool:
    """Whether a whole text is this number, in any usual way to write it."""
    return _is_written(trim(fold(found)), gold)


def has_number(folded: str, gold: PlainNumber) -> bool:
    """Whether this number stands in a folded text as a whole: 5 is not in 2.5, -5, 10:15, 5-7, v5 or 2025-05-05."""
    for token in pattern(_TOKEN).finditer(folded):
        if pattern(_magnitude()).match(folded, token.end()):
            continue
        if any(_is_written(part, gold) for part in _parts(token[0])):
            return True
    return False


@cache
def _magnitude() -> str:
    """What multiplies a number that stands before it: 3万 and 3 million are not 3."""
    return rf"[{_MAGNITUDES}]| ?(?:{_magnitude_words()})(?!\w)"


@cache
def _magnitude_words() -> str:
    # Shorter ones are units and ends of sentences too.
    return "|".join(re.escape(word) for word in words().magnitudes if len(word) > 3)


def _parts(token: str) -> list[str]:
    """A label (``answer:5``) and a word joined by a hyphen (``7-year``) are not parts of a number."""
    parts = re.split(rf"(?<=[^\W\d]):|:(?=[^\W\d])|(?<=\d)-(?!(?:{_magnitude_words()})(?!\w))(?=[^\W\d])", token)
    return [part.rstrip(".,:'/+-").lstrip(":'/") for part in parts]


def _is_written(text: str, gold: PlainNumber) -> bool:
    # Longer ones are no number that an allowed answer can be.
    match = pattern(_WRITTEN).fullmatch(text) if len(text) <= _MAX_CHARACTERS else None
    if match is None or (match["before"] and match["after"]) or (match["sign"] and match["minus"]):
        return False
    found = readings(match["digits"])
    if not found:
        return False
    # Of two readings (1,234 and 1.234), the first is the English one.
    value = found[0].value * Fraction(10) ** int(match["power"] or 0)
    negative = "-" in (match["sign"], match["minus"])
    return gold.equals(PlainNumber(-value if negative else value, match["before"] or match["after"]))


def read_gold(gold: str) -> GoldReading:
    """How ``exact`` and ``contains`` compare answers with an allowed answer."""
    shown = trim(fold(gold))
    number = read_plain(gold)
    if number is None:
        doubt = ""
        if _is_doubtful(shown):
            doubt = f"{shown} is compared as text. Where it is a number, use the scorer numeric."
        return GoldReading("as text", doubt)
    comparison = f"as the number {number.currency}{_written(number.value)}"
    if re.fullmatch(r"-?[1-9]\d{0,2}[.,]\d{3}", shown):
        other = shown.replace(".", ",") if "." in shown else shown.replace(",", ".")
        return GoldReading(comparison, f"{shown} is compared {comparison}, but could mean {other}.")
    return GoldReading(comparison)


def _is_doubtful(shown: str) -> bool:
    """Whether a text that is compared as such may be meant as a number: 3.10, 3,5, 1e5, +5; not 007 or a long one."""
    if pattern(_LOOKS_LIKE_ONE).fullmatch(shown) is None or re.match(r"[-+]?0\d", shown):
        return False
    n_digits = len(re.sub(r"\D", "", shown))
    return 0 < n_digits <= MAX_DIGITS and not shown.isdigit() and shown.count(".") < 2


def _written(value: Fraction) -> str:
    """The decimal form of a fraction whose denominator is a power of ten."""
    if value.denominator == 1:
        return str(value.numerator)
    from decimal import Decimal

    return format(Decimal(value.numerator) / Decimal(value.denominator), "f")
