"""Starts worker processes, reads their reports, and turns silence or death into a reason.

A worker may die at any instruction: ggml aborts the process on a failed assertion, the kernel kills for memory, a
driver hangs. The caller gets a ``WorkerLostError`` that says which of these it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ..errors import WeighinError
from ..events.notes import Note
from ..events.run import WorkerFailure
from ..files import create_private, make_private
from ..safe_names import safe_name
from ..sandbox.bounds import ENDED_BY_TIME
from ..utf8 import encoded
from .last_words import last_words, read_log
from .protocol import Beat, Command, Noticed, Ready, Refused, Report

BeatSink = Callable[[Beat], None]
NoteSink = Callable[[Note], None]

_COMMAND = (sys.executable, "-m", "weighin.engine.worker")
_LINE_LIMIT = 256 * 1024 * 1024


class WorkerLostError(WeighinError):
    """The worker is gone, and its command is not done."""

    def __init__(
        self,
        failure: WorkerFailure,
        reason: str,
        *,
        log_path: Path,
        log_tail: tuple[str, ...],
        signal_name: str = "",
    ) -> None:
        """``signal_name`` is what ended the process, such as ``SIGILL``, where the system has signals."""
        super().__init__(reason, hint=f"Its log is {log_path}." if log_tail else "")
        self.failure = failure
        self.log_path = log_path
        self.log_tail = log_tail
        self.signal_name = signal_name


class WorkerRefusedError(WeighinError):
    """The worker is alive but could not carry out the command."""

    def __init__(self, what: str, *, hint: str = "", log_path: Path | None = None) -> None:
        """``log_path`` is the log if it says more."""
        super().__init__(what, hint=f"{hint} Its log is {log_path}.".lstrip() if log_path else hint)
        self.advice = hint
        """``hint`` without the log."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long silence is tolerated."""

    stuck_s: float = 30.0
    """After this long without a line or any CPU time, the worker hangs."""
    silent_s: float = 900.0
    """After this long without a line, a computing worker is in an endless loop. One decode of 512 tokens takes far less
    on any machine that can hold the model."""
    start_s: float = 60.0


class Worker:
    """One worker process: ``start``, ``ask``, ``stop``. A lost worker cannot be asked again."""

    def __init__(
        self,
        name: str,
        *,
        logs: Path,
        noticed: NoteSink | None = None,
        patience: Patience | None = None,
        command: tuple[str, ...] = _COMMAND,
    ) -> None:
        """``noticed`` is told what the user must know about the model, while ``ask`` waits."""
        self.name = name
        self._noticed = noticed
        self._command = command
        self.log_path = logs / f"{safe_name(name)}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        self._patience = patience or Patience()
        self._process: asyncio.subprocess.Process | None = None
        self._oom_kills_before = 0

    @property
    def pid(self) -> int | None:
        """The process id; None before the process starts and after it has ended."""
        if self._process is None or self._process.returncode is not None:
            return None
        return self._process.pid

    async def start(self) -> None:
        """Start the process and wait until it answers.

        Raises:
            WorkerLostError: it did not start.
        """
        make_private(self.log_path.parent)
        create_private(self.log_path)
        self._oom_kills_before = _oom_kills()
        with self.log_path.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                str(os.getpid()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=_LINE_LIMIT,
                start_new_session=True,  # Ctrl-C in the terminal is ours to handle
            )
        try:
            report = await asyncio.wait_for(self._next_report(), self._patience.start_s)
        except (asyncio.TimeoutError, TimeoutError):  # two classes before Python 3.11
            await self.kill()
            raise self._lost("could not start", f"did not answer within {self._patience.start_s:.0f} s") from None
        except asyncio.CancelledError:
            await self.kill()  # nobody else knows of the process yet
            raise
        if not isinstance(report, Ready):
            await self.kill()
            raise self._lost("garbled", "did not start like a worker of this version")

    def check(self) -> None:
        """Notice a death between two commands.

        Raises:
            WorkerLostError: the process has ended.
        """
        if self.pid is None:
            raise self._death()

    async def ask(self, command: Command, beat: BeatSink | None = None) -> Report:
        """Send ``command`` and wait for its report; beats in the meantime go to ``beat``.

        Raises:
            WorkerLostError: the process died, hung, or wrote something that is not a report.
            WorkerRefusedError: the command could not be carried out.
        """
        process = self._require()
        assert process.stdin is not None
        try:
            process.stdin.write(encoded(command) + b"\n")
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            pass  # it died; reading finds out why
        try:
            while True:
                report = await self._watched_report()
                if isinstance(report, Beat):
                    if beat is not None:
                        beat(report)
                elif isinstance(report, Noticed):
                    if self._noticed is not None:
                        self._noticed(report.what)
                elif isinstance(report, Refused):
                    raise WorkerRefusedError(report.what, hint=report.hint, log_path=self._log_of(report))
                else:
                    return report
        except asyncio.CancelledError:
            # Otherwise its report would be taken for that of the next command.
            await self.kill()
            raise

    async def stop(self) -> None:
        """End the process: ask it to, and kill it after a second."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 1.0)
        except (asyncio.TimeoutError, TimeoutError):
            await self.kill()

    async def kill(self) -> None:
        """End the process group at once and reap it."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            _kill_group(process.pid)
        with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(process.wait(), 10.0)

    def _log_of(self, refused: Refused) -> Path | None:
        return self.log_path if refused.logged else None

    def _require(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the worker was not started")
        return self._process

    # Reading

    async def _watched_report(self) -> Report:
        """The next report, watching for a hang."""
        reading = asyncio.ensure_future(self._next_report())
        silent_since = time.monotonic()
        stuck_since, cpu_before = silent_since, self._cpu_seconds()
        try:
            while True:
                pause = min(1.0, self._patience.stuck_s / 4)
                done, _pending = await asyncio.wait({reading}, timeout=pause)
                if done:
                    return reading.result()
                now, cpu = time.monotonic(), self._cpu_seconds()
                if cpu > cpu_before:
                    stuck_since, cpu_before = now, cpu
                if now - stuck_since > self._patience.stuck_s:
                    await self.kill()
                    raise self._lost("hung", f"gave no sign of life for {now - stuck_since:.0f} s and was killed")
                if now - silent_since > self._patience.silent_s:
                    await self.kill()
                    raise self._lost("hung", f"computed for {now - silent_since:.0f} s without a report and was killed")
        finally:
            if not reading.done():
                reading.cancel()

    def _cpu_seconds(self) -> float:
        import psutil

        if self.pid is None:
            return 0.0
        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    async def _next_report(self) -> Report:
        process = self._require()
        assert process.stdout is not None
        try:
            line = await process.stdout.readline()
        except ValueError:  # longer than the limit
            await self.kill()
            raise self._lost("garbled", "wrote an endless line") from None
        if not line.endswith(b"\n"):
            await asyncio.wait_for(process.wait(), 10.0)
            raise self._death()
        try:
            return _REPORTS.decode(line)
        except msgspec.DecodeError:
            await self.kill()
            start = line[:60].decode("utf-8", "replace").strip()
            raise self._lost("garbled", f"wrote something that is not a report: {start!r}") from None

    # Reasons

    def _death(self) -> WorkerLostError:
        code = self._require().returncode
        lines = read_log(self.log_path)
        words, _tail = last_words(lines)
        said = f": {words}" if words else ""
        if "out of memory" in words:
            return self._lost("out of memory", f"was aborted by llama.cpp{said}")
        if code == -signal.SIGABRT or (words and code and code > 0):  # a code of its own is Windows' way to abort
            return self._lost("aborted", f"was aborted by llama.cpp{said}")
        if code is not None and sys.platform != "win32" and code == -signal.SIGKILL:
            if _oom_kills() > self._oom_kills_before:
                return self._lost("out of memory", "was killed by the kernel because the machine ran out of memory")
            return self._lost("killed", "was killed from outside (the kernel does this when memory is short)")
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            if name == ENDED_BY_TIME:  # the only work of a worker that has a time limit of its own
                return self._lost(
                    "aborted", "was ended, because the model's chat template takes too long for one prompt"
                )
            return self._lost("aborted", f"crashed inside native code ({name}){said}")
        last = next((line for line in reversed(lines) if line.strip()), "")
        if "MemoryError" in last:
            return self._lost("out of memory", "ran out of memory")
        return self._lost("aborted", f"exited with code {code}{': ' + last.strip() if last else ''}")

    def _lost(self, failure: WorkerFailure, what: str) -> WorkerLostError:
        _words, tail = last_words(read_log(self.log_path))
        code = self._require().returncode
        return WorkerLostError(
            failure,
            f"The worker for {self.name} {what}.",
            log_path=self.log_path,
            log_tail=tail,
            signal_name=signal.Signals(-code).name if code is not None and code < 0 else "",
        )


_REPORTS: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            import psutil

            psutil.Process(pid).kill()
        else:
            os.killpg(pid, signal.SIGKILL)


def _oom_kills() -> int:
    """Processes that the kernel killed for memory in our cgroup or on the machine, as far as it tells."""
    total = 0
    for path in (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat")):
        try:
            for line in path.read_text(encoding="ascii").splitlines():
                name, _space, value = line.partition(" ")
                if name == "oom_kill":
                    total += int(value)
        except (OSError, ValueError):
            continue
    return total
