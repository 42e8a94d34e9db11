"""What stands behind a number and changes its value: percent signs and words of magnitude."""

from __future__ import annotations

import re
from dataclasses import replace

from .values import Value, read_value
from .words import ATTACHED, ATTACHED_TO_MONEY, CJK_MAGNITUDES, CURRENCY_SIGNS, words
from .written import Mark

_WORD = re.compile(r"(?P<gap>[ {}*_-]{0,3})(?P<word>(?:[^\W\d_]|[\u0900-\u097f]){1,20})\.?")
_NEXT = re.compile(r"[ ]?(?=[0-9])")
_MONEY_BEHIND = re.compile(rf"[ ]?(?:[{re.escape(CURRENCY_SIGNS)}]|(?P<code>[A-Z]{{3}})(?!\w))")
_MAX_PARTS = 4


def scaled(text: str, value: Value, *, has_currency: bool, mark: Mark | None) -> Value:
    """The value times the word of magnitude behind it, with the smaller parts that follow: ``1 crore 20 lakh``."""
    total, last = value, 0
    for part in range(_MAX_PARTS):
        if part:
            after = _NEXT.match(text, total.end)
            if after is None:
                break
            value = read_value(text, after.end(), mark)
        factor, end = _magnitude(text, value.end, has_currency)
        if factor <= 1 or (part and factor >= last) or not value.readings:
            return _last_digits(text, total, value, last, part, factor)
        parts = tuple(each * factor for each in value.readings)
        total = (
            replace(value, readings=parts, end=end)
            if not part
            else replace(total, readings=tuple(a + b for a in total.readings for b in parts)[:4], end=end)
        )
        last = factor
    return total


def _last_digits(text: str, total: Value, value: Value, last: int, part: int, factor: int) -> Value:
    """The total with digits that end it without a magnitude of their own: ``1万2000``."""
    goes_on = part and factor == 1 and text[total.end - 1] in CJK_MAGNITUDES and text[total.end].isdigit()
    if goes_on and len(value.readings) == 1 and value.readings[0] < last:
        return replace(total, readings=tuple(each + value.readings[0] for each in total.readings), end=value.end)
    return total


def _magnitude(text: str, at: int, has_currency: bool) -> tuple[int, int]:
    """The factor that a word at this place stands for (1: none), and where it ends."""
    factor, end = 1, at
    place = at + (text[at : at + 1] == " ")
    while place < len(text) and text[place] in CJK_MAGNITUDES and end < at + 4:
        factor *= CJK_MAGNITUDES[text[place]]
        place += 1
        end = place
    if factor > 1:
        return factor, end
    word = _WORD.match(text, at)
    if word is None:
        return 1, at
    if not word["gap"]:
        money = has_currency or _has_money_behind(text, word.end("word"))
        power = ATTACHED.get(word["word"]) or (ATTACHED_TO_MONEY.get(word["word"]) if money else None)
        if power:
            return 10**power, word.end("word")
    elif word["gap"] == " " and word["word"] in ("k", "K", "m", "b", "M", "B"):
        power = {**ATTACHED, **ATTACHED_TO_MONEY}[word["word"]]
        if has_currency or _has_money_behind(text, word.end("word")):
            return 10**power, word.end("word")
        return 1, at
    end = at
    for _ in range(_MAX_PARTS):  # two hundred thousand
        more = words().magnitudes.get(word["word"].casefold(), 1) if word else 1
        if word is None or more == 1:
            break
        factor, end = factor * more, word.end("word")
        word = _WORD.match(text, end)
    return factor, end


def _has_money_behind(text: str, at: int) -> bool:
    money = _MONEY_BEHIND.match(text, at)
    return money is not None and (money["code"] is None or money["code"] in words().currencies)


def unit_sign(text: str, end: int) -> tuple[int, int]:
    """What a percent or per mille sign behind the number divides it by (1: none), and where it ends."""
    sign = words().percent.match(text, end)
    if sign is None:
        return 1, end
    return (1000 if "‰" in sign[0] else 100), sign.end()
