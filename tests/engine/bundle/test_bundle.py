"""Bundles: made, carried, checked, and never trusted; without a socket on the other side."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weighin.engine.bundle.create import create_bundle, import_bundle, verify_bundle
from weighin.engine.bundle.manifest import read_manifest
from weighin.engine.errors import PlanError
from weighin.engine.gguf.files import file_sha256
from weighin.engine.hub import errors
from weighin.engine.plan.model import BuiltInSuite, Candidate, FileSource, OwnSuite, Plan, data_path


@pytest.fixture
def plan(tmp_path: Path, make_content: Callable[..., bytes]) -> Any:
    models = tmp_path / "models"
    models.mkdir()
    (models / "a-Q4_0.gguf").write_bytes(make_content(3_000_000, 1))
    for number in (1, 2):
        (models / f"b-Q8_0-0000{number}-of-00002.gguf").write_bytes(make_content(50_000, number + 1))
    (models / ("sha256-" + "0" * 64)).write_bytes(make_content(10_000, 9))
    data = tmp_path / "my data.jsonl"
    data.write_text('{"question": "?", "answer": "!"}\n', encoding="utf-8")
    return Plan(
        candidates=(
            Candidate(id="a", path=str(models / "a-Q4_0.gguf"), name="A"),
            Candidate(id="b", path=str(models / "b-Q8_0-00001-of-00002.gguf"), name="B"),
            Candidate(id="c", path=str(models / ("sha256-" + "0" * 64)), name="C"),
        ),
        suites=(BuiltInSuite(name="everyday-choice"), OwnSuite(name="mine", source=FileSource(path=str(data)))),
    )


@pytest.fixture
def bundle(plan: Any, tmp_path: Path) -> Any:
    create_bundle(plan, tmp_path / "bundle", license_texts={"Apache-2.0": "Apache License"})
    return tmp_path / "bundle"


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def names(folder: Any) -> Any:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def change_manifest(bundle: Any, change: Any) -> None:
    path = bundle / "bundle.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_a_bundle_has_everything_the_plan_needs(bundle: Any) -> None:
    assert names(bundle) == [
        "README.txt",
        "bundle.json",
        "data/1-my_data.jsonl",
        "licenses/Apache-2.0",
        "models/a/a-Q4_0.gguf",
        "models/b/b-Q8_0-00001-of-00002.gguf",
        "models/b/b-Q8_0-00002-of-00002.gguf",
        "models/c/c.gguf",
        "plan.toml",
    ]


def test_there_and_back_without_a_socket(plan: Any, bundle: Any, tmp_path: Path, no_sockets: Any) -> None:
    carried = tmp_path / "stick" / "b"
    shutil.copytree(bundle, carried)
    shutil.rmtree(tmp_path / "models")
    verify_bundle(carried)
    for to in (None, tmp_path / "box"):
        imported = import_bundle(carried, to=to)
        assert imported.folder == (to or carried).resolve()
        assert [c.name for c in imported.plan.candidates] == ["A", "B", "C"]
        for candidate in imported.plan.candidates:
            assert candidate.path.startswith(str(imported.folder))
            assert file_sha256(Path(candidate.path)) == candidate.sha256
        assert data_path(imported.plan.suites[0]) == ""
        assert data_path(imported.plan.suites[1]) == str(imported.folder / "data/1-my_data.jsonl")
        assert [path.name for path in imported.licenses] == ["Apache-2.0"]
    assert import_bundle(carried, to=tmp_path / "box").folder == (tmp_path / "box").resolve()


def test_wheels_go_into_the_bundle(plan: Any, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with pytest.raises(errors.BundleError, match="no wheels"):
        create_bundle(plan, tmp_path / "bundle", wheels=wheels)
    (wheels / "x-1-py3-none-any.whl").write_bytes(b"PK")
    (wheels / "notes.txt").write_bytes(b"no")
    create_bundle(plan, tmp_path / "bundle", wheels=wheels)
    assert [p.name for p in import_bundle(tmp_path / "bundle").wheels] == ["x-1-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda b: (b / "models/a/a-Q4_0.gguf").unlink(), "a-Q4_0.gguf is missing"),
        (lambda b: (b / "models/a/a-Q4_0.gguf").write_bytes(b"short"), "has 5 bytes instead of"),
        (lambda b: (b / "data/more.txt").write_bytes(b"?"), "data/more.txt does not belong"),
        (lambda b: (b / "bundle.json").unlink(), "is not a bundle"),
        (lambda b: (b / "bundle.json").write_bytes(b"{"), "not a manifest"),
        (lambda b: (b / "plan.toml").write_bytes(b"x" * (b / "plan.toml").stat().st_size), "was altered"),
    ],
)
def test_damage_is_named(bundle: Any, damage: Any, words: str) -> None:
    damage(bundle)
    with pytest.raises(errors.BundleError, match=words):
        verify_bundle(bundle)
    with pytest.raises(errors.BundleError):
        import_bundle(bundle)


def test_a_flipped_bit_is_found_and_all_problems_are_listed(bundle: Any) -> None:
    path = bundle / "models/a/a-Q4_0.gguf"
    data = bytearray(path.read_bytes())
    data[2_000_000] ^= 1
    path.write_bytes(data)
    (bundle / "models/c/c.gguf").unlink()
    with pytest.raises(errors.BundleError, match="altered or damaged") as caught:
        verify_bundle(bundle)
    assert len(caught.value.problems) == 2


def test_what_file_managers_leave_is_no_problem(bundle: Any) -> None:
    (bundle / ".DS_Store").write_bytes(b"x")
    (bundle / "models/._a").write_bytes(b"x")
    assert not {".DS_Store", "models/._a"} & {file.path for file in verify_bundle(bundle).files}


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "models/../../x", "C:\\x", "a\\..\\b", "", "models/./x"])
def test_a_manifest_that_leads_outside(bundle: Any, path: str) -> None:
    change_manifest(bundle, lambda m: m["files"][0].update(path=path))
    with pytest.raises(errors.BundleError, match="not a path inside"):
        verify_bundle(bundle)


@pytest.mark.parametrize(
    "origin",
    [
        {"repo": "../evil", "commit": "a" * 40, "file": "x.gguf"},
        {"repo": "owner/repo", "commit": "../../..", "file": "x.gguf"},
        {"repo": "owner/repo", "commit": "a" * 40, "file": "../../../x.gguf"},
        {"repo": "owner/repo--more", "commit": "a" * 40, "file": "x.gguf"},
    ],
)
def test_an_origin_that_leads_out_of_the_cache(bundle: Any, origin: Any) -> None:
    change_manifest(bundle, lambda m: m["files"][-2].update(origin=origin))
    with pytest.raises(errors.BundleError, match="invalid origin on the hub"):
        verify_bundle(bundle)


def test_a_file_that_changes_after_it_was_checked_gets_no_name(
    bundle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from weighin.engine.bundle import create as module

    verify = module.verify_bundle

    def then_change(folder: Any, **more: Any) -> Any:
        manifest = verify(folder, **more)
        (bundle / "models/c/c.gguf").write_bytes(b"GGUF" + bytes(9_996))
        return manifest

    monkeypatch.setattr(module, "verify_bundle", then_change)
    with pytest.raises(errors.LocalStoreError, match="changed while it was copied"):
        import_bundle(bundle, to=tmp_path / "box")
    assert not (tmp_path / "box/models/c/c.gguf").exists()
    assert not (tmp_path / "box/models/c/c.gguf.part").exists()
    assert not (tmp_path / "box/bundle.json").exists()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
paths = st.text(max_size=20) | st.from_regex(r"[a-z./\\~:]{0,20}", fullmatch=True) | st.just("plan.toml")
files = st.fixed_dictionaries(
    {
        "path": paths | json_values,
        "kind": st.sampled_from(["model", "plan", "data"]) | json_values,
        "size_bytes": st.integers(-5, 5) | json_values,
        "sha256": st.just("a" * 64) | json_values,
    },
    optional={"origin": json_values},
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(st.fixed_dictionaries({"files": st.lists(files, max_size=3)}, optional={"format": json_values}) | json_values)
def test_any_manifest_is_read_with_paths_inside_or_refused(tmp_path: Path, document: Any) -> None:
    (tmp_path / "bundle.json").write_text(json.dumps(document))
    try:
        manifest = read_manifest(tmp_path)
    except errors.BundleError:
        return
    assert any(file.path == "plan.toml" for file in manifest.files)
    for file in manifest.files:
        assert (tmp_path / file.path).resolve().is_relative_to(tmp_path.resolve())
        assert file.size_bytes >= 0


def test_a_link_instead_of_a_file(bundle: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    shutil.move(bundle / "models/c/c.gguf", secret)
    (bundle / "models/c/c.gguf").symlink_to(secret)
    with pytest.raises(errors.BundleError, match="is a link"):
        verify_bundle(bundle)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are made with POSIX calls")
@pytest.mark.parametrize("name", ["models/c/c.gguf", "plan.toml", "bundle.json"])
def test_a_pipe_instead_of_a_file_is_not_opened(bundle: Any, name: str) -> None:
    (bundle / name).unlink()
    os.mkfifo(bundle / name)
    with pytest.raises(errors.BundleError, match="not a regular file"):
        verify_bundle(bundle)


def test_a_linked_folder(bundle: Any, tmp_path: Path) -> None:
    shutil.move(bundle / "models", tmp_path / "elsewhere")
    (bundle / "models").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.BundleError, match="is a link"):
        verify_bundle(bundle)


@pytest.mark.parametrize("bad_id", ["../../../escape", "a; touch INJECTED #", "-h"])
def test_a_plan_whose_ids_could_leave_their_place(bundle: Any, bad_id: str) -> None:
    toml = (bundle / "plan.toml").read_text().replace('id = "a"', f'id = "{bad_id}"')
    (bundle / "plan.toml").write_text(toml)

    def fix(manifest: Any) -> None:
        for file in manifest["files"]:
            if file["path"] == "plan.toml":
                file.update(size_bytes=len(toml), sha256=hashlib.sha256(toml.encode()).hexdigest())

    change_manifest(bundle, fix)
    for check in (verify_bundle, import_bundle):
        with pytest.raises(PlanError, match="candidate id"):
            check(bundle)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.gguf", "models/a/other.gguf"])
def test_a_plan_that_names_files_elsewhere(bundle: Any, path: str) -> None:
    toml = (bundle / "plan.toml").read_text().replace("models/a/a-Q4_0.gguf", path)
    (bundle / "plan.toml").write_text(toml)

    def fix(manifest: Any) -> None:
        for file in manifest["files"]:
            if file["path"] == "plan.toml":
                file.update(size_bytes=len(toml), sha256=hashlib.sha256(toml.encode()).hexdigest())

    change_manifest(bundle, fix)
    with pytest.raises(errors.BundleError, match="its plan names"):
        verify_bundle(bundle)


def test_a_plan_that_names_a_task_file(bundle: Any) -> None:
    (bundle / "data/1-my_data.jsonl").rename(bundle / "data/1-my_data.yaml")
    toml = (bundle / "plan.toml").read_text().replace("data/1-my_data.jsonl", "data/1-my_data.yaml")
    (bundle / "plan.toml").write_text(toml)

    def fix(manifest: Any) -> None:
        for file in manifest["files"]:
            file["path"] = file["path"].replace("1-my_data.jsonl", "1-my_data.yaml")
            if file["path"] == "plan.toml":
                file.update(size_bytes=len(toml), sha256=hashlib.sha256(toml.encode()).hexdigest())

    change_manifest(bundle, fix)
    # Rows are no task.
    with pytest.raises(errors.BundleError, match=r"1-my_data\.yaml"):
        verify_bundle(bundle)


def test_an_interrupted_bundle_resumes(plan: Any, tmp_path: Path) -> None:
    to = tmp_path / "bundle"

    def soon() -> Any:
        part = to / "models/a/a-Q4_0.gguf.part"
        return part.exists() and part.stat().st_size >= 2 * 2**20

    with pytest.raises(errors.UserCancelledError):
        create_bundle(plan, to, cancelled=soon)
    assert not (to / "bundle.json").exists()
    with pytest.raises(errors.BundleError, match="unfinished"):
        verify_bundle(to)
    inode = (to / "models/a/a-Q4_0.gguf.part").stat().st_ino
    create_bundle(plan, to)
    assert (to / "models/a/a-Q4_0.gguf").stat().st_ino == inode
    assert not list(to.rglob("*.part"))
    verify_bundle(to)


def test_a_temporary_file_of_a_killed_process_does_not_end_up_in_the_bundle(plan: Any, tmp_path: Path) -> None:
    to = tmp_path / "bundle"
    to.mkdir()
    (to / "bundle.unfinished").touch()
    (to / "plan.toml.4711-0123abcd.part").write_text("half")
    create_bundle(plan, to)
    verify_bundle(to)
    assert not list(to.rglob("*.part"))


def test_a_part_of_something_else_is_not_kept(plan: Any, tmp_path: Path, make_content: Callable[..., bytes]) -> None:
    to = tmp_path / "bundle"
    (to / "models/a").mkdir(parents=True)
    (to / "bundle.unfinished").touch()
    (to / "models/a/a-Q4_0.gguf.part").write_bytes(make_content(2_000_000, 77))
    (to / "models/a/a-Q4_0.gguf").write_bytes(b"wrong")
    create_bundle(plan, to)
    assert "models/a/a-Q4_0.gguf" in {file.path for file in verify_bundle(to).files}
    assert not list(to.rglob("*.part"))


def test_nothing_of_the_user_is_overwritten(plan: Any, tmp_path: Path, bundle: Any) -> None:
    with pytest.raises(errors.BundleError, match="finished bundle"):
        create_bundle(plan, bundle)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years")
    with pytest.raises(errors.BundleError, match=r"thesis\.txt"):
        create_bundle(plan, tmp_path / "full")
    assert names(tmp_path / "full") == ["thesis.txt"]
    with pytest.raises(errors.BundleError, match=r"thesis\.txt"):
        import_bundle(bundle, to=tmp_path / "full")


def test_a_full_disk_and_missing_files_are_errors(plan: Any, tmp_path: Path) -> None:
    with pytest.raises(errors.DiskFullError):
        create_bundle(plan, tmp_path / "bundle", disk_free_bytes=lambda folder: 1000)
    (tmp_path / "models/a-Q4_0.gguf").unlink()
    with pytest.raises(errors.LocalStoreError, match=r"a-Q4_0\.gguf"):
        create_bundle(plan, tmp_path / "bundle")
    with pytest.raises(errors.BundleError, match="no candidates"):
        create_bundle(Plan(), tmp_path / "empty")


def test_a_model_that_changed_since_the_plan(plan: Any, tmp_path: Path) -> None:
    stale = msgspec.structs.replace(plan.candidates[0], sha256="0" * 64)
    with pytest.raises(errors.BundleError, match="not the file"):
        create_bundle(msgspec.structs.replace(plan, candidates=(stale,)), tmp_path / "bundle")
    assert not (tmp_path / "bundle/bundle.json").exists()
