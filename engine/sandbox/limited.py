"""A process of our own for work on foreign input, which may take forever, take all memory or crash.

It is kept warm between requests and replaced when it ends. A request and each reply is a frame: four bytes of length
and content. What is in them is the caller's business.
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Literal

from ..errors import WeighinError
from .bounds import ENDED_BY_TIME

MAX_FRAME_BYTES = 512 * 2**20
_START_S = 120.0
_LENGTH = struct.Struct("<I")

How = Literal["time", "memory", "given up", "crash"]


class EndedError(Exception):
    """The process ended before it replied."""

    def __init__(self, how: How, detail: str) -> None:
        super().__init__(detail)
        self.how = how
        self.detail = detail
        """A signal's name or an exit code."""


class LimitedProcess:
    """Runs the Python module ``module``, which must write one empty frame when it is ready and then serve requests."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._lock = threading.Lock()
        self._asker: object = None
        self._killed_for: How | None = None

    @contextlib.contextmanager
    def asked(self, request: bytes, *, wall_s: float, asker: object = None) -> Iterator[Callable[[], bytes]]:
        """Send ``request``; what is yielded waits up to ``wall_s`` seconds for the next reply and returns it.

        The block must take all replies. One request at a time: others wait. ``give_up`` with the same
        ``asker`` ends it.

        Raises:
            EndedError: the process ended, or was ended for silence.
            WeighinError: it cannot be started.
        """
        with self._lock:
            process = self._running()
            self._asker, self._killed_for = asker, None
            last_sign = [time.monotonic()]
            done = threading.Event()

            def watch() -> None:
                while not done.wait(0.5):
                    if time.monotonic() - last_sign[0] > wall_s:
                        self._kill("time")

            def reply() -> bytes:
                frame = _read_frame(process.stdout)
                if frame is None:
                    raise self._ended(process)
                last_sign[0] = time.monotonic()
                return frame

            watching = threading.Thread(target=watch, daemon=True)
            watching.start()
            complete = False
            try:
                assert process.stdin is not None
                with contextlib.suppress(OSError):  # it ended; reading finds out why
                    process.stdin.write(_LENGTH.pack(len(request)) + request)
                    process.stdin.flush()
                yield reply
                complete = True
            finally:
                done.set()
                self._asker = None
                if not complete:
                    self._end()  # its remaining replies would be taken for those to the next request

    def give_up(self, asker: object) -> None:
        """End the process if it works for ``asker``. May be called from any thread."""
        if self._asker is asker and asker is not None:
            self._kill("given up")

    def close(self) -> None:
        """End the process."""
        self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is not None and process.poll() is None:
            return process
        self._end()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        # OpenBLAS reserves address space for each of its threads, which would count as memory.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        try:
            self._process = process = subprocess.Popen(
                (sys.executable, "-m", self._module),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is ours to handle
            )
        except OSError as error:
            raise WeighinError(f"The process that scores answers cannot be started: {error}.") from None
        overdue = threading.Timer(_START_S, process.kill)
        overdue.daemon = True
        overdue.start()
        ready = _read_frame(process.stdout)
        overdue.cancel()
        if ready is None:
            process.wait()
            raise WeighinError(f"The process that scores answers did not start: {self._last_error()}.")
        return process

    def _last_error(self) -> str:
        if self._errors is None:
            return "no reason given"
        self._errors.seek(0)
        lines = self._errors.read()[-4096:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1].rstrip(".") if lines else "no reason given"

    def _ended(self, process: subprocess.Popen[bytes]) -> EndedError:
        try:
            code = process.wait(10.0)
        except subprocess.TimeoutExpired:  # it closed its output and lives on
            process.kill()
            code = process.wait()
        if self._killed_for is not None:
            return EndedError(self._killed_for, "")
        if code >= 0:
            return EndedError("crash", f"exit code {code}")
        name = signal.Signals(-code).name
        how: How = "time" if name == ENDED_BY_TIME else "memory" if name == "SIGKILL" else "crash"
        return EndedError(how, name)

    def _kill(self, how: How) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            self._killed_for = self._killed_for or how
            process.kill()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
        if self._errors is not None:
            self._errors.close()
            self._errors = None


def _read_frame(stream: IO[bytes] | None) -> bytes | None:
    """The next frame; None at the end of ``stream``, and for what is no frame."""
    assert stream is not None
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    if size > MAX_FRAME_BYTES:
        return None
    content = stream.read(size)
    return content if len(content) == size else None


# In the process itself


def serve(answer: Callable[[bytes, Callable[[bytes], None]], None]) -> None:
    """Call ``answer`` with every request and a function that sends a reply, until the input ends."""
    pipe = os.dup(1)
    os.dup2(2, 1)  # whatever prints must not write into the replies

    def reply(content: bytes) -> None:
        line = memoryview(_LENGTH.pack(len(content)) + content)
        while line:
            line = line[os.write(pipe, line) :]

    reply(b"")
    while (request := _read_frame(sys.stdin.buffer)) is not None:
        answer(request, reply)
