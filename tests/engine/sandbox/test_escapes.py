"""Code that tries to escape. If it could, the harm is small: it writes a canary or kills a sleeping process."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import msgspec
import pytest

from weighin.engine.sandbox.outcomes import Finished, Kind
from weighin.engine.sandbox.run import run_python

from .conftest import SMALL, Canary

ROOT = Path(__file__).parents[3]

_TRY = """
def attempt(action):
    try:
        result = action()
    except (OSError, RuntimeError, ImportError) as error:
        print("blocked", type(error).__name__)
    else:
        print("ESCAPED", repr(result)[:200])
"""


def _attempt(actions: str, kind: Kind) -> Finished:
    """Run one action per line; each must be blocked."""
    lines = [line.strip() for line in actions.strip().splitlines()]
    program = "import ctypes, os, signal, socket, subprocess, sys, threading\n" + _TRY
    program += "\n".join(f"attempt(lambda: {line})" for line in lines)
    outcome = run_python(program, limits=SMALL, kind=kind)
    assert isinstance(outcome, Finished), outcome
    assert outcome.exit_code == 0, outcome.stderr
    said = outcome.stdout.splitlines()
    assert len(said) == len(lines)
    assert [(line, done) for line, done in zip(lines, said, strict=True) if not done.startswith("blocked")] == []
    return outcome


def test_files_outside_cannot_be_read(kind: Kind, canary: Canary) -> None:
    places = [canary.file, Path.home(), "/etc/passwd", "/etc/shadow", ROOT / "pyproject.toml", ROOT / "engine", "/root"]
    places += ["/proc/self/environ", "/proc/1/environ", "/proc/self/mem", "/proc", "/sys", "/dev", "/", "/home", "/var"]
    places += [tempfile.gettempdir() if kind == "landlock" else "/dev/shm", f"/proc/{os.getpid()}/root{canary.file}"]
    _attempt("\n".join(f"open({str(place)!r}).read()" for place in places), kind)
    # What namespaces leave of these are empty folders and the ways to the library.
    listed = [place for place in places if str(place) not in ("/", "/dev", "/root", str(Path.home()))]
    if kind == "landlock":
        listed = [*places]
    _attempt("\n".join(f"os.listdir({str(place)!r})" for place in listed), kind)


def test_only_the_path_to_the_library_is_visible_of_home(kind: Kind) -> None:
    if kind == "landlock":
        pytest.skip("Landlock leaves folders where they are and closes them")
    program = """
import os
for top in "/root", "/home", "/work", "/opt", "/srv":
    for place, _, files in os.walk(top):
        print(place, files)
"""
    outcome = run_python(program, limits=msgspec.structs.replace(SMALL, output_bytes=1 << 22), kind=kind)
    assert isinstance(outcome, Finished)
    library = os.path.dirname(os.__file__)  # noqa: PTH120
    for line in outcome.stdout.splitlines():
        place, _, files = line.partition(" [")
        on_the_way = library.startswith(place) or place.startswith(library)
        assert on_the_way or "python" in files or not files.strip("]"), line


def test_files_outside_cannot_be_changed(kind: Kind, canary: Canary) -> None:
    file, folder = str(canary.file), str(canary.folder)
    _attempt(
        f"""
        open({file!r}, "w")
        open({file!r}, "a").write("x")
        os.open({file!r}, os.O_RDONLY | os.O_TRUNC)
        os.truncate({file!r}, 0)
        os.chmod({file!r}, 0o777)
        os.chown({file!r}, 1, 1)
        os.utime({file!r}, (1, 1))
        os.setxattr({file!r}, "user.x", b"x")
        os.unlink({file!r})
        os.rename({file!r}, "mine")
        os.link({file!r}, "mine")
        open({folder + "/new"!r}, "w")
        os.mkdir({folder + "/new"!r})
        os.symlink("x", {folder + "/new"!r})
        os.mkfifo({folder + "/new"!r})
        os.chmod({folder!r}, 0o777)
        os.rmdir({folder!r})
        (os.symlink({file!r}, "link"), open("link", "w"))
        (os.symlink({folder!r}, "way"), open("way/new", "w"))
        os.chroot(".")
        os.mkdir("hidden", 0o300)
        os.umask(0o777)
        os.mknod("device", 0o60666, os.makedev(8, 0))
        open(os.__file__, "r+")
        open(os.path.dirname(os.__file__) + "/planted.py", "w")
        """,
        kind,
    )


def test_links_left_in_the_folder_are_not_followed_when_it_is_cleared(
    kind: Kind, canary: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"  # of this test alone: others run at the same time
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    program = f"""
import os
os.symlink({str(canary.folder)!r}, "way")
os.makedirs("a/b", 0o700)
os.symlink({str(canary.file)!r}, "a/b/file")
os.close(os.open("shut", os.O_CREAT, 0))
for _ in range(20):
    os.mkdir("d" * 255)
    os.chdir("d" * 255)
"""
    outcome = run_python(program, limits=SMALL, kind=kind)
    assert isinstance(outcome, Finished)
    assert outcome.exit_code == 0, outcome.stderr
    canary.assert_unharmed()
    assert list(temporary.iterdir()) == []


def test_there_is_no_network(kind: Kind, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        server.settimeout(0.1)
        port = server.getsockname()[1]
        place = str(tmp_path / "socket")
        local.bind(place)
        local.listen()
        local.settimeout(0.1)
        _attempt(
            f"""
            socket.create_connection(("127.0.0.1", {port}), 1)
            socket.create_connection(("::1", {port}), 1)
            socket.create_connection(("localhost", {port}), 1)
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
            socket.socket(socket.AF_INET6)
            socket.socket(socket.AF_UNIX)
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            socket.socketpair()[0].connect({place!r})
            socket.getaddrinfo("example.org", 80)
            """,
            kind,
        )
        for listener in (server, local):
            with pytest.raises(TimeoutError):
                listener.accept()


def test_no_process_and_no_thread_can_be_started(kind: Kind) -> None:
    _attempt(
        """
        os.fork()
        os.forkpty()
        [os.fork() for _ in range(3)]
        subprocess.run([sys.executable, "-c", "1"])
        os.system("true") and (_ for _ in ()).throw(OSError)
        os.posix_spawn(sys.executable, [sys.executable, "-c", "1"], {})
        os.execv(sys.executable, [sys.executable, "-c", "print('ESCAPED')"])
        os.execv("/bin/sh", ["sh", "-c", "echo ESCAPED"])
        threading.Thread(target=print).start()
        __import__("multiprocessing").Process(target=print).start()
        """,
        kind,
    )


def test_other_processes_are_out_of_reach(kind: Kind, victim: subprocess.Popen[bytes]) -> None:
    # Signal 0 asks whether a signal could be sent, and harms nobody.
    others = (os.getpid(), -victim.pid, os.getpgrp(), 1, -1, 0)
    asked = "\n".join(f"os.kill({pid}, 0)" for pid in others)
    _attempt(
        f"""
        {asked}
        os.kill({victim.pid}, signal.SIGKILL)
        os.kill(os.getppid(), 0)
        os.killpg(os.getpgrp(), 0)
        os.killpg({victim.pid}, signal.SIGKILL)
        os.pidfd_open({victim.pid})
        os.setsid()
        os.setpgid(0, 0)
        os.setpriority(os.PRIO_PROCESS, {victim.pid}, 19)
        os.sched_setaffinity({victim.pid}, [0])
        __import__("resource").prlimit({victim.pid}, __import__("resource").RLIMIT_NOFILE, (1, 1))
        __import__("fcntl").fcntl(1, 8, {victim.pid})
        open("/proc/{victim.pid}/cmdline").read()
        """,
        kind,
    )


def test_ctypes_cannot_make_forbidden_calls(kind: Kind, victim: subprocess.Popen[bytes]) -> None:
    program = f"""
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
common = dict(clone3=435, io_uring_setup=425, pidfd_open=434, pidfd_send_signal=424, pidfd_getfd=438, openat2=437,
    open_tree=428, fsopen=430, mount_setattr=442, memfd_secret=447, fchmodat2=452)
own = dict(clone=56, fork=57, vfork=58, execve=59, ptrace=101, mount=165, umount2=166, pivot_root=155, unshare=272,
    setns=308, bpf=321, perf_event_open=298, process_vm_readv=310, process_vm_writev=311, keyctl=250, add_key=248,
    memfd_create=319, userfaultfd=323, kexec_load=246, init_module=175, reboot=169, shmget=29,
    msgget=68, mq_open=240, socket=41, connect=42, bind=49, sendmsg=46, prctl=157, seccomp=317, setuid=105,
    setresuid=117, capset=126, personality=135, iopl=172, ioperm=173, swapon=167, settimeofday=164, syslog=103,
    name_to_handle_at=303, open_by_handle_at=304, inotify_init1=294, fanotify_init=300, chmod=90, fchmod=91,
    fchmodat=268, setxattr=188, utimensat=280, truncate=76, tkill=200, rt_sigqueueinfo=129, timer_create=222,
    process_madvise=440, kcmp=312, ioprio_set=251, execveat=322)
calls = dict(common, **(own if platform.machine() == "x86_64" else {{}}))
if platform.machine() == "x86_64":
    calls["x32 getpid"] = 0x40000000 + 39
    calls["no such call"] = 100000
for name, number in calls.items():
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(value) for value in ({victim.pid}, 0, 0, 0, 0, 0)])
    if result != -1 or ctypes.get_errno() != errno.EPERM:
        print("ESCAPED", name, result, errno.errorcode.get(ctypes.get_errno()))
print("done")
"""
    outcome = run_python(program, limits=SMALL, kind=kind)
    assert isinstance(outcome, Finished), outcome
    assert outcome.stdout == "done\n", outcome


def test_nothing_is_inherited(kind: Kind, monkeypatch: pytest.MonkeyPatch, canary: Canary) -> None:
    monkeypatch.setenv("API_KEY", canary.secret)
    program = """
import os, sys
print(sorted(os.environ))
for number in range(3, 1000):
    try:
        os.fstat(number)
    except OSError:
        continue
    print("open", number)
print(repr(sys.stdin.read()), sys.argv, len(sys.path))
"""
    with canary.file.open() as file:
        os.set_inheritable(file.fileno(), True)
        outcome = run_python(program, limits=SMALL, kind=kind)
    assert isinstance(outcome, Finished)
    assert outcome.stderr == ""
    variables, rest = outcome.stdout.splitlines()
    assert set(eval(variables)) <= {"HOME", "LANG", "PATH", "PYTHONHASHSEED", "TZ", "PWD", "LC_CTYPE"}
    assert rest.startswith("'' ['__main__.py']")


def test_root_rights_are_gone(kind: Kind) -> None:
    program = """
import os, resource, time
def attempt(action):
    try:
        action()
    except (OSError, ValueError):
        return
    print("ESCAPED")
attempt(lambda: os.setuid(0 if os.getuid() else 1))
attempt(lambda: os.setgroups([]))
attempt(lambda: os.nice(-5))
attempt(lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()))
for limit in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
    attempt(lambda: resource.setrlimit(limit, (1 << 40, 1 << 40)))
"""
    outcome = run_python(program, limits=SMALL, kind=kind)
    assert isinstance(outcome, Finished)
    assert (outcome.stdout, outcome.stderr, outcome.exit_code) == ("", "", 0)


def test_several_threads_may_run_code_at_once(kind: Kind) -> None:
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(run_python(f"print({n})", limits=SMALL, kind=kind)))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.stdout for one in results if isinstance(one, Finished)) == ["0\n", "1\n", "2\n", "3\n"]
