"""The user's own data in a plan: its options as TOML, refused where they make no sense, used where items are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError, PlanError
from weighin.engine.plan.model import OWN_OPTIONS, Plan, Settings, SuiteChoice, plan_from_toml, plan_to_toml, read_plan
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan
from weighin.engine.tasks.items import ChoiceItem, GenerateItem
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.spec import Shot

_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "columns": st.dictionaries(_WORDS, _WORDS, max_size=3),
        "shots": st.integers(0, 2**40),
        "scorer": _WORDS,
        "extractor": _WORDS,
        "metric": _WORDS,
        "right_at": st.floats(0, 1),
        "max_tokens": st.integers(0, 2**40),
        "stop": st.none() | st.lists(_WORDS.filter(bool), max_size=3).map(tuple),
        "system": _WORDS,
    },
)
_SOURCES = st.one_of(
    st.fixed_dictionaries({"data": _WORDS.filter(bool)}, optional={"data_sha256": _WORDS, "limit": st.integers(0, 9)}),
    st.fixed_dictionaries(
        {
            "hub_repo": st.sampled_from(["owner/name", "o/n-1_2.x"]),
            "hub_file": st.sampled_from(["a.csv", "data/test-*.parquet", "x/*.JSONL"]),
        },
        optional={"hub_revision": st.sampled_from(["main", "refs/convert/parquet", "0" * 40])},
    ),
)


@given(source=_SOURCES, options=_OPTIONS)
def test_every_option_survives_toml(source: dict[str, Any], options: dict[str, Any]) -> None:
    plan = Plan(suites=(SuiteChoice(name="mine", **source, **options), SuiteChoice(name="everyday-choice")))
    assert plan_from_toml(plan_to_toml(plan), where="plan") == plan


@given(options=_OPTIONS)
def test_a_built_in_suite_takes_no_options(options: dict[str, Any]) -> None:
    plain = SuiteChoice(name="everyday-choice")
    suite = msgspec.structs.replace(plain, **options)
    text = plan_to_toml(Plan(suites=(suite,)))
    if suite == plain:
        assert plan_from_toml(text, where="plan").suites == (plain,)
    else:
        with pytest.raises(PlanError, match="'everyday-choice' is a built-in one, which takes no"):
            plan_from_toml(text, where="plan")


def test_every_option_is_one_of_a_suite_and_of_scoring() -> None:
    from weighin.engine.tasks.own.suite import UserScoring

    assert set(OWN_OPTIONS) == {field.name for field in msgspec.structs.fields(UserScoring)}
    assert set(OWN_OPTIONS) < {field.name for field in msgspec.structs.fields(SuiteChoice)}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('data = "a.csv"\nhub_repo = "o/n"\nhub_file = "a.csv"', "both data and hub_repo"),
        ('hub_repo = "o/n"', "needs hub_file"),
        ('hub_repo = "o/n"\nhub_file = "a.zip"', "needs hub_file"),
        ('hub_repo = "just-a-name"\nhub_file = "a.csv"', "owner/name"),
        ('hub_repo = "o/n"\nhub_file = "a.csv"\nhub_revision = "../x"', "branch, tag or commit"),
        ('hub_file = "a.csv"', "without hub_repo"),
        ('data = "a.csv"\nhub_revision = "main"', "without hub_repo"),
        ('data = "a.csv"\nshots = -1', "negative"),
        ('data = "a.csv"\nmax_tokens = -1', "negative"),
        ("limit = -1", "negative"),
        ('data = "a.csv"\nright_at = 1.5', "right_at 1.5"),
        ('data = "a.csv"\nright_at = nan', "right_at nan"),
        ('data = "a.csv"\nstop = [""]', "empty stop"),
        ('data = "a.csv"\ncolumns = { a = 3 }', "Expected `str`"),
        ('data = "a.csv"\nscore = "exact"', "unknown field `score`"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(fields: str, said: str) -> None:
    with pytest.raises(PlanError, match=said) as caught:
        plan_from_toml(f'[[suites]]\nname = "mine"\n{fields}', where="plan.toml")
    assert str(caught.value).startswith("plan.toml: ")
    assert len(str(caught.value).splitlines()) == 1


def test_plans_of_before_open_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text('suites = [{ name = "everyday-choice" }, { name = "mine", data = "q.jsonl" }]')
    assert read_plan(tmp_path / "plan.toml").suites == (
        SuiteChoice(name="everyday-choice"),
        SuiteChoice(name="mine", data=str(tmp_path.resolve() / "q.jsonl")),
    )


# Items


def _file(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return str(path)


def test_what_the_plan_says_reaches_spec_and_items(tmp_path: Path) -> None:
    rows = [{"frage": f"{n} plus 1?", "antwort": f"{n + 1}"} for n in range(6)]
    choice = SuiteChoice(
        name="sums",
        data=_file(tmp_path / "sums.jsonl", rows),
        columns={"frage": "prompt", "antwort": "answer"},
        shots=2,
        scorer="numeric",
        max_tokens=9,
        stop=("!",),
        system="Count.",
    )
    suite = open_suite(choice, seed=1, limit=3)
    spec = suite.spec
    assert (spec.name, spec.title, spec.scorer, spec.metric) == ("sums", "sums.jsonl", "numeric", "exact_match")
    assert (spec.extractor, spec.max_tokens, spec.stop, spec.system) == ("last_number", 9, ("!",), "Count.")
    assert spec.shots == (Shot(prompt="0 plus 1?", answer="1"), Shot(prompt="1 plus 1?", answer="2"))
    assert len(suite.items) == 3
    assert {item.id for item in open_suite(choice, seed=1, limit=0).items} == {f"line-{n}" for n in range(3, 7)}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scorer": "exakt"}, "no scorer 'exakt'. Choose one of: .*exact"),
        ({"metric": "f2"}, "no metric 'f2' of the scorer exact"),
        ({"extractor": "none"}, "extractor"),
        ({"shots": 6}, "leave none to ask"),
        ({"columns": {"no": "prompt"}}, "has no column 'no'"),
    ],
)
def test_names_that_mean_nothing_are_refused(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    data = _file(tmp_path / "a.jsonl", [{"prompt": f"p{n}", "answer": "a"} for n in range(6)])
    with pytest.raises(DatasetError, match=said):
        open_suite(SuiteChoice(name="a", data=data, **fields), seed=1, limit=0)


@pytest.mark.parametrize(
    "fields", [{"scorer": "exact"}, {"system": "s"}, {"max_tokens": 5}, {"stop": ("x",)}, {"extractor": "whole"}]
)
def test_what_would_change_nothing_for_choices_is_refused(tmp_path: Path, fields: dict[str, Any]) -> None:
    rows = [{"question": "?", "choices": ["x", "y"], "answer": 0}] * 2
    with pytest.raises(DatasetError, match="has choices, which are scored by their likelihood"):
        open_suite(SuiteChoice(name="a", data=_file(tmp_path / "a.jsonl", rows), **fields), seed=1, limit=0)


def test_choices_lead_with_the_metric_that_is_named(tmp_path: Path) -> None:
    data = _file(tmp_path / "a.jsonl", [{"question": "?", "choices": ["x", "y"], "answer": 0}])
    assert open_suite(SuiteChoice(name="a", data=data), seed=1, limit=0).spec.metric == "acc_norm"
    assert open_suite(SuiteChoice(name="a", data=data, metric="acc"), seed=1, limit=0).spec.metric == "acc"


def test_a_folder_is_read_as_one_suite(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    _file(folder / "b.jsonl", [{"prompt": "third", "answer": "3"}])
    (folder / "a.csv").write_text("prompt,answer\nfirst,1\nsecond,2\n", encoding="utf-8")
    (folder / "notes.txt").write_text("not data")
    items = open_suite(SuiteChoice(name="mine", data=str(folder)), seed=1, limit=0).items
    assert sorted((i.id, i.prompt) for i in items if isinstance(i, GenerateItem)) == [
        ("line-2", "first"), ("line-3", "second"), ("line-4", "third"),
    ]  # fmt: skip
    _file(folder / "b.jsonl", [{"prompt": "third", "answer": "3"}, {"prompt": "no answer"}])
    with pytest.raises(DatasetError, match=r"mine has 1 bad rows: line 2: of b\.jsonl: 'answer' is missing"):
        open_suite(SuiteChoice(name="mine", data=str(folder)), seed=1, limit=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no Parquet, JSONL or CSV file"):
        open_suite(SuiteChoice(name="mine", data=str(tmp_path / "empty")), seed=1, limit=0)


def test_a_reference_suites_data_takes_no_options(tmp_path: Path) -> None:
    rows = [{"goal": "g", "sol1": "a", "sol2": "b", "label": 0}]
    data = _file(tmp_path / "validation.jsonl", rows)
    items = open_suite(SuiteChoice(name="piqa", data=data), seed=1, limit=0).items
    assert isinstance(items[0], ChoiceItem)
    with pytest.raises(DatasetError, match="piqa is asked and scored as it is defined: it takes no shots"):
        open_suite(SuiteChoice(name="piqa", data=data, shots=1), seed=1, limit=0)


def test_any_changed_file_of_a_folder_stops_a_resumed_run(tmp_path: Path, tiny_models: list[Path]) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        _file(folder / name, [{"prompt": f"p of {name}", "answer": "x", "id": name}])
    plan = freeze_plan(
        Plan(
            candidates=candidates_from_paths([str(tiny_models[0])]),
            suites=(SuiteChoice(name="mine", data=str(folder), scorer="contains"),),
            settings=Settings(n_ctx=512),
        )
    ).plan
    assert freeze_plan(plan).plan == plan
    _file(folder / "b.jsonl", [{"prompt": "another", "answer": "x", "id": "b.jsonl"}])
    with pytest.raises(PlanError, match="has changed since the run started"):
        freeze_plan(plan)
