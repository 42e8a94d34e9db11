"""The timed part of a speed measurement, on an open context.

Same protocol as llama.cpp's ``llama-bench`` (tools/llama-bench/llama-bench.cpp: ``test_prompt``, ``test_gen``): random
tokens, cache cleared before each repeat, one ``llama_decode`` per batch for prompts and one per token for generation,
with a synchronization after each generated token. One warm-up before the first repeat.
"""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ..llama.context import Context

_LEAST_TIMED = 8


def warm_up(context: Context, *, n_tokens: int = 0, seed: int) -> None:
    """Touch every weight and buffer once, for a prompt of ``n_tokens`` (0: a micro-batch) and for generation."""
    generator = np.random.default_rng(seed)
    context.clear()
    count = min(n_tokens or context.spec.n_ubatch, context.spec.n_ctx - 1)
    context.decode_prompt(context.model.random_tokens(count, generator))
    if count > 1:
        context.decode_prompt(context.model.random_tokens(1, generator))
    context.synchronize()
    context.clear()


def time_prompt(context: Context, *, n_tokens: int, depth: int, seed: int) -> float:
    """Seconds to process ``n_tokens`` random prompt tokens after ``depth`` others."""
    generator = np.random.default_rng(seed)
    _fill(context, depth, generator)
    tokens = context.model.random_tokens(n_tokens, generator)
    with _no_collector():
        start = time.perf_counter()
        context.decode_prompt(tokens)
        context.synchronize()
        return time.perf_counter() - start


def time_generation(context: Context, *, n_tokens: int, depth: int, seed: int) -> float:
    """Seconds to decode ``n_tokens`` random tokens one at a time after ``depth`` others."""
    generator = np.random.default_rng(seed)
    _fill(context, depth, generator)
    tokens = context.model.random_tokens(n_tokens, generator)
    singles = [tokens[index : index + 1] for index in range(n_tokens)]
    with _no_collector():
        start = time.perf_counter()
        for single in singles:
            context.decode_prompt(single)
            context.synchronize()
        return time.perf_counter() - start


def time_depth(
    context: Context, depth: int, *, fill_s: float, n_tokens: int, time_s: float, seed: int
) -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    """Time random tokens decoded one at a time with an empty cache, and again with a filled one.

    Up to ``n_tokens`` are timed each time, fewer if they would take longer than ``time_s``, but at least
    ``_LEAST_TIMED``. The cache is filled to ``depth`` tokens, or to what ``fill_s`` seconds allow, but with at least a
    micro-batch.

    Returns:
        The tokens in the filled cache; seconds per token with the empty cache; seconds per token with the filled one.
    """
    generator = np.random.default_rng(seed)
    context.clear()
    shallow = _time_tokens(context, generator, n_tokens, time_s)
    filled = len(shallow)
    end = time.perf_counter() + fill_s
    while filled < depth:
        count = min(context.spec.n_ubatch, depth - filled)
        context.decode_prompt(context.model.random_tokens(count, generator))
        context.synchronize()
        filled += count
        if time.perf_counter() > end:
            break
    return filled, shallow, _time_tokens(context, generator, n_tokens, time_s)


def _time_tokens(context: Context, generator: np.random.Generator, n_tokens: int, time_s: float) -> tuple[float, ...]:
    tokens = context.model.random_tokens(n_tokens, generator)
    with _no_collector():
        moments = [time.perf_counter()]
        for index in range(n_tokens):
            context.decode_prompt(tokens[index : index + 1])
            context.synchronize()
            moments.append(time.perf_counter())
            if index + 1 >= _LEAST_TIMED and moments[-1] - moments[0] > time_s:
                break
    return tuple(later - earlier for earlier, later in itertools.pairwise(moments))


def time_chat(context: Context, tokens: list[int], *, n_tokens: int) -> tuple[float, tuple[float, ...]]:
    """Answer ``tokens`` greedily with exactly ``n_tokens`` tokens, past ends of text: all models do the same work.

    Returns:
        Seconds from the start of prompt processing until the first token is chosen; seconds between tokens.
    """
    prompt = np.asarray(tokens, np.int32)
    context.clear()
    with _no_collector():
        start = time.perf_counter()
        context.decode_prompt(prompt)
        token = context.best(-1)
        moments = [time.perf_counter()]
        for _ in range(n_tokens - 1):
            context.decode_prompt(np.array([token], np.int32))
            token = context.best(-1)
            moments.append(time.perf_counter())
    return moments[0] - start, tuple(later - earlier for earlier, later in itertools.pairwise(moments))


def fill_buffers(context: Context, *, for_s: float) -> None:
    """Compute a full micro-batch for up to ``for_s`` seconds, and discard it."""
    context.clear()
    count = min(context.spec.n_ubatch, context.spec.n_ctx)
    context.decode_briefly(context.model.random_tokens(count, np.random.default_rng(0)), for_s)
    context.clear()


def _fill(context: Context, depth: int, generator: np.random.Generator) -> None:
    context.clear()
    if depth:
        context.decode_prompt(context.model.random_tokens(depth, generator))
    context.synchronize()


@contextmanager
def _no_collector() -> Iterator[None]:
    # A garbage collection inside a repeat would be charged to the model.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
