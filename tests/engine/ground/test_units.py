"""What people type as a size, a count or a duration, and how it reads back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine import units
from weighin.engine.suggest import did_you_mean


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("4G", 4 * 2**30),
        ("4GiB", 4 * 2**30),
        (" 4 gib ", 4 * 2**30),
        ("4GB", 4 * 10**9),
        ("512M", 512 * 2**20),
        ("1.5T", 3 * 2**39),
        ("100", 100),
        ("100B", 100),
    ],
)
def test_sizes_are_read_as_people_type_them(text: str, size_bytes: int) -> None:
    assert units.parse_size(text, what="--max-memory") == size_bytes


@given(st.integers(1, 4096))
def test_gibibytes_read_back_as_they_were_typed(count: int) -> None:
    assert units.format_memory(units.parse_size(f"{count} GiB", what="")) == f"{count} GiB"


@pytest.mark.parametrize(("text", "count"), [("1.7B", 1_700_000_000), ("135M", 135_000_000), ("7b", 7 * 10**9)])
def test_counts_of_parameters(text: str, count: int) -> None:
    assert units.parse_count(text, what="--min-size") == count


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("500ms", 0.5), ("3", 3)])
def test_durations(text: str, seconds: float) -> None:
    assert units.parse_duration(text, what="--time-budget") == seconds


@pytest.mark.parametrize("parse", [units.parse_size, units.parse_count, units.parse_duration])
@pytest.mark.parametrize("text", ["", "a lot", "-4G", "4 apples", "G", "1,5G"])
def test_what_cannot_be_read_names_the_option_and_an_example(parse: Any, text: str) -> None:
    with pytest.raises(units.UnitError, match=r"--option is .* Write it as"):
        parse(text, what="--option")


@pytest.mark.parametrize(
    ("size_bytes", "memory", "file_size"),
    [
        (271 * 2**20, "271 MiB", "284.2 MB"),
        (8 * 2**30, "8 GiB", "8.59 GB"),
        (4.6 * 2**30, "4.6 GiB", "4.94 GB"),
        (98_500_000, "94 MiB", "98.5 MB"),
        (2_393_231_072, "2.2 GiB", "2.39 GB"),
        (10**9, "954 MiB", "1.00 GB"),
    ],
)
def test_memory_is_in_gib_and_files_in_gb(size_bytes: float, memory: str, file_size: str) -> None:
    assert units.format_memory(size_bytes) == memory
    assert units.format_file_size(size_bytes) == file_size


def test_a_mistyped_name_gets_the_closest_one_whatever_its_case() -> None:
    known = ["Qwen3-1.7B", "llama-3.2-1b"]
    assert did_you_mean("qwen3-17b", known) == "Did you mean Qwen3-1.7B?"
    assert did_you_mean("zzzz", known, otherwise="See `weighin models`.") == "See `weighin models`."


def count_people(text: str) -> int:
    return units.parse_count(text, what="--users", unit="people")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5M", 5_000_000),
        ("5 m", 5_000_000),
        ("1,000", 1000),
        ("1 000 000", 10**6),
        ("700k", 700_000),
        ("1.5 million", 1_500_000),
        ("3 thousand", 3000),
        ("2b", 2 * 10**9),
        ("1_200", 1200),
        ("0.0000015M", 1),
        ("0", 0),
    ],
)
def test_counts_as_people_write_them(text: str, number: int) -> None:
    assert count_people(text) == number


@pytest.mark.parametrize("text", ["", "many", "-5", "5T", "1,00", "1,0000", "1.5.2", "5M users", "٥", "1e6", "M", ",5"])
def test_what_is_not_a_count_is_said(text: str) -> None:
    with pytest.raises(units.UnitError, match="not a number of people"):
        count_people(text)


@given(st.integers(0, 10**15))
def test_counts_come_back(number: int) -> None:
    assert count_people(str(number)) == count_people(f"{number:,}") == count_people(f"{number:_}") == number
    assert count_people(f"{number}k") == number * 1000


@given(st.text(max_size=12))
def test_any_text_is_a_count_or_a_sentence(text: str) -> None:
    if re.fullmatch(r"\d+", text, re.ASCII):
        assert count_people(text) == int(text)
        return
    try:
        number = count_people(text)
    except units.UnitError:
        return
    assert number >= 0


def test_parameters_and_transfer_rates() -> None:
    assert units.format_parameters(1_235_814_432) == "1.24B"
    assert units.format_transfer_rate(12_340_000) == "12.3 MB/s"
