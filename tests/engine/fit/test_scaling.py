"""Extrapolating from some layers to all."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.fit.scaling import attended_tokens, deep_token_s, micro_batch_rate, parts_to_measure, scaled
from weighin.engine.fit.trial import DepthTrial

_S = st.floats(1e-6, 10, allow_nan=False)


@given(_S, _S, st.integers(1, 8), st.integers(1, 8), st.integers(1, 100))
def test_a_constant_and_a_share_per_layer_are_found_exactly(
    constant: float, layer: float, few: int, further: int, left: int
) -> None:
    more, total = few + further, few + further + left

    def takes(n: int) -> float:
        return constant + n * layer

    found = scaled(takes(few), takes(more), n_few=few, n_more=more, n_all=total)
    assert found == pytest.approx(takes(total), rel=1e-3)


def test_noise_never_makes_a_model_faster_than_its_part() -> None:
    assert scaled(2.0, 1.9, n_few=2, n_more=4, n_all=32) == 1.9


PART = DepthTrial(depth=1000, token_s=0.010, deep_token_s=0.012, disturbed=False)


def test_attention_grows_with_layers_and_depth() -> None:
    # 2 ms more at 1000 tokens, in a 16th of the model's attention
    assert deep_token_s(PART, times=16, token_s=0.1, growth=1) == pytest.approx(0.132)
    assert deep_token_s(PART, times=16, token_s=0.1, growth=4) == pytest.approx(0.228)
    faster = msgspec.structs.replace(PART, deep_token_s=0.009)
    assert deep_token_s(faster, times=16, token_s=0.1, growth=4) == 0.1


@given(_S, _S, st.integers(2, 512))
def test_reading_the_weights_is_shared_by_a_whole_micro_batch(read_s: float, each_s: float, n_tokens: int) -> None:
    rate = micro_batch_rate(
        n_tokens=n_tokens, prompt_s=read_s + n_tokens * each_s, token_s=read_s + each_s, n_ubatch=512
    )
    whole = 512 / (read_s + 512 * each_s)
    if (n_tokens - 1) * each_s >= (read_s + n_tokens * each_s) / 2 or n_tokens == 512:
        assert rate == pytest.approx(whole, rel=1e-6)
    else:  # mostly reading: the rate may grow less than it could
        assert n_tokens / (read_s + n_tokens * each_s) <= rate * (1 + 1e-9)
        assert rate <= whole * (1 + 1e-9)


def test_a_prompt_faster_than_a_token_gives_a_finite_rate() -> None:
    assert micro_batch_rate(n_tokens=32, prompt_s=0.1, token_s=0.2, n_ubatch=512) < 2 * 32 / 0.1


def test_full_windows_stop_growing() -> None:
    assert attended_tokens(4000) == 4000
    assert attended_tokens(400, period=6, window=512) == 6 * 400
    assert attended_tokens(4000, period=6, window=512) == 4000 + 5 * 512
    assert attended_tokens(4000, period=6) == 6 * 4000


@pytest.mark.parametrize(
    ("n_layer", "period", "parts"), [(32, 1, (2, 4)), (48, 6, (6, 12)), (12, 6, None), (4, 1, None), (5, 1, (2, 4))]
)
def test_whole_periods_are_measured(n_layer: int, period: int, parts: tuple[int, int] | None) -> None:
    assert parts_to_measure(n_layer, period) == parts
