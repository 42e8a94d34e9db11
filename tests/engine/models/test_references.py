"""The grammar of MODEL."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.hub.errors import ModelReferenceError, NoSuchPathError
from weighin.engine.models.references import (
    CatalogRef,
    HubRef,
    ModelRef,
    PathRef,
    RepoFileRef,
    RepoQuantRef,
    RepoRef,
    StoreRef,
    is_path,
    parse,
    plan_reference,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("owner/repo", RepoRef("owner/repo")),
        ("owner/repo:q4_k_m", RepoQuantRef("owner/repo", "Q4_K_M")),
        ("owner/repo:UD-Q4_K_XL", RepoQuantRef("owner/repo", "UD-Q4_K_XL")),
        ("owner/repo:sub/x-Q8_0.gguf", RepoFileRef("owner/repo", "sub/x-Q8_0.gguf")),
        ("TheBloke/Mistral-7B.v0_1-GGUF", RepoRef("TheBloke/Mistral-7B.v0_1-GGUF")),
        ("llama-3.2-1b-instruct", CatalogRef("llama-3.2-1b-instruct")),
        (" qwen3-1.7b:q8_0 ", CatalogRef("qwen3-1.7b", "Q8_0")),
        ("ollama:small:1b", StoreRef("ollama", "small:1b")),
        ("LM-Studio:owner/Small-Q4_0", StoreRef("lm-studio", "owner/Small-Q4_0")),
    ],
)
def test_each_form_of_a_model_name_has_its_type(text: str, expected: Any) -> None:
    assert parse(text) == expected


def test_an_existing_path_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("owner/repo").mkdir(parents=True)
    Path("model:Q4_0").touch()
    assert parse("owner/repo") == PathRef(Path("owner/repo"))
    assert parse("model:Q4_0") == PathRef(Path("model:Q4_0"))
    assert parse(str(tmp_path)) == PathRef(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("missing.gguf", "no file"),
        ("./missing", "no file"),
        ("~/nowhere/x.gguf", "no file"),
        ("C:\\models\\x.gguf", "no file"),
        ("C:/models/x.gguf", "no file"),
        ("owner/repo/x.gguf", "owner/repo:x.gguf"),
        ("a/b/c", "neither"),
        ("owner/repo:", "neither a quant"),
        ("owner/repo:../../etc/x.gguf", "cannot be a file"),
        ("owner/..", "neither"),
        ("https://hub.example/owner/repo/blob/main/x.gguf", "Write owner/repo"),
        ("hf.co/owner/repo:Q4_0", "address"),
        ("name:", "is not a model name"),
        ("two words", "is not a model name"),
        ("models/missing.gguf", "no file"),
        ("x" * 5000 + "/y", "neither"),
    ],
)
def test_text_of_no_form_is_an_error_that_says_why(text: str, words: str) -> None:
    with pytest.raises(ModelReferenceError, match=words):
        parse(text)


@given(st.text(max_size=60) | st.from_regex(r"[a-z./:~\\-]{0,30}(\.gguf)?", fullmatch=True))
def test_any_text_is_parsed_or_raises_a_reference_error(text: Any) -> None:
    with contextlib.suppress(ModelReferenceError):
        ref = parse(text)
        assert isinstance(ref, get_args(ModelRef) + get_args(HubRef))


@pytest.mark.parametrize("text", ["missing.gguf", "models/missing.gguf", "./x", "C:\\models\\x.gguf"])
def test_a_missing_file_is_still_a_path(text: str) -> None:
    assert is_path(text)
    with pytest.raises(NoSuchPathError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["owner/repo", "owner/repo:Q4_0", "owner/repo:a/b.gguf", "qwen3-1.7b:Q8_0", "qwen3-1.7b", "ollama:small:1b"]
)
def test_a_reference_prints_as_it_was_written(text: str) -> None:
    assert str(parse(text)) == text
    assert not is_path(text)


@pytest.mark.parametrize(
    ("path", "ref"),
    [
        ("owner/repo:Q4_0", RepoQuantRef("owner/repo", "Q4_0")),
        ("owner/repo:sub/x.gguf", RepoFileRef("owner/repo", "sub/x.gguf")),
        ("qwen3-1.7b:Q8_0", CatalogRef("qwen3-1.7b", "Q8_0")),
        ("ollama:small:1b", StoreRef("ollama", "small:1b")),
        ("owner/repo", None),  # could be a folder that is missing
        ("/plans/owner/repo", None),
        ("/plans/models/x.gguf", None),
        ("x:y z", None),
        ("C:/models/x.gguf", None),
    ],
)
def test_a_plan_names_a_model_only_with_a_colon(path: str, ref: ModelRef | None) -> None:
    assert plan_reference(path) == ref


def test_a_plan_keeps_model_names_and_makes_paths_absolute(tmp_path: Path) -> None:
    from weighin.engine.plan.files import read_plan

    paths = ["owner/repo:Q4_0", "qwen3-1.7b:Q8_0", "models/x.gguf", "here:Q4_0"]
    (tmp_path / "here:Q4_0").touch()
    tables = [f'[[candidates]]\nid = "c{n}"\nname = "C{n}"\npath = "{path}"\n' for n, path in enumerate(paths)]
    (tmp_path / "plan.toml").write_text("".join(tables))
    read = [candidate.path for candidate in read_plan(tmp_path / "plan.toml").candidates]
    assert read == [*paths[:2], str(tmp_path / "models/x.gguf"), str(tmp_path / "here:Q4_0")]
    assert [plan_reference(path) is not None for path in read] == [True, True, False, False]


@given(st.text(max_size=40) | st.from_regex(r"(/?[a-z.]{0,6}){0,3}:?[a-zA-Z0-9_./:]{0,12}", fullmatch=True))
def test_any_candidate_path_in_a_plan_is_an_ordinary_one_or_a_name(path: str) -> None:
    ref = plan_reference(path)
    assert ref is None or ":" in path
