"""References, quants and safe paths: what users and uploaders write."""

from __future__ import annotations

import contextlib
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.gguf.naming import is_model_file, model_name, quant_of, split_of
from weighin.engine.hub.errors import ModelReferenceError
from weighin.engine.models.references import CatalogRef, PathRef, RepoFileRef, RepoQuantRef, RepoRef, parse_reference
from weighin.engine.safe_names import is_safe_path


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
    ],
)
def test_the_forms(text, expected):
    assert parse_reference(text) == expected


def test_an_existing_path_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("owner/repo").mkdir(parents=True)
    Path("model:Q4_0").touch()
    assert parse_reference("owner/repo") == PathRef(Path("owner/repo"))
    assert parse_reference("model:Q4_0") == PathRef(Path("model:Q4_0"))
    assert parse_reference(str(tmp_path)) == PathRef(tmp_path)


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
        ("name:", "names no model"),
        ("two words", "names no model"),
        ("x" * 5000 + "/y", "neither"),
    ],
)
def test_what_is_refused_and_how(text, words):
    with pytest.raises(ModelReferenceError, match=words):
        parse_reference(text)


@given(st.text(max_size=60) | st.from_regex(r"[a-z./:~\\-]{0,30}(\.gguf)?", fullmatch=True))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(ModelReferenceError):
        found = parse_reference(text)
        assert isinstance(found, (PathRef, RepoRef, RepoQuantRef, RepoFileRef, CatalogRef))


@pytest.mark.parametrize(
    ("name", "quant"),
    [
        ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
        ("qwen2.5-0.5b-instruct-q4_k_m.gguf", "Q4_K_M"),
        ("gemma-3-1b-it-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("mistral.Q5_0.gguf", "Q5_0"),
        ("phi-IQ2_XXS.gguf", "IQ2_XXS"),
        ("Phi-3-mini-4k-instruct-fp16.gguf", "F16"),
        ("model.BF16.gguf", "BF16"),
        ("x-Q6_K-00001-of-00002.gguf", "Q6_K"),
        ("x-Q6_K_L.gguf", "Q6_K_L"),
        ("x-Q4_0_4_4.gguf", "Q4_0_4_4"),
        ("gpt-oss-MXFP4.gguf", "MXFP4"),
        ("x-TQ1_0.gguf", "TQ1_0"),
        ("Q8_0/model.gguf", "Q8_0"),
        ("Qwen3-4B.gguf", ""),
        ("plain.gguf", ""),
        ("Q4_K_M-based-F16.gguf", "F16"),
    ],
)
def test_quants(name, quant):
    assert quant_of(name) == quant


def test_splits_and_kinds():
    assert split_of("a/b-Q4_0-00002-of-00010.gguf") == ("a/b-Q4_0", 2, 10)
    assert split_of("b-Q4_0.gguf") is None
    assert model_name("a/b-Q4_0-00002-of-00010.gguf") == "b-Q4_0"
    assert is_model_file("X-Q4_0.GGUF")
    assert not is_model_file("mmproj-model-f16.gguf")
    assert not is_model_file("model.safetensors")


@given(st.text(max_size=30) | st.from_regex(r"[a.\\/: ]{1,20}", fullmatch=True))
def test_a_safe_path_stays_below_its_folder(name):
    if not is_safe_path(name):
        return
    assert not PureWindowsPath(name).is_absolute()
    assert not PureWindowsPath(name).drive
    assert ".." not in PureWindowsPath(name).parts
    assert PurePosixPath("/base", name).as_posix() == f"/base/{name}"


@pytest.mark.parametrize(
    "name", ["", "/a", "../a", "a/../b", "a//b", "a\\b", "C:a", "a/", "a\0b", ".", "a/.", "a ", "a\n"]
)
def test_unsafe_paths(name):
    assert not is_safe_path(name)
