"""Numbers written in any convention are read back; no text breaks or slows the parser."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from weighin.engine.tasks.extractors import number
from weighin.engine.tasks.numbers import answer_number, decimal_mark, find_numbers, only_number, parse_number

ZEROS = "0٠۰०০੦૦୦௦౦೦൦๐໐༠၀០０𝟎𝟘𝟬"
"""The zero of each script; its other digits follow it."""
SPACES = "\u00a0\u2002\u2007\u2009\u200a\u202f "
MINUSES = "-−–‐‑‒－﹣⁻"
INVISIBLE = ("", "\u200b", "\u200e", "\u2060", "\ufeff", "\u00ad")
FRAMES = (
    "{}",
    "The answer is {}.",
    "It is {} in all.",
    "**{}**",
    "${}$",
    r"\boxed{{{}}}",
    "#### {}",
    "Answer: {} (of 3 found on 2024-05-01)",
    "1. Three steps [2].\n2. So: {}\n",
    "答案是{}。",
    "On 2024-05-01 at 14:30 it was {}",
)


@dataclass(frozen=True)
class Convention:
    """How a country or a program writes numbers."""

    thousands: str
    decimal: str
    groups: tuple[int, ...] = (3,)
    """Digits of the groups from the right; the last repeats."""


CONVENTIONS = (
    Convention("", "."),
    Convention("", ","),
    Convention(",", "."),
    Convention(".", ","),
    Convention("'", "."),
    Convention("’", "."),
    Convention("_", "."),
    Convention("٬", "٫"),
    Convention("，", "．"),
    Convention("{,}", "."),
    Convention(r"\,", "."),
    Convention(",", ".", groups=(3, 2)),
    *(Convention(space, mark) for space in SPACES for mark in ".,"),
)


def grouped(digits: str, convention: Convention) -> str:
    sizes = list(convention.groups)
    parts: list[str] = []
    while digits:
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        parts.insert(0, digits[-size:])
        digits = digits[:-size]
    return convention.thousands.join(parts)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, Fraction]:
    """A number in some convention, script and frame, with its value."""
    convention = draw(st.sampled_from(CONVENTIONS))
    whole = str(draw(st.integers(0, 10**12)))
    decimals = draw(st.text("0123456789", max_size=6))
    text = grouped(whole, convention) + (f"{convention.decimal}{decimals}" if decimals else "")
    zero = ord(draw(st.sampled_from(ZEROS)))
    text = "".join(chr(zero + int(each)) if each in "0123456789" else each for each in text)
    value = Fraction(int(whole + decimals), 10 ** len(decimals))
    if draw(st.booleans()):
        text, value = draw(st.sampled_from(MINUSES)) + text, -value
    return text, value


@given(written(), st.sampled_from(FRAMES), st.sampled_from(INVISIBLE))
@example(("12 500", Fraction(12500)), "{}", "")
@example(("−1.234,5", Fraction("-1234.5")), "{}", "\u200e")
def test_a_number_in_any_convention_is_read_back(pair: tuple[str, Fraction], frame: str, invisible: str) -> None:
    text, value = pair
    shown = text if "{" in text or "\\" in text else invisible.join(("", *text, ""))
    found = answer_number(frame.format(shown))
    assert found is not None
    assert value in found.number.readings
    # Only one mark before three digits can mean two things.
    marks = [each for each in text.replace("{,}", ",") if not each.isnumeric() and each not in MINUSES]
    assert len(found.number.readings) == 1 or len(marks) == 1
    alone = parse_number(text)
    assert alone is not None
    assert alone.readings == found.number.readings


@given(
    st.integers(-999, 999),
    st.integers(1, 99),  # 1 100/200 can also be 1100 over 200
    st.integers(2, 999),
    st.sampled_from(("{w} {a}/{b}", r"{w}\frac{{{a}}}{{{b}}}", "{w} {a} / {b}", "{w} {a}⁄{b}")),
)
def test_mixed_numbers_are_read_back(whole: int, above: int, below: int, notation: str) -> None:
    above %= below
    if whole == 0 or above == 0:
        return
    found = parse_number(notation.format(w=whole, a=above, b=below))
    part = Fraction(above, below)
    assert found is not None
    assert found.readings == (whole + (part if whole > 0 else -part),)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1000, max_value=1000),
    st.integers(-30, 30),
    st.sampled_from(
        ("{m}e{p}", "{m}E{p:+03d}", "{m} × 10^{p}", "{m} x 10^{{{p}}}", r"{m} \times 10^{{{p}}}", "{m}*10**{p}")
    ),
)
def test_powers_of_ten_are_read_back(mantissa: object, power: int, notation: str) -> None:
    shown = f"{mantissa}0"  # four decimals: no thousands
    found = parse_number(notation.format(m=shown, p=power))
    assert found is not None
    assert found.readings == (Fraction(shown) * Fraction(10) ** power,)


@given(st.integers(-(10**6), 10**6), st.integers(0, 99))
def test_a_number_beats_what_stands_around_it(value: int, other: int) -> None:
    for text in (
        f"{value} [{other}].",
        f"{value} ± {other}",
        f"{value} (see step {other})",
        f"#### {value}\nand {other} more",
        f"The answer is {value}, not {other}.",
        f"\\boxed{{{value}}} after {other} steps",
        f"{other}. {value}",
        f"{value}, by GPT-{other}",
        f"{value} in v{other}",
        f"{value} at 14:{other:02d}",
        f"{other} × {other} = {value}",
    ):
        found = answer_number(text)
        assert found is not None, text
        assert found.number.readings == (Fraction(value),), text


TEXTS = st.one_of(
    st.text(max_size=80),
    st.text("0123456789.,-−–/^*×e+% '_[](){}\\n\u202f½²⁵⁻¹$€k万", max_size=60),
    st.lists(
        st.sampled_from(
            (
                "1",
                "12",
                "1,234",
                "-",
                "−",
                " ",
                "\n",
                "/",
                "e",
                "^",
                "**",
                "½",
                "%",
                "$",
                r"\frac{",
                "}",
                r"\boxed{",
                "####",
                "answer is",
                "Answer:",
                "million",
                "k",
                ".",
                ",",
                "[",
                "]",
                "2024-05-01",
                "x",
                "=",
                "±",
                "May",
                "th",
                "10^",
            )
        ),
        max_size=24,
    ).map("".join),
)


@given(TEXTS)
@example("\ud800 5 \udfff")
@example("9**9**9**9")
@example("1e999999999")
@example("1/0/0")
def test_any_text_can_be_read(text: str) -> None:
    end = 0
    for each in find_numbers(text):
        assert end <= each.start < each.end <= len(text)
        end = each.end
        assert all(len(str(reading.numerator)) < 3000 for reading in each.number.readings)
    parse_number(text)
    only_number(text)
    decimal_mark([text])


@given(TEXTS)
def test_the_extracted_number_alone_has_the_same_value(text: str) -> None:
    found, extracted = answer_number(text), number(text)
    assert (found is None) == (extracted is None)
    if found is None or extracted is None:
        return
    again = answer_number(extracted)
    assert again is not None
    assert again.number == found.number


@given(
    st.text(min_size=1, max_size=3).filter(lambda text: not any(unicodedata.category(each)[0] == "N" for each in text))
)
def test_text_without_digits_has_no_number(text: str) -> None:
    assert answer_number(text) is None


@pytest.mark.performance
@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "²",
        "a",
        "-",
        " ",
        "[",
        "(",
        "{",
        "<",
        "&",
        "\n",
        "####",
        "答案",
        "answer ",
        r"\frac{",
        r"\boxed{",
        "http://",
        "minus ",
        "[1,",
        "1,",
        "1.",
        "1'",
        "1 000 ",
        "9^",
        "1/",
        "a1_",
        "0.1.",
        "12:",
    ],
)
def test_long_texts_take_time_in_proportion_to_their_length(piece: str) -> None:
    """Anything quadratic would take minutes."""
    started = time.process_time()
    number(piece * (60_000 // len(piece) // (1 + 4 * any(each.isdigit() for each in piece[:-1]))) + "5")
    assert time.process_time() - started < 30
