"""From some layers to all."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.fit.scaling import deep_token_s, parts_to_measure, scaled
from weighin.engine.fit.trial import DepthTrial

_S = st.floats(1e-6, 10, allow_nan=False)


@given(_S, _S, st.integers(1, 8), st.integers(1, 8), st.integers(1, 100))
def test_a_constant_and_a_part_a_layer_come_out_exactly(
    constant: float, layer: float, few: int, further: int, left: int
) -> None:
    more, total = few + further, few + further + left

    def takes(n: int) -> float:
        return constant + n * layer

    found = scaled(takes(few), takes(more), n_few=few, n_more=more, n_all=total)
    assert found == pytest.approx(takes(total), rel=1e-3)


def test_noise_makes_no_model_faster_than_its_part() -> None:
    assert scaled(2.0, 1.9, n_few=2, n_more=4, n_all=32) == 1.9


PART = DepthTrial(depths=(0, 500, 1000), token_s=(0.010, 0.011, 0.012), disturbed=False)


def test_attention_grows_with_layers_and_depth() -> None:
    # 2 ms more at 1000 tokens, in a 16th of the model's attention
    assert deep_token_s(PART, times=16, token_s=0.1, depth=1000) == pytest.approx(0.132)
    assert deep_token_s(PART, times=16, token_s=0.1, depth=4000) == pytest.approx(0.228)
    faster = msgspec.structs.replace(PART, token_s=(0.010, 0.009, 0.009))
    assert deep_token_s(faster, times=16, token_s=0.1, depth=1000) == 0.1


def test_windows_that_are_full_take_no_more() -> None:
    full = msgspec.structs.replace(PART, token_s=(0.010, 0.012, 0.012))
    assert deep_token_s(full, times=4, token_s=0.1, depth=8000) == pytest.approx(0.108)


@pytest.mark.parametrize(
    ("n_layer", "period", "parts"), [(32, 1, (2, 4)), (48, 6, (6, 12)), (12, 6, None), (4, 1, None), (5, 1, (2, 4))]
)
def test_whole_periods_are_measured(n_layer: int, period: int, parts: tuple[int, int] | None) -> None:
    assert parts_to_measure(n_layer, period) == parts
