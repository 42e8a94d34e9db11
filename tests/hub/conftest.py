"""A stand-in hub: real HTTP on loopback, one port for the hub and another for its storage, with faults on request.

Only what huggingface_hub and weighin call is answered. Large files are redirected to the storage port, as the hub does
for LFS; the storage must never see a token.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

SHA = "1234567890abcdef1234567890abcdef12345678"
TOKEN = "hf_standin"


def content(size: int, seed: int = 1) -> bytes:
    """Bytes that repeat nowhere, so that a wrong splice shows."""
    return b"GGUF" + b"".join(hashlib.sha256(b"%d %d" % (seed, n)).digest() for n in range(size // 32 + 1))[: size - 4]


@dataclass
class Fault:
    """What the next matching request meets instead of a plain answer."""

    kind: str
    """status, close, reset, stall, corrupt, slow, ignore_range, wrong_range, too_long"""
    at: int = 0
    """Byte of the file (not of the answer) where it happens."""
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    port: str = "storage"
    method: str = "GET"
    path: str = ""
    """Part of the path; empty for any."""
    pause_s: float = 0.0


@dataclass
class Request:
    port: str
    method: str
    path: str
    headers: dict[str, str]
    sent: int = 0


@dataclass
class Repo:
    files: dict[str, bytes]
    gated: Any = False
    private: bool = False
    tags: tuple[str, ...] = ("gguf", "license:apache-2.0", "base_model:quantized:base/model", "base_model:base/model")
    small: tuple[str, ...] = ("README.md", "LICENSE")
    wrong_sha: str = ""


class StandIn:
    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.faults: list[Fault] = []
        self.moved: dict[str, str] = {}
        """Old name of a repo → new one; the hub redirects."""
        self.requests: list[Request] = []
        self.token_required = TOKEN
        self.lock = threading.Lock()
        self.release = threading.Event()
        self.servers = {name: self._serve(name) for name in ("hub", "storage")}
        self.url = f"http://127.0.0.1:{self.servers['hub'].server_port}"
        self.storage_url = f"http://127.0.0.1:{self.servers['storage'].server_port}"

    def _serve(self, port: str) -> ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"standin": self, "port": port})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.handle_error = lambda *args: None  # type: ignore[method-assign] # clients that leave are part of it
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server

    def close(self) -> None:
        self.release.set()
        for server in self.servers.values():
            server.shutdown()
            server.server_close()

    def add(self, repo: str, files: dict[str, bytes], **more: Any) -> Repo:
        self.repos[repo] = Repo(files, **more)
        return self.repos[repo]

    def fault(self, kind: str, **more: Any) -> Fault:
        fault = Fault(kind, **more)
        with self.lock:
            self.faults.append(fault)
        return fault

    def take(self, port: str, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and (fault.port, fault.method) == (port, method) and fault.path in path:
                    fault.times -= 1
                    return fault
        return None

    def seen(self, port: str, method: str = "GET") -> list[Request]:
        with self.lock:
            return [r for r in self.requests if r.port == port and r.method == method]

    def bytes_sent(self) -> int:
        return sum(r.sent for r in self.seen("storage"))


class _Handler(BaseHTTPRequestHandler):
    standin: StandIn
    port: str
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.note = Request(self.port, self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
        with self.standin.lock:
            self.standin.requests.append(self.note)
        fault = self.standin.take(self.port, self.command, self.path)
        try:
            if fault is not None and fault.kind == "status":
                self.send(fault.status, b"", fault.headers)
            elif fault is not None and self.port == "hub" and fault.kind == "stall":
                self.standin.release.wait(20)
                self.close_connection = True
            elif self.port == "storage":
                self.storage(fault)
            else:
                self.hub(fault)
        except OSError:
            self.close_connection = True

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: int, code: str, message: str) -> None:
        self.send(status, b"", {"X-Error-Code": code, "X-Error-Message": message})

    def hub(self, fault: Fault | None) -> None:
        url = urlsplit(self.path)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token != TOKEN:
            self.send(401, b"", {"X-Error-Message": "Invalid credentials in Authorization header"})
            return
        if url.path == "/api/models":
            self.search(parse_qs(url.query))
            return
        # Data sets live beside models, under names of their own: ``datasets/owner/name`` in ``repos``.
        asked = url.path.replace("/api/datasets/", "/api/models/datasets/", 1)
        match = re.match(r"^/api/models/((?:datasets/)?[^/]+/[^/]+)(?:/revision/([^/]+)|(/auth-check))?$", asked)
        resolve = re.match(r"^/((?:datasets/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)$", url.path)
        name = match[1] if match else resolve[1] if resolve else ""
        if name in self.standin.moved:
            self.send(307, b"", {"Location": self.path.replace(name, self.standin.moved[name], 1)})
            return
        repo = self.standin.repos.get(name)
        if repo is None or (repo.private and not token):
            self.refuse(404 if token else 401, "RepoNotFound", "Repository not found")
        elif match and match[3]:
            if repo.gated and token != self.standin.token_required:
                self.refuse(403 if token else 401, "GatedRepo", "Access to this model is restricted.")
            else:
                self.send(200, b"{}")
        elif match:
            if match[2] not in (None, "main", SHA):
                self.refuse(404, "RevisionNotFound", f"Invalid rev id: {match[2]}")
            else:
                self.send(200, json.dumps(self.info(name, repo)).encode(), {"Content-Type": "application/json"})
        elif resolve:
            self.resolve(repo, resolve[2], unquote(resolve[3]), token, fault)

    def info(self, name: str, repo: Repo) -> dict[str, Any]:
        siblings = []
        for file, data in repo.files.items():
            row: dict[str, Any] = {"rfilename": file, "size": len(data), "blobId": git_id(data)}
            if file not in repo.small:
                row["lfs"] = {"sha256": repo.wrong_sha or sha256(data), "size": len(data), "pointerSize": 134}
            siblings.append(row)
        return {
            "id": name.removeprefix("datasets/"), "sha": SHA, "private": repo.private, "gated": repo.gated,
            "tags": list(repo.tags), "downloads": 5, "likes": 2, "gguf": {"total": 1000, "architecture": "llama"},
            "siblings": siblings,
        }  # fmt: skip

    def search(self, query: dict[str, list[str]]) -> None:
        words = query.get("search", [""])[0].lower().split()
        rows = [self.info(n, r) for n, r in self.standin.repos.items() if all(word in n.lower() for word in words)]
        self.send(200, json.dumps(rows).encode(), {"Content-Type": "application/json"})

    def resolve(self, repo: Repo, revision: str, file: str, token: str, fault: Fault | None) -> None:
        if repo.gated and token != self.standin.token_required:
            self.refuse(403 if token else 401, "GatedRepo", "Access to this model is restricted.")
        elif revision not in ("main", SHA):
            self.refuse(404, "RevisionNotFound", "no")
        elif file not in repo.files:
            self.refuse(404, "EntryNotFound", "Entry not found")
        elif file in repo.small:
            data = repo.files[file]
            headers = {"X-Repo-Commit": SHA, "ETag": f'"{git_id(data)}"'}
            self.serve(data, fault, headers)
        else:
            data = repo.files[file]
            etag = repo.wrong_sha or sha256(data)
            self.send(302, b"", {
                "X-Repo-Commit": SHA, "ETag": '"x"', "X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(data)),
                "Accept-Ranges": "bytes", "X-Xet-Hash": "0" * 64,
                "Location": f"{self.standin.storage_url}/store{self.path.split('/resolve/')[0]}/{file}?Signature=s",
            })  # fmt: skip

    def storage(self, fault: Fault | None) -> None:
        match = re.match(r"^/store/((?:datasets/)?[^/]+/[^/]+)/([^?]+)", self.path)
        if "authorization" in self.note.headers or match is None:
            self.send(400, b"no token here")
            return
        self.serve(self.standin.repos[match[1]].files[unquote(match[2])], fault, {})

    def serve(self, data: bytes, fault: Fault | None, headers: dict[str, str]) -> None:
        kind = fault.kind if fault else ""
        asked = re.match(r"^bytes=(\d+)-(\d*)$", self.headers.get("Range", ""))
        start, end, status = 0, len(data), 200
        if asked and kind != "ignore_range":
            start = int(asked[1])
            end = min(len(data), int(asked[2]) + 1) if asked[2] else len(data)
            status = 206
            if start >= len(data):
                self.send(416, b"", {"Content-Range": f"bytes */{len(data)}"})
                return
            if kind == "wrong_range":
                start += 1
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        extra = 100 if kind == "too_long" else 0
        self.send_header("Content-Length", str(end - start + extra))
        self.end_headers()
        if self.command == "HEAD":
            return
        if kind == "corrupt":
            assert fault is not None
            at = min(max(fault.at, start), end - 1)
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        position = start
        while position < end:
            stop = min(position + 32768, end)
            if fault is not None and kind in {"close", "reset", "stall"} and stop >= fault.at:
                stop = max(position, fault.at)
                self.push(data[position:stop])
                if kind == "reset":
                    # Let what was sent arrive: a reset throws away what the other side has not read yet.
                    time.sleep(0.05)
                    self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                elif kind == "stall":
                    self.standin.release.wait(20)
                self.close_connection = True
                return
            if kind == "slow":
                assert fault is not None
                time.sleep(fault.pause_s)
            self.push(data[position:stop])
            position = stop
        if extra:
            self.push(b"x" * extra)

    def push(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
        self.note.sent += len(data)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@pytest.fixture(autouse=True)
def own_hub_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own token, cache and proxies; every test gets a fresh session."""
    import huggingface_hub
    from huggingface_hub import constants

    for name in list(os.environ):
        if name.startswith("HF_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("HF_TOKEN_PATH", "HF_STORED_TOKENS_PATH", "HF_HUB_CACHE"):
        monkeypatch.setattr(constants, name, str(tmp_path / "hf" / name.lower()))
    huggingface_hub.close_session()


@pytest.fixture
def standin() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.close()


class Clock:
    """Time that passes only when somebody sleeps or asks for it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        time.sleep(0.001)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_hub(standin: StandIn, clock: Clock, tmp_path: Path) -> Callable[..., Any]:
    """``make_hub(token=…)``: a Hub on the stand-in, with the test's own clock and cache."""
    from weighin.engine.hub.client import connect

    def make(**more: Any) -> Any:
        settings: dict[str, Any] = {
            "endpoint": standin.url, "cache_dir": tmp_path / "cache", "clock": clock, "sleep": clock.sleep,
            "read_timeout_s": 5.0,
        }  # fmt: skip
        return connect(**(settings | more))

    return make


@pytest.fixture
def big() -> bytes:
    return content(3_000_000)


@pytest.fixture
def make_content() -> Callable[..., bytes]:
    return content


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], bytes]:
    """``tiny_gguf(seed)``: a model that llama.cpp loads, of some 200 kB."""
    from weighin.engine.gguf.tiny import write_tiny_model

    folder = tmp_path_factory.mktemp("tiny")

    def make(seed: int) -> bytes:
        path = folder / f"{seed}.gguf"
        if not path.exists():
            write_tiny_model(path, seed=seed)
        return path.read_bytes()

    return make


@pytest.fixture(scope="session")
def tiny_split(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A model in three files as llama.cpp splits them, by file name."""
    import gguf
    from gguf.scripts.gguf_new_metadata import copy_with_new_metadata

    from weighin.engine.gguf.tiny import write_tiny_model

    folder = tmp_path_factory.mktemp("split")
    write_tiny_model(folder / "whole.gguf", seed=7)
    writer = gguf.GGUFWriter(folder / "part-F32.gguf", "llama", split_max_tensors=10)
    copy_with_new_metadata(gguf.GGUFReader(folder / "whole.gguf"), writer, {}, [])
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*"))}


@pytest.fixture
def cached_by_client(tmp_path: Path) -> Callable[[str, str], bytes]:
    """What huggingface_hub itself finds in the cache afterwards, without a network."""

    def find(repo: str, name: str) -> bytes:
        from huggingface_hub import hf_hub_download

        path = hf_hub_download(repo, name, cache_dir=tmp_path / "cache", local_files_only=True)
        return Path(path).read_bytes()

    return find


@pytest.fixture
def start_python(standin: StandIn, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """``start_python(code, **environment)``: another process that sees the stand-in as its hub."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, **environment: str) -> subprocess.Popen[str]:
        settings = {
            "HF_ENDPOINT": standin.url, "HF_HUB_CACHE": str(tmp_path / "cache"), "HF_HOME": str(tmp_path / "hf"),
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=dict(os.environ) | settings | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
