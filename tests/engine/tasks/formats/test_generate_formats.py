"""Prompts of the generated-text reference suites, byte for byte, from rows of our own in the published forms."""

from __future__ import annotations

import hashlib
import importlib
import random
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.tasks.extractors import find_extractor
from weighin.engine.tasks.formats.cuad import KINDS
from weighin.engine.tasks.formats.mbpp import entry_point
from weighin.engine.tasks.items import GenerateItem
from weighin.engine.tasks.scorers import find_scorer

LANGUAGES = ("bn", "de", "en", "es", "fr", "ja", "ru", "sw", "te", "th", "zh")
NAMES = ("gsm8k", *(f"mgsm-{language}" for language in LANGUAGES), "ifeval", "humaneval", "mbpp", "cuad")
SCORING = {
    "gsm8k": ("last_number", "gsm8k", "exact_match"),
    "mgsm": ("last_number", "mgsm", "exact_match"),
    "ifeval": ("verbatim", "ifeval", "prompt_level_strict_acc"),
    "cuad": ("whole", "token_f1", "f1"),
}
"""Extractor, scorer and metric of each format that needs no sandbox."""


class _Source(msgspec.Struct, frozen=True):
    config: str


class _Spec(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    n_shot: int
    dataset: _Source | None


def _items(
    name: str, rows: Mapping[str, Sequence[Mapping[str, Any]]], n_shot: int | None = None
) -> tuple[GenerateItem, ...]:
    form, _, language = name.partition("-")
    usual = {"gsm8k": 5, "mbpp": 3}.get(form, 0)
    spec = _Spec(name=name, n_shot=usual if n_shot is None else n_shot, dataset=_Source(language))
    module = importlib.import_module(f"weighin.engine.tasks.formats.{form}")
    made: tuple[GenerateItem, ...] = module.make_items(rows, spec)
    assert len({item.id for item in made}) == len(made)
    return made


def _score(form: str, item: GenerateItem, answer: str) -> float:
    extractor, scorer, metric = SCORING[form]
    found = find_extractor(extractor)(answer)
    assert found is not None
    return find_scorer(scorer).score(answer if scorer == "gsm8k" else found, item)[metric]


# GSM8K


def _sums(count: int, split: str) -> list[dict[str, str]]:
    return [
        {"question": f"What is {n} plus {n} ({split})?", "answer": f"It is <<{n}+{n}={2 * n}>>{2 * n}.\n#### {2 * n}"}
        for n in range(count)
    ]


def test_gsm8k_with_five_examples() -> None:
    rows = {"train": _sums(5, "train"), "test": _sums(1, "test")}
    (item,) = _items("gsm8k", rows)
    # The order of the five by random.Random(1234).sample of five, worked out apart and written down.
    assert item.plain_prompt == (
        "Question: What is 3 plus 3 (train)?\nAnswer: It is <<3+3=6>>6.\n#### 6\n\n"
        "Question: What is 0 plus 0 (train)?\nAnswer: It is <<0+0=0>>0.\n#### 0\n\n"
        "Question: What is 4 plus 4 (train)?\nAnswer: It is <<4+4=8>>8.\n#### 8\n\n"
        "Question: What is 2 plus 2 (train)?\nAnswer: It is <<2+2=4>>4.\n#### 4\n\n"
        "Question: What is 1 plus 1 (train)?\nAnswer: It is <<1+1=2>>2.\n#### 2\n\n"
        "Question: What is 0 plus 0 (test)?\nAnswer:"
    )
    # With a chat template the harness sends the same text in one user turn.
    assert item.prompt == item.plain_prompt


def _draws(n_train: int, n_test: int) -> list[list[int]]:
    """Five of ``n_train`` for each of ``n_test``, drawn as CPython's ``Random.sample`` is documented to, from bits.

    For populations that are large beside the sample it takes indices below n one at a time and draws again what was
    taken; an index is k bits of the Mersenne twister, again while it is not below n.
    """
    bits = random.Random(1234)

    def below(limit: int) -> int:
        while (value := bits.getrandbits(limit.bit_length())) >= limit:
            pass
        return value

    drawn = []
    for _ in range(n_test):
        chosen: list[int] = []
        while len(chosen) < 5:
            value = below(n_train)
            if value not in chosen:
                chosen.append(value)
        drawn.append(chosen)
    return drawn


def test_gsm8k_draws_anew_for_each_question_in_order() -> None:
    rows = {"train": _sums(7473, "train"), "test": _sums(40, "test")}
    found = []
    for item in _items("gsm8k", rows):
        blocks = item.plain_prompt.split("\n\n")
        assert len(blocks) == 6
        found.append([int(block.split()[3]) for block in blocks[:5]])
    assert found == _draws(7473, 40)
    assert found[0] != found[1]
    # The first of all, so that both computations cannot drift together.
    assert found[0] == [6374, 3610, 957, 61, 742]


def test_gsm8k_answers_are_scored_as_the_harness_does() -> None:
    (item,) = _items("gsm8k", {"train": _sums(5, "train"), "test": _sums(2, "test")[1:]})
    assert _score("gsm8k", item, " 1+1=2\n#### 2") == 1.0
    assert _score("gsm8k", item, " 1+1=3\n#### 3") == 0.0


# MGSM


_QUESTION = 'Ana has 3 "red" pens, and buys 4.'
_MGSM_PROMPTS = {
    "bn": f"প্রশ্ন: {_QUESTION}\nAnswer:",
    "de": f"Frage: {_QUESTION}\nAntwort:",
    "en": f"Question: {_QUESTION}\nAnswer:",
    "es": f"Pregunta: {_QUESTION}\nRespuesta:",
    "fr": f"Question : {_QUESTION}\nRéponse :",
    "ja": f"問題： {_QUESTION}\nAnswer:",
    "ru": f"Задача: {_QUESTION}\nAnswer:",
    "sw": f"Swali: {_QUESTION}\nAnswer:",
    "te": f"ప్రశ్న: {_QUESTION}\nAnswer:",
    "th": f"โจทย์: {_QUESTION}\nAnswer:",
    "zh": f"问题： {_QUESTION}\nAnswer:",
}
# The bytes in the harness's files, as digests, so that a letter in another normal form is seen.
_MGSM_DIGESTS = {
    "bn": "6c69ccc3fc3c72cd",
    "de": "38a716f1a46c1832",
    "en": "2cdeea6e39c576f5",
    "es": "37cda92138fab37b",
    "fr": "ee97d4029f9cace5",
    "ja": "c2dabfa1a58a4613",
    "ru": "c63d89a4b343f2ea",
    "sw": "0910f1f4a20e2c06",
    "te": "9113633018e8a949",
    "th": "e7fcda93b0bc7b57",
    "zh": "191312b91ed5eef5",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_mgsm_in_its_language(language: str) -> None:
    row = {"question": _QUESTION, "answer": None, "answer_number": 2125, "equation_solution": None}
    (item,) = _items(f"mgsm-{language}", {"test": [row]})
    assert item.plain_prompt == item.prompt == _MGSM_PROMPTS[language]
    opening = _MGSM_PROMPTS[language].partition(f" {_QUESTION}")[0]
    words = opening + _MGSM_PROMPTS[language].rpartition("\n")[2]
    assert hashlib.sha256(words.encode()).hexdigest()[:16] == _MGSM_DIGESTS[language]
    assert item.answers == ("2125",)
    assert _score("mgsm", item, " = 2,125.") == 1.0


@pytest.mark.parametrize("number", [2125, "2,125", "2125", 2125.0])
def test_mgsm_numbers_of_tables_and_of_text(number: object) -> None:
    (item,) = _items("mgsm-en", {"test": [{"question": "q", "answer_number": number}]})
    assert item.answers == ("2125",)


@pytest.mark.parametrize("number", [None, "many", 1.5, ""])
def test_mgsm_without_a_number_fails(number: object) -> None:
    with pytest.raises(DatasetError, match="mgsm-en row 0 has no whole number"):
        _items("mgsm-en", {"test": [{"question": "q", "answer_number": number}]})


# IFEval


def test_ifeval_sends_the_prompt_unchanged() -> None:
    prompt = "Name two fruits.\n\nUse no commas. "
    rows = [
        {
            "key": 17,
            "prompt": prompt,
            "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"],
            # As the hub's table has it: every argument that any instruction knows.
            "kwargs": [
                {"num_words": None, "relation": None, "keywords": None},
                {"num_words": 3, "relation": "at least", "keywords": None},
            ],
        }
    ]
    (item,) = _items("ifeval", {"test": rows})
    assert item.plain_prompt == item.prompt == prompt
    assert (item.id, item.answers) == ("17", ())
    assert item.check["kwargs"] == [{}, {"num_words": 3, "relation": "at least"}]
    assert _score("ifeval", item, "Apples and pears") == 1.0
    assert _score("ifeval", item, "Apples, and pears") == 0.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"instruction_id_list": ["no:such"]}, "no IFEval instruction 'no:such'"),
        ({"kwargs": []}, "the same length"),
        ({"kwargs": None}, "the same length"),
        ({"instruction_id_list": None}, "'instruction_id_list'"),
        ({"prompt": ""}, "'prompt'"),
    ],
)
def test_ifeval_rows_that_cannot_be_scored_fail_before_the_run(change: dict[str, object], said: str) -> None:
    row = {"key": 1, "prompt": "p", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}], **change}
    with pytest.raises(DatasetError, match=said):
        _items("ifeval", {"test": [row]})


# HumanEval


def test_humaneval_sends_the_head_of_the_function_unchanged() -> None:
    prompt = 'import math\n\n\ndef half(x: float) -> float:\n    """ Half of x\n    >>> half(2)\n    1.0\n    """\n'
    test = "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(4) == 2\n"
    row = {"task_id": "HumanEval/7", "prompt": prompt, "entry_point": "half", "test": test,
           "canonical_solution": "    return x / 2\n"}  # fmt: skip
    (item,) = _items("humaneval", {"test": [row]})
    assert item.plain_prompt == prompt
    assert item.id == "HumanEval/7"
    assert item.check == {"tests": test, "entry_point": "half", "prompt": prompt}
    # The extractor keeps the indent, without which prompt and completion are no program.
    completion = find_extractor("code_block")("    return x / 2\n\n")
    assert completion is not None
    compile(prompt + completion, "program", "exec")


# MBPP


def _task(task_id: int, text: str, code: str, name: str) -> dict[str, Any]:
    tests = [f"assert {name}({n}) == {2 * n}" for n in range(3)]
    return {"task_id": task_id, "text": text, "code": code, "test_list": tests, "test_setup_code": "",
            "challenge_test_list": []}  # fmt: skip


def _mbpp_rows() -> dict[str, list[dict[str, Any]]]:
    return {
        "prompt": [
            _task(task_id, f"Text {task_id}.", f"def f{task_id}(n):\r\n  return n * 2 ", f"f{task_id}")
            for task_id in (1, 2, 3, 4, 5)
        ],
        "test": [_task(11, "Write a function to double.", "def g(n):\r\n\treturn 2 * n", "g")],
    }


def test_mbpp_with_three_examples() -> None:
    (item,) = _items("mbpp", _mbpp_rows())
    solved = "".join(
        f"You are an expert Python programmer, and here is your task: Text {n}. Your code should pass these tests:\n\n"
        f"assert f{n}(0) == 0\nassert f{n}(1) == 2\nassert f{n}(2) == 4\n[BEGIN]\n"
        f"def f{n}(n):\r\n  return n * 2 \n[DONE]\n\n"
        for n in (2, 3, 4)
    )
    expected = solved + (
        "You are an expert Python programmer, and here is your task: Write a function to double. "
        "Your code should pass these tests:\n\nassert g(0) == 0\nassert g(1) == 2\nassert g(2) == 4\n[BEGIN]\n"
    )
    assert item.plain_prompt == item.prompt == expected
    assert item.id == "mbpp-11"
    assert item.check == {"tests": "assert g(0) == 0\nassert g(1) == 2\nassert g(2) == 4", "entry_point": "g"}


def test_mbpp_imports_go_before_the_tests_and_a_fourth_test_is_left_out() -> None:
    rows = _mbpp_rows()
    rows["test"][0] |= {"test_imports": ["import math"], "test_list": [f"assert g({n}) == {2 * n}" for n in range(4)]}
    (item,) = _items("mbpp", rows)
    assert item.check["tests"] == "import math\nassert g(0) == 0\nassert g(1) == 2\nassert g(2) == 4"
    assert "g(3)" not in item.plain_prompt


def test_mbpp_without_its_examples_or_with_too_few_tests_fails() -> None:
    rows = _mbpp_rows()
    with pytest.raises(DatasetError, match="lacks the task 3"):
        _items("mbpp", {**rows, "prompt": [row for row in rows["prompt"] if row["task_id"] != 3]})
    with pytest.raises(DatasetError, match="0 rows in its split 'prompt'"):
        _items("mbpp", {"test": rows["test"]})
    with pytest.raises(DatasetError, match="2 entries in 'test_list'; it needs 3"):
        _items("mbpp", {**rows, "test": [{**rows["test"][0], "test_list": ["assert g(1)", "assert g(2)"]}]})


@pytest.mark.parametrize(
    ("code", "test", "name"),
    [
        ("def helper(x): return x\r\ndef main(x): return helper(x)", "assert main(1) == 1", "main"),
        ("def main(x): return helper(x)\ndef helper(x): return x", "assert main(1) == 1", "main"),
        ("def sum(a, b): return a + b", "assert sum(1, 2) == 3", "sum"),
        ("def f(x): return [x]", "assert set(f(1)) == set([1])", "f"),
        ("x = 1", "assert x == 1", ""),
    ],
)
def test_the_function_that_mbpp_tests_call(code: str, test: str, name: str) -> None:
    assert entry_point(code, [test]) == name


# CUAD


def _clause(kind: str, number: int = 0) -> str:
    """A clause of its own words, so that no two are alike."""
    words = " ".join(f"{kind.lower().replace(' ', '')}{number}x{n}" for n in range(8))
    return f"{words}, as this 'clause' says."


def _contract(name: str, kinds: Sequence[str]) -> dict[str, str]:
    row = {"Filename": name}
    for kind in KINDS:
        row[kind] = repr([_clause(kind)] if kind in kinds else [])
        row[f"{kind}-Answer"] = "Yes" if kind in kinds else "No"
    return row


_FEW = ("Governing Law", "Insurance", "Audit Rights", "Non-Compete")


def test_cuad_asks_for_a_clause_among_others_of_the_contract() -> None:
    items = _items("cuad", {"test": [_contract("a.pdf", _FEW)]})
    assert len(items) == 4
    assert {item.group for item in items} == {"a.pdf"}
    asked = {}
    for item in items:
        opening, *clauses, question = item.prompt.split("\n\n")
        kind = next(kind for kind in KINDS if f"({kind})" in question)
        asked[kind] = item.answers
        assert opening == "Clauses of a contract:"
        assert sorted(clauses) == sorted(_clause(each) for each in _FEW)
        assert question == (
            f"Question: Which of these clauses {KINDS[kind]} ({kind})? "
            "Copy that clause word for word and write nothing else. If there is none, write: none"
        )
        assert item.plain_prompt == f"{item.prompt}\nAnswer:"
        assert _score("cuad", item, item.answers[0]) == 1.0
        assert _score("cuad", item, "an apple a day") == 0.0
    absent = [kind for kind, answers in asked.items() if answers == ("none",)]
    assert len(absent) == 1
    assert absent[0] not in _FEW
    assert all(asked[kind] == (_clause(kind),) for kind in asked if kind not in absent)


def test_cuad_shows_no_second_clause_that_could_pass_for_the_answer() -> None:
    row = _contract("a.pdf", _FEW)
    law = _clause("Governing Law")
    # The same clause, a part of it, and one that is nearly it, annotated as other kinds; and the law's second span.
    row["Insurance"] = repr([law, law[:80], law.replace("0x1", "0x9"), _clause("Insurance")])
    row["Governing Law"] = repr([law, _clause("Governing Law", 2)])
    for item in _items("cuad", {"test": [row]}):
        if "(Governing Law)" not in item.prompt:
            continue
        _opening, *clauses, _question = item.prompt.split("\n\n")
        assert sum("governinglaw" in clause for clause in clauses) == 1
        break
    else:
        pytest.fail("the law is not asked for")


def test_cuad_leaves_out_fragments_pieces_and_contracts_with_too_little() -> None:
    small = _contract("small.pdf", _FEW[:3])
    odd = _contract("odd.pdf", _FEW)
    odd["Audit Rights"] = repr(["Short.", "x" * 700, f"{_clause('Audit Rights', 3)} <omitted> and so on"])
    odd["Insurance"] = repr(["two\n  lines of a clause that is long enough to be used here"])
    odd["Exclusivity"] = repr([_clause("Exclusivity")])
    items = _items("cuad", {"test": [_contract("empty.pdf", ()), odd, small]})
    assert {item.group for item in items} == {"odd.pdf", "small.pdf"}
    text = "".join(item.prompt for item in items if item.group == "odd.pdf")
    assert "Short." not in text
    assert "xxxx" not in text
    assert "<omitted>" not in text
    assert "two lines of a clause" in text
    assert "(Audit Rights)" not in text
    with pytest.raises(DatasetError, match="no contract with enough clauses"):
        _items("cuad", {"test": [_contract("empty.pdf", ())]})


def test_cuad_is_the_same_every_time_and_whatever_the_other_rows_are() -> None:
    contracts = [_contract(f"{n}.pdf", list(KINDS)[n : n + 9]) for n in range(4)]
    items = _items("cuad", {"test": contracts})
    assert items == _items("cuad", {"test": contracts})
    alone = _items("cuad", {"test": contracts[2:3]})
    assert [item.prompt for item in alone] == [item.prompt for item in items if item.group == "2.pdf"]


@pytest.mark.parametrize("value", ["['unclosed", "text", "{'a': 1}", "[1]", "", None, "__import__('os')"])
def test_cuad_columns_without_a_list_of_spans_fail(value: object) -> None:
    row: dict[str, Any] = {**_contract("a.pdf", _FEW), "Insurance": value}
    with pytest.raises(DatasetError, match="cuad row 0 has no list of spans in the column 'Insurance'"):
        _items("cuad", {"test": [row]})


# All of them


@pytest.mark.parametrize("name", NAMES)
def test_without_rows_or_columns_there_is_one_clear_sentence(name: str) -> None:
    with pytest.raises(DatasetError):
        _items(name, {})
    with pytest.raises(DatasetError):
        _items(name, {"test": [{}], "train": [{}], "prompt": [{}]})


_CELLS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
_COLUMNS = ("question", "answer", "answer_number", "key", "prompt", "instruction_id_list", "kwargs", "task_id", "test",
            "entry_point", "text", "code", "test_list", "Filename", "Insurance")  # fmt: skip


@pytest.mark.parametrize("name", ["gsm8k", "mgsm-fr", "ifeval", "humaneval", "mbpp", "cuad"])
@settings(max_examples=40)  # of each data set
@given(rows=st.lists(st.dictionaries(st.sampled_from(_COLUMNS), _CELLS), max_size=3))
def test_any_rows_give_items_or_a_dataset_error(name: str, rows: list[dict[str, Any]]) -> None:
    try:
        made = _items(name, {"test": rows, "train": rows, "prompt": rows}, n_shot=0)
    except DatasetError:
        return
    assert len(made) == len(rows)
