"""`weighin bundle`: created on one machine, carried, imported on another without opening a socket."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from fixtures.command_line import QUICK_SPEED, Outcome, own_environment, wait_until

from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.plan.files import read_plan
from weighin.engine.plan.model import data_path

COMMIT = "abcdefabcdefabcdefabcdefabcdefabcdefabcd"
REPO = "bartowski/Llama-3.2-1B-Instruct-GGUF"
NAME = "Llama-3.2-1B-Instruct-Q4_K_M.gguf"

NO_NETWORK = """
import socket, sys
opened = []
def hook(event, arguments):
    # Python reports every use of a socket here, from C code too. A pair inside this machine is what asyncio wakes with.
    own = event == "socket.__new__" and arguments[1] == getattr(socket, "AF_UNIX", -1)
    if event.startswith("socket.") and not own:
        opened.append(event)
        raise RuntimeError(f"a socket was used: {event} {arguments}")
    if event in ("os.posix_spawn", "urllib.Request"):
        raise RuntimeError(event)
sys.addaudithook(hook)
class Refusing(socket.socket):
    def __init__(self, family=-1, *more, **named):
        if family != getattr(socket, "AF_UNIX", -2):
            raise RuntimeError("a socket was opened")
        super().__init__(family, *more, **named)
socket.socket = Refusing
socket.create_connection = socket.getaddrinfo = None
from weighin.tui.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    sys.exit(f"sockets: {opened}" if opened else end.code)
"""


def cache_of(machine: Path) -> Path:
    return machine / "hf/hub"


@pytest.fixture
def cached_model(tmp_path: Path) -> Path:
    """A model as huggingface_hub's cache on the first machine holds it."""
    folder = cache_of(tmp_path / "office") / ("models--" + REPO.replace("/", "--"))
    made = tmp_path / "made.gguf"
    write_tiny_model(made, seed=4, n_ctx=512)
    blob = folder / "blobs" / hashlib.sha256(made.read_bytes()).hexdigest()
    blob.parent.mkdir(parents=True)
    made.replace(blob)
    pointer = folder / "snapshots" / COMMIT / NAME
    pointer.parent.mkdir(parents=True)
    pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    (pointer.parent / "LICENSE.txt").write_text("LLAMA 3.2 COMMUNITY LICENSE AGREEMENT")
    (folder / "refs").mkdir()
    (folder / "refs/main").write_text(COMMIT)
    return pointer


@pytest.fixture
def plan_file(tmp_path: Path, cached_model: Path, choice_file: Path) -> Path:
    """A plan with a model named as on the hub, one from a folder, a built-in suite and the user's own data."""
    project = tmp_path / "project"
    project.mkdir()
    write_tiny_model(project / "mine.gguf", seed=5, n_ctx=512)
    shutil.copy(choice_file, project / "colours.jsonl")
    (project / "plan.toml").write_text(
        "item_limit = 4\n"
        "suites = [{ name = 'everyday-choice' }, { name = 'mine', data = 'colours.jsonl' }]\n"
        f"[[candidates]]\nid = 'llama'\npath = '{REPO}:Q4_K_M'\nname = 'Llama'\n"
        "[[candidates]]\nid = 'mine'\npath = 'mine.gguf'\nname = 'Mine'\n"
        "[settings]\nn_ctx = 512\nn_threads = 1\n[speed]\n" + QUICK_SPEED
    )
    return project / "plan.toml"


class OnMachine(Protocol):
    """``weighin("office", "bundle", …)`` on one of two machines; ``sealed=True`` where no socket may be opened."""

    def __call__(self, machine: str, *arguments: str, sealed: bool = False) -> Outcome: ...


@pytest.fixture
def weighin(tmp_path: Path, call_in: Callable[..., Outcome]) -> OnMachine:
    def run(machine: str, *arguments: str, sealed: bool = False) -> Outcome:
        values = environment(tmp_path / machine)
        if not sealed:
            return call_in(values, *arguments)
        command = [sys.executable, "-c", NO_NETWORK, *arguments]
        done = subprocess.run(
            command, env=values, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


def environment(machine: Path) -> dict[str, str]:
    return own_environment(
        {
            "HOME": str(machine),
            "HF_HOME": str(machine / "hf"),
            "WEIGHIN_HOME": str(machine / "weighin"),
            "HF_HUB_OFFLINE": "1",
        }
    )


@pytest.fixture
def carried(weighin: OnMachine, plan_file: Path, tmp_path: Path) -> Path:
    """The bundle on the other machine, everything it was made from gone."""
    code, out, err = weighin("office", "bundle", "create", str(plan_file), "--to", "bundle")
    assert code == 0, err
    assert "2 model files, 1 data files" in out
    assert "weighin bundle import bundle" in out
    (tmp_path / "box").mkdir()
    shutil.move(tmp_path / "bundle", tmp_path / "box/stick")
    shutil.rmtree(tmp_path / "office")
    shutil.rmtree(plan_file.parent)
    return tmp_path / "box/stick"


def test_verify_and_import_open_no_socket_and_the_plan_runs_there(
    weighin: OnMachine, carried: Path, tmp_path: Path
) -> None:
    code, out, err = weighin("box", "bundle", "verify", str(carried), sealed=True)
    assert code == 0, err
    assert "is complete and unchanged" in out
    code, out, err = weighin("box", "bundle", "import", str(carried), sealed=True)
    assert code == 0, err
    command = out.splitlines()[-1].removeprefix("Run it: ")
    assert command.startswith("weighin run ")
    plan = read_plan(Path(command.split(" ", 2)[2]))
    cached, other = (Path(candidate.path) for candidate in plan.candidates)
    assert cached == cache_of(tmp_path / "box") / f"models--{REPO.replace('/', '--')}/snapshots/{COMMIT}/{NAME}"
    assert tmp_path / "box/weighin/data/models" in other.parents
    assert data_path(plan.suites[0]) == ""
    assert tmp_path / "box/weighin/data/bundles" in Path(data_path(plan.suites[1])).parents
    shutil.rmtree(carried)  # nothing is left on the stick
    code, out, err = weighin("box", *command.split()[1:], sealed=True)
    assert code in {0, 1}, err
    assert "Llama" in out
    assert "Mine" in out
    # the hub's name works there too, and other programs find the file
    code, out, err = weighin("box", "pull", f"{REPO}:Q4_K_M", "llama-3.2-1b-instruct", sealed=True)
    assert code == 0, err
    assert out.count(str(cached)) == 2


def test_the_sealed_process_refuses_a_socket(tmp_path: Path) -> None:
    program = NO_NETWORK.replace("from weighin.tui.cli.main import main", "import urllib.request, _socket").replace(
        "main(sys.argv[1:])", "_socket.socket(_socket.AF_INET)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "a socket was used" in done.stderr


def test_importing_twice_changes_nothing(weighin: OnMachine, carried: Path, tmp_path: Path) -> None:
    first = weighin("box", "bundle", "import", str(carried), "--json")
    assert first[0] == 0, first[2]
    files = {p: p.stat().st_ino for p in (tmp_path / "box").rglob("*") if p.is_file() and carried not in p.parents}
    second = weighin("box", "bundle", "import", str(carried), "--json")
    assert second[1] == first[1]
    again = {p: p.stat().st_ino for p in (tmp_path / "box").rglob("*") if p.is_file() and carried not in p.parents}
    plan = Path(json.loads(first[1])["plan_path"])
    assert {p: i for p, i in again.items() if p != plan} == {p: i for p, i in files.items() if p != plan}


def test_a_bundle_has_the_license_texts(carried: Path) -> None:
    texts = {path.name: path.read_text() for path in (carried / "licenses").iterdir()}
    assert set(texts) == {"llama.txt", "llama-LICENSE.txt", "mine.txt"}
    assert f"From: {REPO} on the Hugging Face hub, commit {COMMIT}" in texts["llama.txt"]
    assert "Llama 3.2 Community License" in texts["llama.txt"]
    assert "700,000,000" in texts["llama.txt"]
    assert "not legal advice" in texts["llama.txt"]
    assert texts["llama-LICENSE.txt"].startswith("LLAMA 3.2")
    assert "The terms are unknown" in texts["mine.txt"]
    assert "weighin bundle import ." in (carried / "README.txt").read_text()


def test_paths_in_the_plan_of_a_bundle_are_relative(carried: Path) -> None:
    text = (carried / "plan.toml").read_text()
    assert f'path = "models/llama/{NAME}"' in text
    assert 'data = "data/1-colours.jsonl"' in text
    assert "/project" not in text


def test_a_bundle_imports_to_a_folder_or_in_place_but_not_both(
    weighin: OnMachine, carried: Path, tmp_path: Path
) -> None:
    code, out, err = weighin("box", "bundle", "import", str(carried), "--to", "box/there", "--json", sealed=True)
    assert code == 0, err
    assert json.loads(out)["command"] == f"weighin run {tmp_path}/box/there/plan.toml"
    code, out, err = weighin("box", "bundle", "import", str(carried), "--in-place", "--json", sealed=True)
    assert code == 0, err
    assert json.loads(out)["plan_path"] == str(carried / "plan.toml")
    assert not (tmp_path / "box/weighin/data/models").exists()
    assert weighin("box", "bundle", "import", str(carried), "--in-place", "--to", "x")[0] == 2


def test_a_flipped_bit_fails_and_no_file_is_installed(weighin: OnMachine, carried: Path, tmp_path: Path) -> None:
    path = carried / f"models/llama/{NAME}"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for command in ("verify", "import"):
        code, out, err = weighin("box", "bundle", command, str(carried))
        assert code == 2
        assert out == ""
        assert f"models/llama/{NAME} was altered or damaged" in err
    assert not cache_of(tmp_path / "box").exists()


def test_a_different_file_in_the_cache_is_kept(weighin: OnMachine, carried: Path, tmp_path: Path) -> None:
    pointer = cache_of(tmp_path / "box") / f"models--{REPO.replace('/', '--')}/snapshots/{COMMIT}/{NAME}"
    pointer.parent.mkdir(parents=True)
    pointer.write_bytes(b"somebody's own")
    code, out, err = weighin("box", "bundle", "import", str(carried), "--json")
    assert code == 0, err
    assert pointer.read_bytes() == b"somebody's own"
    plan = json.loads(out)["plan"]
    assert "weighin/data/models" in plan["candidates"][0]["path"]
    assert [Path(suite.get("data", "")).name for suite in plan["suites"]] == ["", "1-colours.jsonl"]


def test_a_branch_in_the_cache_keeps_its_commit(weighin: OnMachine, carried: Path, tmp_path: Path) -> None:
    ref = cache_of(tmp_path / "box") / f"models--{REPO.replace('/', '--')}/refs/main"
    ref.parent.mkdir(parents=True)
    ref.write_text("f" * 40)
    assert weighin("box", "bundle", "import", str(carried))[0] == 0
    assert ref.read_text() == "f" * 40
    assert weighin("box", "pull", f"{REPO}:Q4_K_M")[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_leaves_an_unfinished_bundle_that_the_same_command_completes(
    weighin: OnMachine, plan_file: Path, tmp_path: Path
) -> None:
    sound_bytes = (plan_file.parent / "mine.gguf").stat().st_size
    with (plan_file.parent / "mine.gguf").open("r+b") as file:
        file.truncate(2_000_000_000)  # a hole, quick to make and slow to copy
    command = [sys.executable, "-m", "weighin.tui", "bundle", "create", str(plan_file), "--to", "bundle"]
    process = subprocess.Popen(
        command, env=environment(tmp_path / "office"), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    part = tmp_path / "bundle/models/mine/mine.gguf.part"
    wait_until(part.exists)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "resumes" in err
    assert part.exists()
    code, _, err = weighin("office", "bundle", "verify", "bundle")
    assert code == 2
    assert "unfinished" in err
    with (plan_file.parent / "mine.gguf").open("r+b") as file:
        file.truncate(max(part.stat().st_size, sound_bytes) + 1000)  # so that the rest is not two gigabytes
    code, _, err = weighin("office", "bundle", "create", str(plan_file), "--to", "bundle")
    assert code == 0, err
    assert weighin("office", "bundle", "verify", "bundle")[0] == 0


def test_errors_in_the_plan_are_reported_before_anything_is_written(
    weighin: OnMachine, plan_file: Path, tmp_path: Path
) -> None:
    text = plan_file.read_text()
    for old, new, words in (
        ("mine.gguf", "none.gguf", "There is no file"),
        ("everyday-choice", "everyday-choise", "Did you mean everyday-choice"),
        (f"{REPO}:Q4_K_M", f"{REPO}:Q8_0", "HF_HUB_OFFLINE"),
    ):
        plan_file.write_text(text.replace(old, new))
        code, _, err = weighin("office", "bundle", "create", str(plan_file), "--to", "bundle")
        assert code == 2
        assert words in err
        assert not (tmp_path / "bundle").exists()
    assert weighin("office", "bundle", "create", "none.toml", "--to", "bundle")[0] == 2
    assert weighin("office", "bundle", "verify", "nowhere")[0] == 2


def test_a_bundle_carries_the_wheels_of_a_folder(weighin: OnMachine, plan_file: Path, tmp_path: Path) -> None:
    (tmp_path / "gathered").mkdir()
    (tmp_path / "gathered/x-1-py3-none-any.whl").write_bytes(b"PK")
    command = ["bundle", "create", str(plan_file), "--to", "bundle", "--wheels-from", "gathered"]
    code, out, err = weighin("office", *command)
    assert code == 0, err
    assert "1 wheels" in out
    assert "pip install --no-index --find-links bundle/wheels weighin" in out
    assert "pip install" in (tmp_path / "bundle/README.txt").read_text()
    code, out, err = weighin("office", "bundle", "import", "bundle", "--json", sealed=True)
    assert json.loads(out)["wheels"] == [str(tmp_path / "bundle/wheels/x-1-py3-none-any.whl")]


def test_wheels_are_built_by_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from weighin.engine.bundle.create import build_wheels, own_requirement
    from weighin.engine.hub.errors import BundleError

    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
        "[project]\nname = 'nothing-much'\nversion = '1'\n[tool.setuptools]\npackages = []\n"
    )
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # pip reads this switch the other way round
    build_wheels(tmp_path / "wheels", requirement=str(project))
    assert [path.name for path in (tmp_path / "wheels").iterdir()] == ["nothing_much-1-py3-none-any.whl"]
    with pytest.raises(BundleError, match="no-such-package-at-all"):
        build_wheels(tmp_path / "wheels", requirement="no-such-package-at-all")
    assert "weighin" in own_requirement() or (Path(own_requirement()) / "pyproject.toml").is_file()
