"""Commands that only read: runs, show, suites, hardware, export."""

from __future__ import annotations

import json
from pathlib import Path

from fixtures.command_line import FAST, call, refusal


def test_commands_on_runs_say_when_there_are_none() -> None:
    assert "no runs yet" in refusal("resume")
    assert "no runs yet" in refusal("show")


def test_suites_and_hardware_answer_in_json() -> None:
    suites = {row["name"]: row for row in json.loads(call("suites", "--json").stdout)}
    assert suites["everyday-choice"]["items"] >= 150
    assert suites["read-and-extract"]["items"] >= 150
    report = json.loads(call("hardware", "--json", "--no-bandwidth").stdout)
    assert report["memory"]["usable_bytes"] > 2**28
    assert report["llama"]["devices"]
    assert "llama.cpp" in call("hardware", "--no-bandwidth").stdout


def test_a_run_is_exported(tmp_path: Path, tiny_models: list[Path], choice_file: Path) -> None:
    call("run", "--model", str(tiny_models[0]), "--data", str(choice_file), "--limit", "4", *FAST)
    assert call("export", "--format", "answers-csv", "-o", str(tmp_path / "a.csv")).exit_code == 0
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 5


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    sentence = refusal("export", "--format", "pdf", "-o", str(tmp_path / "a.pdf"))
    assert "'pdf' is not one of 'json', " in sentence
    assert "export --help`" in sentence
