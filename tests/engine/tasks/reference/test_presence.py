"""Where a suite's data is, told without a connection."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

from weighin.engine import paths
from weighin.engine.tasks.reference.presence import data_presence
from weighin.engine.tasks.spec import find_spec, suite_specs
from weighin.tui.cli.main import main


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Every connection fails the test; the hub's cache is an empty folder."""
    from huggingface_hub import constants

    def refused(*_args: object, **_kwargs: object) -> NoReturn:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    return cache


def test_generated_and_built_in_suites_are_here() -> None:
    found = {spec.name: data_presence(spec) for spec in suite_specs() if not spec.format}
    assert found["needle"].where == "generated"
    assert found["everyday-choice"].where == "built in"
    assert all(each.here for each in found.values())


def test_missing_data_says_how_much_is_fetched() -> None:
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


def test_the_cache_of_the_hub_is_looked_into(no_network: Path) -> None:
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


def test_the_list_says_it_in_words_and_in_json() -> None:
    lines = CliRunner().invoke(main, ["suites"]).stdout.splitlines()
    assert any(line.startswith("gsm8k") and "needs 3 MB" in line for line in lines)
    assert any(line.startswith("needle") and "generated" in line for line in lines)
    rows = {row["name"]: row for row in json.loads(CliRunner().invoke(main, ["suites", "--json"]).stdout)}
    assert (rows["gsm8k"]["data"], rows["gsm8k"]["data_here"]) == ("missing", False)
    assert (rows["everyday-choice"]["data"], rows["everyday-choice"]["data_here"]) == ("built in", True)
