"""Pairs of texts: what a person calls equal is made by changes that do not count, what differs by one that does.

A few examples by default; ``pytest --hypothesis-profile=explore tests/fuzz`` looks for more.
"""

from __future__ import annotations

import time
import unicodedata
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from weighin.engine.tasks.scorers.contains import contains
from weighin.engine.tasks.scorers.exact import exact
from weighin.engine.tasks.scorers.token_f1 import token_f1
from weighin.engine.tasks.text_forms import fold, normal_form

WORDS = (
    "Paris", "Straße", "Café", "don't", "İstanbul", "Zürich", "naïve", "Łódź", "Ελλάδα", "Москва", "Київ", "القاهرة",
    "ירושלים", "दिल्ली", "ঢাকা", "北京", "東京", "カタカナ", "서울", "กรุงเทพฯ", "ភ្នំពេញ", "Việt", "co-op",
    "Ångström", "O'Neill",
)  # fmt: skip
ACCENTED = ("Café", "Zürich", "naïve", "Łódź", "Việt", "Ångström", "Київ")
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202c\u2066\u2069\u061c\ufe0f\u034f"
SPACES = "\u0020\u00a0\u2002\u2009\u202f\u205f\u3000\t"
QUOTES = ('""', "''", "“”", "‘’", "„“", "«»", "»«", "‹›", "「」", "『』", "〝〞", "＂＂", "``")
CLOSERS = ".!?…。！？｡؟۔।॥։።។၊。"


def wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


phrases = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)


@st.composite
def dressed(draw: st.DrawFn, text: str) -> str:
    """The text, as another keyboard, tokenizer or style would write it."""
    forms: list[Literal["NFC", "NFD", "NFKC", "NFKD"]] = ["NFC", "NFD", "NFKC", "NFKD"]
    text = unicodedata.normalize(draw(st.sampled_from(forms)), text)
    if draw(st.booleans()):
        text = text.replace("'", draw(st.sampled_from("’‘ʼ′＇")))
    if draw(st.booleans()):
        text = text.replace("-", draw(st.sampled_from("‐‑–−－")))
    if draw(st.booleans()):
        text = wide(text)
    text = text.replace(" ", draw(st.text(SPACES, min_size=1, max_size=3)))
    place = draw(st.integers(0, len(text)))
    text = text[:place] + draw(st.text(UNSEEN, max_size=2)) + text[place:]
    if draw(st.booleans()):
        quotes = draw(st.sampled_from(QUOTES))
        text = quotes[0] + text + quotes[1]
    text += draw(st.sampled_from(("", *CLOSERS)))
    before, after = draw(st.sampled_from((("", ""), ("**", "**"), ("`", "`"), ("(", ")"), (" ", "\n"), ("_", "_"))))
    return before + text + after


@given(phrases.flatmap(lambda text: st.tuples(st.just(text), dressed(text))))
def test_a_text_in_other_dress_is_the_same(pair: tuple[str, str]) -> None:
    plain, other = pair
    assert exact(other, (plain,)) == 1.0, (normal_form(other), normal_form(plain))
    assert exact(plain, (other,)) == 1.0
    assert contains(f"It is: {other}", (plain,)) == 1.0
    assert token_f1(other, plain) == 1.0


@given(phrases)
def test_case_does_not_count(text: str) -> None:
    assert exact(text.casefold(), (text,)) == 1.0
    # In capitals ı and i, ß and ss are one.
    if "İ" not in text:
        assert exact(text.upper(), (text,)) == 1.0


@given(phrases, st.data())
def test_another_letter_or_digit_counts(text: str, data: st.DataObject) -> None:
    places = [place for place, sign in enumerate(text) if sign.isalpha()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from("qxжω9中"))
    changed = text[:place] + other + text[place + 1 :]
    if other != text[place].casefold():
        assert exact(changed, (text,)) == 0.0
        assert exact(text, (changed,)) == 0.0


@given(st.sampled_from(ACCENTED))
def test_an_accent_counts(text: str) -> None:
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    if bare != text:
        assert exact(bare, (text,)) == 0.0
        assert contains(f"It is {bare}, yes", (text,)) == 0.0


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_other_digits_count_however_many(a: int, b: int) -> None:
    assert exact(str(a), (str(b),)) == float(a == b)
    assert exact(str(a + 1), (str(a),)) == 0.0


anything = st.text(st.characters() | st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF), max_size=60)


@given(anything)
@example("\ud800")
@example("e\udfff\u0301")
@example("((((((((((x))))))))))")
@example("ﷺ" * 3)
def test_any_text_equals_and_contains_itself(text: str) -> None:
    assert exact(text, (text,)) == 1.0
    assert contains(text, (text,)) == 1.0
    assert 0.0 <= token_f1(text, "the laws of Ohio") <= 1.0
    assert fold(fold(text)) == fold(text)


@given(anything, anything)
def test_equality_has_no_direction_between_texts(a: str, b: str) -> None:
    if not any(sign.isdigit() for sign in a + b):
        assert exact(a, (b,)) == exact(b, (a,))
    assert contains(a, (b,)) >= exact(a, (b,))


UNITS = (
    "(", "[", '"', "'", "“", "*", "**", "* a", "_a ", "`a ", "~~", "$", r"\boxed{", "...", "。", "a ", "北 ", "서울",
    "ا", "ש", "1,", "1,234", "1 234 ", "1 2/3 ", "v3.10", "7-a", "a:", "٠", "é", "e\u0301", "\u0301", "½", "²",
    "-- ", "##", "\u200b",
)  # fmt: skip


@pytest.mark.performance
@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_the_length_only(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        start = time.process_time()
        for answer in ("Porto", "7", "북경", "القاهرة"):
            contains(text, (answer,))
        token_f1(text, "Porto")
        return time.process_time() - start

    seconds(100)  # compiles the patterns
    # Eight times the text takes about eight times as long; quadratic time would be seconds.
    assert seconds(8_000) < 24 * seconds(1_000) + 0.3
