"""The languages of the multilingual suite: their table, and how they write numbers in words."""

from __future__ import annotations

from collections.abc import Callable

from ..tables import Table, Words, read_table


class Language(Table, frozen=True):
    """Everything the suite needs from a language; ``languages.toml`` explains the lists."""

    code: str
    question: str
    answer: str
    ask_capital: str
    ask_tomorrow: str
    ask_in_days: str
    ask_in_months: str
    ask_opposite: str
    ask_word: str
    ask_sum: str
    ask_number: str
    days: Words
    months: Words
    countries: Words
    capitals: Words
    tricky_countries: Words
    tricky_cities: tuple[Words, ...]
    opposites: Words
    nouns: Words
    rare_nouns: Words
    small_numbers: Words
    tens: Words


class _Languages(Table, frozen=True):
    english_nouns: Words
    english_rare_nouns: Words
    language: tuple[Language, ...]


_TABLE = read_table("languages", _Languages)
NOUNS, RARE_NOUNS, LANGUAGES = _TABLE.english_nouns, _TABLE.english_rare_nouns, _TABLE.language

_Composer = Callable[[int, Words, dict[int, str]], str]
"""A number from 21 to 99 that is not a multiple of ten, from the words up to 20 and the tens."""


def number_word(language: Language, value: int) -> str:
    """``value`` in words; 0 to 99."""
    small = language.small_numbers
    if value <= 20:
        return small[value]
    tens = dict(zip(range(20, 100, 10), (small[20], *language.tens), strict=True))
    return tens[value] if value % 10 == 0 else _COMPOSERS[language.code](value, small, tens)


def _apart(joint: str) -> _Composer:
    """Tens, joint, ones: ``vinte e um``, ``yirmi bir``."""
    return lambda value, small, tens: tens[value // 10 * 10] + joint + small[value % 10]


def _german(value: int, small: Words, tens: dict[int, str]) -> str:
    one = "ein" if value % 10 == 1 else small[value % 10]
    return one + "und" + tens[value // 10 * 10]


def _dutch(value: int, small: Words, tens: dict[int, str]) -> str:
    one = small[value % 10].replace("één", "een")
    return one + ("ën" if one.endswith("e") else "en") + tens[value // 10 * 10]


def _french(value: int, small: Words, tens: dict[int, str]) -> str:
    ten, one = value // 10 * 10, value % 10
    if ten in (70, 90):
        ten, one = ten - 10, one + 10
    if one in (1, 11) and ten != 80:
        return f"{tens[ten]} et {small[one]}"
    return f"{tens[ten].removesuffix('s') if ten == 80 else tens[ten]}-{small[one]}"


def _spanish(value: int, small: Words, tens: dict[int, str]) -> str:
    accented = {22: "veintidós", 23: "veintitrés", 26: "veintiséis"}
    if value < 30:
        return accented.get(value, "veinti" + small[value % 10])
    return f"{tens[value // 10 * 10]} y {small[value % 10]}"


def _italian(value: int, small: Words, tens: dict[int, str]) -> str:
    ten, one = tens[value // 10 * 10], small[value % 10]
    # The ten loses its vowel before uno and otto; a closing tre takes an accent.
    ten = ten[:-1] if one in ("uno", "otto") else ten
    return ten + ("tré" if one == "tre" else one)


_COMPOSERS: dict[str, _Composer] = {
    "de": _german,
    "fr": _french,
    "es": _spanish,
    "it": _italian,
    "pt": _apart(" e "),
    "nl": _dutch,
    "sv": _apart(""),
    "pl": _apart(" "),
    "ru": _apart(" "),
    "tr": _apart(" "),
}
