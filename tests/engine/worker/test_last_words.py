"""Logs of processes that were aborted, as ggml, C++ and GPU backends write them."""

from __future__ import annotations

import pytest

from weighin.engine.worker.last_words import last_words

BACKTRACE = [
    "/usr/lib/libggml-base.so(+0x16f2b)[0x7f0000016f2b]",
    "[Thread debugging using libthread_db enabled]",
    "#1  0x00007f0000017000 in ggml_print_backtrace () from /usr/lib/libggml-base.so",
] * 30
ASSERTION = (
    '/tmp/build/vendor/llama.cpp/src/llama-graph.cpp:1070: GGML_ASSERT(!ids.empty() && "llama_encode must be called'
    ' first") failed'
)


def test_an_assertion_is_found_before_its_long_backtrace() -> None:
    lines = ["loading", *(f"line {n}" for n in range(30)), ASSERTION, *BACKTRACE]
    words, tail = last_words(lines)
    assert words == 'GGML_ASSERT(!ids.empty() && "llama_encode must be called first") failed (llama-graph.cpp:1070)'
    assert len(tail) == 20
    assert tail[-1] == ASSERTION


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["ggml-alloc.c:82: not enough space in the buffer"], "not enough space in the buffer (ggml-alloc.c:82)"),
        ([r"D:\a\llama.cpp\ggml\src\ggml.c:3000: fatal error"], "fatal error (ggml.c:3000)"),
        (
            [
                "CUDA error: out of memory",
                "  current device: 0, in function alloc at /b/ggml-cuda.cu:480",
                "  cuMemCreate(&handle, reserve_size, &prop, 0)",
                "/b/ggml/src/ggml-cuda/ggml-cuda.cu:104: CUDA error",
            ],
            "CUDA error: out of memory (ggml-cuda.cu:104)",
        ),
        (
            ["terminate called after throwing an instance of 'std::out_of_range'", "  what():  unordered_map::at"],
            "unordered_map::at",
        ),
        (["libc++abi: terminating due to uncaught exception of type std::range: bad index"], "bad index"),
        (["terminate called without an active exception"], "terminate called without an active exception"),
    ],
)
def test_every_way_to_abort_is_understood(lines: list[str], words: str) -> None:
    assert last_words([*lines, *BACKTRACE])[0] == words


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["llama_model_loader: - kv 3: general.name str = tests/x.py: 12"],
        ["llm_load_print_meta: n_ctx_train = 512", "load_tensors: done"],
        ['  File "engine/worker/commands.py", line 12, in main', "MemoryError"],
    ],
)
def test_a_log_without_such_words_has_none_and_keeps_its_last_lines(lines: list[str]) -> None:
    assert last_words(lines) == ("", tuple(lines))
