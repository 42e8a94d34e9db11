"""The ranking on a terminal keeps its columns under names of any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.report.table import _fold, _padded
from weighin.engine.visible import cells


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("北京", 4), ("e\u0301", 1), ("한국어", 6), ("שלום", 4), ("a\u200bb", 2), ("🙂", 2)],
)
def test_columns_are_counted_and_not_characters(text: str, columns: int) -> None:
    assert cells(text) == columns


@given(st.text(max_size=40), st.integers(12, 30))
def test_a_name_takes_exactly_its_column(name: str, width: int) -> None:
    assert cells(_padded(_fold(name, width), width)) == width


def test_a_long_name_keeps_its_quant() -> None:
    assert _fold("北京" * 20 + " Q4_K_M", 20) == "北京北京北京…" + " Q4_K_M"
    assert _fold("Qwen3 Q8_0", 20) == "Qwen3 Q8_0"
