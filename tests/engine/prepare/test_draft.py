"""The wizard's draft: saved, damaged, or turned into a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.plan.model import FileSource, HubSource, OwnAsking, OwnSuite
from weighin.engine.prepare.draft import Draft, SampleModel, Target, load_draft, plan_from_draft, save_draft


def test_a_draft_comes_back_whole(tmp_path: Path) -> None:
    own = {"/q.csv": OwnAsking(scorer="contains", shots=2, columns={"frage": "prompt"})}
    draft = Draft(data_files=("/q.csv",), own=own, picked=("/x.gguf",), target=Target(n_ctx=2048), step=3)
    save_draft(draft, tmp_path / "deep" / "draft.json")
    assert load_draft(tmp_path / "deep" / "draft.json") == draft


def test_the_sample_is_a_typed_pick_also_in_drafts_of_earlier_versions(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    save_draft(Draft(picked=("sample.gguf", SampleModel())), path)
    assert load_draft(path).picked == ("sample.gguf", SampleModel())
    path.write_bytes(b'{"picked": ["sample", "/x.gguf"]}')
    assert load_draft(path).picked == (SampleModel(), "/x.gguf")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"suites": 3}'])
def test_a_damaged_draft_starts_afresh(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "draft.json"
    path.write_bytes(content)
    assert load_draft(path) == Draft()


def test_the_plan_holds_the_answers_of_the_draft(tmp_path: Path) -> None:
    model = tmp_path / "tiny.gguf"
    write_tiny_model(model)
    target = Target(this_machine=False, ram_bytes=4 * 2**30, cores=3, n_ctx=1024, min_tokens_per_second=5.0)
    data = (str(tmp_path / "everyday-choice.csv"), "owner/sums@v1:data/test-*.parquet")
    own = {data[1]: OwnAsking(scorer="numeric", shots=3, columns={"q": "prompt"})}
    draft = Draft(target=target, picked=(str(model),), suites=("everyday-choice",), data_files=data, own=own)
    plan = plan_from_draft(draft)
    assert plan.candidates[0].path == str(model.resolve())
    assert (plan.settings.n_ctx, plan.settings.n_threads, plan.settings.n_gpu_layers) == (1024, 3, 0)
    assert plan.limits.max_memory_bytes == 4 * 2**30
    assert [suite.name for suite in plan.suites] == ["everyday-choice", "everyday-choice-2", "sums"]
    assert plan.suites[1] == OwnSuite(name="everyday-choice-2", source=FileSource(path=data[0]))
    assert plan.suites[2] == OwnSuite(
        name="sums",
        source=HubSource(repo="owner/sums", pattern="data/test-*.parquet", revision="v1"),
        asking=own[data[1]],
    )
