"""Ordinary programs run as they do outside the sandbox."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from weighin.engine.errors import SandboxError
from weighin.engine.sandbox import probe as probing
from weighin.engine.sandbox import run as running
from weighin.engine.sandbox.outcomes import Available, Finished, Kind, Refused, Unavailable
from weighin.engine.sandbox.probe import KINDS, probe, probe_kind, require_sandbox
from weighin.engine.sandbox.run import run_python

from .conftest import SMALL


def _run(program: str, kind: Kind, files: dict[str, bytes] | None = None) -> Finished:
    outcome = run_python(textwrap.dedent(program), limits=SMALL, kind=kind, files=files)
    assert isinstance(outcome, Finished), outcome
    return outcome


def test_output_exit_code_and_time_are_reported(kind: Kind) -> None:
    outcome = _run("import sys\nprint('é', end='')\nprint('b', file=sys.stderr)\nexit(7)", kind)
    assert (outcome.stdout, outcome.stderr, outcome.exit_code) == ("é", "b\n", 7)
    assert 0 < outcome.elapsed_s < SMALL.wall_s


def test_the_folder_holds_the_given_files_and_is_writable(kind: Kind) -> None:
    program = """
    import os, shutil, tempfile
    print(sorted(os.listdir(".")), open("a/b.txt").read())
    open("new", "w").write("x" * 10)
    os.rename("new", "a/new")
    with tempfile.TemporaryDirectory(dir=".") as folder:
        shutil.copyfile("a/new", folder + "/copy")
        print(os.path.getsize(folder + "/copy"))
    shutil.rmtree("a")
    print(os.listdir("."))
    print("into nothing", file=open(os.devnull, "w"))
    """
    outcome = _run(program, kind, {"a/b.txt": b"inside", "c": b"\xff"})
    assert outcome.stdout == "['a', 'c'] inside\n10\n['c']\n", outcome.stderr


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "a\0b"])
def test_names_that_point_outside_the_folder_raise_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="not a file name"):
        run_python("", files={name: b""})


def test_the_standard_library_can_be_imported(kind: Kind) -> None:
    program = """
    import array, asyncio, base64, bisect, cmath, collections, contextlib, copy, csv, ctypes, dataclasses, datetime
    import decimal, difflib, enum, fractions, functools, hashlib, heapq, io, itertools, json, logging, math, operator
    import pathlib, pickle, platform, queue, random, re, signal, statistics, string, struct, subprocess, tempfile
    import textwrap, threading, time, traceback, typing, unicodedata, unittest, uuid, xml.etree.ElementTree, zlib

    @dataclasses.dataclass
    class Point:
        x: int

    async def main():
        await asyncio.sleep(0.01)
        return await asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0, 2))

    print(asyncio.run(main()), pickle.loads(pickle.dumps(Point(3))), hashlib.sha256(b"").hexdigest()[:8])
    print(datetime.datetime.now().tzinfo, time.tzname[0], uuid.uuid4().version, random.random() < 1)
    """
    outcome = _run(program, kind)
    assert outcome.stdout == "[1, 2] Point(x=3) e3b0c442\nNone UTC 4 True\n", outcome.stderr


def test_sets_of_texts_have_the_same_order_in_every_run(kind: Kind) -> None:
    program = "print(list({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}))"
    assert _run(program, kind).stdout == _run(program, kind).stdout


def test_a_traceback_shows_the_program_alone(kind: Kind) -> None:
    outcome = _run("def f():\n    1 / 0\nf()", kind)
    assert outcome.exit_code == 1
    assert [line.strip() for line in outcome.stderr.splitlines() if "File" in line] == [
        'File "__main__.py", line 3, in <module>',
        'File "__main__.py", line 2, in f',
    ]


def test_the_first_mechanism_that_works_is_taken() -> None:
    found = probe()
    working = [kind for kind in KINDS if isinstance(probe_kind(kind), Available)]
    if isinstance(found, Unavailable):
        assert not working
        pytest.skip(found.reason)
    assert found.kind == working[0]
    assert require_sandbox() == found


def _can(program: str) -> bool:
    """Whether plain Python can do this here, without the sandbox."""
    if not sys.platform.startswith("linux"):
        return False
    done = subprocess.run([sys.executable, "-c", f"import ctypes\nlibc = ctypes.CDLL(None)\n{program}"], check=False)
    return done.returncode == 0


def test_landlock_works_wherever_the_kernel_has_it() -> None:
    if not _can("raise SystemExit(libc.syscall(444, None, 0, 1) < 1)"):
        pytest.skip("this kernel has no Landlock, or it is switched off")
    assert isinstance(probe_kind("landlock"), Available), probe_kind("landlock")


def test_namespaces_work_wherever_the_kernel_allows_them() -> None:
    # New namespaces, and a mount in them: some systems allow the first and refuse the second.
    apart = "libc.unshare(0x6C020000 if os.getuid() == 0 else 0x7C020000)"
    mounted = "libc.mount(b'none', b'/', b'', 0x44000, None) or libc.mount(b't', b'/tmp', b'tmpfs', 0, None)"
    if not _can(f"import os\nraise SystemExit(({apart} or {mounted}) != 0)"):
        pytest.skip("namespaces are not open to us here")
    assert isinstance(probe_kind("namespaces"), Available), probe_kind("namespaces")


@pytest.fixture
def _bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where no mechanism works."""
    monkeypatch.setattr(probing, "probe_kind", lambda kind: Unavailable(reason=f"{kind}: no", hint=""))
    monkeypatch.setattr(probing, "probe", probing.probe.__wrapped__)
    monkeypatch.setattr(running, "probe", probing.probe)
    monkeypatch.setattr("sys.platform", "linux")


@pytest.mark.usefixtures("_bare_machine")
def test_without_a_mechanism_nothing_runs_and_the_hint_says_what_to_install() -> None:
    with pytest.raises(SandboxError, match=r"bubblewrap: no; namespaces: no; landlock: no.*apt install bubblewrap"):
        require_sandbox()
    outcome = run_python("print(1)")
    assert isinstance(outcome, Refused)
    assert "bubblewrap" in outcome.reason


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_have_no_sandbox(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr("sys.platform", system)
    found = probing.probe.__wrapped__()
    assert isinstance(found, Unavailable)
    assert "Linux" in found.hint
    assert isinstance(probing.probe_kind.__wrapped__("landlock"), Unavailable)


def test_a_mechanism_that_cannot_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert isinstance(probing.probe_kind.__wrapped__("bubblewrap"), Unavailable)
    if not sys.platform.startswith("linux"):
        pytest.skip("starts nothing but on Linux")
    assert isinstance(run_python("print(1)", kind="bubblewrap"), Refused)
