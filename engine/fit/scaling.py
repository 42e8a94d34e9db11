"""Extrapolates from some of a model's layers to all of them.

A token passes every layer once and the output layer once. So time and memory are a constant (embedding, output layer,
buffers) plus a part in proportion to the number of layers; two trials with different numbers of layers give both.
"""

from __future__ import annotations

from .trial import DepthTrial


def scaled(few: float, more: float, *, n_few: int, n_more: int, n_all: int) -> float:
    """The figure of ``n_all`` layers, given those of ``n_few`` and ``n_more`` layers; at least ``more``."""
    slope = (more - few) / (n_more - n_few)
    return max(more, few + slope * (n_all - n_few))


def micro_batch_rate(*, n_tokens: int, prompt_s: float, token_s: float, n_ubatch: int) -> float:
    """Prompt tokens per second in whole micro-batches, from the time of a prompt of ``n_tokens`` and of one token.

    A micro-batch reads every weight once and computes for every token, so it takes a + b × tokens seconds. On an
    AVX-512 machine with six models of 135M to 7B this gave 0.88 to 1.18 of pp512, median 1.00; 32 tokens alone gave
    0.79 to 1.01, median 0.87. At least half of ``prompt_s`` counts as computing, so that noise cannot make it zero.
    """
    if n_tokens >= n_ubatch or n_tokens < 2:
        return n_tokens / prompt_s
    each_s = max(prompt_s - token_s, prompt_s / 2) / (n_tokens - 1)
    return n_ubatch / (prompt_s + each_s * (n_ubatch - n_tokens))


def deep_token_s(trial: DepthTrial, *, times: float, token_s: float, growth: float) -> float:
    """Seconds per token at depth, for a model that takes ``token_s`` with an empty cache.

    The model has ``times`` the attention of the part in ``trial``, and looks back at ``growth`` times as many tokens.
    """
    return token_s + max(0.0, trial.deep_token_s - trial.token_s) * times * growth


def attended_tokens(depth: int, *, period: int = 1, window: int | None = None) -> int:
    """Tokens that the token after ``depth`` others attends to, summed over one period of layers.

    The last layer of a period sees all tokens, the others up to ``window``.
    """
    return depth + (period - 1) * min(depth, window or depth)


def parts_to_measure(n_layer: int, period: int) -> tuple[int, int] | None:
    """Two numbers of layers to measure, both whole periods; None if the model has too few layers."""
    few = period if period > 1 else 2
    return (few, 2 * few) if 2 * few < n_layer else None
