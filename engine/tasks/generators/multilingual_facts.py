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
from .graded import DEFAULT_SEED, Question, draw_questions
from .languages import LANGUAGES, NOUNS, RARE_NOUNS, Language, number_word

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
