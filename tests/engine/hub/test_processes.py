"""What only real processes show: kill -9, two at once, limits of the system, the environment."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures.standin_hub import StandIn

REPO = "owner/some-GGUF"
FILE = "some-Q4_K_M.gguf"

PULL = f"""
import sys
import msgspec
from weighin.engine.hub.client import connect
from weighin.engine.hub.download import download_model
from weighin.engine.hub.listing import list_repo
from weighin.engine.errors import WeighinError
hub = connect()
try:
    repo = list_repo(hub, {REPO!r})
    print(download_model(hub, repo, repo.models[0]))
except WeighinError as error:
    sys.exit(type(error).__name__ + ": " + str(error))
"""


def test_kill_in_the_middle_loses_nothing(
    standin: StandIn,
    big: bytes,
    start_python: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
    cached_by_client: Callable[[str, str], bytes],
) -> None:
    standin.add(REPO, {FILE: big})
    standin.fault("stall", at=2_000_000)
    process = start_python(PULL)
    deadline = time.monotonic() + 20
    parts: list[Path] = []
    while time.monotonic() < deadline and not (parts and parts[0].stat().st_size == 2_000_000):
        parts = list((tmp_path / "cache").rglob("*.part"))
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert parts[0].stat().st_size == 2_000_000
    assert not list((tmp_path / "cache").rglob("snapshots/*/*"))
    out, err = start_python(PULL).communicate(timeout=30)
    assert out.strip().endswith(FILE), err
    assert standin.seen("storage")[-1].headers["range"] == "bytes=2000000-"
    assert cached_by_client(REPO, FILE) == big


def test_two_processes_fetch_it_once(
    standin: StandIn,
    big: bytes,
    start_python: Callable[..., subprocess.Popen[str]],
    cached_by_client: Callable[[str, str], bytes],
) -> None:
    standin.add(REPO, {FILE: big})
    standin.fault("slow", pause_s=0.01)
    both = [start_python(PULL), start_python(PULL)]
    for process in both:
        out, err = process.communicate(timeout=30)
        assert out.strip().endswith(FILE), err
    assert standin.bytes_sent() == len(big)
    assert cached_by_client(REPO, FILE) == big


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_limit_of_the_system_on_the_file_is_a_full_disk(
    standin: StandIn, big: bytes, start_python: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    standin.add(REPO, {FILE: big})
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
    process = start_python(limit + PULL)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "DiskFullError" in err
    assert "Traceback" not in err
    assert [p.stat().st_size for p in (tmp_path / "cache").rglob("*.part")] == [1_000_000]


def test_the_proxy_of_the_environment_is_used(
    standin: StandIn, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    """The hub's name is known to the proxy only, which is the stand-in itself."""
    environment = {"HF_ENDPOINT": "http://hub.invalid", "HTTP_PROXY": standin.url, "NO_PROXY": ""}
    _, err = start_python(PULL, **environment).communicate(timeout=30)
    assert "HubError" in err or "Error:" in err
    assert any(request.path.startswith("http://hub.invalid/api/models/") for request in standin.requests)


def test_a_dead_endpoint_is_no_connection(standin: StandIn, start_python: Callable[..., subprocess.Popen[str]]) -> None:
    code = PULL.replace("connect()", "msgspec.structs.replace(connect(), sleep=lambda seconds: None)")
    _, err = start_python(code, HF_ENDPOINT="http://127.0.0.1:9").communicate(timeout=30)
    assert "NoConnectionError" in err
    assert "127.0.0.1:9" in err
