"""Words of a text, by the rules of its script: what is a whole word, and what a text is split into.

In scripts with spaces, a word ends where its letters, marks and digits end. Scripts without spaces (Chinese, Japanese,
Thai, Lao, Khmer, Burmese, Tibetan and others) are read by characters: any place is an edge there, but for a combining
mark. What Korean writes after a word (particles, the copula) and what Arabic and Hebrew write before it (and, in, the)
is not part of the word.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from .text_forms import SPACELESS, fold, is_turkish, normal_form, pattern, ungroup

_LETTER = rf"(?V1)[[\p{{L}}\p{{M}}\p{{N}}_]--[{SPACELESS}\p{{Hangul}}]]"
_PARTICLES = (
    "은 는 이 가 을 를 의 에 에서 에게 에게서 께 께서 한테 한테서 로 으로 로서 으로서 로써 으로써 로부터"
    " 으로부터 부터 까지 와 과 랑 이랑 하고 도 만 뿐 밖에 조차 마저 마다 처럼 같이 보다 만큼 대로 나 이나"
    " 나마 이나마 든지 이든지 라도 이라도 야 이야 요 이요 들 씨 님 시 특별시 광역시 입니다 이다 다 예요 이에요"
    " 에요 죠 이죠 지요 이지요 였다 이었다 였습니다 이었습니다 인 일 임 며 이며 고 이고 라 이라 라고 이라고"
    " 라는 이라는 란 이란 인데 인가 인가요 입니까 니 이니 므로 이므로 여서 이어서 라서 이라서 지만 이지만 자"
    " 이자 일까 일까요 네요 이네요 군요 이군요 랍니다 이랍니다 였던 이었던 라면 이라면 거나 이거나"
)
_ARABIC_BEFORE = "(?:[وف])?(?:[بکلس])?(?:ال)?"
_HEBREW_BEFORE = "ו?(?:לכש|כש|מש|ש)?[בכלמ]?ה?"
_MAX_BEFORE = 5
_MIN_ROOT = 3
"""Shorter words begin like other words too often for a letter before them to be a word of its own."""


def occurs_in(wanted: str, text: str) -> bool:
    """Whether ``wanted`` stands in ``text`` as whole words; both in their normal forms, and Turkish case as well."""
    if _occurs(normal_form(apart(wanted)), ungroup(fold(apart(text)))):
        return True
    return is_turkish(wanted, text) and _occurs(
        normal_form(apart(wanted), turkish=True), ungroup(fold(apart(text), turkish=True))
    )


def apart(text: str) -> str:
    """A dash between sentences is no hyphen: 'in Porto—1996'."""
    return text.replace("—", " — ").replace("―", " ― ")


def _occurs(wanted: str, text: str) -> bool:
    forms = [wanted]
    if wanted.startswith("ال") and len(wanted) > _MIN_ROOT:
        forms.append("لل" + wanted[2:])  # "for" and "the" are written together
    return any(_occurs_as(form, text) for form in forms if form)


def _occurs_as(wanted: str, text: str) -> bool:
    start = text.find(wanted)
    while start >= 0:
        if _starts_word(wanted, text, start) and _ends_word(wanted, text, start + len(wanted)):
            return True
        start = text.find(wanted, start + 1)
    return False


def _starts_word(wanted: str, text: str, start: int) -> bool:
    before, first = text[start - 1 : start] if start else "", wanted[0]
    if not before or _kind(first) == "spaceless":
        return True
    if first.isdigit() and before in ".,:/'-^" and text[max(start - 2, 0) : start - 1].isdigit():
        return False
    if _kind(first) == "hangul":
        return _kind(before) != "hangul"
    if _kind(before) != "letter":
        return True
    if first.isdigit() and before == "v" and "." in wanted:  # v3.10
        return start < 2 or _kind(text[start - 2]) != "letter"
    return len(wanted) >= _MIN_ROOT and _is_prefix(first, text, start)


def _is_prefix(first: str, text: str, start: int) -> bool:
    allowed = _ARABIC_BEFORE if "\u0620" <= first <= "\u06d3" else _HEBREW_BEFORE if "א" <= first <= "ת" else ""
    begin = start
    while begin and start - begin <= _MAX_BEFORE and _kind(text[begin - 1]) == "letter":
        begin -= 1
    return bool(allowed) and pattern(allowed).fullmatch(text[begin:start]) is not None


def _ends_word(wanted: str, text: str, end: int) -> bool:
    after, last = text[end : end + 1], wanted[-1]
    if not after:
        return True
    if pattern(r"\p{M}").match(after):
        return False
    if _kind(last) == "spaceless":
        return True
    if last.isdigit() and after in ".,:/'-^" and text[end + 1 : end + 2].isdigit():
        return False
    if _kind(last) == "hangul":
        return pattern(_endings()).match(text, end) is not None
    # C is in neither C++ nor C#.
    return _kind(after) != "letter" and not (last.isalpha() and pattern(r"(?:\+\+?|#)(?!\w)").match(text, end))


@cache
def _endings() -> str:
    return rf"(?:(?:{'|'.join(_PARTICLES.split())}){{1,3}})?(?!\p{{Hangul}})"


@cache
def _kind(sign: str) -> str:
    """``spaceless``, ``hangul``, ``letter`` (with marks, digits and ``_``) or ``other``."""
    if pattern(rf"[{SPACELESS}]").match(sign):
        return "spaceless"
    if pattern(r"\p{Hangul}").match(sign):
        return "hangul"
    return "letter" if pattern(_LETTER).match(sign) else "other"


def split_words(text: str) -> list[str]:
    """The runs between white space; characters of scripts without spaces are words of their own, with their marks."""
    words: list[Any] = pattern(rf"[{SPACELESS}]\p{{M}}*|[^\s{SPACELESS}]+").findall(text)
    return words
