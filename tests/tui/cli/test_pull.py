"""`weighin pull` and MODEL names in real processes against the stand-in hub: the right file or one clear sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures.standin_hub import SHA, sha256

from weighin.engine.gguf.files import file_sha256
from weighin.engine.store.store import Store

REPO = "owner/some-GGUF"
FILE = "some-Q4_K_M.gguf"
FAST = ["--threads", "1", "--context", "512", "--repeats", "1"]


@pytest.fixture
def settings(standin: Any, tmp_path: Path) -> dict[str, str]:
    """An environment with nothing of this machine's own hub settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "OLLAMA_")) and not name.lower().endswith("_proxy")
    }
    return kept | {
        "HF_ENDPOINT": standin.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_TELEMETRY": "1",
        "WEIGHIN_HOME": str(tmp_path / "home"), "HOME": str(tmp_path / "user"), "NO_PROXY": "127.0.0.1",
    }  # fmt: skip


@pytest.fixture
def start(settings: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """``start("pull", …, HF_TOKEN=…)``: the real command in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "weighin.tui", *arguments],
            env=settings | environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def weighin(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., tuple[int, str, str]]:
    """The same, waited for: exit code, stdout, stderr."""

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        process = start(*arguments, **environment)
        out, err = process.communicate(timeout=90)
        assert "Traceback" not in out + err, err
        return process.returncode, out, err

    return run


@pytest.fixture
def model(tiny_gguf: Callable[[int], bytes]) -> bytes:
    """A sound model with three megabytes of padding behind it, so that there is something to interrupt."""
    return tiny_gguf(1) + bytes(n % 251 for n in range(3_000_000))


def cached(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "hf/hub").glob("models--*/snapshots/*/*"))


def parts(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "hf/hub").rglob("*.part"))


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# What works


def test_a_quant_of_a_repo_as_json(standin, weighin, model, tmp_path):
    standin.add(REPO, {FILE: model, "some-Q8_0.gguf": b"GGUF"})
    code, out, err = weighin("pull", f"{REPO}:q4_k_m", "--json")
    assert code == 0, err
    (row,) = json.loads(out)
    assert Path(row["path"]).read_bytes() == model
    assert Path(row["path"]).name == FILE
    assert str(tmp_path / "hf/hub") in row["path"]  # HF_HOME alone
    assert (row["size_bytes"], row["quant"], row["repo"]) == (len(model), "Q4_K_M", REPO)
    assert row["sha256"] == row["files"][0]["sha256"]
    assert row["sha256"] == sha256(model)
    assert "apache-2.0, as the uploader says" in row["license"]
    assert f"downloading {len(model) / 1e6:.2f} MB" in err  # lines, because stderr is no terminal
    assert "\r" not in err
    assert all("authorization" not in request.headers for request in standin.seen("storage"))


def test_a_repo_alone_takes_q4_k_m_and_says_so(standin, weighin, tiny_gguf):
    standin.add(REPO, {"some-Q8_0.gguf": tiny_gguf(2), FILE: tiny_gguf(1)})
    code, out, err = weighin("pull", REPO)
    assert code == 0, err
    assert out.splitlines()[0].endswith(FILE)
    assert "SHA-256 " + sha256(tiny_gguf(1)) in out
    assert "taking Q4_K_M" in err
    assert "Q8_0" in err


def test_a_file_a_split_model_and_a_catalog_name_at_once(standin, weighin, tiny_gguf):
    catalog_repo = "bartowski/Llama-3.2-1B-Instruct-GGUF"
    standin.add(REPO, {"deep/x-Q8_0.gguf": tiny_gguf(1), FILE: tiny_gguf(2)})
    quants = {"Q4_K_M": tiny_gguf(3), "Q8_0": tiny_gguf(4)}
    standin.add(catalog_repo, {f"Llama-3.2-1B-Instruct-{quant}.gguf": data for quant, data in quants.items()})
    code, out, err = weighin("pull", f"{REPO}:x-Q8_0.gguf", "llama-3.2-1b-instruct:Q8_0", "--json")
    assert code == 0, err
    rows = json.loads(out)
    assert [row["file"] for row in rows] == ["deep/x-Q8_0.gguf", "Llama-3.2-1B-Instruct-Q8_0.gguf"]
    assert Path(rows[1]["path"]).read_bytes() == tiny_gguf(4)
    assert rows[1]["catalog"] == "llama-3.2-1b-instruct"
    assert "Llama 3.2 Community License" in rows[1]["license"]
    assert "weighin license llama-3.2-1b-instruct" in rows[1]["license"]


def test_the_second_repo_of_a_catalog_model_is_tried(standin, weighin, tiny_gguf):
    standin.add("unsloth/Llama-3.2-1B-Instruct-GGUF", {"Llama-3.2-1B-Instruct-Q4_K_M.gguf": tiny_gguf(3)})
    code, out, err = weighin("pull", "llama-3.2-1b-instruct")
    assert code == 0, err
    assert "unsloth--Llama-3.2-1B-Instruct-GGUF" in out


def test_what_is_here_is_used_without_a_request_and_offline(standin, weighin, tiny_gguf):
    standin.add(REPO, {FILE: tiny_gguf(1)})
    assert weighin("pull", REPO)[0] == 0
    asked = len(standin.requests)
    for name in (REPO, f"{REPO}:Q4_K_M", f"{REPO}:{FILE}"):
        code, out, err = weighin("pull", name, HF_HUB_OFFLINE="1")
        assert code == 0, err
        assert out.splitlines()[0].endswith(FILE)
    assert weighin("pull", f"{REPO}:Q4_K_M")[0] == 0
    assert len(standin.requests) == asked


def test_a_gated_repo_with_the_token_of_the_environment_or_a_file(standin, weighin, tiny_gguf, tmp_path):
    standin.add(REPO, {FILE: tiny_gguf(1)}, gated="auto")
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf/token").write_text("hf_standin\n")
    code, _, err = weighin("pull", REPO)
    assert code == 0, err
    assert any(r.headers.get("authorization") == "Bearer hf_standin" for r in standin.seen("hub"))
    assert standin.seen("storage")
    assert all("authorization" not in request.headers for request in standin.seen("storage"))


def test_xet_is_not_used(standin, settings, tmp_path, tiny_gguf):
    standin.add(REPO, {FILE: tiny_gguf(1)})  # the stand-in says X-Xet-Hash
    program = (
        "import sys\nfrom weighin.tui.cli.main import main\n"
        f"try: main(['pull', {REPO!r}])\nexcept SystemExit as end: assert not end.code, end.code\n"
        "from huggingface_hub import constants\n"
        "assert constants.HF_HUB_DISABLE_XET\nsys.exit('hf_xet was imported' if 'hf_xet' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert cached(tmp_path)[0].read_bytes() == tiny_gguf(1)


# What goes wrong, in one sentence


@pytest.mark.parametrize(
    ("arrange", "name", "words"),
    [
        (lambda s: None, "owner/none:Q4_0", "There is no repo owner/none"),
        (lambda s: s.add(REPO, {FILE: b"GGUF"}), f"{REPO}:IQ1_S", "has no IQ1_S. There is: Q4_K_M"),
        (lambda s: s.add(REPO, {"README.md": b"x"}), REPO, "has no GGUF model"),
        (lambda s: s.add(REPO, {FILE: b"GGUF"}, gated="manual"), REPO, f"Accept the terms on http://127.0.0.1:.*/{REPO}"),
        (lambda s: s.add(REPO, {FILE: b"GGUF" * 100}), REPO, "cannot be used"),
        (lambda s: None, "llama-3.2-1b-instrukt", "Did you mean llama-3.2-1b-instruct"),
        (lambda s: None, "owner/repo/x.gguf", "owner/repo:x.gguf"),
        (lambda s: None, "./nothing.gguf", "no file or folder"),
    ],
)  # fmt: skip
def test_refused_in_one_sentence(standin, weighin, arrange, name, words):
    arrange(standin)
    code, out, err = weighin("pull", name)
    assert code == 2
    assert out == ""
    (said,) = [line for line in err.splitlines() if line.startswith("weighin: ")]
    assert re.search(words, said), said


def test_401_403_and_a_bad_token(standin, weighin, tiny_gguf):
    standin.add(REPO, {FILE: tiny_gguf(1)}, gated="manual")
    standin.token_required = "hf_another"
    page = f"{standin.url}/{REPO}"
    code, _, err = weighin("pull", REPO)
    assert code == 2
    assert page in err
    assert "hf auth login" in err
    code, _, err = weighin("pull", REPO, HF_TOKEN="hf_standin")
    assert code == 2
    assert page in err
    assert "your account has no access" in err
    code, _, err = weighin("pull", REPO, HF_TOKEN="hf_wrong")
    assert code == 2
    assert "refuses your token" in err


def test_a_base_repo_names_its_gguf(standin, weighin):
    standin.add("meta-llama/Llama-3.2-1B-Instruct", {"model.safetensors": b"x"}, gated="manual")
    code, _, err = weighin("pull", "meta-llama/Llama-3.2-1B-Instruct")
    assert code == 2
    assert "weighin pull llama-3.2-1b-instruct" in err


def test_a_corrupted_body_twice(standin, weighin, model, tmp_path):
    standin.add(REPO, {FILE: model})
    standin.fault("corrupt", at=2_000_000, times=2)
    code, _, err = weighin("pull", REPO)
    assert code == 2
    assert "checksum" in err.splitlines()[-1]
    assert cached(tmp_path) == []
    assert weighin("pull", REPO)[0] == 0
    assert cached(tmp_path)[0].read_bytes() == model


def test_429_and_500_are_waited_for_and_told(standin, weighin, model, tmp_path):
    standin.add(REPO, {FILE: model})
    standin.fault("status", status=429, headers={"Retry-After": "1"}, port="hub", path="/api/")
    standin.fault("status", status=500)
    code, _, err = weighin("pull", REPO)
    assert code == 0
    assert "500" in err
    assert cached(tmp_path)[0].read_bytes() == model


def test_one_fails_and_the_other_comes(standin, weighin, tiny_gguf):
    standin.add(REPO, {FILE: tiny_gguf(1)})
    code, out, err = weighin("pull", "owner/none", REPO, "--json")
    assert code == 2
    rows = json.loads(out)
    assert "There is no repo owner/none" in rows[0]["error"]
    assert Path(rows[1]["path"]).read_bytes() == tiny_gguf(1)
    assert "owner/none" in err


def test_offline_names_pull_and_the_bundle(standin, weighin):
    for command in (["pull", f"{REPO}:Q4_0"], ["bench", f"{REPO}:Q4_0"], ["run", "--model", "qwen3-1.7b"]):
        code, _, err = weighin(*command, HF_HUB_OFFLINE="1")
        assert code == 2
        assert f"`weighin pull {command[-1]}`" in err
        assert "weighin bundle import" in err
    assert standin.requests == []


def test_a_dead_endpoint(weighin):
    code, _, err = weighin("pull", REPO, HF_ENDPOINT="http://127.0.0.1:9")
    assert code == 2
    assert "http://127.0.0.1:9 cannot be reached" in err


def test_a_proxy_is_used_and_not_for_excepted_hosts(standin, weighin, tiny_gguf):
    standin.add(REPO, {FILE: tiny_gguf(1)})
    proxied = {"HF_ENDPOINT": "http://hub.invalid", "HTTP_PROXY": standin.url, "http_proxy": standin.url}
    weighin("pull", REPO, **proxied, NO_PROXY="")
    assert any(request.path.startswith("http://hub.invalid/api/models/") for request in standin.requests)
    assert weighin("pull", REPO, HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9")[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_full_disk_keeps_what_fitted(standin, weighin, settings, model, tmp_path):
    standin.add(REPO, {FILE: model})
    program = (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        f"from weighin.tui.cli.main import main\nmain(['pull', {REPO!r}])"
    )
    done = subprocess.run([sys.executable, "-c", program], env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "is full" in done.stderr
    assert "1 MB are kept" in done.stderr
    assert cached(tmp_path) == []
    assert weighin("pull", REPO)[0] == 0
    assert standin.seen("storage")[-1].headers["range"] == "bytes=1000000-"
    assert cached(tmp_path)[0].read_bytes() == model


# Interrupted


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_keeps_what_came_and_says_how_to_go_on(standin, start, weighin, model, tmp_path):
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
    assert "going on after 2 MB" in err
    assert standin.seen("storage")[-1].headers["range"] == "bytes=2000000-"
    assert cached(tmp_path)[0].read_bytes() == model


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_kill_9_then_the_rest_only(standin, start, weighin, model, tmp_path, share):
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


def test_two_processes_fetch_it_once(standin, start, model, tmp_path):
    standin.add(REPO, {FILE: model})
    standin.fault("slow", pause_s=0.01)
    both = [start("pull", REPO), start("pull", REPO)]
    said = ""
    for process in both:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out.splitlines()[0].endswith(FILE)
        said += err
    assert "another program fetches the same file" in said
    assert standin.bytes_sent() == len(model)
    assert cached(tmp_path)[0].read_bytes() == model


def test_it_waits_for_a_run_that_measures(standin, start, weighin, tiny_gguf, tmp_path):
    standin.add(REPO, {FILE: tiny_gguf(1)})
    (tmp_path / "home/data").mkdir(parents=True)
    with Store.open(tmp_path / "home/data/runs.sqlite3") as store, store.lock("20260101-000000"):
        process = start("pull", REPO)
        wait_until(lambda: len(standin.seen("hub")) > 0)
        time.sleep(1.0)
        assert standin.seen("storage") == []
        assert weighin("pull", REPO, "--now")[0] == 0
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "waits while something is being timed" in err
    assert out.splitlines()[0].endswith(FILE)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")
def test_one_changing_line_on_a_terminal(standin, settings, model, tmp_path):
    import pty

    standin.add(REPO, {FILE: model})
    standin.fault("slow", pause_s=0.01)
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "weighin.tui", "pull", REPO]
    process = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=slave, text=True)
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


# MODEL in other commands


def test_bench_downloads_first_and_says_so(standin, weighin, tiny_gguf):
    standin.add(REPO, {FILE: tiny_gguf(1)})
    code, out, err = weighin("bench", f"{REPO}:Q4_K_M", "--json", "-p", "16", "-n", "4", "-r", "1", "-c", "512")
    assert code in {0, 1}, err
    assert "downloading" in err
    events = [json.loads(line) for line in out.splitlines()]
    (card,) = events[0]["candidates"]
    assert card["name"] == "some-Q4_K_M"  # by the name of its file, not by its hash


def test_fit_takes_a_hub_name_and_fetches_the_header_only(standin, weighin, model):
    standin.add(REPO, {FILE: model + bytes(20_000_000)})
    code, out, err = weighin("fit", f"{REPO}:Q4_K_M", "--context", "512", "--json")
    assert code == 0, err
    row = json.loads(out)
    assert (row["name"], row["label"], row["size_bytes"]) == (
        f"{REPO}:Q4_K_M",
        "measured (hollow)",
        len(model) + 20_000_000,
    )
    assert row["generation_tokens_per_second"] > 0
    assert standin.bytes_sent() < 2_000_000
    assert weighin("pull", REPO)[0] == 0
    code, out, err = weighin("fit", f"{REPO}:Q4_K_M", "--context", "512", "--json")
    assert code == 0, err
    assert json.loads(out)["label"] == "measured (real file)"


def test_a_split_model_is_pulled_measured_and_carried(standin, weighin, tiny_split, tmp_path):
    standin.add(REPO, {f"deep/{name}": data for name, data in tiny_split.items()})
    code, out, err = weighin("pull", f"{REPO}:F32", "--json")
    assert code == 0, err
    (row,) = json.loads(out)
    assert [Path(file["path"]).read_bytes() for file in row["files"]] == list(tiny_split.values())
    assert row["size_bytes"] == sum(map(len, tiny_split.values()))
    assert row["sha256"] == file_sha256(Path(row["path"]))
    code, out, err = weighin("bench", REPO, "--json", "-p", "16", "-n", "4", "-r", "1", "-c", "512", HF_HUB_OFFLINE="1")
    assert code in {0, 1}, err
    (tmp_path / "plan.toml").write_text(f"candidates = [{{ id = 'a', path = '{REPO}:F32', name = 'A' }}]\n")
    code, _, err = weighin("bundle", "create", "plan.toml", "--to", "carried")
    assert code == 0, err
    box = {"HF_HOME": str(tmp_path / "box/hf"), "WEIGHIN_HOME": str(tmp_path / "box/home"), "HF_HUB_OFFLINE": "1"}
    code, out, err = weighin("bundle", "import", "carried", "--json", **box)
    assert code == 0, err
    path = Path(json.loads(out)["plan"]["candidates"][0]["path"])
    assert path.parts[-4:] == ("snapshots", SHA, "deep", "part-F32-00001-of-00003.gguf")
    assert {part.name: part.read_bytes() for part in path.parent.iterdir()} == tiny_split
    assert weighin("pull", f"{REPO}:F32", **box)[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_while_a_run_still_downloads(standin, start, model, tmp_path):
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


def test_run_takes_a_plan_that_names_the_hub(standin, weighin, tiny_gguf, choice_file, tmp_path):
    standin.add(REPO, {FILE: tiny_gguf(1)})
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans/plan.toml").write_text(
        f"item_limit = 4\nsuites = [{{ name = 'mine', data = '{choice_file}' }}]\n"
        f"candidates = [{{ id = 'a', path = '{REPO}:Q4_K_M', name = 'A' }}]\n[settings]\nn_ctx = 512\nn_threads = 1\n"
        "[speed]\nrepeats = 1\n"
    )
    code, out, err = weighin("run", "plans/plan.toml")
    assert code == 0, err
    assert "downloading" in err
    assert "▶" in out
    assert "A" in out


def test_a_saved_plan_has_the_path_in_the_cache(standin, weighin, tiny_gguf, tmp_path):
    standin.add(REPO, {FILE: tiny_gguf(1)})
    code, _, err = weighin("run", "--model", REPO, "--save-plan", "plan.toml", *FAST)
    assert code == 0, err
    assert f"snapshots/{SHA}/{FILE}" in (tmp_path / "plan.toml").read_text()


def test_a_slip_in_the_last_name_is_said_before_anything_is_downloaded(standin, weighin, tiny_gguf):
    standin.add(REPO, {FILE: tiny_gguf(1)})
    code, _, err = weighin("run", "--model", REPO, "--model", "qwen3-1.7bb")
    assert code == 2
    assert "Did you mean qwen3-1.7b" in err
    assert standin.requests == []


def ollama_store(tmp_path: Path, data: bytes) -> None:
    import hashlib

    root = tmp_path / "user/.ollama/models"
    digest = hashlib.sha256(data).hexdigest()
    blob = root / f"blobs/sha256-{digest}"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(data)
    manifest = root / "manifests/registry.ollama.ai/library/tinything/1b"
    manifest.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}
    manifest.write_text(json.dumps({"layers": [layer]}))


def test_other_programs_models_are_listed_and_run(standin, weighin, tiny_gguf, tmp_path):
    ollama_store(tmp_path, tiny_gguf(5))
    studio = tmp_path / "user/.lmstudio/models/owner/repo/studio-thing-Q8_0.gguf"
    studio.parent.mkdir(parents=True)
    studio.write_bytes(tiny_gguf(6))
    code, out, err = weighin("local", "--json")
    assert code == 0, err
    assert {(row["name"], row["source"]) for row in json.loads(out)} == {
        ("tinything:1b", "ollama"), ("studio-thing-Q8_0", "lm-studio"),
    }  # fmt: skip
    assert "ollama:tinything:1b" in weighin("local")[1]
    names = ["ollama:tinything:1b", "tinything:1b", "studio-thing-Q8_0", "lm-studio:studio-thing-q8_0"]
    code, out, err = weighin("pull", *names, "--json")
    assert code == 0, err
    rows = json.loads(out)
    assert rows[0]["path"] == rows[1]["path"]
    assert rows[2]["path"] == rows[3]["path"] == str(studio)
    code, out, err = weighin("bench", "tinything:1b", "--json", "-p", "16", "-n", "4", "-r", "1", "-c", "512")
    assert code in {0, 1}, err
    assert json.loads(out.splitlines()[0])["candidates"][0]["name"] == "tinything:1b"
    assert standin.requests == []


def test_an_ambiguous_name_is_not_guessed(weighin, tiny_gguf, tmp_path):
    for folder in ("a", "b"):
        path = tmp_path / f"user/.lmstudio/models/{folder}/repo/twin-Q8_0.gguf"
        path.parent.mkdir(parents=True)
        path.write_bytes(tiny_gguf(6))
    code, _, err = weighin("pull", "twin-Q8_0")
    assert code == 2
    assert "2 models here are called 'twin-Q8_0'" in err
    assert "/a/repo/twin-Q8_0.gguf" in err


def test_search_lists_repositories_and_says_when_there_are_none(
    standin: Any, weighin: Callable[..., tuple[int, str, str]], model: bytes
) -> None:
    standin.add(REPO, {FILE: model})
    standin.add("owner/closed-some-GGUF", {FILE: model}, gated="manual")
    code, out, _err = weighin("search", "some")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert set(lines) == {REPO, "owner/closed-some-GGUF"}
    assert "gated" in lines["owner/closed-some-GGUF"]
    assert "gated" not in lines[REPO]
    assert {row["repo"] for row in json.loads(weighin("search", "some", "--json")[1])} == set(lines)
    code, out, err = weighin("search", "nothing-like-it")
    assert (code, out) == (0, "")
    assert "no GGUF repository" in err
