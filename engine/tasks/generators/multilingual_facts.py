"""Facts that do not change, asked in ten languages; an item's group is its language.

Level 1 asks for well-known capitals, tomorrow's weekday and common nouns; 2 for opposites, numbers up to 20 and
small sums; 3 for weekdays in a few days, numbers up to 99 and next months; 4 for capitals that are not the best-known
city, rarer nouns and sums; 5 for weekdays in some weeks, months across the end of the year and larger sums among close
numbers. Every language has equally many items at each level.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial

from ..items import ChoiceItem
from ..tables import Table, Words, read_table
from .graded import DEFAULT_SEED, Question, draw_questions


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
_LanguageMaker = Callable[[random.Random, Language], Question]


def make_items(seed: int = DEFAULT_SEED) -> tuple[ChoiceItem, ...]:
    """The suite's items for ``seed``, always the same: 30 per level."""
    makers = [
        [partial(_in_language, make=make, language=language) for make in makers for language in LANGUAGES]
        for makers in _MAKERS
    ]
    return draw_questions("multilingual-facts", seed, makers)


def _in_language(rng: random.Random, *, make: _LanguageMaker, language: Language) -> Question:
    made = make(rng, language)
    # The options are shown; otherwise words of many tokens would be unlikely answers to any question.
    question = f"{language.question}: {made.question} ({{choices}})\n{language.answer}:"
    return Question(question, made.choices, language.code)


def _among(rng: random.Random, asked: str, right: str, others: Sequence[str]) -> Question:
    """``asked`` with the correct answer and three others."""
    return Question(asked, (right, *rng.sample([other for other in others if other != right], 3)))


def _capital(rng: random.Random, language: Language) -> Question:
    capitals = language.capitals
    place = rng.randrange(len(capitals))
    return _among(rng, language.ask_capital.format(x=language.countries[place]), capitals[place], capitals)


def _tricky_capital(rng: random.Random, language: Language) -> Question:
    countries = language.tricky_countries
    place = rng.randrange(len(countries))
    return Question(language.ask_capital.format(x=countries[place]), language.tricky_cities[place])


def _tomorrow(rng: random.Random, language: Language) -> Question:
    days, today = language.days, rng.randrange(7)
    right = days[(today + 1) % 7]
    others = [day for day in days if day != days[today]]
    return _among(rng, language.ask_tomorrow.format(x=days[today]), right, others)


def _in_days(rng: random.Random, language: Language, *, spans: tuple[int, ...]) -> Question:
    days, today, n = language.days, rng.randrange(7), rng.choice(spans)
    # Its neighbors are wrong options, for models that miscount by one.
    places = [(today + n + step) % 7 for step in (0, 1, -1, rng.choice((2, -2, 3)))]
    return Question(language.ask_in_days.format(x=days[today], n=n), tuple(days[place] for place in places))


def _in_months(rng: random.Random, language: Language, *, spans: tuple[int, ...]) -> Question:
    months, now, n = language.months, rng.randrange(12), rng.choice(spans)
    places = [(now + n + step) % 12 for step in (0, 1, -1, rng.choice((2, -2, 3)))]
    return Question(language.ask_in_months.format(x=months[now], n=n), tuple(months[place] for place in places))


def _opposite(rng: random.Random, language: Language) -> Question:
    adjectives = language.opposites
    place = rng.randrange(len(adjectives))
    word, right = adjectives[place], adjectives[place ^ 1]
    return _among(rng, language.ask_opposite.format(x=word), right, [other for other in adjectives if other != word])


def _noun(rng: random.Random, language: Language) -> Question:
    return _translated(rng, language, NOUNS, language.nouns)


def _rare_noun(rng: random.Random, language: Language) -> Question:
    return _translated(rng, language, RARE_NOUNS, language.rare_nouns)


def _translated(rng: random.Random, language: Language, english: tuple[str, ...], foreign: Sequence[str]) -> Question:
    place = rng.randrange(len(english))
    return _among(rng, language.ask_word.format(x=english[place]), foreign[place], foreign)


def _number(rng: random.Random, language: Language, *, values: range) -> Question:
    value = rng.choice(values)
    return Question(language.ask_number.format(n=value), _near_numbers(rng, language, value))


def _sum(rng: random.Random, language: Language, *, values: range) -> Question:
    total = rng.choice(values)
    # With a carry if possible: 28 + 17, not 24 + 11.
    first = rng.randrange(total // 4, total - total // 4 + 1)
    asked = language.ask_sum.format(x=number_word(language, first), n=number_word(language, total - first))
    return Question(asked, _near_numbers(rng, language, total))


def _near_numbers(rng: random.Random, language: Language, value: int) -> tuple[str, ...]:
    """The number, 2 to 98, in words, then three close ones: one off, ten off, digits swapped."""
    swapped = value % 10 * 10 + value // 10
    near = [near for near in {value + 1, value - 1, value + 10, value - 10, swapped} if 0 < near < 100]
    wrong = rng.sample(sorted(number for number in near if number != value), 3)
    return tuple(number_word(language, number) for number in (value, *wrong))


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

_MAKERS: tuple[tuple[_LanguageMaker, ...], ...] = (
    (_capital, _tomorrow, _noun),
    (_opposite, partial(_number, values=range(2, 20)), partial(_sum, values=range(4, 13))),
    (partial(_in_days, spans=(2, 3, 4)), partial(_number, values=range(21, 99)), partial(_in_months, spans=(2, 3))),
    (_tricky_capital, _rare_noun, partial(_sum, values=range(24, 50))),
    (
        partial(_in_days, spans=(9, 11, 12, 17, 18, 19, 23, 25, 26)),
        partial(_in_months, spans=(7, 8, 9, 10, 11)),
        partial(_sum, values=range(52, 99)),
    ),
)
