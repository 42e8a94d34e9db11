"""IFEval: every instruction followed and not followed, the loose variants, and items that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.tasks.items import GenerateItem
from weighin.engine.tasks.scorers import find_scorer
from weighin.engine.tasks.scorers.ifeval import loose_variants, parse_instructions, score_ifeval
from weighin.engine.tasks.scorers.ifeval_checks import INSTRUCTIONS, count_punkt_sentences
from weighin.engine.tasks.scorers.language import UNKNOWN, detect_language


def item(*instructions: tuple[str, dict[str, Any]]) -> GenerateItem:
    names, arguments = [name for name, _ in instructions], [arguments for _, arguments in instructions]
    return GenerateItem(id="i", prompt="p", answers=(), check={"instruction_id_list": names, "kwargs": arguments})


def followed(text: str, name: str, **arguments: Any) -> bool:
    return score_ifeval(text, item((name, arguments)))["prompt_level_strict_acc"] == 1.0


EXAMPLES: list[tuple[str, dict[str, Any], str, str]] = [
    ("keywords:existence", {"keywords": ["river", "boat"]}, "Boats on the RIVER.", "A river."),
    (
        "keywords:frequency",
        {"keyword": " fish ", "frequency": 2, "relation": "at least"},
        "Fish, fishing.",
        "One fish.",
    ),
    ("keywords:frequency", {"keyword": "fish", "frequency": 2, "relation": "less than"}, "One fish.", "Fish, fishing."),
    ("keywords:forbidden_words", {"forbidden_words": ["cat"]}, "A category.", "A Cat!"),
    ("keywords:letter_frequency", {"letter": "Q", "let_frequency": 2, "let_relation": "at least"}, "Quiq", "Quick"),
    ("keywords:letter_frequency", {"letter": "!", "let_frequency": 2, "let_relation": "less than"}, "Oh!", "Oh!!"),
    (
        "language:response_language",
        {"language": "de"},
        "Der Hund ist nicht in dem Haus und er wird auch nicht kommen.",
        "The dog is not in the house and it will not come either.",
    ),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 3, "relation": "less than"},
        "One. Two.",
        "One. Two! Three?",
    ),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "at least"},
        "Mr. Fox ran. So.",
        "Mr. Fox.",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "***\na\n***\nb\n***", "a\n***\n***\nb"),
    ("length_constraints:number_words", {"num_words": 3, "relation": "at least"}, "it's ok", "so it"),
    ("length_constraints:number_words", {"num_words": 3, "relation": "less than"}, "so it", "it's ok"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Then"},
        'Once.\n\n"then, he left',
        "Then one.\n\nThence two.",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[a] and [b c]", "[a and [b"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Bye.\np. s. Hi", "Bye.\nPS Hi"),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "P.P.S Hi", "P.S. Hi"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n - b\n**no**", "* a\n* b\n-c"),
    ("detectable_format:constrained_response", {}, "Well: My answer is maybe.", "My answer is Yes"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and **b**", "*a* and ** **"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Part", "num_sections": 2},
        "Part 1\na\nPart2\nb",
        "Part 1\na\nPart two\nb",
    ),
    ("detectable_format:json_format", {}, '```json\n{"a": [1]}\n```', "{a: 1}"),
    ("detectable_format:title", {}, "<<Of Rain>>\nText", "<< >> Text"),
    ("combination:two_responses", {}, "******\none\n******\ntwo", "one\n******\none"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hello. "}, "say HELLO.\nHello!", "Hello! Say hello."),
    ("startend:end_checker", {"end_phrase": "The end. "}, 'So it was. "the END."', "The end. Really."),
    ("startend:quotation", {}, ' "All of it" \n', '"Half" of it'),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "at least"},
        "NASA and ESA-ISS",
        "NASA and Esa 1",
    ),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "less than"},
        "NASA only",
        "NASA SAYS",
    ),
    ("change_case:english_capital", {}, "THIS IS ALL OF IT, 1.", "THIS IS All OF IT."),
    ("change_case:english_lowercase", {}, "this is all of it, 1.", "this is All of it."),
    ("punctuation:no_comma", {}, "No such sign; none.", "Here, one."),
]


@pytest.mark.parametrize(("name", "arguments", "right", "wrong"), EXAMPLES)
def test_each_instruction(name: str, arguments: dict[str, Any], right: str, wrong: str) -> None:
    assert followed(right, name, **arguments)
    assert not followed(wrong, name, **arguments)


def test_there_are_25_and_each_has_an_example() -> None:
    assert len(INSTRUCTIONS) == 25
    assert {name for name, *_ in EXAMPLES} == set(INSTRUCTIONS)


@pytest.mark.parametrize(
    ("text", "name", "arguments", "expected"),
    [
        # A bullet's line may follow blank lines; a star alone on its line takes the next line into the same match.
        ("\n\n  * a\n\n-\n", "detectable_format:number_bullet_lists", {"num_bullets": 2}, True),
        ("*\nx", "detectable_format:number_bullet_lists", {"num_bullets": 1}, True),
        ("*\n* x", "detectable_format:number_bullet_lists", {"num_bullets": 1}, True),
        ("**bold** text", "detectable_format:number_bullet_lists", {"num_bullets": 0.0}, None),
        # Bold counts as highlighted once; four signs around nothing do not.
        ("**a**", "detectable_format:number_highlighted_sections", {"num_highlights": 1}, True),
        ("**a**", "detectable_format:number_highlighted_sections", {"num_highlights": 2}, False),
        ("*a\nb*", "detectable_format:number_highlighted_sections", {"num_highlights": 1}, False),
        ("[[a] b]", "detectable_content:number_placeholders", {"num_placeholders": 2}, False),
        ("[a][]", "detectable_content:number_placeholders", {"num_placeholders": 2}, True),
        ("[a\n]", "detectable_content:number_placeholders", {"num_placeholders": 1}, False),
        ("a <<b <<c>> d>> e", "detectable_format:title", {}, True),
        ("<<>> <<", "detectable_format:title", {}, False),
        ("<<a\n>>", "detectable_format:title", {}, False),
        ("one ****** two ****** three", "combination:two_responses", {}, False),
        ("one ****** ****** two", "combination:two_responses", {}, False),
        ('"', "startend:quotation", {}, False),
        ("3", "detectable_format:json_format", {}, True),
        ("[" * 9999, "detectable_format:json_format", {}, False),
        ("a\n\n\n\nb", "length_constraints:nth_paragraph_first_word", {"n": 2}, None),
        (
            "a\n\n\n\nb",
            "length_constraints:nth_paragraph_first_word",
            {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "b"},
            False,
        ),
        ("...", "length_constraints:number_words", {"num_words": 1, "relation": "less than"}, True),
        # No letters: nothing to tell a language by counts as followed; another alphabet does not.
        ("123", "language:response_language", {"language": "de"}, True),
        ("Привет, как дела?", "language:response_language", {"language": "de"}, False),
        ("etchings", "change_case:english_lowercase", {}, True),
        ("der hund ist nicht in dem haus und er wird", "change_case:english_lowercase", {}, False),
    ],
)
def test_the_edges(text: str, name: str, arguments: dict[str, Any], expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(DatasetError):
            followed(text, name, **arguments)
    else:
        assert followed(text, name, **arguments) is expected


def test_metrics_of_several_instructions() -> None:
    several = item(
        ("punctuation:no_comma", {}), ("startend:quotation", {}), ("startend:end_checker", {"end_phrase": "Bye."})
    )
    # Strictly only the last holds; without the first line the text has no comma, and never the quotation marks.
    assert score_ifeval("Sure, here it is:\nHello. Bye.", several) == {
        "prompt_level_strict_acc": 0.0,
        "inst_level_strict_acc": pytest.approx(1 / 3),
        "prompt_level_loose_acc": 0.0,
        "inst_level_loose_acc": pytest.approx(2 / 3),
    }


def test_loose_has_eight_variants() -> None:
    assert loose_variants("*a*\nb\nc*") == ("*a*\nb\nc*", "b\nc*", "*a*\nb", "b", "a\nb\nc", "b\nc", "a\nb", "b")


def test_loose_lets_a_preface_pass() -> None:
    scores = score_ifeval('Of course:\n"All of it"', item(("startend:quotation", {})))
    assert scores["prompt_level_strict_acc"] == 0.0
    assert scores["prompt_level_loose_acc"] == 1.0


@pytest.mark.parametrize("empty", ["", " \n\t"])
def test_an_empty_answer_follows_nothing(empty: str) -> None:
    lenient = item(
        ("punctuation:no_comma", {}), ("length_constraints:number_words", {"num_words": 9, "relation": "less than"})
    )
    assert set(score_ifeval(empty, lenient).values()) == {0.0}


def test_arguments_may_come_as_the_parquet_has_them() -> None:
    # All columns in every row, None where they do not belong, whole numbers as floats.
    padded = {"num_words": 2.0, "relation": "at least", "keyword": None, "letter": None}
    assert followed("two words", "length_constraints:number_words", **padded)


@pytest.mark.parametrize(
    "check",
    [
        {},
        {"instruction_id_list": [], "kwargs": []},
        {"instruction_id_list": ["punctuation:no_comma"], "kwargs": []},
        {"instruction_id_list": ["punctuation:no_coma"], "kwargs": [{}]},
        {"instruction_id_list": [None], "kwargs": [{}]},
        {"instruction_id_list": ["startend:end_checker"], "kwargs": [{"end_phrase": ""}]},
        {"instruction_id_list": ["keywords:existence"], "kwargs": [{"keywords": [1]}]},
        {
            "instruction_id_list": ["length_constraints:number_words"],
            "kwargs": [{"num_words": 3, "relation": "at most"}],
        },
    ],
)
def test_a_wrong_check_is_named(check: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match="item 7"):
        parse_instructions(check, where="item 7")


_ALL = item(*((name, arguments) for name, arguments, *_ in EXAMPLES))
_PIECES = st.sampled_from(["*", "**", "***", "-", "[", "]", "<<", ">>", '"', "\n", "P.S.", "a ", "Word. ", "```", ","])


@given(st.text() | st.lists(_PIECES).map("".join))
def test_any_text_can_be_checked(text: str) -> None:
    scores = find_scorer("ifeval").score(text, _ALL)
    assert all(0.0 <= value <= 1.0 for value in scores.values())
    assert scores["inst_level_strict_acc"] <= scores["inst_level_loose_acc"]
    assert scores["prompt_level_strict_acc"] <= scores["inst_level_strict_acc"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["a", " ", "\n", "\n ", "[", "<<", ">>", "*", "* ", "-", ".", "a.", "A. ", "p.", "SECTION ", '"', "1", "é "]
)
def test_very_long_answers_can_be_checked(unit: str) -> None:
    # Punkt takes 30 µs for each of its candidates: less of these, so that the test stays short.
    n_characters = 10_000 if unit == "A. " else 50_000
    assert score_ifeval("x" + unit * (n_characters // len(unit)) + "x", _ALL)


@pytest.mark.parametrize(
    ("text", "n_sentences"),
    [
        ("One. Two! Three?", 3),
        ("Dr. Fox met Mr. Low at 3 p.m. on Monday.", 1),
        ("We met at 3 p.m. He left.", 2),
        ("The U.S. team won.", 1),
        ("J. S. Bach wrote it.", 1),
        ("Wait... what?", 1),
        ("Wait... They left.", 2),
        ("No mark at the end", 1),
    ],
)
def test_sentences(text: str, n_sentences: int) -> None:
    assert count_punkt_sentences(text) == n_sentences


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The cat sat on the mat and looked at me.", "en"),
        ("THE CAT SAT ON THE MAT.", "en"),
        ("El perro no está en la casa porque es muy tarde.", "es"),
        ("O cachorro não está em casa porque é muito tarde.", "pt"),
        ("Le chien n'est pas dans la maison et il ne vient pas.", "fr"),
        ("Il cane non è nella casa e anche il gatto è via.", "it"),
        ("De hond is niet in het huis en dat is jammer.", "nl"),
        ("Koira ei ole talossa ja se on surullista.", "fi"),
        ("Mbwa hayuko katika nyumba na hii ni habari ya leo.", "sw"),
        ("Con chó không có ở trong nhà và tôi rất buồn.", "vi"),
        ("Pies nie jest w domu i to jest smutne.", "pl"),
        ("Собака не в доме, и это очень грустно.", "ru"),
        ("Кучето не е в къщата и това е много тъжно.", "bg"),
        ("Собака не вдома, і це дуже сумно для всіх.", "uk"),
        ("الكلب ليس في البيت وهذا محزن جدا", "ar"),
        ("سگ در خانه نیست و این خیلی غمگین است", "fa"),
        ("کتا گھر میں نہیں ہے اور یہ بہت افسوس کی بات ہے", "ur"),
        ("कुत्ता घर में नहीं है और यह बहुत दुख की बात है।", "hi"),
        ("कुत्रा घरात नाही आणि ही खूप वाईट गोष्ट आहे.", "mr"),
        ("कुकुर घरमा छैन र यो धेरै दुखको कुरा हो।", "ne"),
        ("কুকুরটি বাড়িতে নেই।", "bn"),
        ("ਕੁੱਤਾ ਘਰ ਵਿੱਚ ਨਹੀਂ ਹੈ।", "pa"),
        ("કૂતરો ઘરમાં નથી.", "gu"),
        ("நாய் வீட்டில் இல்லை.", "ta"),
        ("కుక్క ఇంట్లో లేదు.", "te"),
        ("ನಾಯಿ ಮನೆಯಲ್ಲಿ ಇಲ್ಲ.", "kn"),
        ("നായ വീട്ടിൽ ഇല്ല.", "ml"),
        ("สุนัขไม่อยู่ในบ้าน", "th"),
        ("개가 집에 없습니다.", "ko"),
        ("犬は家にいません。", "ja"),
        ("狗不在家里。", "zh"),
        ("הכלב לא בבית.", "he"),
        ("Xyzzy plugh frobnicate", UNKNOWN),
        ("12 + 3 = 15!", None),
        ("", None),
    ],
)
def test_languages(text: str, language: str | None) -> None:
    assert detect_language(text) == language
