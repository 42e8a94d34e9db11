"""The commands as users call them: exit codes, one sentence for bad input, JSON, resuming after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest
from click.testing import CliRunner, Result

from weighin.engine.gguf.tiny import write_tiny_model
from weighin.tui.cli.main import main

FAST = ["--repeats", "1", "--threads", "1", "--context", "512"]


def call(*arguments: str) -> Result:
    """Run a command in this process."""
    result = CliRunner().invoke(main, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refused(*arguments: str) -> str:
    """The one sentence that a command ends with when its input is wrong."""
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    said = result.stderr.strip()
    assert "Traceback" not in said
    assert said.startswith("weighin: ")
    assert len(said.splitlines()) == 1, said
    return said


# Bad input


def test_missing_file() -> None:
    assert "There is no file or folder /nowhere/model.gguf" in refused("bench", "/nowhere/model.gguf")


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").touch()
    assert "is empty" in refused("bench", str(tmp_path / "m.gguf"))


def test_not_a_gguf(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_text("hello " * 100)
    assert "not a GGUF file" in refused("bench", str(tmp_path / "m.gguf"))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.99])
def test_truncated_gguf(tmp_path: Path, tiny_models: list[Path], share: float) -> None:
    data = tiny_models[0].read_bytes()
    (tmp_path / "m.gguf").write_bytes(data[: int(len(data) * share)])
    assert "truncated" in refused("bench", str(tmp_path / "m.gguf"))


def test_absurd_counts(tmp_path: Path, tiny_models: list[Path]) -> None:
    data = bytearray(tiny_models[0].read_bytes())
    data[8:16] = (2**60).to_bytes(8, "little")
    (tmp_path / "m.gguf").write_bytes(data)
    assert "which cannot be" in refused("bench", str(tmp_path / "m.gguf"))


def test_unsupported_architecture(tmp_path: Path, tiny_models: list[Path]) -> None:
    data = tiny_models[0].read_bytes().replace(b"llama", b"zzama")
    (tmp_path / "m.gguf").write_bytes(data)
    assert "architecture 'zzama'" in refused("bench", str(tmp_path / "m.gguf"))


def test_model_larger_than_memory(tmp_path: Path, tiny_models: list[Path]) -> None:
    huge = tmp_path / "huge.gguf"
    huge.write_bytes(tiny_models[0].read_bytes())
    with huge.open("r+b") as file:
        file.truncate(2**43)  # a sparse file: 8 TiB that take no room
    assert "this machine may use" in refused("bench", str(huge))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        assert "cannot be read" in refused("bench", str(tmp_path))
    finally:
        tmp_path.chmod(0o700)


def test_folder_without_models(tmp_path: Path) -> None:
    assert "no .gguf file" in refused("bench", str(tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("candidates = [", "not valid TOML"),
        ("models = 3", "unknown field `models`"),
        ("item_limit = 'many'", "Expected `int`, got `str`"),
        ("[settings]\nn_ctx = 0", "settings.n_ctx is 0"),
        ("time_budget_s = -5.0", "must not be negative"),
    ],
)
def test_bad_plan(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "plan.toml").write_text(text)
    assert said in refused("run", str(tmp_path / "plan.toml"))


def test_missing_plan() -> None:
    assert "no plan file" in refused("run", "/nowhere/plan.toml")


def test_bad_dataset_row_is_told_with_its_line(tmp_path: Path, tiny_models: list[Path]) -> None:
    data = tmp_path / "mine.jsonl"
    data.write_text('{"prompt": "a", "answer": "b"}\n{"prompt": "a"}\nrubbish\n')
    said = refused("run", "--model", str(tiny_models[0]), "--data", str(data))
    assert "line 2: 'answer' is missing" in said
    assert "line 3: not valid JSON" in said


def test_unknown_suite_names_the_near_ones(tiny_models: list[Path]) -> None:
    said = refused("run", "--model", str(tiny_models[0]), "--suite", "everyday-choise")
    assert "Did you mean everyday-choice" in said


def test_bad_durations_and_sizes(tiny_models: list[Path]) -> None:
    assert "no duration" in refused("run", "--model", str(tiny_models[0]), "--time-budget", "soon")
    assert "no size" in refused("run", "--model", str(tiny_models[0]), "--max-memory", "much")


def test_no_runs_and_no_models() -> None:
    assert "no runs yet" in refused("resume")
    assert "no runs yet" in refused("show")
    assert "no model in the plan" in refused("run")


def test_nothing_is_stored_when_the_input_is_wrong(home: Path) -> None:
    refused("run", "--model", "/nowhere.gguf")
    assert not (home / "data").exists()


# Doing


def test_a_run_from_start_to_verdict(tiny_models: list[Path], choice_file: Path) -> None:
    models = [part for file in tiny_models for part in ("--model", str(file))]
    done = call("run", *models, "--data", str(choice_file), "--limit", "20", *FAST)
    assert done.exit_code == 0, done.stderr
    assert "▶" in done.stdout
    assert "llama-server -m" in done.stdout
    listed = json.loads(call("runs", "--json").stdout)
    assert [(row["status"], row["answers"]) for row in listed] == [("completed", 60)]
    shown = json.loads(call("show", "--json", "--answers").stdout)
    assert len(shown["answers"]) == 60
    assert shown["verdict"]["winner"] in {"base", "chatty", "small.q8_0"}
    assert "✓" in call("show", "--answers").stdout


def test_json_is_one_event_a_line_and_the_verdict_last(tiny_models: list[Path]) -> None:
    done = call("bench", str(tiny_models[0]), "--json", "-p", "16", "-n", "4", "-r", "2", "-c", "512")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["event"] == "RunStarted"
    assert lines[-1]["event"] == "VerdictReached"
    assert sum(line["event"] == "SpeedMeasured" and line["final"] for line in lines) == 4


def test_no_recommendation_has_an_exit_code_of_its_own(tiny_models: list[Path], choice_file: Path) -> None:
    limits = ["--min-speed", "1e9"]
    done = call("run", "--model", str(tiny_models[0]), "--data", str(choice_file), "--limit", "4", *limits, *FAST)
    assert done.exit_code == 1
    assert "No candidate may be recommended" in done.stdout


def test_a_saved_plan_runs_again(tmp_path: Path, tiny_models: list[Path], choice_file: Path) -> None:
    plan = tmp_path / "plan.toml"
    options = ["--model", str(tiny_models[0]), "--data", str(choice_file), "--limit", "4", *FAST]
    assert call("run", *options, "--save-plan", str(plan)).exit_code == 0
    assert call("run", str(plan)).exit_code == 0


def test_suites_and_hardware_answer_in_json() -> None:
    suites = {row["name"]: row for row in json.loads(call("suites", "--json").stdout)}
    assert suites["everyday-choice"]["items"] >= 150
    assert suites["read-and-extract"]["items"] >= 150
    report = json.loads(call("hardware", "--json", "--no-bandwidth").stdout)
    assert report["memory"]["usable_bytes"] > 2**28
    assert report["llama"]["devices"]
    assert "llama.cpp" in call("hardware", "--no-bandwidth").stdout


def test_the_catalog_lists_compares_and_judges() -> None:
    assert len(json.loads(call("models", "--json").stdout)) >= 40
    assert "llama-3.1-8b-instruct" in call("models", "--filter", "llama 8b", "--sort", "size").stdout
    assert "parameters" in call("models", "llama-3.1-8b-instruct", "gemma-2-9b-it").stdout
    assert "not allowed" in call("license", "llama-3.1-8b-instruct", "--users", "800M").stdout
    assert "no number of people" in refused("license", "llama-3.1-8b-instruct", "--users", "many")
    assert "llama" in refused("models", "lama-3.1-8b-instruct")


def test_a_run_is_exported(tmp_path: Path, tiny_models: list[Path], choice_file: Path) -> None:
    call("run", "--model", str(tiny_models[0]), "--data", str(choice_file), "--limit", "4", *FAST)
    assert call("export", "--format", "answers-csv", "-o", str(tmp_path / "a.csv")).exit_code == 0
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 5
    assert "no export format" in refused("export", "--format", "pdf", "-o", str(tmp_path / "a.pdf"))


# Killed and resumed


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "weighin.tui", *arguments]


def answers(shown: dict[str, Any]) -> dict[tuple[str, str, str], Any]:
    ignored = {"at", "elapsed_s"}
    return {
        (a["candidate"], a["suite"], a["item"]): {k: v for k, v in a.items() if k not in ignored}
        for a in shown["answers"]
    }


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_kill_9_of_the_command_then_resume_ends_as_if_nothing_happened(
    home: Path, tmp_path: Path, choice_file: Path, writing_file: Path
) -> None:
    model = tmp_path / "model.gguf"
    write_tiny_model(model, seed=9, n_ctx=512)
    options = ["run", "--model", str(model), "--data", str(choice_file), "--data", str(writing_file), *FAST]
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
def test_ctrl_c_keeps_everything(home: Path, tiny_models: list[Path], writing_file: Path) -> None:
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


def test_a_second_process_on_the_same_run_is_refused(home: Path, tiny_models: list[Path]) -> None:
    options = ["bench", str(tiny_models[0]), "-r", "500", "--json"]
    with subprocess.Popen(command(*options), stdout=PIPE, stderr=DEVNULL, text=True) as first:
        assert first.stdout is not None
        run_id = json.loads(first.stdout.readline())["run_id"]
        assert "Another process is working on run" in refused("resume", run_id)
        first.kill()


def test_changed_data_is_refused_on_resume(tiny_models: list[Path], writing_file: Path) -> None:
    assert call("run", "--model", str(tiny_models[0]), "--data", str(writing_file), *FAST).exit_code == 0
    writing_file.write_text(writing_file.read_text() + "\nw99,new,1")
    assert "has changed since" in refused("resume")


# What is imported


def test_help_imports_nothing_slow() -> None:
    program = (
        "import sys\nfrom weighin.tui.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "slow = {'llama_cpp', 'textual', 'scipy', 'numpy', 'huggingface_hub', 'gguf', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(f'imported: {slow}' if slow else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
