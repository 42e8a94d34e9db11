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


def deep_token_s(trial: DepthTrial, *, times: float, token_s: float, depth: int) -> float:
    """Seconds a token at ``depth`` in a model that takes ``token_s`` after an empty cache.

    It has ``times`` the attention of the part that ``trial`` measured. Beyond the deepest that was measured it goes on
    as in the deeper half, where sliding windows are full already.
    """
    _empty, middle, deepest = trial.depths
    at_none, at_middle, at_deepest = trial.token_s
    extra_s = max(0.0, at_deepest - at_none)
    if depth > deepest:
        extra_s += max(0.0, at_deepest - at_middle) / (deepest - middle) * (depth - deepest)
    return token_s + extra_s * times


def parts_to_measure(n_layer: int, period: int) -> tuple[int, int] | None:
    """Two numbers of layers to measure, whole periods both; None when the model has too few layers for that."""
    few = period if period > 1 else 2
    return (few, 2 * few) if 2 * few < n_layer else None
