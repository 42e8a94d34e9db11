"""The mechanisms that work on this machine, and things outside that sandboxed code must not reach."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from weighin.engine.errors import SandboxError
from weighin.engine.sandbox.outcomes import Kind, Limits, Unavailable
from weighin.engine.sandbox.probe import KINDS, probe_kind, require_sandbox

SMALL = Limits(
    wall_s=20, cpu_s=2, memory_bytes=128 << 20, output_bytes=20_000, folder_bytes=2 << 20, file_bytes=1 << 20
)
"""Even if the sandbox failed, nothing here would use more than this machine has."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each mechanism; skipped if the machine lacks it."""
    chosen: Kind = request.param
    found = probe_kind(chosen)
    if isinstance(found, Unavailable):
        pytest.skip(found.reason)
    return chosen


@pytest.fixture
def any_kind() -> Kind:
    """The machine's mechanism. Verdicts do not depend on which one it is."""
    try:
        return require_sandbox().kind
    except SandboxError as error:
        pytest.skip(str(error))


class Canary:
    """A file outside the sandbox, with a check that it is unchanged."""

    def __init__(self, folder: Path) -> None:
        self.secret = secrets.token_hex(16)
        self.folder = folder
        self.file = folder / "canary.txt"
        folder.mkdir()
        self.file.write_text(self.secret)
        self.file.chmod(0o600)
        self._before = self._state()

    def assert_unharmed(self) -> None:
        assert self._state() == self._before

    def _state(self) -> object:
        status = self.file.stat()
        return (
            self.file.read_text(),
            (status.st_mode, status.st_uid, status.st_mtime_ns, status.st_nlink),
            self.folder.stat().st_mode,
            sorted(path.name for path in self.folder.iterdir()),
        )


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    one = Canary(tmp_path / "outside")
    yield one
    one.assert_unharmed()


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """Another process of the same user, alive until the end."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        yield process
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
