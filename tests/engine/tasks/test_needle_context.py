"""Needle texts that follow the context: their lengths, that they fit, that they stay the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.llama import backend
from weighin.engine.llama.model import Model
from weighin.engine.plan.model import BuiltInSuite
from weighin.engine.tasks.generators import needle
from weighin.engine.tasks.items import GenerateItem
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.requests import GenerateRequest, build_request
from weighin.engine.tasks.spec import find_spec

CONTEXTS = (699, 1024, 4096, 8192)


def prompts(n_ctx: int) -> list[str]:
    suite = open_suite(BuiltInSuite(name="needle"), seed=1, limit=0, n_ctx=n_ctx)
    found = []
    for item in suite.items:
        request = build_request(suite.spec, item)
        assert isinstance(request, GenerateRequest)
        found.append("\n".join(message.content for message in request.messages))
    return found


@given(st.integers(699, 1_000_000))
def test_lengths_grow_with_the_context_and_leave_room(n_ctx: int) -> None:
    words = needle.words_for_context(n_ctx)
    assert all(n >= least for n, least in zip(words, needle.MIN_N_WORDS, strict=True))
    assert list(words) == sorted(words)
    # At 1.45 tokens a word, with the question, a chat template and the answer, the longest still fits.
    assert (words[-1] + 60) * 1.45 + 104 <= n_ctx
    assert words[-1] <= 0.6 * n_ctx
    if n_ctx >= 4096:
        assert words[-1] >= 0.58 * n_ctx


def test_the_usual_context_has_the_usual_lengths() -> None:
    assert needle.words_for_context(4096) == needle.DEFAULT_N_WORDS
    assert needle.words_for_context(16384) == tuple(4 * n for n in needle.DEFAULT_N_WORDS)
    usual = open_suite(BuiltInSuite(name="needle"), seed=1, limit=0)
    assert usual == open_suite(BuiltInSuite(name="needle"), seed=1, limit=0, n_ctx=4096)
    assert {item.id for item in usual.items} == {item.id for item in needle.make_items()}


def test_items_depend_on_seed_and_context_only() -> None:
    wide = needle.make_items(3, n_ctx=8192, per_level=3)
    assert wide == needle.make_items(3, n_ctx=8192, per_level=3)
    assert wide != needle.make_items(3, n_ctx=4096, per_level=3)
    assert wide != needle.make_items(4, n_ctx=8192, per_level=3)
    assert [item.level for item in wide] == [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3 + [5] * 3


def test_the_longest_item_fits_with_a_real_tokenizer(sample_model: Path) -> None:
    backend.load_library(backend.discard_log)
    answer = find_spec("needle").max_tokens
    with Model(sample_model, vocab_only=True) as model:
        for n_ctx in CONTEXTS:
            longest = max(prompts(n_ctx), key=len)
            n_tokens = len(model.tokenize(longest))
            # Sixty tokens are more than any chat template adds.
            assert n_tokens + 60 + answer <= n_ctx
            if n_ctx >= 4096:
                assert n_tokens >= 0.6 * n_ctx


def test_shares_of_facts_fit_the_shortest_context() -> None:
    # Places are drawn between sentences: whatever the seed, there are enough of them for the facts.
    for seed in range(25):
        items = needle.make_items(seed, n_ctx=699, per_level=4)
        assert all(isinstance(item, GenerateItem) and item.answers[0] in item.prompt for item in items)


def test_a_context_that_is_too_short_fails_and_says_how_long_it_must_be() -> None:
    with pytest.raises(DatasetError, match="context of 698 tokens is too short") as caught:
        open_suite(BuiltInSuite(name="needle"), seed=1, limit=0, n_ctx=698)
    assert "699" in str(caught.value.hint)
    # Others do not care.
    assert open_suite(BuiltInSuite(name="classify"), seed=1, limit=3, n_ctx=64).items
