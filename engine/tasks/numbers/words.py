"""Words and signs that stand at a number and change its value or its part in the sentence.

``words`` reads them from a table when the first text is scored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ..tables import Table, Words, read_table
from .folding import BOX

ATTACHED = {"k": 3, "K": 3, "M": 6, "B": 9}
"""Letters right after the digits, as powers of ten: 2.5k."""
ATTACHED_TO_MONEY = {"m": 6, "b": 9, "t": 12, "T": 12}
"""The same, where a currency is named: $5m. Elsewhere they are meters or tonnes."""
CJK_MAGNITUDES = {
    **dict.fromkeys("百백", 10**2),
    **dict.fromkeys("千천", 10**3),
    **dict.fromkeys("万萬만", 10**4),
    **dict.fromkeys("億亿억", 10**8),
    **dict.fromkeys("兆조", 10**12),
}
CURRENCY_SIGNS = "$€£¥₹₽₩₺₫฿₴₦₱₪৳₡₲₵₸₼₾₿¢"

ORDINAL = re.compile(r"(?:st|nd|rd|th|er|ère|e|ème|eme|nde|º|ª|ste|de|-й|-я|-е|-го)(?!\w)")
EXPRESSION = re.compile(r" ?(?:π|√|i(?!\w))")
"""Makes the number a factor of something that is no plain number."""
VARIABLE = re.compile(r"[xyzn](?!\w)")
"""Behind a number: ``3x`` is not 3, unless nothing else is there (three times)."""


class _Near(Table, frozen=True):
    percent: Words
    minus: Words
    minus_attached: Words
    copula: Words
    references: Words
    months: Words
    currencies: Words
    notes: Words
    explanations: Words


class _Answers(Table, frozen=True):
    linked: Words
    links: Words
    plain: Words
    plain_links: Words
    attached: Words
    attached_links: Words


class _Table(Table, frozen=True):
    magnitudes: dict[str, Words]
    words: _Near
    answers: _Answers


@dataclass(frozen=True)
class NumberWords:
    """The table, ready for use."""

    magnitudes: dict[str, int]
    percent: re.Pattern[str]
    minus: re.Pattern[str]
    """Matches at the end of what stands before a number."""
    copula: frozenset[str]
    references: frozenset[str]
    months: frozenset[str]
    currencies: frozenset[str]
    dress: re.Pattern[str]
    """What may stand around a number that is the whole text."""
    notes: re.Pattern[str]
    """Begins a line behind the answer; the group ``note`` is empty where it may also hold the answer."""
    said: re.Pattern[str]
    """What a text writes before its answer."""


@cache
def words() -> NumberWords:
    """The table, read once."""
    table = read_table("number-words", _Table)
    near = table.words
    return NumberWords(
        magnitudes={word: int(value) for value, names in table.magnitudes.items() for word in names},
        percent=re.compile(
            rf"[ {{}}]{{0,3}}(?:%|‰|(?:{_any(near.percent)})\b|パーセント|퍼센트)".replace("\\ ", " ?"), re.IGNORECASE
        ),
        minus=re.compile(rf"(?:\b(?:{_any(near.minus)}) {{1,2}}|(?:{_any(near.minus_attached)}) ?)$", re.IGNORECASE),
        copula=frozenset(near.copula),
        references=frozenset(near.references),
        months=frozenset(near.months),
        currencies=frozenset(near.currencies),
        dress=re.compile(
            rf"(?:[\s+*_`$~\"'“”«»„(){{}}\[\].,;:!?。=≈<>|#{BOX}{re.escape(CURRENCY_SIGNS)}]"
            rf"|(?<!\w)(?:{_any(near.currencies)})(?!\w))*"
        ),
        notes=re.compile(
            rf"^[\s*_#>(-]{{0,9}}(?:(?P<note>{_any(near.notes)})|{_any(near.explanations)})[*_ ]{{0,4}}[:：]",
            re.IGNORECASE | re.MULTILINE,
        ),
        said=_said(table.answers),
    )


def _said(answers: _Answers) -> re.Pattern[str]:
    linked = rf"\b(?:{_any(answers.linked)})\b[^.\n!?;]{{0,60}}?(?:\b(?:{_any(answers.links)})\b|[:=])(?! *not\b)"
    plain = rf"\b(?:{_any(answers.plain)})\b ?(?:(?:{_any(answers.plain_links)})\b)? ?[:=]?"
    attached = rf"(?:{_any(answers.attached)}) ?(?:{_any(answers.attached_links)}|[:=])?"
    return re.compile(rf"{linked}|{plain}|{attached}|####|<(?:final_?)?answer>|{BOX} ?\{{", re.IGNORECASE)


def _any(alternatives: Words) -> str:
    return "|".join(re.escape(each) for each in sorted(alternatives, key=len, reverse=True))
