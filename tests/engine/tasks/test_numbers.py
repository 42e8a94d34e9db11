"""Numbers in text: what is read, what is not taken for one, and which one answers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weighin.engine.tasks.numbers import answer_number, decimal_mark, find_numbers, only_number, parse_number

NBSP, NARROW, THIN, FIGURE = "\u00a0", "\u202f", "\u2009", "\u2007"


def values(text: str) -> list[str]:
    """What the number that answers can mean; empty when there is none."""
    found = answer_number(text)
    return [] if found is None else [str(reading) for reading in found.number.readings]


def value(text: str) -> str | None:
    found = values(text)
    assert len(found) < 2, f"{text!r} is ambiguous: {found}"
    return found[0] if found else None


@pytest.mark.parametrize(
    "text",
    [
        "12500",
        "12,500.0",
        "12.500,00",
        "12 500",
        f"12{NBSP}500",
        f"12{NARROW}500",
        f"12{THIN}500",
        f"12{FIGURE}500,0",
        "12'500",
        "12’500.00",
        "12_500",
        "12٬500٫0",
        "１２５００",
        "１２，５００．０",
        "१२५००",
        "١٢٥٠٠",
        "۱۲۵۰۰",
        "১২৫০০",
        "๑๒๕๐๐",
        "𝟏𝟐𝟓𝟎𝟎",
        "12{,}500.0",
        r"12\,500",
        r"$12\,500$",
        "12.5k",
        "12.5 thousand",
        "12,5 tausend",
        "12,5 тыс.",
        "1.25万",
        "1万2500",
        "1.25e4",
        "1.25E+04",
        "1.25 × 10^4",
        "1.25 x 10^{4}",
        r"1.25 \times 10^{4}",
        "1.25·10⁴",
        "1.25*10**4",
        "125 × 10<sup>2</sup>",
        "25000/2",
        "12499 ½ + 0.5 = 12500",
        "$12,500.00",
        "USD 12,500.00",
        "12.500,00 €",
        "EUR 12.500,00",
        "CHF 12'500.00",
        "CHF12'500.00",
        "Rs. 12,500.00",
        "12500 kg",
        "12500kg",
        "12500m²",
        "**12500**",
        "__12500__",
        "`12500`",
        "12500.",
        "(12500)",
        "“12500”",
        "<b>12500</b>",
        r"\boxed{12500}",
        r"\(\boxed{12{,}500.0}\)",
        r"\mathbf{12500}",
        "\u200e12500\u200f",
        "1\u20602500",
        "1️⃣2️⃣5️⃣0️⃣0️⃣",
        "+12500",
        "＋12500",
        "＝12500",
    ],
)
def test_one_value_is_read_in_every_notation(text: str) -> None:
    assert "12500" in values(text)
    whole = parse_number(text.removeprefix("12499 ½ + 0.5 = "))
    unit = text.endswith(("kg", "m²"))
    assert (whole is None) == unit
    assert unit or (whole is not None and 12500 in whole.readings)


@pytest.mark.parametrize("sign", ["-", "−", "–", "‐", "‑", "‒", "－", "﹣", "➖", "⁻", "₋", r"$-$"[1], "&minus;"])
@pytest.mark.parametrize(
    "frame", ["{}5", "It is {}5.", "({}5)", "x = {}5", "x={}5", "Answer: {}5 °C", "${}5$", "**{}5**", "答案是{}5。"]
)
def test_every_sign_is_a_minus(sign: str, frame: str) -> None:
    assert value(frame.format(sign)) == "-5"


@pytest.mark.parametrize(
    "text",
    [
        "minus 5",
        "negative 5",
        "It is minus 5 degrees.",
        "moins 5",
        "минус 5",
        "マイナス5度",
        "负5",
        "-$5",
        "$-5",
        "−€5",
        "-5 €",
        "EUR -5",
        "- 5 = x, so x = - 5",
        "it is - 5",
        "−\u200e5",
        "\u200e-5",
        r"-\frac{10}{2}",
        r"\frac{-10}{2}",
        "-10/2",
        "-5.",
        "|-5",
        "it is − 5",
        "−3 to −5",
        "-3–-5",
    ],
)
def test_negative_numbers(text: str) -> None:
    assert value(text) == "-5"


@pytest.mark.parametrize(
    "text",
    [
        "3-5",
        "3–5 days",
        "3 - 5",
        "3—5",
        "3 – 5 days",
        "between 3-5 days",
        "3−5",
        "pages 3‑5",
        "x−5",
        "word—5",
        "It takes – 5 days",
        "- 5 apples",
        "– 5",
        "• 5",
        "* 5",
        "10-5",
        "7 minus 5",
        "3 to 5",
        "3~5",
        "3～5",
        "(3)-5",
        "50%-5",
        "3%–5",
    ],
)
def test_ranges_dashes_and_subtractions_are_not_signs(text: str) -> None:
    assert value(text) in ("5", "1/20")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3/4", "3/4"),
        ("3 / 4", "3/4"),
        ("3⁄4", "3/4"),
        ("3∕4", "3/4"),
        ("¾", "3/4"),
        ("³⁄₄", "3/4"),
        ("2 1/2", "5/2"),
        ("2½", "5/2"),
        ("2 ½", "5/2"),
        ("-2½", "-5/2"),
        (r"2\frac{1}{2}", "5/2"),
        (r"\frac{3}{4}", "3/4"),
        (r"\dfrac34", "3/4"),
        (r"-\tfrac{3}{4}", "-3/4"),
        ("0.5", "1/2"),
        (".5", "1/2"),
        (",5", "1/2"),
        ("-.5", "-1/2"),
        ("0,500", "1/2"),
        ("0.125", "1/8"),
        ("1/0", None),
        ("1/3", "1/3"),
        ("2^10", "1024"),
        ("2**10", "1024"),
        ("2¹⁰", "1024"),
        ("10⁻³", "1/1000"),
        ("10^-3", "1/1000"),
        ("10^{−3}", "1/1000"),
        ("-2^2", "-4"),
        ("2^3^2", "512"),
        ("1e3", "1000"),
        ("It is 1.5e3.", "1500"),
        ("2 hundred thousand", "200000"),
        ("5 mil millones", "5000000000"),
        ("2.5e-3", "1/400"),
        ("2.5e−3", "1/400"),
        ("1E3", "1000"),
        ("1.5 × 10⁻³", "3/2000"),
        ("6.022 × 10²³", "602200000000000000000000"),
        ("6.022e3", "6022"),
        ("3 million", "3000000"),
        ("3-million", "3000000"),
        ("2.5M", "2500000"),
        ("1.2 bn", "1200000000"),
        ("$1.2bn", "1200000000"),
        ("€5m", "5000000"),
        ("5m", "5"),
        ("5 Mio.", "5000000"),
        ("1,5 Milliarden", "1500000000"),
        ("3 Billionen", "3000000000000"),
        ("2 lakh", "200000"),
        ("1 crore 20 lakh", "12000000"),
        ("5 करोड़", "50000000"),
        ("3 миллиона", "3000000"),
        ("3亿", "300000000"),
        ("5천만", "50000000"),
        ("1億2000万", "120000000"),
        ("½ million", "500000"),
        ("12,34,567.5", "2469135/2"),
        ("1.234.567,89", "123456789/100"),
        ("1,234,567.89", "123456789/100"),
        ("1 234 567,89", "123456789/100"),
        ("1_000_000", "1000000"),
        ("42. That is all.", "42"),
        ("007", "7"),
        ("9007199254740993", "9007199254740993"),
    ],
)
def test_values_are_exact(text: str, wanted: str | None) -> None:
    assert value(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1.234", ["617/500", "1234"]),
        ("1,234", ["1234", "617/500"]),
        ("-12.345", ["-2469/200", "-12345"]),
        ("$1,234", ["1234", "617/500"]),
        ("1.234 million", ["1234000", "1234000000"]),
    ],
)
def test_a_number_that_two_conventions_read_keeps_both_readings(text: str, wanted: list[str]) -> None:
    assert values(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("14:30", None),
        ("at 14:30:05", None),
        ("3:1", None),
        ("2024-05-01", None),
        ("01.05.2024", None),
        ("1/5/2024", None),
        ("2024/05/01", None),
        ("2024-05-01T14:30:00Z", None),
        ("3.10.2", None),
        ("192.168.0.1", None),
        ("v2 beta", None),
        ("GPT-4", None),
        ("COVID-19", None),
        ("H2O", None),
        ("2π", None),
        ("√2", None),
        (r"3\sqrt{2}", None),
        ("3/4/5", None),
        ("6 × 7", None),
        ("inf", None),
        ("nan", None),
        ("NaN", None),
        ("infinity", None),
        ("", None),
        ("seventy", None),
        ("1" * 500, None),
        ("1e999999999", None),
        ("9**9**9", None),
        ("9^9^9^9^9", None),
        ("10^10^10", None),
        ("1e-999999999", None),
        ("²", None),
        ("①", None),
        ("a1b2c3", None),
        ("5G3", None),
        ("https://example.org/2024/42", None),
        ("42 (2024-05-01)", "42"),
        # Brackets and closing notes explain the answer.
        ("42 °C (107.6 °F)", "42"),
        ("42.00 (rounded to 2 decimal places)", "42"),
        ("42 million (2020 census)", "42000000"),
        ("42 km（约26英里）", "42"),
        ("I have 3 apples. The total is forty-two (42).", "42"),
        ("6 boxes of 7 (= 42)", "42"),
        ("He had 3 (of 5) and now 42", "42"),
        ("42\n\n**Note:** a year has 365 days.", "42"),
        ("42\nConfidence: 95%", "42"),
        ("42\n\nExplanation: 6 boxes of 7", "42"),
        ("6 boxes\n7 pens\nExplanation: that makes 42", "42"),
        ("Note: each has 7.\nSo 42.", "42"),
        ("<answer>42</answer>\n<confidence>0.9</confidence>", "42"),
        # A date answers a question for a year.
        ("It fell on November 9, 1989.", "1989"),
        ("on 9 November 1989", "1989"),
        ("on May 5", None),
        ("in the 1960s", None),
        ("42 at 14:30", "42"),
        ("42 [1].", "42"),
        ("42 [1, 2].", "42"),
        ("42[^3]", "42"),
        ("42.¹", "42"),
        ("42【1】", "42"),
        ("42 ± 3", "42"),
        ("42 +/- 3", "42"),
        ("42 (see Figure 3)", "42"),
        ("Step 1: it is 42. Go to step 2.", "42"),
        ("42 in Python 3.10.2", "42"),
        ("42, says GPT-4", "42"),
        ("42 on May 5, 2024", "42"),
        ("42 (5. Mai 2024)", "42"),
        ("42 (May 2024)", "42"),
        ("May 42", "42"),
        ("42 in the 1990s", "42"),
        ("42 in the 3rd round", "42"),
        ("42 m^2", "42"),
        ("42 km², see https://example.org/7", "42"),
        ("1. apples\n2. 42 pears\n3. plums", "42"),
        ("1) 42", "42"),
        ("- 42\n- plums", "42"),
        ("42 = 6 × 7", "42"),
        ("6*7=42", "42"),
        ("42 (7 days × 6)", "42"),
        ("3 apples + 4 pears = 7", "7"),
        ("6 x 7 = 42", "42"),
        ("6 + 7 is not 42", "42"),
        ("42 H2O molecules", "42"),
        ("2024年5月1日には42", "42"),
        ("42%", "42"),
        ("x^2 = 42", "42"),
        ("5th", "5"),
        ("第5", "5"),
        ("3x", "3"),
        ("[42]", "42"),
        ("Step 42", "42"),
        ("1, 2, 3", "3"),
        ("1,2,3", "3"),
        ("5'10", "10"),
        ("a,5", "5"),
    ],
)
def test_what_only_looks_like_the_answer_is_not_taken(text: str, wanted: str | None) -> None:
    assert value(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "#### 42\nThat took 3 steps.",
        "#### 42 in 7 boxes",
        "The answer is 42. There are 7 days in 1 week.",
        "The answer is **42**, because 5 of 9 are left.",
        "Answer: 42 (checked 3 times)",
        "**Answer:** 42\nConfidence: 95",
        "Final answer: $42$ after 3 steps",
        "The answer to 6 × 7 is 42, as 7 is prime.",
        "Answer: 6 × 7 = 42 in 3 steps",
        "Answer: 42 = 6 × 7",
        "Answer:\n\n42\n\nThis uses rule 5.",
        r"So \boxed{42}, from equation 7 of 9.",
        r"\boxed{x = 42} for all 3",
        r"\boxed{\text{42 apples}} in 7 boxes",
        "The answer is 41. Wait: the answer is 42. That is 1 more.",
        "Die Antwort ist 42, nach 3 Schritten.",
        "Antwort: 42 (7 mal 6)",
        "La réponse est 42, en 3 étapes",
        "La respuesta es 42 en 3 pasos",
        "Ответ: 42 за 3 шага",
        "答案是42，共3步",
        "答案：42（3步）",
        "答えは42です。手順は3つ。",
        "정답은 42입니다. 3단계.",
        "The result is 42 with 3 left over",
        "The answer is not 41. It is 42",
        "The answer is in step 3. It is 42",
        "The answer is clear: with 5 apples and 3 pears we have 42",
        "I have to answer 3 questions: 42",
    ],
)
def test_a_number_that_is_named_the_answer_beats_a_later_one(text: str) -> None:
    assert value(text) == "42"


def test_the_place_of_the_answer_is_in_the_text_as_it_was_written() -> None:
    text = "Es sind \u200e−1.234,56\u202f€, also viel."
    found = answer_number(text)
    assert found is not None
    assert text[found.start : found.end] == "−1.234,56"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("72 apples", 72),
        ("about 72 = 72", 72),
        ("5-7", None),
        ("12-5", None),
        ("2 + 2", None),
        ("one", None),
        ("page 12", 12),
        ("EUR 1.234,00 netto", 1234),
        ("6 boxes of 3 are 18.\n#### 18", 18),
        (r"As 6 * 3 = 18, we get $\boxed{18}$.", 18),
    ],
)
def test_the_only_number_of_a_text(text: str, wanted: int | None) -> None:
    number = only_number(text)
    assert (number and number.readings) == (None if wanted is None else (wanted,))


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1.234", "1.234,56"], ","),
        (["1,234", "0.5"], "."),
        (["1.234", "2.345"], None),
        (["12", "7"], None),
        (["1.5", "1,5"], None),
        (["1.234.567"], ","),
        (["1,00,000"], "."),
        (["2024-05-01", "01.05.2024", "3.10.2"], None),
        (["12'500.5"], "."),
        (["v3.10", "1,5"], ","),
    ],
)
def test_a_column_shows_its_decimal_mark(texts: list[str], mark: str | None) -> None:
    assert decimal_mark(texts) == mark


def test_a_known_decimal_mark_decides() -> None:
    assert parse_number("1.234", ",").readings == (1234,)
    assert parse_number("1.234", ".").readings == (Fraction("1.234"),)
    assert parse_number("1.234,5", ".").readings == (Fraction("1234.5"),)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("50%", "50", True),
        ("50 %", "50 percent", True),
        ("50%", "0.5", True),
        ("0.5", "50%", True),
        ("50%", "5000%", False),
        ("50٪", "50 Prozent", True),
        ("5‰", "0.005", True),
        ("5‰", "0.5%", True),
        ("1.234", "1234", True),
        ("1.234", "1.234", True),
        ("1,234.5", "1234,5", True),
        ("1.234", "1234.5", False),
        ("3", "3 million", False),
    ],
)
def test_numbers_are_equal_by_value(one: str, other: str, equal: bool) -> None:
    a, b = parse_number(one), parse_number(other)
    assert a is not None
    assert b is not None
    assert (a.equals(b), b.equals(a)) == (equal, equal)


def test_every_number_of_a_text_is_found_in_order() -> None:
    text = "1. On 2024-05-01, 3–5 of 12 people [7] paid €1,234.50."
    assert [(text[each.start : each.end], each.kind) for each in find_numbers(text)] == [
        ("1", "list marker"),
        ("2024-05-01", "date"),
        ("3", "number"),
        ("5", "number"),
        ("12", "number"),
        ("7", "footnote"),
        ("€1,234.50", "number"),
    ]
