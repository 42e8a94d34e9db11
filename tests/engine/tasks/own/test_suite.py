"""Your own data: mapped columns, Parquet, scorers by name, worked examples from the file."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from pathlib import Path
from typing import Any

import pytest
from fixtures.own_data import open_rows, own_suite, read_file, read_rows, write_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.tasks.extractors import EXTRACTORS
from weighin.engine.tasks.items import ChoiceItem, GenerateItem
from weighin.engine.tasks.own import names, parquet
from weighin.engine.tasks.own.data import UserData
from weighin.engine.tasks.own.files import open_own
from weighin.engine.tasks.own.suite import preview
from weighin.engine.tasks.requests import ChoiceRequest, GenerateRequest, build_request
from weighin.engine.tasks.scorers import find_scorer, own_scorers
from weighin.engine.tasks.spec import Shot

_HARMLESS = [HealthCheck.function_scoped_fixture]


# Columns under other names


def test_columns_are_mapped_and_give_way_to_those_that_take_their_name(tmp_path: Path) -> None:
    rows = [{"query": "2+2?", "prompt": "not this", "target": "4", "no": 7}]
    data = read_rows(tmp_path, rows, columns={"query": "prompt", "target": "answer", "no": "id"})
    assert data.problems == ()
    assert data.items == (GenerateItem(id="7", prompt="2+2?", answers=("4",)),)
    assert {column.ours: column.theirs for column in data.columns} == {
        "prompt": "query",
        "answer": "target",
        "id": "no",
    }


def test_columns_may_reach_into_objects_and_a_column_of_that_very_name_comes_first(tmp_path: Path) -> None:
    row = {"stem": "Which?", "choices": {"text": ["red", "blue"], "label": ["1", "2"]}, "key": "1", "a.b": "x"}
    columns = {"stem": "question", "choices.text": "choices", "choices.label": "labels", "key": "answer", "a.b": "id"}
    (item,) = read_rows(tmp_path, [row], columns=columns).items
    # With labels, "1" is the first choice and not the index of the second.
    assert item == ChoiceItem(id="x", question="Which?", choices=("red", "blue"), gold=0)


@pytest.mark.parametrize(
    ("labels", "answer", "said"),
    [
        (["A"], "A", "one per choice"),
        (["A", "A"], "A", "different labels"),
        ("AB", "A", "must be a list"),
        (["A", "B"], "C", "not one of the labels A, B"),
    ],
)
def test_labels_that_do_not_fit_are_problems(tmp_path: Path, labels: object, answer: str, said: str) -> None:
    row = {"question": "?", "choices": ["x", "y"], "labels": labels, "answer": answer}
    data = read_rows(tmp_path, [row])
    assert [problem.line for problem in data.problems] == [1]
    assert said in data.problems[0].message


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"query": "promt"}, "cannot become 'promt'"),
        ({"query": "prompt", "no": "prompt"}, "both become 'prompt'"),
        ({"querry": "prompt"}, "has no column 'querry'.*It has 'query', 'no'"),
        ({"query.text": "prompt"}, "has no column 'query.text'"),
    ],
)
def test_a_mapping_that_does_not_fit_fails(tmp_path: Path, columns: dict[str, str], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        read_rows(tmp_path, [{"query": "q", "no": 1}], columns=columns)


def test_csv_and_parquet_choices_in_columns_of_their_own_under_other_names(tmp_path: Path) -> None:
    columns = {"q": "question", "opt_a": "A", "opt_b": "B", "right": "answer"}
    table = "q,opt_a,opt_b,right\nWhich?,red,blue,B\n"
    rows = [{"q": "Which?", "opt_a": "red", "opt_b": "blue", "right": "B"}]
    expected = (("red", "blue"), 1)
    for path in (
        write_file(tmp_path, table, "a.csv"),
        write_file(tmp_path, rows, "a.parquet"),
        write_file(tmp_path, rows),
    ):
        (item,) = read_file(path, columns=columns).items
        assert isinstance(item, ChoiceItem)
        assert (item.choices, item.gold) == expected


# Parquet


def test_parquet_reads_as_json_does(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "one", "prompt": "p", "answer": ["4", "four"], "check": {"tolerance": 0.5}},
        {"id": "two", "prompt": "q", "answer": ["5"], "check": None},
    ]
    parquet, lines = (read_file(write_file(tmp_path, rows, name)) for name in ("a.parquet", "a.jsonl"))
    assert parquet.items == lines.items
    assert parquet.problems == lines.problems == ()


def test_parquet_dates_decimals_bytes_and_floats_with_gaps(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": b"bytes", "answer": dt.date(2025, 3, 1), "id": 1.0},
        {"prompt": b"more", "answer": None, "id": None},
    ]
    data = read_file(write_file(tmp_path, rows, "a.parquet"))
    assert [(item.prompt, item.answers) for item in data.items if isinstance(item, GenerateItem)] == [
        ("bytes", ("2025-03-01",))
    ]
    assert [(problem.line, problem.message) for problem in data.problems] == [(2, "'answer' is missing or empty")]
    prices = [{"prompt": "p", "answer": decimal.Decimal("4.50")}]
    (item,) = read_file(write_file(tmp_path, prices, "b.parquet")).items
    assert isinstance(item, GenerateItem)
    assert item.answers == ("4.50",)
    choices = [{"question": "?", "choices": ["x", "y"], "answer": answer} for answer in (1.0, float("nan"))]
    data = read_file(write_file(tmp_path, choices, "c.parquet"))
    assert [item.gold for item in data.items if isinstance(item, ChoiceItem)] == [1]
    assert [problem.message for problem in data.problems] == ["'answer' is missing or empty"]


def test_broken_parquet_and_parquet_that_unpacks_to_too_much_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatasetError, match="not a readable Parquet file"):
        read_file(write_file(tmp_path, b"PAR1 but not really PAR1", "a.parquet"))
    with pytest.raises(DatasetError, match="no rows"):
        read_file(write_file(tmp_path, [], "b.parquet"))
    whole = write_file(tmp_path, [{"prompt": "p", "answer": "a"}], "c.parquet")
    whole.write_bytes(whole.read_bytes()[:-9])
    with pytest.raises(DatasetError, match="not a readable Parquet file"):
        read_file(whole)
    monkeypatch.setattr(parquet, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(DatasetError, match="holds more than"):
        read_file(write_file(tmp_path, [{"prompt": str(n) * 400, "answer": "a"} for n in range(9)], "d.parquet"))


@settings(max_examples=60, deadline=None, suppress_health_check=_HARMLESS)
@given(data=st.data())
def test_damaged_parquet_gives_data_or_a_dataset_error(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(write_file(tmp_path, [{"prompt": "p", "answer": "a"}] * 3, "whole.parquet").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = read_file(write_file(tmp_path, bytes(content), "damaged.parquet"))
    except DatasetError:
        return
    assert read.items or read.problems


# Scoring by name


_ONE_EACH: dict[str, tuple[dict[str, Any], str]] = {
    "exact": ({"answer": "Paris"}, "Paris"),
    "contains": ({"answer": "Paris"}, "In Paris."),
    "numeric": ({"answer": "1,200", "check": {"tolerance": 1}}, "about 1201"),
    "regex": ({"check": {"pattern": "^[A-Z]"}}, "Paris"),
    "token_f1": ({"answer": "the big house"}, "big house"),
    "rouge_l": ({"answer": "the big house"}, "the big house"),
    "bleu": ({"answer": "the big red house stands"}, "the big red house stands"),
    "chrf": ({"answer": "the big red house"}, "the big red house"),
    "json_schema": ({"answer": '{"a": 1}', "check": {"schema": {"type": "object"}}}, '{"a": 1}'),
    "gsm8k": ({"answer": "It is 6.\n#### 6"}, "So 6\n#### 6"),
    "mgsm": ({"answer": "6"}, "6"),
    "ifeval": ({"check": {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}}, "no comma"),
    "refusal": ({"check": {"should_refuse": True}}, "I cannot help with that."),
    "constraints": ({"check": {"constraints": [{"kind": "max_words", "value": 3}]}}, "two words"),
}
"""A row for each scorer that needs no sandbox, and a right answer."""


def test_every_scorer_can_be_chosen() -> None:
    assert {each.name for each in own_scorers()} == {*_ONE_EACH, "code"}


@pytest.mark.parametrize("scorer", _ONE_EACH)
def test_a_named_scorer_sets_metrics_extractor_and_threshold(tmp_path: Path, scorer: str) -> None:
    row, right = _ONE_EACH[scorer]
    spec, (item,) = open_rows(tmp_path, [{"prompt": "p", **row}], scorer=scorer)
    assert isinstance(item, GenerateItem)
    found = EXTRACTORS[spec.extractor](right)
    assert found is not None
    scores = find_scorer(spec.scorer).score(right if scorer == "gsm8k" else found, item)
    assert (spec.scorer, spec.metric) == (scorer, find_scorer(scorer).metrics[0])
    assert set(scores) == set(find_scorer(scorer).metrics)
    assert scores[spec.metric] >= spec.right_at


@pytest.mark.parametrize(
    ("scorer", "row", "said"),
    [
        ("exact", {"check": {"pattern": "x"}}, "'answer' is missing"),
        ("numeric", {"answer": "many"}, "'many'.*is not a number"),
        ("numeric", {"answer": "4", "check": {"tolerance": -1}}, "tolerance"),
        ("regex", {"check": {"pattern": "("}}, "pattern"),
        ("regex", {}, "has no pattern"),
        ("json_schema", {"check": {"schema": {"type": "thing"}}}, "schema"),
        ("ifeval", {"check": {"instruction_id_list": ["no:such"], "kwargs": [{}]}}, "no IFEval instruction"),
        ("refusal", {"check": {}}, "should be refused"),
        ("constraints", {"check": {"constraints": [{"kind": "shorter"}]}}, "shorter"),
        ("code", {"check": {"tests": "assert f(1) ==", "entry_point": "f"}}, "not valid Python"),
        ("code", {"answer": "def f(): pass"}, "tests cannot be read"),
        ("code", {"check": {"tests": " "}}, "no tests"),
        ("exact", {"answer": "x", "check": "not an object"}, "'check' must be an object"),
        ("exact", {"answer": "x", "check": {"a": "\ud800"}}, "surrogate"),
    ],
)
def test_a_row_that_its_scorer_cannot_use_is_a_problem_before_the_run(
    tmp_path: Path, scorer: str, row: dict[str, Any], said: str
) -> None:
    data = read_rows(tmp_path, [{"prompt": "p", **row}], scorer=scorer)
    assert [problem.line for problem in data.problems] == [1]
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(data.problems[0].message)
    with pytest.raises(DatasetError, match=r"mine\.jsonl has 1 bad row: line 1: "):
        open_rows(tmp_path, [{"prompt": "p", **row}], scorer=scorer)


def test_a_check_may_be_json_text_or_columns(tmp_path: Path) -> None:
    table = 'prompt,answer,check\np,4,"{""tolerance"": 0.5}"\n'
    (item,) = read_file(write_file(tmp_path, table, "a.csv"), scorer="numeric").items
    assert isinstance(item, GenerateItem)
    assert item.check == {"tolerance": 0.5}
    table = "prompt,tests,name\np,assert f(1) == 1,f\n"
    columns = {"tests": "check.tests", "name": "check.entry_point"}
    (item,) = read_file(write_file(tmp_path, table, "b.csv"), columns=columns, scorer="code").items
    assert isinstance(item, GenerateItem)
    assert item.check == {"tests": "assert f(1) == 1", "entry_point": "f"}
    columns = {"patt": "check.pattern", "case": "check.ignore_case"}
    table = "prompt,patt,case\np,[1],true\n"
    (item,) = read_file(write_file(tmp_path, table, "c.csv"), columns=columns, scorer="regex").items
    assert isinstance(item, GenerateItem)
    assert item.check == {"pattern": "[1]", "ignore_case": True}


def test_every_option_of_scoring_reaches_the_spec(tmp_path: Path) -> None:
    path = write_file(tmp_path, [{"prompt": "p", "answer": "a b"}])
    asking = {
        "scorer": "token_f1",
        "extractor": "first_line",
        "metric": "f1",
        "right_at": 0.7,
        "max_tokens": 9,
        "stop": ("END",),
        "system": "Be brief.",
    }
    spec, _items = open_own(own_suite(path, **asking))
    assert (spec.name, spec.title, spec.scorer, spec.extractor, spec.metric) == (
        "mine", "mine.jsonl", "token_f1", "first_line", "f1",
    )  # fmt: skip
    assert (spec.right_at, spec.max_tokens, spec.stop, spec.system) == (0.7, 9, ("END",), "Be brief.")
    spec, _items = open_own(own_suite(path, scorer="token_f1", metric="exact_match"))
    assert (spec.metric, spec.right_at) == ("exact_match", 1.0)


@pytest.mark.parametrize(
    ("asking", "said"),
    [
        ({"scorer": "exactly"}, "no scorer 'exactly'"),
        ({"extractor": "last"}, "no extractor 'last'"),
        ({"scorer": "bleu", "metric": "rouge"}, "no metric 'rouge' of the scorer bleu.*bleu, chrf"),
        ({"right_at": 2.0}, "right_at is 2"),
        ({"max_tokens": -1}, "max_tokens -1"),
        ({"shots": -1}, "shots is -1"),
        ({"shots": 1}, "leave none to ask"),
    ],
)
def test_names_that_do_not_exist_and_impossible_numbers_fail(tmp_path: Path, asking: dict[str, Any], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        open_rows(tmp_path, [{"prompt": "p", "answer": "a"}], **asking)


def test_choices_take_no_scorer_but_either_metric(tmp_path: Path) -> None:
    rows = [{"question": "?", "choices": ["a", "b", "c", "d"], "answer": "b"}]
    with pytest.raises(DatasetError, match="not by 'exact'"):
        open_rows(tmp_path, rows, scorer="exact")
    with pytest.raises(DatasetError, match="no metric 'f1' of choices"):
        open_rows(tmp_path, rows, metric="f1")
    spec, _items = open_rows(tmp_path, rows, metric="acc")
    assert (spec.metric, spec.chance) == ("acc", 0.25)


# Solved examples from the file


def test_the_first_rows_are_worked_examples_before_every_choice_item(tmp_path: Path) -> None:
    rows = [{"question": f"Q{n}?", "choices": ["yes", "no"], "answer": n % 2} for n in range(4)]
    spec, items = open_rows(tmp_path, rows, shots=2)
    assert spec.n_shot == 2
    assert [item.id for item in items] == ["line-3", "line-4"]
    request = build_request(spec, items[1])
    assert isinstance(request, ChoiceRequest)
    assert request.contexts == ("Question: Q0?\nAnswer: yes\n\nQuestion: Q1?\nAnswer: no\n\nQuestion: Q3?\nAnswer:",)
    assert request.continuations == (" yes", " no")


def test_the_first_rows_are_worked_examples_before_every_prompt(tmp_path: Path) -> None:
    rows = [{"prompt": f"P{n}", "answer": [f"A{n}", "else"]} for n in range(3)]
    spec, items = open_rows(tmp_path, rows, shots=1, system="Answer.")
    assert spec.shots == (Shot(prompt="P0", answer="A0"),)
    assert [item.id for item in items] == ["line-2", "line-3"]
    request = build_request(spec, items[0])
    assert isinstance(request, GenerateRequest)
    assert request.prompt == "Answer.\n\nP0\nAnswer: A0\n\nP1\nAnswer:"
    assert [(message.role, message.content) for message in request.messages] == [
        ("system", "Answer."), ("user", "P0"), ("assistant", "A0"), ("user", "P1"),
    ]  # fmt: skip


def test_a_preview_shows_what_will_be_asked(tmp_path: Path) -> None:
    rows = [{"question": f"Q{n}?", "choices": ["yes", "no"], "answer": n % 2} for n in range(6)]
    shown = preview(*open_rows(tmp_path, rows, shots=1))
    assert [each.item for each in shown] == ["line-2", "line-3", "line-4"]
    assert shown[0].prompt == "Question: Q0?\nAnswer: yes\n\nQuestion: Q1?\nAnswer:"
    assert (shown[0].continuations, shown[0].expected) == ((" yes", " no"), "no")
    rows = [{"prompt": "P", "answer": "A"}, {"prompt": "Q", "check": {"pattern": "x"}}]
    shown = preview(*open_rows(tmp_path, rows, scorer="regex"), count=9)
    assert [(each.prompt, each.messages[-1].content, each.expected) for each in shown] == [
        ("P\nAnswer:", "P", "A"), ("Q\nAnswer:", "Q", ""),
    ]  # fmt: skip


def test_a_row_without_an_answer_cannot_be_an_example(tmp_path: Path) -> None:
    rows = [{"prompt": "p", "check": {"pattern": "x"}}, {"prompt": "q", "check": {"pattern": "x"}}]
    with pytest.raises(DatasetError, match="line-1 cannot be a worked example"):
        open_rows(tmp_path, rows, scorer="regex", shots=1)


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8).filter(str.strip)


@settings(max_examples=60, deadline=None, suppress_health_check=_HARMLESS)
@given(pairs=st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=6), shots=st.integers(0, 6))
def test_worked_examples_and_items_together_are_the_file(
    tmp_path: Path, pairs: list[tuple[str, str]], shots: int
) -> None:
    rows = [{"their prompt": prompt, "their answer": answer} for prompt, answer in pairs]
    columns = {"their prompt": "prompt", "their answer": "answer"}

    def read(name: str) -> UserData:
        return read_file(write_file(tmp_path, rows, name), columns=columns, shots=shots)

    if shots >= len(rows):
        with pytest.raises(DatasetError, match="leave none to ask"):
            read("a.jsonl")
        return
    lines, parquet = read("a.jsonl"), read("a.parquet")
    assert lines == parquet
    assert lines.problems == ()
    asked = [(item.prompt, item.answers[0]) for item in lines.items if isinstance(item, GenerateItem)]
    assert [(shot.prompt, shot.answer) for shot in lines.shots] + asked == [(p, a.strip()) for p, a in pairs]


_CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.text(max_size=4)
    | st.lists(st.text(max_size=2), max_size=3)
)
_NAMES = st.sampled_from(["q", "a.b", "prompt", "question", "choices", "labels", "answer", "check", "A", "B", "id"])


@settings(max_examples=200, deadline=None, suppress_health_check=_HARMLESS)
@given(
    rows=st.lists(st.dictionaries(_NAMES, _CELLS | st.dictionaries(_NAMES, _CELLS, max_size=2)), max_size=4),
    columns=st.dictionaries(_NAMES, st.sampled_from([*names.COLUMNS, "check.pattern", "A", "B", "no"]), max_size=3),
    scorer=st.sampled_from(["", *sorted(_ONE_EACH), "code"]),
    shots=st.integers(-1, 2),
)
def test_any_rows_any_mapping_and_any_scorer_give_items_problems_or_a_dataset_error(
    tmp_path: Path, rows: list[dict[str, Any]], columns: dict[str, str], scorer: str, shots: int
) -> None:
    try:
        data = read_rows(tmp_path, rows, columns=columns, scorer=scorer, shots=shots)
    except DatasetError:
        return
    held = shots if not data.problems else 0
    assert len(data.items) + len(data.problems) + held == len(rows)
    json.dumps([item.id for item in data.items]).encode()
