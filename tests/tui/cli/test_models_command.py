"""weighin models: listing, filters, order, comparison, JSON, and one sentence for bad input."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from weighin.tui.cli.main import main


def call(*arguments: str, width: int = 100) -> Result:
    result = CliRunner(env={"COLUMNS": str(width)}).invoke(main, ["models", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def names(*arguments: str) -> list[str]:
    done = call("--json", *arguments)
    assert done.exit_code == 0, done.stderr
    return [row["id"] for row in json.loads(done.stdout)]


def test_lists_filters_and_sorts() -> None:
    assert len(names()) >= 80
    assert "llama-3.1-8b-instruct" in names("--filter", "llama 8b")
    assert names("--filter", "smollm2", "--sort", "size")[0] == "smollm2-135m-instruct"
    small = names("--max-size", "2B", "--language", "de")
    assert small
    assert "llama-3.1-8b-instruct" not in small
    fitting = names("--fits", "2G", "--aptitude", "coding")
    assert "qwen2.5-coder-1.5b-instruct" in fitting
    assert "qwen2.5-coder-14b-instruct" not in fitting


def test_licenses_filter() -> None:
    free = names("--use", "commercial", "--unconditional")
    assert "qwen3-1.7b" in free
    assert "llama-3.2-1b-instruct" not in free
    allowed = names("--use", "commercial", "--users", "5M")
    assert "llama-3.2-1b-instruct" in allowed
    assert "qwen2.5-3b-instruct" not in allowed
    assert "llama-3.2-1b-instruct" not in names("--use", "commercial", "--users", "1,000,000,000")
    assert "qwen2.5-3b-instruct" in names("--use", "research")


@pytest.mark.parametrize("width", [60, 100, 140])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    assert all(len(line) <= width for line in call(width=width).stdout.splitlines())
    compared = call("--compare", "llama-3.1-8b-instruct", "gemma-2-9b-it", "phi-4", width=width).stdout
    assert all(len(line) <= width for line in compared.splitlines())
    assert "measured here" in compared
    assert "parameters" in compared


def test_json_keeps_published_and_measured_apart() -> None:
    row = json.loads(call("phi-4", "--json").stdout)[0]
    assert row["id"] == "phi-4"
    assert row["measured_here"] == []
    assert row["estimated"]["quant"]["name"] == "Q4_K_M"
    assert row["score"][0]["source"]
    assert row["license_verdict"]["type"] == "allowed"


def test_nothing_found_is_said() -> None:
    done = call("--filter", "no such model")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "No model passes" in done.stderr
    assert "do not list their languages" in call("--language", "xx").stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lama-3.1-8b-instruct"], "Did you mean llama-3.1-8b-instruct"),
        (["--compare"], "needs the names of models"),
        (["--max-size", "big"], "--max-size is 'big', which is not a number"),
        (["--fits", "much"], "no memory in GB"),
        (["--aptitude", "codng"], "One of chat, coding"),
        (["--use", "commercial", "--users", "many"], "--users is 'many', which is not a number of people"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], said: str) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
