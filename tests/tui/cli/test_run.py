"""`weighin run`: refused plans and data, and runs from start to verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures.command_line import FAST, call, refusal


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("candidates = [", "not valid TOML"),
        ("models = 3", "unknown field `models`"),
        ("item_limit = 'many'", "Expected `int`, got `str`"),
        ("[settings]\nn_ctx = 0", "settings.n_ctx is 0"),
        ("time_budget_s = -5.0", "must not be negative"),
    ],
)
def test_a_plan_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "plan.toml").write_text(text)
    assert problem in refusal("run", str(tmp_path / "plan.toml"))


def test_a_run_needs_a_plan_file_that_exists_or_a_model() -> None:
    assert "no plan file" in refusal("run", "/nowhere/plan.toml")
    assert "no model in the plan" in refusal("run")


def test_bad_rows_are_reported_with_their_line_numbers(tmp_path: Path, tiny_models: list[Path]) -> None:
    data = tmp_path / "mine.jsonl"
    data.write_text('{"prompt": "a", "answer": "b"}\n{"prompt": "a"}\nrubbish\n')
    sentence = refusal("run", "--model", str(tiny_models[0]), "--data", str(data))
    assert "line 2: 'answer' is missing" in sentence
    assert "line 3: not valid JSON" in sentence


def test_an_unknown_suite_is_refused_with_a_suggestion(tiny_models: list[Path]) -> None:
    sentence = refusal("run", "--model", str(tiny_models[0]), "--suite", "everyday-choise")
    assert "Did you mean everyday-choice" in sentence


def test_nothing_is_stored_when_the_input_is_wrong(home: Path) -> None:
    refusal("run", "--model", "/nowhere.gguf")
    assert not (home / "data").exists()


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


def test_a_run_without_a_recommendation_exits_with_1(tiny_models: list[Path], choice_file: Path) -> None:
    limits = ["--min-speed", "1e9"]
    done = call("run", "--model", str(tiny_models[0]), "--data", str(choice_file), "--limit", "4", *limits, *FAST)
    assert done.exit_code == 1
    assert "The only candidate cannot be recommended" in done.stdout


def test_a_saved_plan_runs_again(tmp_path: Path, tiny_models: list[Path], choice_file: Path) -> None:
    plan = tmp_path / "plan.toml"
    options = ["--model", str(tiny_models[0]), "--data", str(choice_file), "--limit", "4", *FAST]
    assert call("run", *options, "--save-plan", str(plan)).exit_code == 0
    assert call("run", str(plan)).exit_code == 0
