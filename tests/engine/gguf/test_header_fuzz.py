"""Damaged and hostile headers: a clear error or a sound header, never anything else.

``WEIGHIN_FUZZ_CASES`` sets the number of mutated headers (1500 by default, 10 000 for the full run).
"""

from __future__ import annotations

import os
import random
import struct
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighin.engine.errors import ModelFileError
from weighin.engine.gguf.header import MAX_HEADER_BYTES, HeaderError, NeedMoreError, check_file, parse_header
from weighin.engine.gguf.tiny import write_tiny_model

_CASES = int(os.environ.get("WEIGHIN_FUZZ_CASES", "1500"))
_NUMBERS = (0, 1, 2, 255, 65_535, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("fuzz") / "tiny.gguf"
    write_tiny_model(path, weights="Q4_0", chat_template="{{ messages }}")
    return path.read_bytes()[: check_file(path).data_offset]


def _mutate(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(changed))
        kind = rng.randrange(5)
        if kind == 0:
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[at : at + 8] = struct.pack("<Q", rng.choice(_NUMBERS))
        elif kind == 2:
            changed[at : at + 4] = struct.pack("<I", rng.choice(_NUMBERS) & 0xFFFFFFFF)
        elif kind == 3:
            del changed[at : at + rng.randrange(1, 64)]
        else:
            changed[at:at] = rng.randbytes(rng.randrange(1, 64))
        if not changed:
            break
    return bytes(changed)


def test_mutated_real_headers(real: bytes) -> None:
    rng = random.Random(7)
    slowest_s = 0.0
    outcomes = {"sound": 0, "more": 0, "refused": 0}
    for case in range(_CASES):
        data = _mutate(real, rng)
        start = time.process_time()
        try:
            header = parse_header(data, file_bytes=rng.choice((None, len(data), 2**33)))
        except NeedMoreError as error:
            outcomes["more" if len(data) < error.wanted_bytes <= MAX_HEADER_BYTES else "unbounded"] += 1
        except HeaderError:
            outcomes["refused"] += 1
        else:
            assert 0 < header.data_offset <= len(data) + 65_536, case
            outcomes["sound"] += 1
        slowest_s = max(slowest_s, time.process_time() - start)
    assert all(outcomes.values()), outcomes
    assert slowest_s < 20  # milliseconds, unless a number in the header sets how long it takes
    print(f"{_CASES} cases: {outcomes}, slowest {slowest_s * 1000:.0f} ms CPU")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([None, 400, 2**40]))
def test_any_bytes_are_a_sound_header_or_one_of_two_errors(tail: bytes, file_bytes: int | None) -> None:
    for data in (tail, b"GGUF" + struct.pack("<I", 3) + tail):
        try:
            header = parse_header(data, file_bytes=file_bytes)
        except NeedMoreError as error:
            assert error.wanted_bytes > len(data)  # noqa: PT017
        except HeaderError as error:
            assert str(error)  # noqa: PT017
        else:
            assert header.data_offset > 0


def _array(count: int, element: int, body: bytes) -> bytes:
    key = struct.pack("<Q", 1) + b"k"
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + key + struct.pack("<IIQ", 9, element, count) + body


@pytest.mark.parametrize("element", [0, 8, 9, 10])
@pytest.mark.parametrize("count", [2**40, 2**62, 2**64 - 1])
def test_absurd_arrays_allocate_nothing(element: int, count: int) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(HeaderError):
            parse_header(_array(count, element, bytes(64)), file_bytes=2**45)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_an_array_of_too_many_strings_is_not_walked() -> None:
    with pytest.raises(HeaderError, match="more than any vocabulary"):
        parse_header(_array(3 * 2**20, 8, bytes(8)), file_bytes=2**40)


def test_every_prefix_asks_for_more(real: bytes) -> None:
    for length in range(0, len(real) - 64, 97):
        with pytest.raises(NeedMoreError):
            parse_header(real[:length])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello, I am text", "not a GGUF"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "version 9"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**50, 3), "cannot be"),
        (b"GGUF" + struct.pack("<I", 3), "truncated"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=words) as caught:
        check_file(path)
    assert str(path) in caught.value.what
    assert caught.value.hint


def test_a_truncated_model_says_how_much_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    write_tiny_model(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1000])
    with pytest.raises(ModelFileError, match="1,000 of"):
        check_file(path)
