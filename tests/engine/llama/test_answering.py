"""Batched answering compared with the plain way: one option, one item at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from weighin.engine.llama import backend
from weighin.engine.llama.context import Context, ContextSpec, DecodeError
from weighin.engine.llama.model import Model
from weighin.engine.llama.sampler import Sampler
from weighin.engine.tasks.requests import ChoiceRequest, GenerateRequest, GenerateResult
from weighin.engine.worker.choice import score_choices, tokenize_choice
from weighin.engine.worker.generate import generate
from weighin.engine.worker.prompting import Prompt
from weighin.engine.worker.protocol import ChoicesScored

NATS = 0.05
"""The KV cache is f16, and its rounding depends on how the batch is split."""


def quiet(_item: str, _share: float) -> None:
    """Ignores progress."""


@pytest.fixture(scope="module")
def model(tiny_models: list[Path]) -> Iterator[Model]:
    backend.load_library(backend.discard_log)
    with Model(tiny_models[0]) as loaded:
        yield loaded


@pytest.fixture
def context(model: Model) -> Iterator[Context]:
    with Context(model, ContextSpec(n_ctx=512, n_batch=256, n_ubatch=64, n_seq_max=16, n_threads=1)) as opened:
        yield opened


def plain_log_likelihood(model: Model, text: str, continuation: str) -> tuple[float, bool]:
    """Score token by token, in a separate context."""
    whole, head = model.tokenize(text + continuation), model.tokenize(text)
    value, greedy = 0.0, True
    with Context(model, ContextSpec(n_ctx=512, n_threads=1)) as single:
        for position, token in enumerate(whole[:-1]):
            index = single.add([token], position, [0], [0])
            single.decode()
            if position + 1 >= len(head):
                logits = single.logits(index).astype(np.float64)
                target = whole[position + 1]
                value += logits[target] - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
                greedy = greedy and int(np.argmax(logits)) == target
    return value, greedy


def score(context: Context, requests: Sequence[ChoiceRequest]) -> ChoicesScored:
    return score_choices(context, [tokenize_choice(context.model, request) for request in requests], quiet)


def written(context: Context, requests: Sequence[GenerateRequest], n_parallel: int = 1) -> tuple[GenerateResult, ...]:
    asked = [(request, Prompt(request.prompt, context.model.tokenize(request.prompt))) for request in requests]
    return generate(context, asked, n_parallel=n_parallel, tick=quiet).answered


REQUESTS = [
    ChoiceRequest(item="short", contexts=("red:",), continuations=(" blue", " green", " a city of ten")),
    ChoiceRequest(item="single tokens", contexts=("the answer is",), continuations=(" one", " two", " three", " four")),
    ChoiceRequest(item="same prefix", contexts=("what is",), continuations=(" the red", " the red city", " the")),
    ChoiceRequest(item="trailing space", contexts=("how many ",), continuations=("one", "two")),
    ChoiceRequest(item="own contexts", contexts=("a red city", "the blue city"), continuations=(" much", " much")),
    ChoiceRequest(item="long", contexts=("what is the price of ten " * 6,), continuations=(" five", " six", " seven")),
]


def test_batched_choices_score_as_token_by_token(context: Context, model: Model) -> None:
    block = score(context, REQUESTS)
    assert [result.item for result in block.answered] == [request.item for request in REQUESTS]
    for request, result in zip(REQUESTS, block.answered, strict=True):
        for index, continuation in enumerate(request.continuations):
            text = request.contexts[min(index, len(request.contexts) - 1)]
            stripped = text.rstrip(" ")
            value, greedy = plain_log_likelihood(model, stripped, text[len(stripped) :] + continuation)
            assert result.log_likelihoods[index] == pytest.approx(value, abs=NATS), (request.item, index)
            assert result.is_greedy[index] == greedy


def test_a_prefix_shared_by_all_items_is_computed_once_and_changes_nothing(context: Context) -> None:
    shots = "question: what is the color of the red city? answer: red. " * 2
    shared = [
        ChoiceRequest(item=str(n), contexts=(f"{shots}question: {word}",), continuations=(" red", " blue"))
        for n, word in enumerate(("one", "two", "three", "four"))
    ]
    together = score(context, shared)
    apart = [score(context, [request]) for request in shared]
    for result, alone in zip(together.answered, apart, strict=True):
        assert result.log_likelihoods == pytest.approx(alone.answered[0].log_likelihoods, abs=NATS)
    assert together.n_unique_prompt_tokens < sum(block.n_unique_prompt_tokens for block in apart) / 2


def test_a_block_gives_the_same_bits_every_time(context: Context) -> None:
    first = score(context, REQUESTS)
    score(context, REQUESTS[::-1])
    again = score(context, REQUESTS)
    assert [r.log_likelihoods for r in first.answered] == [r.log_likelihoods for r in again.answered]


def test_a_prompt_that_is_cut_says_what_is_left_and_how_much_is_gone(context: Context, model: Model) -> None:
    request = ChoiceRequest(item="x", contexts=("one two three four " * 200,), continuations=(" five", " six"))
    whole = tokenize_choice(model, request)
    result = score_choices(context, [whole.cut(model, 100)], quiet).answered[0]
    assert all(value < 0 for value in result.log_likelihoods)
    assert result.n_cut_tokens == whole.longest - 100
    assert request.contexts[0].strip().endswith(result.prompt.strip())
    assert result.n_prompt_tokens + result.n_tokens[0] - 1 in (99, 100)


def write(n: int, **changed: object) -> GenerateRequest:
    values = {"item": str(n), "prompt": f"what is {n} red city {n * n}", "messages": (), "stop": (), "max_tokens": 12}
    return GenerateRequest(**{**values, **changed})  # type: ignore[arg-type]


def test_side_by_side_generation_writes_what_single_generation_writes(context: Context, model: Model) -> None:
    requests = [write(n, max_tokens=4 + n) for n in range(9)]  # finish at different times, so lanes are refilled
    many = written(context, requests, n_parallel=4)
    for request, result in zip(requests, many, strict=True):
        alone = written(context, [request])[0]
        assert (result.item, result.text, result.stop) == (request.item, alone.text, alone.stop)
        assert result.n_output_tokens <= request.max_tokens


def test_generation_ends_at_a_stop_string_and_leaves_it_out(context: Context, model: Model) -> None:
    free = written(context, [write(1, max_tokens=24)])[0].text
    pairs = (free[i : i + 2] for i in range(2, len(free) - 1))
    stop = next(pair for pair in pairs if pair.isascii())
    cut = written(context, [write(1, max_tokens=24, stop=(stop,))])[0]
    assert cut.text == free[: free.index(stop)]
    assert cut.stop == "stop string"


def test_samplers_are_greedy_or_seeded(context: Context, model: Model) -> None:
    tokens = model.tokenize("the red city is")
    last = context.add(tokens, 0, [0], [len(tokens) - 1]) + len(tokens) - 1
    context.decode()
    with Sampler() as greedy, Sampler(temperature=5.0, seed=7) as one, Sampler(temperature=5.0, seed=7) as same:
        assert greedy.choose(context, last) == int(np.argmax(context.logits(last)))
        drawn = [one.choose(context, last) for _ in range(20)]
        assert drawn == [same.choose(context, last) for _ in range(20)]
        assert len(set(drawn)) > 1


def test_a_full_cache_raises_a_decode_error(context: Context) -> None:
    for start in (0, 256):
        context.add([5] * 256, start, [0])
        context.decode()
    context.add([5], 512, [0])
    with pytest.raises(DecodeError, match="is full"):
        context.decode()
