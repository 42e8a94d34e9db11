"""What a native library wrote into a log before it ended its process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_READ_BYTES = 256 * 1024
"""A backtrace after the reason has thousands of characters a frame."""
_TAIL_LINES = 20
_ASSERTION = re.compile(r"^(?:.*[/\\])?([^/\\:\s]+\.(?:c|cc|cpp|cu|cuh|h|hpp|m|mm)):(\d+): (.+)$")
"""As ``ggml_abort`` writes it: file, line, words."""
_GPU_ERROR = re.compile(r"\b((?:CUDA|ROCm|HIP|SYCL|MUSA|Vulkan|Metal|vk::\S+)\s?[Ee]rror: .+)$")
"""ggml's GPU backends write this line before they abort with the words "CUDA error"."""
_EXCEPTION = re.compile(
    r"^\s*what\(\):\s+(.+)$|^libc\+\+abi: terminating .*?: (.+)$|^terminate called (?:after|with).+$"
)


def read_log(path: Path) -> list[str]:
    """The last lines of a log; none if it cannot be read."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _READ_BYTES))
            return log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def last_words(lines: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Why the process was aborted, if the log says so, and the log's last lines up to there, without a backtrace.

    Such as ``GGML_ASSERT(n_outputs > 0) failed (llama-context.cpp:12)``. Empty if the log has no such words.
    """
    gpu_error = ""
    for index, line in enumerate(lines):
        words = ""
        if match := _GPU_ERROR.search(line):
            gpu_error = match[1].strip()
        if match := _ASSERTION.match(line):
            said = gpu_error if gpu_error and match[3].endswith("error") else match[3].strip()
            words = f"{said} ({match[1]}:{match[2]})"
        elif match := _EXCEPTION.match(line):
            if not (match[1] or match[2]) and index + 1 < len(lines) and _EXCEPTION.match(lines[index + 1]):
                continue  # the next line says what
            words = (match[1] or match[2] or line).strip()
        if words:
            return words, tuple(lines[max(0, index + 1 - _TAIL_LINES) : index + 1])
    return "", tuple(lines[-_TAIL_LINES:])
