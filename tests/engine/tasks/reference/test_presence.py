"""Finding a suite's data without a connection."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighin.engine import paths
from weighin.engine.tasks.reference.datasets import data_presence
from weighin.engine.tasks.spec import find_spec, suite_specs

pytestmark = pytest.mark.usefixtures("no_network")


def test_generated_and_built_in_suites_are_here() -> None:
    found = {spec.name: data_presence(spec) for spec in suite_specs() if not spec.format}
    assert found["needle"].where == "generated"
    assert found["everyday-choice"].where == "built in"
    assert all(each.here for each in found.values())


def test_missing_data_has_the_size_of_the_download() -> None:
    found = data_presence(find_spec("gsm8k"))
    assert not found.here
    assert found.words == "needs 3 MB"


def test_a_folder_counts_when_every_split_is_in_it() -> None:
    folder = paths.data_dir() / "datasets" / "gsm8k"
    folder.mkdir(parents=True)
    (folder / "test.jsonl").write_text("{}\n", encoding="utf-8")
    assert data_presence(find_spec("gsm8k")).where == "missing"
    (folder / "train.jsonl").write_text("{}\n{}\n", encoding="utf-8")
    found = data_presence(find_spec("gsm8k"))
    assert (found.where, found.size_bytes, len(found.files)) == ("folder", 9, 2)


def test_the_hub_clients_cache_is_searched(no_network: Path) -> None:
    spec = find_spec("piqa")
    assert spec.dataset is not None
    repo = no_network / ("datasets--" + spec.dataset.repo.replace("/", "--"))
    revision = "ab" * 20
    if spec.dataset.revision == "main":
        (repo / "refs").mkdir(parents=True)
        (repo / "refs" / "main").write_text(revision, encoding="utf-8")
    else:
        revision = spec.dataset.revision
    (pattern,) = spec.dataset.files.values()
    file = repo / "snapshots" / revision / pattern.replace("*", "-0.parquet" if pattern.endswith("*") else "0")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"12345")
    found = data_presence(spec)
    assert (found.where, found.size_bytes) == ("hub cache", 5)
