"""`weighin pull` in real processes: interrupted, killed, two at once, on a full disk, on a terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures.command_line import FILE, REPO, Start, Weighin, cached, parts, wait_until
from fixtures.standin_hub import StandIn

from weighin.engine.store.store import Store


def run_program(program: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_keeps_what_was_downloaded_and_says_how_to_resume(
    standin: StandIn, start: Start, weighin: Weighin, model: bytes, tmp_path: Path
) -> None:
    standin.add(REPO, {FILE: model})
    standin.fault("stall", at=2_000_000)
    process = start("pull", REPO)
    wait_until(lambda: bool(parts(tmp_path)) and parts(tmp_path)[0].stat().st_size == 2_000_000)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert f"`weighin pull {REPO}` resumes" in err
    assert cached(tmp_path) == []
    code, _, err = weighin("pull", REPO)
    assert code == 0
    assert "resuming after 2 MB" in err
    assert standin.seen("storage")[-1].headers["range"] == "bytes=2000000-"
    assert cached(tmp_path)[0].read_bytes() == model


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_after_kill_9_only_the_rest_is_downloaded(
    standin: StandIn, start: Start, weighin: Weighin, model: bytes, tmp_path: Path, share: float
) -> None:
    standin.add(REPO, {FILE: model})
    at = int(len(model) * share)
    standin.fault("stall", at=at)
    process = start("pull", REPO)
    wait_until(lambda: bool(standin.seen("storage")))
    wait_until(lambda: bool(parts(tmp_path)) and parts(tmp_path)[0].stat().st_size == at)
    process.kill()
    process.wait()
    assert cached(tmp_path) == []
    code, _, err = weighin("pull", REPO)
    assert code == 0, err
    assert standin.seen("storage")[-1].headers.get("range") == (f"bytes={at}-" if at else None)
    assert standin.bytes_sent() == len(model)
    assert cached(tmp_path)[0].read_bytes() == model


def test_two_processes_download_a_file_once(standin: StandIn, start: Start, model: bytes, tmp_path: Path) -> None:
    standin.add(REPO, {FILE: model})
    standin.fault("slow", pause_s=0.01)
    both = [start("pull", REPO), start("pull", REPO)]
    messages = ""
    for process in both:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out.splitlines()[0].endswith(FILE)
        messages += err
    assert "another program downloads the same file" in messages
    assert standin.bytes_sent() == len(model)
    assert cached(tmp_path)[0].read_bytes() == model


def test_a_download_waits_for_a_run_that_measures_unless_it_should_not(
    standin: StandIn, start: Start, weighin: Weighin, tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)})
    (tmp_path / "home/data").mkdir(parents=True)
    with Store.open(tmp_path / "home/data/runs.sqlite3") as store, store.locks.hold("20260101-000000"):
        process = start("pull", REPO)
        wait_until(lambda: len(standin.seen("hub")) > 0)
        time.sleep(1.0)
        assert standin.seen("storage") == []
        assert weighin("pull", REPO, "--now")[0] == 0
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "paused while something is being timed" in err
    assert out.splitlines()[0].endswith(FILE)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")
def test_one_changing_line_on_a_terminal(
    standin: StandIn, hub_settings: dict[str, str], model: bytes, tmp_path: Path
) -> None:
    import pty

    standin.add(REPO, {FILE: model})
    standin.fault("slow", pause_s=0.01)
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "weighin.tui", "pull", REPO]
    process = subprocess.Popen(command, env=hub_settings, stdout=subprocess.PIPE, stderr=slave, text=True)
    os.close(slave)
    seen = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    process.communicate(timeout=30)
    os.close(master)
    text = seen.decode()
    assert process.returncode == 0
    assert re.search(r"\r\x1b\[Kowner/some-GGUF \d+ % of 3\.\d+ MB, \d+\.\d MB/s, \d+ s left", text), text
    assert text.count("\n") <= 3


def test_xet_is_not_used(
    standin: StandIn, hub_settings: dict[str, str], tmp_path: Path, tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)})  # the stand-in says X-Xet-Hash
    program = (
        "import sys\nfrom weighin.tui.cli.main import main\n"
        f"try: main(['pull', {REPO!r}])\nexcept SystemExit as end: assert not end.code, end.code\n"
        "from huggingface_hub import constants\n"
        "assert constants.HF_HUB_DISABLE_XET\nsys.exit('hf_xet was imported' if 'hf_xet' in sys.modules else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=hub_settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert cached(tmp_path)[0].read_bytes() == tiny_gguf(1)


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_full_disk_keeps_what_was_written_and_says_how_much(
    standin: StandIn, weighin: Weighin, hub_settings: dict[str, str], model: bytes, tmp_path: Path
) -> None:
    standin.add(REPO, {FILE: model})
    program = (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        f"from weighin.tui.cli.main import main\nmain(['pull', {REPO!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=hub_settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "is full" in done.stderr
    assert "1 MB are kept" in done.stderr
    assert cached(tmp_path) == []
    assert weighin("pull", REPO)[0] == 0
    assert standin.seen("storage")[-1].headers["range"] == "bytes=1000000-"
    assert cached(tmp_path)[0].read_bytes() == model


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_while_a_run_downloads_keeps_what_was_downloaded(
    standin: StandIn, start: Start, model: bytes, tmp_path: Path
) -> None:
    standin.add(REPO, {FILE: model})
    standin.fault("stall", at=2_000_000)
    process = start("run", "--model", REPO)
    wait_until(lambda: bool(parts(tmp_path)) and parts(tmp_path)[0].stat().st_size == 2_000_000)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "the same command resumes" in err
    assert parts(tmp_path)[0].stat().st_size == 2_000_000
