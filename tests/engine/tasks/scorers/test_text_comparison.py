"""Texts that a person calls equal are equal for ``exact``, ``contains`` and ``token_f1``, and others are not."""

from __future__ import annotations

import re
import string
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.tasks.plain_numbers import read_gold, read_plain
from weighin.engine.tasks.scorers import find_scorer
from weighin.engine.tasks.scorers.contains import contains
from weighin.engine.tasks.scorers.exact import exact
from weighin.engine.tasks.scorers.token_f1 import token_f1, tokens
from weighin.engine.tasks.text_forms import is_blank, normal_form

EQUAL = [
    # Unicode forms
    ("Cafe\u0301", "Café"),
    ("Zürich", "Zu\u0308rich"),
    ("ﬁle", "file"),
    ("ＡＢ", "ab"),
    ("ﾄｳｷｮｳ", "トウキョウ"),
    ("5 ㎏", "5 kg"),
    ("⾦", "金"),
    # case
    ("STRASSE", "Straße"),
    ("İstanbul", "istanbul"),
    ("istanbul", "İSTANBUL"),
    ("IĞDIR", "Iğdır"),
    ("ISPARTALI", "Ispartalı"),
    ("ΟΔΟΣ", "οδός".replace("ό", "ο")),
    # quotes and dashes
    ("don’t", "don't"),
    ("“Paris”", "Paris"),
    ("«Paris»", "Paris"),
    ("« Paris »", "Paris"),
    ("„Paris“", "Paris"),
    ("「東京」", "東京"),
    ("《三体》", "三体"),
    ("Paris”", "Paris"),
    ("1939–1945", "1939-1945"),
    ("well‑known", "well-known"),
    ("−5", "-5"),
    ("Hawaiʻi", "Hawai'i"),
    # what cannot be seen
    ("\ufeffParis\u200b", "Paris"),
    ("co\u00adop", "coop"),
    ("\u202bParis\u202c", "Paris"),
    ("❤\ufe0f", "❤"),
    ("Par\x07is", "Paris"),
    ("10\u00a0kg", "10 kg"),
    ("New\u3000York", "new  york"),
    # markup
    ("**Paris**", "Paris"),
    ("**Paris.**", "Paris"),
    ("**Paris", "Paris"),
    ("`Paris`", "Paris"),
    ("_Paris_", "Paris"),
    ("the **big** house", "The big house."),
    ("首都是**北京**。", "首都是北京"),
    ("(Paris)", "Paris"),
    (r"\boxed{Paris}", "Paris"),
    (r"\(x+1\)", "x+1"),
    ("$x$", "x"),
    ("## Paris", "Paris"),
    ("- Paris", "Paris"),
    (r"\boxed{\text{Paris}}", "Paris"),
    ("<answer>Paris</answer>", "Paris"),
    ("<https://example.com>", "https://example.com"),
    ("Paris<|im_end|>", "Paris"),
    ("Paris.</s>", "Paris"),
    ("A)", "A"),
    # numbers and their signs and units
    ("5 %", "5%"),
    ("25 °C", "25°C"),
    ("25℃", "25 °C"),
    ("1.234,50€", "1.234,50 €"),
    ("10kg", "10 kg"),
    ("1.5 GB", "1.5GB"),
    ("1,000円", "1000円"),
    ("约1,000元", "约1000元"),
    # closing punctuation
    ("北京。", "北京"),
    ("क्या?", "क्या"),
    ("दिल्ली।", "दिल्ली"),
    ("القاهرة؟", "القاهرة"),
    ("¿Madrid?", "Madrid"),
    ("አዲስ።", "አዲስ"),
    ("Oui !", "Oui"),
    ("Paris…", "Paris"),
    # scripts
    ("القَاهِرَة", "القاهرة"),
    ("ايران", "ایران"),
    ("שָׁלוֹם", "שלום"),
    ("iPhone 手机", "iPhone手机"),
    ("北京，上海", "北京, 上海"),
    ("約翰・史密斯", "約翰·史密斯"),
    ("٢٠٢٤ م", "2024 م"),
    ("Java™", "Java"),
    ("km²", "km2"),
    ("2½", "2 1/2"),
    ("10⁻⁵", "10^-5"),
    # numbers
    ("1,234", "1234.0"),
    ("$18.", "18"),
    ("18", "$18"),
    (".5", "0.5"),
    ("12 500", "12500"),
    ("1.234,56", "1234.56"),
    ("1'234", "1234"),
    ("1,00,000", "100000"),
    ("1e5", "100000"),
    ("３０", "30"),
    ("30", "30.0"),
    ("2.50", "2.5"),
]
DIFFERENT = [
    ("Cafe", "Café"),
    ("schon", "schön"),
    ("sınır", "sinir"),
    ("?", "!"),
    ("", "x"),
    (".NET", "NET"),
    ("5'", '5"'),
    ("5'", "5"),
    ("(0, 1)", "[0, 1]"),
    ("(a) or (b)", "a) or (b"),
    ("__init__", "init"),
    ("--help", "help"),
    ("10⁵", "105"),
    ("2½", "21/2"),
    ("5. Mai", "6. Mai"),
    ("A5kg", "A5 kg"),
    ("10 kg", "10 km"),
    (":)", ":("),
    ("🏴\U000e0065\U000e006e\U000e0067", "🏴\U000e0073\U000e0063\U000e0074"),  # flags of England and Scotland
    ("1234", "1235"),
    (".5", "5"),
    ("-5", "5"),
    ("€18", "$18"),
    # what looks like a number and is a name
    ("3.1", "3.10"),
    ("3.10.2", "3.10"),
    ("7", "007"),
    ("1234", "01234"),
    ("9007199254740992", "9007199254740993"),
    ("1e400", "1e500"),
    ("100000", "1e5"),
    ("inf", "Infinity"),
    ("inf", "1e999"),
    ("1234", "1_234"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "answer"), EQUAL)
def test_what_a_person_calls_equal_is_equal(found: str, answer: str) -> None:
    assert exact(found, ("other", answer)) == 1.0
    assert contains(found, (answer,)) == 1.0


@pytest.mark.parametrize(("found", "answer"), DIFFERENT)
def test_what_differs_is_not_equal(found: str, answer: str) -> None:
    assert exact(found, (answer,)) == 0.0


CONTAINED = [
    ("3 millionaires", "3"),
    ("a 3-million loss", "3-million"),
    ("The city is Porto.", "Porto"),
    ("Lissabon’s streets", "Lissabon"),
    ("New\nYork is", "New York"),
    ("**New** York", "New York"),
    ("_Paris_ is", "Paris"),
    ("in Porto—or so", "Porto"),
    ("Don’t go", "don't"),
    ("C++ is old", "C++"),
    ("use C here", "C"),
    # scripts without spaces
    ("中国的首都是北京。", "北京"),
    ("日本の首都は東京です。", "東京"),
    ("เมืองหลวงคือกรุงเทพฯ", "กรุงเทพฯ"),
    ("กรุงเทพฯครับ", "กรุงเทพฯ"),
    ("នៅភ្នំពេញ", "ភ្នំពេញ"),
    ("ເມືອງວຽງຈັນ", "ວຽງຈັນ"),
    ("使用Python编程", "Python"),
    # particles and clitics
    ("서울입니다.", "서울"),
    ("수도는 서울이라고 합니다", "서울"),
    ("서울에서는", "서울"),
    ("Python은", "Python"),
    ("والقاهرة", "القاهرة"),
    ("للقاهرة", "القاهرة"),
    ("بالقاهرة", "القاهرة"),
    ("בירושלים", "ירושלים"),
    ("İstanbul'da", "istanbul"),
    # numbers
    ("答案是7。", "7"),
    ("7개입니다", "7"),
    ("2024年7月", "7"),
    ("It costs 5.0 in all", "5"),
    ("It costs 5.", "5"),
    ("a 7-year term", "7"),
    ("Answer:7", "7"),
    ("x=7, so", "7"),
    ("7%", "7"),
    ("for $1,234.50.", "1234.5"),
    ("für 12 500 Euro", "12500"),
    ("It is due on 2025-03-01.", "2025-03-01"),
    ("Python 3.10.", "3.10"),
    ("in v3.10", "3.10"),
    ("agent 007.", "007"),
    ("in Porto—1996", "1996"),
]
NOT_CONTAINED = [
    ("3 million people", "3"),
    ("3-million", "3"),
    ("$3 billion", "$3"),
    ("3 Millionen", "3"),
    ("It costs 7 €", "$7"),
    ("Portofino", "Porto"),
    ("Hauptstadt", "Haupt"),
    ("max_length", "max"),
    ("Cafe is", "Café"),
    ("anything", "?"),
    ("C++ is old", "C"),
    ("남서울", "서울"),
    ("दुनियाा", "दुनिया"),
    ("ولد", "لد"),
    ("答案是17。", "7"),
    ("3万円", "3"),
    ("It costs 2.5", "5"),
    ("It is -5", "5"),
    ("at 10:15", "15"),
    ("5-7 days", "5"),
    ("10⁵ m", "10"),
    ("2½ cups", "2"),
    ("H2O", "2"),
    ("1/2", "2"),
    ("7€", "$7"),
    ("für 12 500 Euro", "500"),
    ("Python 3.10.2", "3.10"),
    ("Python 3.1", "3.10"),
    ("1007", "007"),
    ("0.007", "007"),
    ("ID 9007199254740992", "9007199254740993"),
]


@pytest.mark.parametrize(("text", "answer"), CONTAINED)
def test_a_whole_word_of_any_script_is_contained(text: str, answer: str) -> None:
    assert contains(text, (answer,)) == 1.0


@pytest.mark.parametrize(("text", "answer"), NOT_CONTAINED)
def test_a_part_of_a_word_or_number_is_not_contained(text: str, answer: str) -> None:
    assert contains(text, (answer,)) == 0.0


@pytest.mark.parametrize(
    ("gold", "comparison", "is_doubtful"),
    [
        ("18", "as the number 18", False),
        ("-0.25", "as the number -0.25", False),
        ("$12.50", "as the number $12.5", False),
        ("30.0", "as the number 30", False),
        ("1,234", "as the number 1234", True),
        ("1.234", "as the number 1.234", True),
        ("1,234,567", "as the number 1234567", False),
        ("Paris", "as text", False),
        ("007", "as text", False),
        ("9007199254740993", "as text", False),
        ("3.10.2", "as text", False),
        ("nan", "as text", False),
        ("2024-05-01", "as text", False),
        ("3.10", "as text", True),
        ("3,5", "as text", True),
        ("1e5", "as text", True),
        ("", "as text", False),
    ],
)
def test_a_person_is_told_how_an_allowed_answer_is_compared(gold: str, comparison: str, is_doubtful: bool) -> None:
    for scorer in ("exact", "contains"):
        reading = find_scorer(scorer).read_gold(gold)
        assert (reading.comparison, bool(reading.doubt)) == (comparison, is_doubtful)


def test_the_doubt_names_both_readings() -> None:
    assert read_gold("1.234").doubt == "1.234 is compared as the number 1.234, but could mean 1,234."
    assert read_gold("3.10").doubt == "3.10 is compared as text. Where it is a number, use the scorer numeric."


@pytest.mark.parametrize(
    ("scorer", "gold", "doubt"),
    [
        ("exact", "one\ntwo", "several lines"),
        ("exact", "A", ""),
        ("contains", "A", "one letter"),
        ("contains", "one\ntwo", ""),
        ("contains", "7", ""),
        ("contains", "京", ""),
        ("token_f1", "-5", "compared as 5,"),
        ("token_f1", "1.5", "compared as 15,"),
        ("token_f1", "2024-05-01", "compared as 20240501,"),
        ("token_f1", "C++", "compared as c,"),
        ("token_f1", "A", "no word but an article"),
        ("token_f1", "1,234", ""),
        ("token_f1", "U.S.", ""),
        ("token_f1", "none", ""),
        ("token_f1", "at 1.5 percent", ""),
    ],
)
def test_a_person_is_told_what_a_scorer_does_not_see_in_an_answer(scorer: str, gold: str, doubt: str) -> None:
    found = find_scorer(scorer).read_gold(gold).doubt
    assert doubt in found
    assert bool(doubt) == bool(found)


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_a_plain_number_is_read_exactly(digits: int, n_decimals: int) -> None:
    value = Fraction(digits, 10**n_decimals)
    written = f"{'-' if digits < 0 else ''}{abs(digits) // 10**n_decimals}"
    decimals = f"{abs(digits) % 10**n_decimals:0{n_decimals}}".rstrip("0") if n_decimals else ""
    number = read_plain(f"{written}.{decimals}" if decimals else written)
    assert number is not None
    assert number.value == value


@pytest.mark.parametrize(
    ("found", "answer", "score"),
    [
        ("Output: Paris", "Paris", 1.0),
        ("**Label:** positive", "positive", 1.0),
        ("A: Paris", "Paris", 1.0),
        ("Class: A", "Class: A", 1.0),
        ("Category: A", "Class: A", 0.0),
        ("5", "Answer: 5", 1.0),
        ("Label: not positive", "positive", 0.0),
        ("https://example.com", "//example.com", 0.0),
    ],
)
def test_the_name_of_a_field_before_an_answer_does_not_count(found: str, answer: str, score: float) -> None:
    assert exact(found, (answer,)) == score


# token F1


@given(st.text(alphabet=string.printable))
def test_tokens_of_ascii_are_those_of_squad(text: str) -> None:
    # SQuAD's own normalize_answer.
    bare = "".join(sign for sign in text.lower() if sign not in set(string.punctuation))
    expected = " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())
    if expected not in ("none", "na", "no answer"):
        assert tokens(text) == expected.split()


@pytest.mark.parametrize(
    ("found", "answer", "f1"),
    [
        ("Paris， France。", "Paris France", 1.0),
        ("“end”", "end", 1.0),
        ("l’homme", "l'homme", 1.0),
        ("Cafe\u0301", "Café", 1.0),
        ("Café", "Cafe", 0.0),
        ("北京市", "北京", 0.8),
        ("กรุง", "กรุง", 1.0),
        ("big—house", "big house", 1.0),
        ("“None”", "none", 1.0),
    ],
)
def test_token_f1_folds_characters_and_splits_scripts_without_spaces(found: str, answer: str, f1: float) -> None:
    assert token_f1(found, answer) == pytest.approx(f1)


def test_a_text_without_anything_to_see_is_blank() -> None:
    assert is_blank(" \ufeff\u200b\n")
    assert not is_blank("?")
    assert normal_form("...") == "..."
