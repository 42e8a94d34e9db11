"""`weighin models`: listing, filters, order, comparison, JSON, and bad input."""

from __future__ import annotations

import json

import pytest
from fixtures.command_line import call, refusal


def names(*arguments: str) -> list[str]:
    done = call("models", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return [row["id"] for row in json.loads(done.stdout)]


def test_filters_and_sort_order() -> None:
    assert len(names()) >= 80
    assert "llama-3.1-8b-instruct" in names("--filter", "llama 8b")
    assert names("--filter", "smollm2", "--sort", "size")[0] == "smollm2-135m-instruct"
    small = names("--max-size", "2B", "--language", "de")
    assert small
    assert "llama-3.1-8b-instruct" not in small
    fitting = names("--fits", "2G", "--aptitude", "coding")
    assert "qwen2.5-coder-1.5b-instruct" in fitting
    assert "qwen2.5-coder-14b-instruct" not in fitting


def test_license_filters() -> None:
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
    assert all(len(line) <= width for line in call("models", width=width).stdout.splitlines())
    compared = call("models", "llama-3.1-8b-instruct", "gemma-2-9b-it", "phi-4", width=width).stdout
    assert all(len(line) <= width for line in compared.splitlines())
    assert "measured here" in compared
    assert "parameters" in compared


def test_json_keeps_published_and_measured_figures_apart() -> None:
    row = json.loads(call("models", "phi-4", "--json").stdout)[0]
    assert row["id"] == "phi-4"
    assert row["measured_here"] == []
    assert row["estimated"]["quant"]["name"] == "Q4_K_M"
    assert row["score"][0]["source"]
    assert row["license_verdict"]["type"] == "allowed"


def test_no_match_says_so() -> None:
    done = call("models", "--filter", "no such model")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "No model matches" in done.stderr
    assert "do not list their languages" in call("models", "--language", "xx").stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["lama-3.1-8b-instruct"], "Did you mean llama-3.1-8b-instruct"),
        (["--max-size", "big"], "--max-size is 'big', which is not a number of parameters"),
        (["--aptitude", "codng"], "Choose one of chat, coding"),
        (["--use", "commercial", "--users", "many"], "--users is 'many', which is not a number of people"),
        (["--sort", "beauty"], "'beauty' is not one of 'name', 'size'"),
        (["--compare", "phi-4"], "No such option"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], problem: str) -> None:
    assert problem in refusal("models", *arguments)


def test_the_header_has_the_unit_of_memory() -> None:
    header = call("models", width=140).stdout.splitlines()[0]
    assert "mem GiB" in header
