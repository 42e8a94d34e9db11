"""The loaded llama.cpp library: version, features, devices, and where its log goes."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import msgspec

DeviceKind = Literal["cpu", "gpu", "igpu", "accelerator"]
_DEVICE_KINDS: dict[int, DeviceKind] = {0: "cpu", 1: "gpu", 2: "igpu", 3: "accelerator"}

LogSink = Callable[[str], None]
ClosingT = TypeVar("ClosingT", bound="Closing")


class Closing:
    """Base class of objects that own memory of llama.cpp: a ``with`` block closes them."""

    def close(self) -> None:
        """Free the memory."""
        raise NotImplementedError

    def __enter__(self: ClosingT) -> ClosingT:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device that this build of llama.cpp can compute on."""

    name: str
    description: str
    kind: DeviceKind
    memory_total_bytes: int
    memory_free_bytes: int
    device_id: str = ""
    """PCI address, if the backend states it; NVML uses the same one."""


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """The exact build of llama.cpp."""

    version: str
    """Such as ``llama-cpp-python 0.3.36, llama.cpp 0.5.0-dev``."""
    features: tuple[str, ...]
    """Features that are compiled in and usable here, such as ``AVX512_VNNI``."""
    gpu_offload: bool
    devices: tuple[Device, ...] = ()


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """A warning or an error of llama.cpp's log."""

    text: str
    """Without its line end."""
    is_error: bool


class _DeviceCaps(ctypes.Structure):
    _fields_ = [(n, ctypes.c_bool) for n in ("async_", "host_buffer", "buffer_from_host_ptr", "events", "mmap")]


class _DeviceProps(ctypes.Structure):
    """``ggml_backend_dev_props`` of ggml-backend.h."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("memory_free", ctypes.c_size_t),
        ("memory_total", ctypes.c_size_t),
        ("type", ctypes.c_int),
        ("device_id", ctypes.c_char_p),
        ("caps", _DeviceCaps),
        ("spare", ctypes.c_char * 256),  # room for fields that a newer ggml appends
    ]


_keep: dict[str, Any] = {}
"""Objects that C points to, and that Python would otherwise collect."""


_WARN, _ERROR, _CONTINUED = 3, 4, 5
"""Of enum ggml_log_level, as is 1 for debug messages."""


class _Ear:
    """Puts the pieces of the log together to lines, and keeps warnings and errors while someone listens."""

    def __init__(self) -> None:
        self.listeners: list[list[LogLine]] = []
        self._level = 0
        self._text = ""

    def hear(self, level: int, text: str) -> None:
        if not self.listeners:
            return
        if level != _CONTINUED:
            self.finish()
            self._level = level
        *whole, rest = (self._text + text).split("\n")
        for line in whole:
            self._keep(line)
        self._text = rest

    def finish(self) -> None:
        """A line without an end is whole once another one begins."""
        self._keep(self._text)
        self._text = ""

    def _keep(self, text: str) -> None:
        if text.strip() and self._level in (_WARN, _ERROR):
            for heard in self.listeners:
                heard.append(LogLine(text=text.strip(), is_error=self._level == _ERROR))


_ear = _Ear()


@contextmanager
def listening() -> Iterator[list[LogLine]]:
    """The list that the warnings and errors of llama.cpp's log are added to while the block runs."""
    heard: list[LogLine] = []
    _ear.listeners.append(heard)
    try:
        yield heard
    finally:
        _ear.finish()
        _ear.listeners = [each for each in _ear.listeners if each is not heard]


def load_library(log: LogSink | None = None) -> Any:
    """Import llama_cpp, start its backends once, and send its log to ``log``, by default this process's stderr.

    Returns the module, typed as Any because its ctypes signatures mean nothing to a type checker.
    """
    if "module" not in _keep:
        # llama_cpp prints device discovery on import; a worker's stderr is a log file, a command's is the terminal.
        import llama_cpp

        _keep["module"] = llama_cpp
        capture_log(log or _to_stderr)
        llama_cpp.llama_backend_init()
    elif log is not None:
        capture_log(log)
    return _keep["module"]


def capture_log(sink: LogSink) -> None:
    """Send the log of llama.cpp and ggml to ``sink``, without debug messages."""
    llama_cpp = _keep["module"]
    debug = 1
    wanted = True

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator, unused-ignore]
    def callback(level: int, text: bytes | None, _data: object) -> None:
        nonlocal wanted
        wanted = wanted if level == _CONTINUED else level != debug
        if text and wanted:
            words = text.decode("utf-8", "replace")
            sink(words)
            _ear.hear(level, words)

    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    _keep["log"] = callback


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)


def discard_log(_text: str) -> None:
    """A sink for commands whose output must stay clean."""


def build_version() -> str:
    """Versions of the bindings and of the llama.cpp inside them."""
    llama_cpp = load_library()
    inner = llama_cpp.llama_version().decode() if hasattr(llama_cpp, "llama_version") else "unknown"
    return f"llama-cpp-python {llama_cpp.__version__}, llama.cpp {inner}"


def read_build() -> Build:
    """Read version, features and devices. Loads the library, so call it in a process that may crash."""
    llama_cpp = load_library()
    info = llama_cpp.llama_print_system_info().decode("utf-8", "replace")
    pairs = [part.split(":")[-1].split("=") for part in info.split("|") if "=" in part]
    return Build(
        version=build_version(),
        features=tuple(name.strip() for name, value in pairs if value.strip() not in {"0", ""}),
        gpu_offload=bool(llama_cpp.llama_supports_gpu_offload()),
        devices=_read_devices(),
    )


def _read_devices() -> tuple[Device, ...]:
    # ggml's device functions are exported by the library but not wrapped by the bindings.
    from llama_cpp import _ggml

    ggml = _ggml.libggml
    needed = ("ggml_backend_dev_count", "ggml_backend_dev_get", "ggml_backend_dev_get_props")
    if not all(hasattr(ggml, name) for name in needed):
        return ()
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.argtypes, ggml.ggml_backend_dev_get.restype = [ctypes.c_size_t], ctypes.c_void_p
    ggml.ggml_backend_dev_get_props.argtypes = [ctypes.c_void_p, ctypes.POINTER(_DeviceProps)]
    ggml.ggml_backend_dev_get_props.restype = None
    devices = []
    for index in range(ggml.ggml_backend_dev_count()):
        props = _DeviceProps()
        ggml.ggml_backend_dev_get_props(ggml.ggml_backend_dev_get(index), ctypes.byref(props))
        devices.append(
            Device(
                name=(props.name or b"").decode("utf-8", "replace"),
                description=(props.description or b"").decode("utf-8", "replace").strip(),
                kind=_DEVICE_KINDS.get(props.type, "accelerator"),
                memory_total_bytes=props.memory_total,
                memory_free_bytes=props.memory_free,
                device_id=(props.device_id or b"").decode("utf-8", "replace"),
            )
        )
    return tuple(devices)


def main() -> None:
    """Print the build as one JSON line: ``python -m weighin.engine.llama.backend``."""
    # Backends can print to stdout while they look for devices, so keep the real stdout for the answer.
    answer = os.dup(1)
    os.dup2(2, 1)
    load_library(discard_log)
    os.write(answer, msgspec.json.encode(read_build()) + b"\n")


if __name__ == "__main__":
    main()
