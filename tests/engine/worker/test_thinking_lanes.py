"""Models that think before they answer, in real contexts: stop strings, budgets and a cache that is too small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from fixtures.scripted_models import Token, control, user_defined, write_scripted_model

from weighin.engine.llama import backend
from weighin.engine.llama.context import Context, ContextSpec
from weighin.engine.llama.model import Model
from weighin.engine.tasks.requests import GenerateRequest, GenerateResult
from weighin.engine.tasks.spec import suite_specs
from weighin.engine.tasks.thinking import strip_thinking
from weighin.engine.worker.generate import generate
from weighin.engine.worker.prompting import Prompt
from weighin.engine.worker.sample import sample

Answer = Sequence[str | Token]

THINKING: dict[str, Answer] = {
    "text": ("<think>", "\n", "6 times 7, so", "\n\n", "</think>", "\n\n\n", "42"),
    "user-defined": (user_defined("<think>"), "\n", "so", "\n\n", user_defined("</think>"), "\n\n\n", "42"),
    "control": (control("[THINK]"), "Perhaps\n7, no", control("[/THINK]"), "42"),
    "channel": (control("<|channel>"), "thought", "\n", "maybe 7", control("<channel|>"), "42"),
    "split": ("<th", "ink", ">", "7\n", "</", "think>", "\n", "42"),
    "messages": (
        control("<|channel|>"), "analysis", control("<|message|>"), "7\n", control("<|end|>"), control("<|start|>"),
        "assistant", control("<|channel|> "), "final", control("<|message|> "), "42",
    ),
}  # fmt: skip
LONG: Answer = ("<think>", *(f"step {n}\n" for n in range(50)), "</think>", "\n", "42")


def quiet(_item: str, _share: float) -> None:
    """Ignores progress."""


@contextmanager
def opened(folder: Path, answer: Answer, *, n_ctx: int = 512) -> Iterator[Context]:
    backend.load_library(backend.discard_log)
    with (
        Model(write_scripted_model(folder / "model.gguf", *answer)) as model,
        Context(model, ContextSpec(n_ctx=n_ctx, n_batch=n_ctx, n_ubatch=64, n_seq_max=16, n_threads=1)) as context,
    ):
        yield context


def prompt_of(context: Context, request: GenerateRequest) -> Prompt:
    return Prompt(request.prompt, context.model.tokenize(request.prompt))


def answered(
    context: Context, n: int = 1, *, stop: tuple[str, ...] = ("\n",), max_tokens: int = 4, budget: int = 100
) -> tuple[GenerateResult, ...]:
    requests = [
        GenerateRequest(item=str(k), prompt="6 times 7?", messages=(), stop=stop, max_tokens=max_tokens)
        for k in range(n)
    ]
    asked = [(request, prompt_of(context, request)) for request in requests]
    return generate(context, asked, n_parallel=8, tick=quiet, max_thinking_tokens=budget).answered


@pytest.mark.parametrize("kind", THINKING)
def test_a_model_that_thinks_is_stopped_by_no_suite_before_its_answer(kind: str, tmp_path: Path) -> None:
    ways = {(spec.stop, spec.max_tokens) for spec in suite_specs() if spec.kind == "generate"}
    with opened(tmp_path, THINKING[kind]) as context:
        for stop, max_tokens in {*ways, (("\n",), 1), (("\n\n", "7"), 1)}:
            (result,) = answered(context, stop=stop, max_tokens=max_tokens)
            found = strip_thinking(result.text)
            assert (found.answer, found.closed) == ("42", True), (stop, max_tokens, result.text)
            assert found.n_thinking_characters > 0


def test_an_answer_that_begins_with_a_line_break_is_not_stopped_by_it(tmp_path: Path) -> None:
    with opened(tmp_path, ("\n", "42", "\n ", "43")) as context:
        (result,) = answered(context)
    assert (result.text, result.stop) == ("\n42", "stop string")


def test_thinking_has_a_budget_of_its_own(tmp_path: Path) -> None:
    with opened(tmp_path, LONG) as context:
        (cut,) = answered(context, budget=20)
        (whole,) = answered(context, budget=60)
        (free,) = answered(context, budget=0)
    assert (cut.stop, cut.n_output_tokens) == ("thinking budget", 20)
    assert not strip_thinking(cut.text).closed
    assert strip_thinking(whole.text).answer == strip_thinking(free.text).answer == "42"


def test_thinking_that_fills_the_context_is_cut(tmp_path: Path) -> None:
    with opened(tmp_path, LONG, n_ctx=256) as context:
        prompt = "6 times 7?" * 16
        tokens = context.model.tokenize(prompt)
        assert 206 < len(tokens) < 252
        request = GenerateRequest(item="x", prompt=prompt, messages=(), stop=(), max_tokens=4)
        result = generate(context, [(request, Prompt(prompt, tokens))], n_parallel=1, tick=quiet).answered[0]
    assert result.stop == "context full"
    assert not strip_thinking(result.text).closed


def test_items_that_outgrow_the_cache_together_are_all_answered(tmp_path: Path) -> None:
    with opened(tmp_path, LONG, n_ctx=256) as context:
        results = answered(context, 12)
        assert [result.item for result in results] == [str(k) for k in range(12)]
        assert all(strip_thinking(result.text).answer == "42" for result in results)
        request = GenerateRequest(item="x", prompt="6 times 7?", messages=(), stop=("\n",), max_tokens=4)
        drawn = sample(
            context, [(request, prompt_of(context, request))], samples=8, temperature=0.1, seed=1, tick=quiet,
            max_thinking_tokens=100,
        )  # fmt: skip
    assert [strip_thinking(result.text).answer for result in drawn.answered] == ["42"] * 8


def test_an_end_token_that_closes_the_thinking_does_not_end_the_answer(tmp_path: Path) -> None:
    script = (control("<|channel|>"), "analysis", control("<|message|>"), "7", control("<|end|>"), "42")
    with opened(tmp_path, script) as context:
        (result,) = answered(context)
    assert result.text == "<|channel|>analysis<|message|>7<|end|>42"
    assert strip_thinking(result.text).answer == "42"


def test_other_control_tokens_stay_out_of_the_output(tmp_path: Path) -> None:
    with opened(tmp_path, ("42", control("<|im_start|>"), control("<pad>"), "!")) as context:
        (result,) = answered(context)
    assert result.text == "42!"
