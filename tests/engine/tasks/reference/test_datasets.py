"""Reference data from folders with every file type, and one clear sentence when it is missing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from weighin.engine.errors import DatasetError
from weighin.engine.plan.model import BuiltInSuite
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.reference.datasets import dataset_sha256, read_dataset
from weighin.engine.tasks.spec import find_spec

ROWS: list[dict[str, Any]] = [
    {"goal": f"Goal {n}", "sol1": "one", "sol2": "two", "label": n % 2} for n in range(5)
]  # fmt: skip


def write(file: Path) -> None:
    lines = "\n".join(json.dumps(row) for row in ROWS)
    if file.name.endswith(".jsonl"):
        file.write_text(lines, encoding="utf-8")
    elif file.name.endswith(".gz"):
        file.write_bytes(gzip.compress(lines.encode()))
    elif file.suffix == ".json":
        file.write_text(json.dumps(ROWS), encoding="utf-8")
    elif file.suffix == ".csv":
        file.write_text(
            "goal,sol1,sol2,label\n" + "\n".join(f"{r['goal']},one,two,{r['label']}" for r in ROWS), encoding="utf-8"
        )
    else:
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), file)


@pytest.mark.parametrize(
    "name",
    ["validation.jsonl", "validation.jsonl.gz", "validation.json", "validation.csv", "validation-0000.parquet"],
)
def test_a_folder_of_any_file_kind_is_enough(tmp_path: Path, home: Path, name: str) -> None:
    write(tmp_path / name)
    rows = read_dataset(find_spec("piqa"), folder=tmp_path)["validation"]
    assert [str(row["label"]) for row in rows] == [str(n % 2) for n in range(5)]
    suite = open_suite(BuiltInSuite(name="piqa", data=str(tmp_path)), seed=1, limit=3)
    assert len(suite.items) == 3


def test_weighins_data_folder_is_searched(home: Path) -> None:
    from weighin.engine import paths

    folder = paths.data_dir() / "datasets" / "piqa"
    folder.mkdir(parents=True)
    write(folder / "validation.jsonl")
    assert len(open_suite(BuiltInSuite(name="piqa"), seed=1, limit=0).items) == 5


def test_changed_data_has_another_hash(tmp_path: Path) -> None:
    spec = find_spec("piqa")
    write(tmp_path / "validation.jsonl")
    before = dataset_sha256(spec, folder=tmp_path)
    assert dataset_sha256(spec, folder=tmp_path) == before
    with (tmp_path / "validation.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(ROWS[0]))
    assert dataset_sha256(spec, folder=tmp_path) != before


def test_a_folder_without_the_split_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="validation"):
        read_dataset(find_spec("piqa"), folder=tmp_path)


def test_missing_data_offline_fails_and_says_where_to_put_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "none"))
    with pytest.raises(DatasetError) as caught:
        read_dataset(find_spec("piqa"))
    assert "datasets/piqa" in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{not json", b"[1"])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "validation.jsonl").write_bytes(content)
    with pytest.raises(DatasetError, match=r"validation\.jsonl"):
        read_dataset(find_spec("piqa"), folder=tmp_path)


def test_a_run_refuses_reference_data_that_changed(tmp_path: Path, home: Path, tiny_models: list[Path]) -> None:
    import msgspec

    from weighin.engine.errors import PlanError
    from weighin.engine.plan.model import Plan, Settings
    from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan

    write(tmp_path / "validation.jsonl")
    plan = freeze_plan(
        Plan(
            candidates=candidates_from_paths([str(tiny_models[0])]),
            suites=(BuiltInSuite(name="piqa", data=str(tmp_path)),),
            settings=Settings(n_ctx=512),
        )
    ).plan
    assert len(plan.suites[0].data_sha256) == 64
    assert freeze_plan(plan).plan == plan
    (tmp_path / "validation.jsonl").write_text(json.dumps(ROWS[0]) + "\n" + json.dumps(ROWS[1]), encoding="utf-8")
    with pytest.raises(PlanError, match="has changed"):
        freeze_plan(plan)
    assert msgspec.structs.replace(plan, suites=()) == freeze_plan(msgspec.structs.replace(plan, suites=())).plan


def test_the_cache_of_the_hub_client_is_enough_when_it_is_whole(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    repo = tmp_path / "datasets--baber--piqa"
    for folder in (repo / "refs", repo / "snapshots" / "new" / "data", repo / "snapshots" / "old"):
        folder.mkdir(parents=True)
    (repo / "refs" / "main").write_text("new", encoding="utf-8")
    (repo / "snapshots" / "old" / "validation.jsonl").write_text("{}", encoding="utf-8")
    write(repo / "snapshots" / "new" / "data" / "validation-00000-of-00002.parquet")
    with pytest.raises(DatasetError):
        read_dataset(find_spec("piqa"))
    write(repo / "snapshots" / "new" / "data" / "validation-00001-of-00002.parquet")
    assert len(read_dataset(find_spec("piqa"))["validation"]) == 10


@pytest.mark.parametrize("content", ["[1]", "7", '{"goal": "Go.", "sol1": "a", "sol2": "b", "label": 0}\nnull'])
def test_a_row_without_columns_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "validation.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=r"Row \d of .*validation\.jsonl has no named columns"):
        read_dataset(find_spec("piqa"), folder=tmp_path)


def test_files_are_found_under_the_names_their_authors_gave_them(tmp_path: Path) -> None:
    (tmp_path / "mgsm_es.tsv").write_text("¿Cuánto es 1 + 1?\t2\n", encoding="utf-8")
    (tmp_path / "mgsm_de.tsv").write_text("Was ist 1 + 2?\t3\n", encoding="utf-8")
    assert read_dataset(find_spec("mgsm-de"), folder=tmp_path)["test"] == [
        {"question": "Was ist 1 + 2?", "answer_number": "3"}
    ]
    row = {"task_id": "T/0", "prompt": "def f():\n", "test": "def check(f): pass", "entry_point": "f"}
    (tmp_path / "HumanEval.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    assert read_dataset(find_spec("humaneval"), folder=tmp_path)["test"] == [row]
    for name in ("ARC-Easy-Test.jsonl", "ARC-Challenge-Test.jsonl"):
        (tmp_path / name).write_text(json.dumps({"id": name}), encoding="utf-8")
    assert read_dataset(find_spec("arc-easy"), folder=tmp_path)["test"] == [{"id": "ARC-Easy-Test.jsonl"}]
    with pytest.raises(DatasetError) as caught:
        read_dataset(find_spec("ifeval"), folder=tmp_path)
    assert "ifeval_input_data.jsonl or input_data.jsonl or test.jsonl" in str(caught.value)
