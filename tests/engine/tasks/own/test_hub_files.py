"""Data sets on the hub as your own data: downloaded once into the client's cache, pinned, then used offline."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from weighin.engine.errors import DatasetError, PlanError, WeighinError
from weighin.engine.plan.model import (
    BuiltInSuite,
    FileSource,
    HubSource,
    OwnAsking,
    OwnSuite,
    Plan,
    Settings,
    data_path,
)
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan, own_suite
from weighin.engine.tasks.items import GenerateItem
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.own.hub_files import find_hub_files

COMMIT = "1234567890abcdef1234567890abcdef12345678"
COLUMNS = {"frage": "prompt", "antwort": "answer"}


def rows(*numbers: int) -> bytes:
    return "\n".join(json.dumps({"frage": f"{n} plus 1?", "antwort": str(n + 1)}) for n in numbers).encode()


@pytest.fixture
def hub(standin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", standin.url)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE  # made of the endpoint when the client was imported
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", standin.url + template[template.index("/{repo_id}") :]
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    files = {
        "data/test-0.jsonl": rows(1, 2),
        "data/test-1.jsonl": rows(3),
        "data/train.jsonl": rows(9),
        "README.md": b"x",
    }
    standin.add("datasets/owner/sums", files, small=("README.md", "data/test-1.jsonl"))
    return standin


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


SOURCE = HubSource(repo="owner/sums", pattern="data/test-*.jsonl")


def sums(source: HubSource = SOURCE, **asking: Any) -> OwnSuite:
    return OwnSuite(name="sums", source=source, asking=OwnAsking(**({"columns": COLUMNS} | asking)))


def source(**changes: str) -> HubSource:
    return msgspec.structs.replace(SOURCE, **changes)


def test_files_of_a_data_set_are_downloaded_once_and_read_as_one(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    items = open_suite(sums(), seed=1, limit=0).items
    assert sorted((i.id, i.prompt, i.answers) for i in items if isinstance(i, GenerateItem)) == [
        ("line-1", "1 plus 1?", ("2",)),
        ("line-2", "2 plus 1?", ("3",)),
        ("line-3", "3 plus 1?", ("4",)),
    ]
    fetched = len(hub.requests)
    # Nothing tells that the cache has all that the pattern means, so the hub is asked for its list; files are here.
    assert open_suite(sums(), seed=1, limit=0).items == items
    assert [r.path.partition("?")[0] for r in hub.requests[fetched:]] == ["/api/datasets/owner/sums/revision/main"]
    offline(monkeypatch)
    assert open_suite(sums(), seed=1, limit=0).items == items
    assert open_suite(sums(source(revision=COMMIT)), seed=1, limit=0).items == items
    assert len(hub.requests) == fetched + 1


def test_one_file_and_numbered_parts_in_the_cache_need_no_request(hub: Any) -> None:
    hub.add("datasets/owner/parts", {f"p-0000{n}-of-00002.jsonl": rows(n) for n in (0, 1)})
    for repo, pattern in (("owner/sums", "data/train.jsonl"), ("owner/parts", "p-*.jsonl")):
        first = find_hub_files(HubSource(repo=repo, pattern=pattern))
        assert first.commit == COMMIT
        fetched = len(hub.requests)
        assert find_hub_files(HubSource(repo=repo, pattern=pattern)) == first
        assert len(hub.requests) == fetched


def test_a_part_that_is_gone_from_the_cache_is_downloaded_again(hub: Any) -> None:
    hub.add("datasets/owner/parts", {f"p-0000{n}-of-00002.jsonl": rows(n) for n in (0, 1)})
    first = find_hub_files(HubSource(repo="owner/parts", pattern="p-*.jsonl"))
    first.files[1][1].unlink()
    assert find_hub_files(HubSource(repo="owner/parts", pattern="p-*.jsonl")) == first
    assert first.files[1][1].read_bytes() == rows(1)


def test_a_missing_data_set_offline_fails_and_says_what_to_do(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch)
    with pytest.raises(DatasetError, match=r"owner/sums has no data/test-\*\.jsonl in the cache .* HF_HUB_OFFLINE"):
        open_suite(sums(), seed=1, limit=0)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("suite", "said"),
    [
        (
            sums(source(pattern="data/valid.jsonl")),
            r"has no file data/valid\.jsonl\. It has data/test-0\.jsonl, data/test-1",
        ),
        (sums(source(repo="owner/other")), "There is no repo datasets/owner/other"),
        (sums(source(revision="v2")), "has no such revision"),
        (sums(columns={"question": "prompt"}), "has no column 'question'. It has 'frage', 'antwort'"),
    ],
)
def test_missing_files_data_sets_revisions_and_columns_fail(hub: Any, suite: OwnSuite, said: str) -> None:
    with pytest.raises(WeighinError, match=said):
        open_suite(suite, seed=1, limit=0)


def test_a_bad_row_is_reported_with_its_file_and_line(hub: Any) -> None:
    hub.add("datasets/owner/sums", {"data/test-0.jsonl": rows(1, 2), "data/test-1.jsonl": rows(3) + b"\n\n{}\nx"})
    with pytest.raises(DatasetError, match=r"line 3: of test-1\.jsonl: .*; line 4: of test-1\.jsonl: not valid JSON"):
        open_suite(sums(), seed=1, limit=0)


def test_enormous_files_are_not_downloaded(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from weighin.engine.tasks.own import hub_files

    monkeypatch.setattr(hub_files, "MAX_FILE_BYTES", 10)
    with pytest.raises(DatasetError, match=r"data/test-0\.jsonl of owner/sums has .* MiB; the maximum is"):
        open_suite(sums(), seed=1, limit=0)
    assert hub.bytes_sent() == 0


def test_a_gated_data_set_names_its_page(hub: Any) -> None:
    hub.add("datasets/owner/sums", {"data/test-0.jsonl": rows(1)}, gated="manual")
    with pytest.raises(
        WeighinError, match=r"datasets/owner/sums is gated.* Accept the terms on .*/datasets/owner/sums"
    ):
        open_suite(sums(), seed=1, limit=0)


def test_a_run_pins_the_commit_and_refuses_other_data(hub: Any, tmp_path: Path, tiny_models: list[Path]) -> None:
    plan = freeze_plan(
        Plan(
            candidates=candidates_from_paths([str(tiny_models[0])]),
            suites=(sums(shots=1),),
            settings=Settings(n_ctx=512),
        )
    ).plan
    (suite,) = plan.suites
    assert isinstance(suite, OwnSuite)
    assert suite.source == source(revision=COMMIT)
    assert len(suite.data_sha256) == 64
    sent = len(hub.requests)
    assert freeze_plan(plan).plan == plan
    assert len(hub.requests) == sent  # the hash says that the cache has it all
    part = next((tmp_path / "cache").rglob("snapshots/*/data/test-0.jsonl"))
    part.unlink()
    assert freeze_plan(plan).plan == plan  # and that it has not: it is fetched again
    assert part.is_file()
    blob = next((tmp_path / "cache").rglob("snapshots/*/data/test-1.jsonl")).resolve()
    blob.write_bytes(rows(4))
    with pytest.raises(PlanError, match=r"The data of sums has changed"):
        freeze_plan(plan)


def test_own_data_is_named_by_a_path_or_a_data_set(tmp_path: Path) -> None:
    suite = own_suite("owner/Some_Sums@v1:data/test-*.parquet")
    assert suite.name == "some_sums"
    assert suite.source == HubSource(repo="owner/Some_Sums", pattern="data/test-*.parquet", revision="v1")
    assert own_suite("owner/sums:a.csv", taken=["sums"]).name == "sums-2"
    file = tmp_path / "PIQA.csv"
    assert own_suite(str(file)) == OwnSuite(name="piqa-2", source=FileSource(path=str(file)))


def test_own_data_cannot_have_the_name_of_a_reference_suite(hub: Any) -> None:
    with pytest.raises(DatasetError, match="piqa is the name of a reference suite"):
        open_suite(OwnSuite(name="piqa", source=source(pattern="data/train.jsonl")), seed=1, limit=0)


# Bundles


@pytest.mark.parametrize("pattern", ["data/test-*.jsonl", "data/train.jsonl"])
def test_a_data_set_travels_in_a_bundle_with_its_columns(
    hub: Any, tmp_path: Path, tiny_models: list[Path], monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    from weighin.engine.bundle.create import create_bundle, verify_bundle
    from weighin.engine.bundle.install import install_bundle

    wanted = Plan(
        candidates=candidates_from_paths([str(tiny_models[0])]),
        suites=(sums(source(pattern=pattern), scorer="numeric"), BuiltInSuite(name="everyday-choice")),
        settings=Settings(n_ctx=512),
    )
    plan = freeze_plan(wanted).plan
    create_bundle(plan, tmp_path / "bundle")
    manifest = verify_bundle(tmp_path / "bundle")
    origins = [file.origin for file in manifest.files if file.kind == "data"]
    assert {(o.repo, o.commit) for o in origins if o} == {("owner/sums", COMMIT)}
    assert origins[0] is not None
    assert origins[0].file in {"data/test-0.jsonl", "data/train.jsonl"}
    # Over there: another cache, no network, and no word of the hub in the plan.
    offline(monkeypatch)
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / "there"))
    sent = len(hub.requests)
    imported = install_bundle(tmp_path / "bundle", env={"HF_HUB_CACHE": str(tmp_path / "other")}).plan
    suite = imported.suites[0]
    assert isinstance(suite, OwnSuite)
    assert isinstance(suite.source, FileSource)
    assert suite.asking == OwnAsking(columns=COLUMNS, scorer="numeric")
    assert suite.data_sha256 == plan.suites[0].data_sha256
    assert freeze_plan(imported).plan.suites == imported.suites
    there, here = (open_suite(s, seed=1, limit=0).items for s in (suite, plan.suites[0]))
    assert there == here
    assert len(hub.requests) == sent


def test_a_bundle_whose_plan_names_the_hub_fails(hub: Any, tmp_path: Path, tiny_models: list[Path]) -> None:
    import hashlib

    from weighin.engine.bundle.create import create_bundle, verify_bundle

    candidates = candidates_from_paths([str(tiny_models[0])])
    create_bundle(Plan(candidates=candidates), tmp_path / "bundle")
    plan = tmp_path / "bundle" / "plan.toml"
    old = plan.read_bytes()
    new = old + b'\n[[suites]]\nname = "s"\nhub_repo = "owner/sums"\nhub_file = "data/train.jsonl"\n'
    plan.write_bytes(new)
    manifest = tmp_path / "bundle" / "bundle.json"
    document = json.loads(manifest.read_text())
    entry = next(file for file in document["files"] if file["path"] == "plan.toml")
    entry.update(size_bytes=len(new), sha256=hashlib.sha256(new).hexdigest())
    manifest.write_text(json.dumps(document))
    with pytest.raises(WeighinError, match="its plan names 'owner/sums'"):
        verify_bundle(tmp_path / "bundle")


def test_a_folder_of_files_travels_in_its_order(tmp_path: Path, tiny_models: list[Path]) -> None:
    from weighin.engine.bundle.create import create_bundle, import_bundle

    folder = tmp_path / "mine"
    folder.mkdir()
    for name, number in (("b.jsonl", 2), ("a.jsonl", 1), ("c.jsonl", 3)):
        (folder / name).write_bytes(rows(number))
    suite = OwnSuite(name="mine", source=FileSource(path=str(folder)), asking=OwnAsking(columns=COLUMNS))
    plan = freeze_plan(Plan(candidates=candidates_from_paths([str(tiny_models[0])]), suites=(suite,))).plan
    create_bundle(plan, tmp_path / "bundle")
    carried = import_bundle(tmp_path / "bundle").plan.suites[0]
    assert Path(data_path(carried)).is_dir()
    assert open_suite(carried, seed=1, limit=0).items == open_suite(suite, seed=1, limit=0).items
    assert freeze_plan(import_bundle(tmp_path / "bundle").plan).plan.suites == (carried,)


# The command line, with the environment that users set


def test_a_preview_of_a_data_set_on_the_hub(
    standin: Any, start_python: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    standin.add("datasets/owner/sums", {"test-0.jsonl": rows(1, 2), "test-1.jsonl": rows(3)})
    words = ["preview", "owner/sums@main:test-*.jsonl", "--columns", "prompt=frage,answer=antwort"]
    code = f"import sys; from weighin.tui.cli.main import main; sys.argv[1:] = {words}; main()"
    out, err = start_python(code).communicate(timeout=60)
    assert err == ""
    assert out.startswith(
        "owner/sums test-*.jsonl: 3 generate items; columns prompt (frage), answer (antwort); scored by exact"
    )
    assert "  line-2  2 plus 1?  → 3" in out
    sent = len(standin.requests)
    again, err = start_python(code, HF_HUB_OFFLINE="1").communicate(timeout=60)
    assert (again, err) == (out, "")
    assert len(standin.requests) == sent
    _out, err = start_python(code, HF_HUB_OFFLINE="1", HF_HUB_CACHE=str(tmp_path / "empty")).communicate(timeout=60)
    assert err.startswith("weighin: owner/sums has no test-*.jsonl in the cache")
    assert len(err.splitlines()) == 1
