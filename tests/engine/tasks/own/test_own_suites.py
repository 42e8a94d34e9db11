"""Suites from your own data: what the plan says reaches the items, and what makes no sense fails in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from weighin.engine.errors import DatasetError, PlanError
from weighin.engine.plan.model import BuiltInSuite, FileSource, OwnAsking, OwnSuite, Plan, Settings
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan
from weighin.engine.tasks.items import ChoiceItem, GenerateItem
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.spec import Shot


def _file(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return str(path)


def test_what_the_plan_says_reaches_spec_and_items(tmp_path: Path) -> None:
    rows = [{"frage": f"{n} plus 1?", "antwort": f"{n + 1}"} for n in range(6)]
    choice = OwnSuite(
        name="sums",
        source=FileSource(path=_file(tmp_path / "sums.jsonl", rows)),
        asking=OwnAsking(
            columns={"frage": "prompt", "antwort": "answer"},
            shots=2,
            scorer="numeric",
            max_tokens=9,
            stop=("!",),
            system="Count.",
        ),
    )
    suite = open_suite(choice, seed=1, limit=3)
    spec = suite.spec
    assert (spec.name, spec.title, spec.scorer, spec.metric) == ("sums", "sums.jsonl", "numeric", "exact_match")
    assert (spec.extractor, spec.max_tokens, spec.stop, spec.system) == ("number", 9, ("!",), "Count.")
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
def test_names_that_do_not_exist_fail(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    data = _file(tmp_path / "a.jsonl", [{"prompt": f"p{n}", "answer": "a"} for n in range(6)])
    with pytest.raises(DatasetError, match=said):
        open_suite(OwnSuite(name="a", source=FileSource(path=data), asking=OwnAsking(**fields)), seed=1, limit=0)


@pytest.mark.parametrize(
    "fields", [{"scorer": "exact"}, {"system": "s"}, {"max_tokens": 5}, {"stop": ("x",)}, {"extractor": "whole"}]
)
def test_options_without_effect_on_choices_fail(tmp_path: Path, fields: dict[str, Any]) -> None:
    rows = [{"question": "?", "choices": ["x", "y"], "answer": 0}] * 2
    with pytest.raises(DatasetError, match="has choices, which are scored by their likelihood"):
        open_suite(
            OwnSuite(name="a", source=FileSource(path=_file(tmp_path / "a.jsonl", rows)), asking=OwnAsking(**fields)),
            seed=1,
            limit=0,
        )


def test_the_named_metric_is_the_main_one_for_choices(tmp_path: Path) -> None:
    data = _file(tmp_path / "a.jsonl", [{"question": "?", "choices": ["x", "y"], "answer": 0}])
    assert open_suite(OwnSuite(name="a", source=FileSource(path=data)), seed=1, limit=0).spec.metric == "acc_norm"
    assert (
        open_suite(
            OwnSuite(name="a", source=FileSource(path=data), asking=OwnAsking(metric="acc")), seed=1, limit=0
        ).spec.metric
        == "acc"
    )


def test_a_folder_is_read_as_one_suite(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    _file(folder / "b.jsonl", [{"prompt": "third", "answer": "3"}])
    (folder / "a.csv").write_text("prompt,answer\nfirst,1\nsecond,2\n", encoding="utf-8")
    (folder / "notes.txt").write_text("not data")
    items = open_suite(OwnSuite(name="mine", source=FileSource(path=str(folder))), seed=1, limit=0).items
    assert sorted((i.id, i.prompt) for i in items if isinstance(i, GenerateItem)) == [
        ("line-2", "first"), ("line-3", "second"), ("line-4", "third"),
    ]  # fmt: skip
    _file(folder / "b.jsonl", [{"prompt": "third", "answer": "3"}, {"prompt": "no answer"}])
    with pytest.raises(DatasetError, match=r"mine has 1 bad row: line 2: of b\.jsonl: 'answer' is missing"):
        open_suite(OwnSuite(name="mine", source=FileSource(path=str(folder))), seed=1, limit=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no Parquet, JSONL or CSV file"):
        open_suite(OwnSuite(name="mine", source=FileSource(path=str(tmp_path / "empty"))), seed=1, limit=0)


def test_your_copy_of_a_reference_suites_data_is_asked_as_the_suite_is(tmp_path: Path) -> None:
    rows = [{"goal": "g", "sol1": "a", "sol2": "b", "label": 0}]
    data = _file(tmp_path / "validation.jsonl", rows)
    items = open_suite(BuiltInSuite(name="piqa", data=data), seed=1, limit=0).items
    assert isinstance(items[0], ChoiceItem)


def test_a_changed_file_in_a_folder_stops_a_resumed_run(tmp_path: Path, tiny_models: list[Path]) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        _file(folder / name, [{"prompt": f"p of {name}", "answer": "x", "id": name}])
    plan = freeze_plan(
        Plan(
            candidates=candidates_from_paths([str(tiny_models[0])]),
            suites=(OwnSuite(name="mine", source=FileSource(path=str(folder)), asking=OwnAsking(scorer="contains")),),
            settings=Settings(n_ctx=512),
        )
    ).plan
    assert freeze_plan(plan).plan == plan
    _file(folder / "b.jsonl", [{"prompt": "another", "answer": "x", "id": "b.jsonl"}])
    with pytest.raises(PlanError, match="has changed since the run started"):
        freeze_plan(plan)
