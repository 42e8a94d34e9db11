"""Code that uses too much time, memory, disk, output or processes, and what remains of it afterward."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from weighin.engine.sandbox.outcomes import (
    Finished,
    Kind,
    Limits,
    Outcome,
    OutOfMemory,
    Refused,
    TimedOut,
    TooMuchOutput,
)
from weighin.engine.sandbox.run import run_python

from .conftest import SMALL

HASTY = msgspec.structs.replace(SMALL, wall_s=0.5)
UNHURRIED = msgspec.structs.replace(SMALL, wall_s=60)


def _run(program: str, kind: Kind, limits: Limits = SMALL) -> Outcome:
    return run_python(textwrap.dedent(program), limits=limits, kind=kind)


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        """
        import signal
        for number in range(1, 65):
            if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
                signal.signal(number, lambda *_: None)
        while True:
            try:
                signal.pause()
            except BaseException:
                pass
        """,
        """
        import atexit, time
        atexit.register(time.sleep, 60)
        """,
        """
        import time
        class Stubborn:
            def __del__(self): time.sleep(60)
        stubborn = Stubborn()
        """,
        "import os; os.kill(os.getpid(), 19)",
        "x = 7 ** (7 ** 9)",
        "import re; re.match('(a*)*$', 'a' * 40 + 'b')",
    ],
    ids=["loop", "sleep", "deaf", "atexit", "del", "stopped", "number", "regex"],
)
def test_the_time_limit_ends_a_program(kind: Kind, program: str) -> None:
    started = time.monotonic()
    outcome = _run(program, kind, HASTY)
    assert isinstance(outcome, (TimedOut, OutOfMemory)), outcome
    assert time.monotonic() - started < 50  # none of them ends by itself within 60 s
    if isinstance(outcome, TimedOut):
        assert outcome.elapsed_s >= 0.4


def test_the_cpu_limit_ends_a_program_before_the_clock(kind: Kind) -> None:
    limits = msgspec.structs.replace(SMALL, wall_s=20, cpu_s=1)
    assert isinstance(outcome := _run("while True: pass", kind, limits), TimedOut)
    assert outcome.of == "cpu"


@pytest.mark.parametrize(
    "program",
    [
        "x = bytearray(1 << 30)",
        "x = [0]\nwhile True: x += x",
        "x = 'a'\nwhile True: x += x",
        "import mmap; m = mmap.mmap(-1, 1 << 30)",
    ],
    ids=["at once", "list", "text", "mmap"],
)
def test_the_memory_limit_ends_a_program(kind: Kind, program: str) -> None:
    outcome = _run(program, kind)
    if "mmap" in program:
        assert isinstance(outcome, Finished)
        assert "Cannot allocate memory" in outcome.stderr
    else:
        assert isinstance(outcome, OutOfMemory)


def test_a_handled_memory_error_is_not_a_failure(kind: Kind) -> None:
    program = """
    try:
        x = bytearray(1 << 30)
    except MemoryError:
        print("less then")
    """
    outcome = _run(program, kind)
    assert isinstance(outcome, Finished)
    assert (outcome.exit_code, outcome.stdout) == (0, "less then\n")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_endless_output_ends_a_program(kind: Kind, stream: str) -> None:
    outcome = _run(f"import sys\nwhile True: sys.{stream}.write('x' * 1000)", kind)
    assert isinstance(outcome, TooMuchOutput)
    assert outcome.of == "output"


def test_a_file_above_the_limit_cannot_be_written(kind: Kind) -> None:
    program = """
    import errno, os
    try:
        with open("large", "wb", buffering=0) as file:
            for _ in range(64):
                file.write(b"x" * 65536)
    except OSError as error:
        print(errno.errorcode[error.errno], os.path.getsize("large"))
    """
    outcome = _run(program, kind)
    assert isinstance(outcome, Finished)
    assert outcome.stdout == f"EFBIG {SMALL.file_bytes}\n"


@pytest.mark.parametrize(
    "program",
    [
        """
        import time
        for n in range(40):
            open(f"file{n}", "wb").write(b"x" * 500_000)
        time.sleep(0.5)
        print("20 MB written")
        """,
        """
        import os, time
        for n in range(3000):
            os.close(os.open(f"file{n}", os.O_CREAT | os.O_WRONLY))
        time.sleep(0.5)
        print("3000 files")
        """,
        """
        import os, time
        for n in range(3000):
            os.mkdir(str(n))
        time.sleep(0.5)
        print("3000 folders")
        """,
        """
        import os, time
        for _ in range(40):
            os.mkdir("d" * 255)
            os.chdir("d" * 255)
        for n in range(40):
            open(f"file{n}", "wb").write(b"x" * 500_000)
        time.sleep(0.5)
        print("20 MB far below")
        """,
    ],
    ids=["bytes", "files", "folders", "deep"],
)
def test_a_program_cannot_fill_the_disk(kind: Kind, program: str) -> None:
    outcome = _run(program, kind)
    if kind != "namespaces" and isinstance(outcome, TooMuchOutput):
        assert outcome.of == "files"
    else:
        assert kind != "landlock"
        assert isinstance(outcome, Finished), outcome
        assert "No space left on device" in outcome.stderr


@pytest.mark.parametrize(
    "program",
    [
        "def f(n): return f(n + 1)\nf(0)",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(n): return f(n + 1)\nf(0)",
        "import sys\nsys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)",
        "import ctypes; ctypes.string_at(0)",
        "import os; os.abort()",
        "eval('(' * 100000)",
        "raise SystemExit(3)",
        "import os; os._exit(4)",
        "class X(BaseException): pass\nraise X",
        "def f(:",
    ],
)
def test_crashes_and_endless_recursion_stay_inside(kind: Kind, program: str) -> None:
    outcome = _run(program, kind, HASTY)
    assert not isinstance(outcome, Refused), outcome
    if isinstance(outcome, Finished):
        assert outcome.exit_code != 0


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _are_gone(processes: set[psutil.Process], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes):
            return True
        time.sleep(0.05)
    return False


# Each fork is bounded, so that the machine would survive them all.
DAEMON = """
import os, signal, time
def fork():
    try:
        return os.fork()
    except OSError:
        return -1
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
for _ in range(5):
    if fork() == 0:
        try:
            os.setsid()
        except OSError:
            pass
        if fork() > 0:
            os._exit(0)
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""


def test_nothing_outlives_the_time_limit(kind: Kind) -> None:
    others = set(_descendants(os.getpid()))  # such as the process that scores answers, which earlier tests have started
    seen: set[psutil.Process] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.update(set(_descendants(os.getpid())) - others)
            done.wait(0.02)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        outcome = _run(DAEMON, kind, HASTY)
    finally:
        done.set()
        looker.join()
    assert isinstance(outcome, TimedOut), outcome
    assert seen
    assert _are_gone(seen, within_s=15)


def test_every_namespace_differs_from_the_one_outside(kind: Kind) -> None:
    if kind == "landlock":
        pytest.skip("Landlock makes no namespaces")
    names = ("mnt", "pid", "net", "ipc", "uts")
    apart: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for process in _descendants(os.getpid()):
                for name in names:
                    with contextlib.suppress(OSError):
                        theirs, ours = (Path(f"/proc/{pid}/ns/{name}").readlink() for pid in (process.pid, "self"))
                        if theirs != ours:
                            apart.add(name)
            done.wait(0.02)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        for pause_s in (0.5, 2, 8):  # on a busy machine, the looker may miss a process that ends at once
            outcome = _run(f"import os, time; time.sleep({pause_s}); print(os.getpid())", kind, UNHURRIED)
            if apart == set(names):
                break
    finally:
        done.set()
        looker.join()
    assert apart == set(names)
    assert isinstance(outcome, Finished)
    assert int(outcome.stdout) < 10


def test_nothing_outlives_weighin_itself(kind: Kind, tmp_path: Path) -> None:
    program = f"from weighin.engine.sandbox.run import run_python\nrun_python({DAEMON!r}, kind={kind!r})"
    weighin = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "TMPDIR": str(tmp_path)})
    started: set[psutil.Process] = set()
    try:
        deadline = time.monotonic() + 60
        while len(started) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
            started.update(_descendants(weighin.pid))
        time.sleep(0.5)
        started.update(_descendants(weighin.pid))
        assert len(started) >= 2
    finally:
        weighin.send_signal(signal.SIGKILL)
        weighin.wait()
    assert _are_gone(started, within_s=15)
