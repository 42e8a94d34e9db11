"""A bundle carries the data sets of reference suites, and the other side opens them without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from weighin.engine.bundle.create import create_bundle, verify_bundle
from weighin.engine.bundle.install import install_bundle
from weighin.engine.plan.model import BuiltInSuite, Plan, Settings
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan
from weighin.engine.tasks.formats.mgsm import WORDS
from weighin.engine.tasks.opening import open_suite


def test_reference_data_travels_in_the_bundle(
    tmp_path: Path, tiny_gguf: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / "here"))
    model = tmp_path / "m.gguf"
    model.write_bytes(tiny_gguf(1))
    data = tmp_path / "here" / "data" / "datasets" / "piqa"
    rows = [{"goal": f"G{n}", "sol1": "a", "sol2": "b", "label": n % 2} for n in range(6)]
    for folder in (data, tmp_path / "own"):
        folder.mkdir(parents=True)
        (folder / "validation.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    plan = freeze_plan(
        Plan(
            candidates=candidates_from_paths([str(model)]),
            suites=(BuiltInSuite(name="piqa", data=str(tmp_path / "own")), BuiltInSuite(name="everyday-choice")),
            settings=Settings(n_ctx=512),
        )
    ).plan
    create_bundle(plan, tmp_path / "bundle")
    verify_bundle(tmp_path / "bundle")
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / "there"))
    imported = install_bundle(tmp_path / "bundle").plan
    piqa, everyday = imported.suites
    assert str(tmp_path / "there") in piqa.data
    assert piqa.data_sha256 == plan.suites[0].data_sha256
    assert everyday.data == ""
    assert open_suite(piqa, seed=1, limit=0).items == open_suite(plan.suites[0], seed=1, limit=0).items
    assert freeze_plan(imported).plan.suites == imported.suites


def test_files_of_one_name_travel_in_the_folders_of_their_languages(
    tmp_path: Path, tiny_gguf: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / "here"))
    (tmp_path / "m.gguf").write_bytes(tiny_gguf(1))
    for n, language in enumerate(WORDS):
        # As the hub has them.
        file = tmp_path / "mgsm" / language / "test-00000-of-00001.parquet"
        file.parent.mkdir(parents=True)
        pq.write_table(pa.table({"question": [f"{language}?"], "answer": [None], "answer_number": [n]}), file)
    plan = freeze_plan(
        Plan(
            candidates=candidates_from_paths([str(tmp_path / "m.gguf")]),
            suites=(BuiltInSuite(name="mgsm", data=str(tmp_path / "mgsm")),),
            settings=Settings(n_ctx=512),
        )
    ).plan
    create_bundle(plan, tmp_path / "bundle")
    verify_bundle(tmp_path / "bundle")
    imported = install_bundle(tmp_path / "bundle").plan
    (mgsm,) = imported.suites
    there = open_suite(mgsm, seed=1, limit=0)
    assert there.items == open_suite(plan.suites[0], seed=1, limit=0).items
    assert there.subjects() == dict.fromkeys(sorted(WORDS), 1)
    assert freeze_plan(imported).plan.suites == imported.suites
