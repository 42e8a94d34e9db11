"""Killed, interrupted and resumed runs, in real processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest
from fixtures.command_line import FAST, call, refusal

from weighin.engine.gguf.tiny import write_tiny_model


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "weighin.tui", *arguments]


def answers(shown: dict[str, Any]) -> dict[tuple[str, str, str], Any]:
    ignored = {"at", "elapsed_s"}
    return {
        (a["candidate"], a["suite"], a["item"]): {k: v for k, v in a.items() if k not in ignored}
        for a in shown["answers"]
    }


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_run_killed_with_9_and_resumed_has_the_answers_of_an_uninterrupted_one(
    home: Path, tmp_path: Path, choice_file: Path, writing_file: Path
) -> None:
    model = tmp_path / "model.gguf"
    write_tiny_model(model, seed=9, n_ctx=512)
    options = ["run", "--model", str(model), "--data", str(choice_file), "--data", str(writing_file)]
    options += ["--limit", "20", *FAST]
    assert call(*options).exit_code == 0
    whole = answers(json.loads(call("show", "--json", "--answers").stdout))
    with subprocess.Popen(command(*options, "--json"), stdout=PIPE, stderr=DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "BlockScored":
                process.send_signal(signal.SIGKILL)
                break
    rows = json.loads(call("runs", "--json").stdout)
    assert rows[0]["status"] == "running"
    assert not rows[0]["locked"]
    resumed = call("resume", "--json")
    assert resumed.exit_code == 0, resumed.stderr
    shown = json.loads(call("show", rows[0]["id"], "--json", "--answers").stdout)
    assert answers(shown) == whole


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_exits_with_130_and_says_how_to_resume(home: Path, tiny_models: list[Path], writing_file: Path) -> None:
    options = ["run", "--model", str(tiny_models[0]), "--data", str(writing_file), "--repeats", "2000", "--json"]
    with subprocess.Popen(command(*options), stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdout is not None
        while json.loads(process.stdout.readline())["event"] != "SpeedMeasured":
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert "weighin resume" in err


def test_a_run_that_another_process_works_on_cannot_be_resumed(home: Path, tiny_models: list[Path]) -> None:
    options = ["bench", str(tiny_models[0]), "-r", "500", "--json"]
    with subprocess.Popen(command(*options), stdout=PIPE, stderr=DEVNULL, text=True) as first:
        assert first.stdout is not None
        run_id = json.loads(first.stdout.readline())["run_id"]
        assert "Another process is working on run" in refusal("resume", run_id)
        first.kill()


def test_a_run_whose_data_changed_cannot_be_resumed(tiny_models: list[Path], writing_file: Path) -> None:
    options = ["--model", str(tiny_models[0]), "--data", str(writing_file), "--max-tokens", "8", "--limit", "4", *FAST]
    assert call("run", *options).exit_code == 0
    writing_file.write_text(writing_file.read_text() + "\nw99,new,1")
    assert "has changed since" in refusal("resume")
