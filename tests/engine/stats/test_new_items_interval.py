"""The interval that live panels show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from weighin.engine.stats.intervals import new_items_interval


def test_the_interval_for_new_items_is_valid_at_any_time() -> None:
    # 2,000 replications at three accuracies: does the interval ever miss the truth within 300 answers?
    rng = np.random.default_rng(7)
    for truth in (0.1, 0.5, 0.8):
        right = np.cumsum(rng.random((2000, 300)) < truth, axis=1)
        seen = np.arange(1, 301)
        density = beta.logpdf(truth, 1 + right, 1 + seen - right)
        assert float((density <= math.log(0.05)).any(axis=1).mean()) <= 0.05


@given(st.integers(1, 400), st.data())
def test_the_interval_for_new_items_ends_where_the_density_falls_below_alpha(seen: int, data: st.DataObject) -> None:
    correct = data.draw(st.integers(0, seen))
    low, high = (getattr(new_items_interval(seen, correct), name) for name in ("low", "high"))
    assert 0.0 <= low <= correct / seen <= high <= 1.0
    for end in (low, high):
        if 0.0 < end < 1.0:
            assert beta.pdf(end, 1 + correct, 1 + seen - correct) == pytest.approx(0.05, rel=1e-3)
