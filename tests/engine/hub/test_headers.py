"""A model's header without the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures.standin_hub import StandIn

from weighin.engine.errors import ModelFileError
from weighin.engine.fit.source import FileSource, HubSource, named_source
from weighin.engine.gguf.header import parse_header
from weighin.engine.hub import errors
from weighin.engine.hub.listing import list_repo
from weighin.engine.hub.remote import remote_header

REPO = "owner/some-GGUF"
FILE = "some-Q4_K_M.gguf"


@pytest.fixture
def listed(standin: StandIn, make_hub: Callable[..., Any], tiny_gguf: Callable[[int], bytes]) -> Any:
    standin.add(REPO, {FILE: tiny_gguf(1) + bytes(20_000_000)})
    hub = make_hub()
    return hub, list_repo(hub, REPO)


def test_header_bytes_and_no_more_kept_for_the_next_time(
    listed: Any, standin: StandIn, tiny_gguf: Callable[[int], bytes]
) -> None:
    hub, repo = listed
    header = remote_header(hub, repo, repo.models[0])
    wanted = parse_header(tiny_gguf(1))
    assert header == tiny_gguf(1)[: wanted.data_offset]
    assert parse_header(header).tensors == wanted.tensors
    asked = len(standin.requests)
    assert remote_header(hub, repo, repo.models[0]) == header
    assert len(standin.requests) == asked


def test_a_changed_file_has_another_header(listed: Any, standin: StandIn, tiny_gguf: Callable[[int], bytes]) -> None:
    hub, repo = listed
    first = remote_header(hub, repo, repo.models[0])
    standin.repos[REPO].files[FILE] = tiny_gguf(1).replace(b"llama", b"zzama")
    again = list_repo(hub, REPO)
    assert remote_header(hub, again, again.models[0]) != first


def test_a_damaged_note_is_fetched_again(listed: Any, home: Path) -> None:
    hub, repo = listed
    header = remote_header(hub, repo, repo.models[0])
    (note,) = (home / "cache/headers").iterdir()
    for damage in (b"", b"rubbish", header[:1000]):
        note.write_bytes(damage)
        assert remote_header(hub, repo, repo.models[0]) == header


def test_what_is_no_header(standin: StandIn, make_hub: Callable[..., Any], big: bytes) -> None:
    standin.add(REPO, {FILE: big})
    hub = make_hub()
    repo = list_repo(hub, REPO)
    with pytest.raises((ModelFileError, errors.ServerTroubleError)):
        remote_header(hub, repo, repo.models[0])


def test_a_split_model_is_an_error(
    standin: StandIn, make_hub: Callable[..., Any], tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {f"x-Q8_0-0000{n}-of-00002.gguf": tiny_gguf(n) for n in (1, 2)})
    hub = make_hub()
    repo = list_repo(hub, REPO)
    with pytest.raises(ModelFileError, match="split into 2"):
        remote_header(hub, repo, repo.models[0])


def test_what_a_name_is_measured_as(listed: Any, tmp_path: Path, tiny_gguf: Callable[[int], bytes]) -> None:
    hub, _ = listed
    source = named_source(f"{REPO}:Q4_K_M", hub)
    assert isinstance(source, HubSource)
    assert source.size_bytes() == len(tiny_gguf(1)) + 20_000_000
    with source.open(tmp_path) as (path, label):
        assert path.stat().st_size == len(tiny_gguf(1))  # as long as its tensors say
        assert label == "measured (hollow)"
    assert not path.exists()
    (tmp_path / "here.gguf").write_bytes(tiny_gguf(1))
    assert named_source(str(tmp_path / "here.gguf")) == FileSource(tmp_path / "here.gguf")
