"""From some of a model's layers to all of them.

A token passes every layer once and the output layer once, so time and memory are a constant (embedding, output layer,
buffers) and a part in proportion to the layers. Two trials with different numbers of layers give both.
"""

from __future__ import annotations

from .trial import DepthTrial


def scaled(few: float, more: float, *, n_few: int, n_more: int, n_all: int) -> float:
    """What ``n_all`` layers take when ``n_few`` take ``few`` and ``n_more`` take ``more``; not less than ``more``."""
    slope = (more - few) / (n_more - n_few)
    return max(more, few + slope * (n_all - n_few))


def micro_batch_rate(*, n_tokens: int, prompt_s: float, token_s: float, n_ubatch: int) -> float:
    """Prompt tokens a second in whole micro-batches, from what a prompt of ``n_tokens`` takes and what one token takes.

    A micro-batch reads every weight once, whatever its size, and computes for every token: seconds are a + b × tokens.
    On an AVX-512 machine, six models of 135M to 7B: 0.88 to 1.18 of pp512, median 1.00; 32 tokens alone 0.79 to 1.01,
    median 0.87. At least half of ``prompt_s`` is taken for computing, lest noise makes that nothing.
    """
    if n_tokens >= n_ubatch or n_tokens < 2:
        return n_tokens / prompt_s
    each_s = max(prompt_s - token_s, prompt_s / 2) / (n_tokens - 1)
    return n_ubatch / (prompt_s + each_s * (n_ubatch - n_tokens))


def deep_token_s(trial: DepthTrial, *, times: float, token_s: float, growth: float) -> float:
    """Seconds a token deep in a model that takes ``token_s`` after an empty cache.

    It has ``times`` the attention of the part that ``trial`` measured, and looks back at ``growth`` times the tokens.
    """
    return token_s + max(0.0, trial.deep_token_s - trial.token_s) * times * growth


def attended_tokens(depth: int, *, period: int = 1, window: int | None = None) -> int:
    """Tokens that a token after ``depth`` others looks back at, over one period of layers.

    The last layer of a period sees all of them, the others ``window`` at most.
    """
    return depth + (period - 1) * min(depth, window or depth)


def parts_to_measure(n_layer: int, period: int) -> tuple[int, int] | None:
    """Two numbers of layers to measure, whole periods both; None when the model has too few layers for that."""
    few = period if period > 1 else 2
    return (few, 2 * few) if 2 * few < n_layer else None
