"""Starts sandboxed processes, watches them and ends them completely."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

import msgspec

from .commands import command_for
from .outcomes import Finished, Kind, Limits, Outcome, OutOfMemory, Refused, TimedOut, TooMuchOutput

_START_S = 30.0
"""Longer than a start takes on a busy machine."""
_ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PATH": "",
    "PYTHONHASHSEED": "0",  # the same order of sets in every run
    "TZ": "UTC",
}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One line that a process sends beside its output; see ``inside.main``."""

    ready: bool = False
    refused: str = ""
    full: bool = False
    exit: int | None = None
    cpu_s: float = 0.0
    token: str = ""
    verdict: str = ""
    reason: str = ""


class SandboxedProcess:
    """A process in its sandbox, and its output so far."""

    def __init__(self, kind: Kind, limits: Limits, *, job: Mapping[str, object], links: Iterable[int] = ()) -> None:
        """Start it. ``links`` are extra descriptors to pass on; ``job`` names its role."""
        self._limits = limits
        self._folder = Path(tempfile.mkdtemp(prefix="weighin-")).resolve() if kind == "landlock" else None
        self._started = time.monotonic()
        self._ready = 0.0
        self._ended = 0.0
        self._exit = Report()
        self._broken: Outcome | None = None
        self._texts = {"stdout": bytearray(), "stderr": bytearray(), "report": bytearray()}
        self.verdict = Report()
        """What a judge reported, not yet checked against the token."""
        try:
            self._start(kind, job, tuple(links))
        except BaseException:
            self._remove_folder()
            raise

    def _start(self, kind: Kind, job: Mapping[str, object], links: tuple[int, ...]) -> None:
        report, report_end = os.pipe()
        command, readable = command_for(kind, folder_bytes=self._limits.folder_bytes)
        full = {
            "keep_fds": list(links),
            **job,
            "mechanism": kind,
            "report_fd": report_end,
            "readable": readable,
            "folder": str(self._folder or "/tmp"),
            **{name: getattr(self._limits, name) for name in self._limits.__struct_fields__},
        }
        if job["role"] == "judge":
            full["keep_fds"] = [*links, report_end]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(report_end, *links),
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        except OSError:
            os.close(report)
            raise
        finally:
            os.close(report_end)
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self.streams: dict[str, IO[bytes]] = {
            "stdout": self._process.stdout,
            "stderr": self._process.stderr,
            "report": open(report, "rb", buffering=0),  # noqa: SIM115, PTH123 - closed with the others
        }
        with contextlib.suppress(BrokenPipeError):  # it ended at once, and its report says why
            self._process.stdin.write(json.dumps(full).encode())
            self._process.stdin.close()

    def read(self, name: str) -> bool:
        """Read what is available on a stream; False at its end."""
        part = os.read(self.streams[name].fileno(), 1 << 16)
        text = self._texts[name]
        text += part
        if name == "report":
            *lines, rest = bytes(text).split(b"\n")
            text[:] = rest
            for line in lines:
                self._take_report(line)
        if sum(map(len, self._texts.values())) > self._limits.output_bytes:
            self._broken = self._broken or TooMuchOutput(of="output", elapsed_s=self._elapsed())
        return bool(part)

    def has_broken_a_limit(self) -> bool:
        """Whether it exceeded a limit and must be ended."""
        if self._broken is None and self._ready and self._elapsed() > self._limits.wall_s:
            self._broken = TimedOut(of="wall", elapsed_s=self._elapsed())
        if self._broken is None and not self._ready and time.monotonic() - self._started > _START_S:
            self._broken = Refused(reason=f"The sandbox did not start within {_START_S:.0f} s.")
        return self._broken is not None

    def wait_s(self) -> float:
        """Seconds until ``has_broken_a_limit`` must be checked again."""
        end = self._ready + self._limits.wall_s if self._ready else self._started + _START_S
        return max(0.001, end - time.monotonic())

    def outcome(self) -> Outcome:
        """The outcome, once it has ended."""
        if self._broken is not None:
            return self._broken
        stdout, stderr = (self._texts[name].decode("utf-8", "replace") for name in ("stdout", "stderr"))
        if not self._ready:
            return Refused(reason=f"The sandbox did not start. {stderr.strip()[-300:]}".rstrip())
        elapsed_s = self._elapsed()
        code = -signal.SIGKILL if self._exit.exit is None else self._exit.exit
        if code == -signal.SIGKILL and self._exit.cpu_s >= self._limits.cpu_s - 0.2:
            return TimedOut(of="cpu", elapsed_s=elapsed_s)
        if code == 1 and stderr.rstrip().rpartition("\n")[2].startswith("MemoryError"):
            return OutOfMemory(elapsed_s=elapsed_s)
        return Finished(exit_code=code, stdout=stdout, stderr=stderr, elapsed_s=elapsed_s)

    def end(self) -> None:
        """Kill what is left of it, and clean up."""
        # Before the wait, while the group's number cannot belong to anything else.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in self.streams.values():
            stream.close()
        self._remove_folder()

    def _take_report(self, line: bytes) -> None:
        try:
            report = msgspec.json.decode(line, type=Report)
        except msgspec.DecodeError:  # the tests wrote to every descriptor they found
            return
        if report.ready:
            self._ready = self._ready or time.monotonic()
        elif report.refused:
            self._broken = self._broken or Refused(reason=f"The sandbox could not be sealed: {report.refused}.")
        elif report.full:
            self._broken = self._broken or TooMuchOutput(of="files", elapsed_s=self._elapsed())
        elif report.exit is not None:
            self._exit = report
            self._ended = time.monotonic()
        elif report.token:
            self.verdict = report

    def _elapsed(self) -> float:
        return (self._ended or time.monotonic()) - self._ready if self._ready else 0.0

    def _remove_folder(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def watch(processes: list[SandboxedProcess]) -> list[Outcome]:
    """Wait until the first process ends or any exceeds a limit, end all of them, and return their outcomes."""
    selector = selectors.DefaultSelector()
    try:
        for process in processes:
            for name, stream in process.streams.items():
                selector.register(stream, selectors.EVENT_READ, (process, name))
        open_streams = len(processes[0].streams)
        while open_streams and not any(process.has_broken_a_limit() for process in processes):
            for key, _ in selector.select(min(process.wait_s() for process in processes)):
                process, name = key.data
                if not process.read(name):
                    selector.unregister(key.fileobj)
                    open_streams -= process is processes[0]
    finally:
        selector.close()
        for process in processes:
            process.end()
    return [process.outcome() for process in processes]
