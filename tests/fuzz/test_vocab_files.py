"""Every vocabulary file of llama.cpp's sources: named for what it is, read, and tokenized as llama.cpp's tests want it.

The files come with the source package of llama-cpp-python; ``WEIGHIN_LLAMA_SOURCES`` is the folder it was unpacked to.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from weighin.engine.errors import ModelFileError
from weighin.engine.events.notes import TokenizerNotStated
from weighin.engine.gguf.header import check_file, read_model_file
from weighin.engine.llama import backend
from weighin.engine.llama.model import Model

_SOURCES = os.environ.get("WEIGHIN_LLAMA_SOURCES", "")
FILES = sorted(Path(_SOURCES).rglob("ggml-vocab-*.gguf")) if _SOURCES else []

pytestmark = pytest.mark.skipif(not FILES, reason="needs WEIGHIN_LLAMA_SOURCES")


@pytest.fixture(scope="module", autouse=True)
def _library() -> None:
    backend.load_library(backend.discard_log)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_vocabulary_is_named_for_what_it_is(path: Path) -> None:
    header = read_model_file(path)
    assert header.tensors == ()
    with pytest.raises(ModelFileError, match="vocabulary"):
        check_file(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_vocabulary_tokenizes_as_the_tests_of_llama_cpp_want_it(path: Path) -> None:
    header = read_model_file(path)
    with Model(path, vocab_only=True) as model:
        assert model.architecture == header.architecture
        stated = header.metadata.get("tokenizer.ggml.model") != "gpt2" or "tokenizer.ggml.pre" in header.metadata
        assert (TokenizerNotStated() in model.notes) == (not stated)
        texts, wanted = path.with_name(path.name + ".inp"), path.with_name(path.name + ".out")
        if not texts.exists():
            return
        inputs = texts.read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")
        outputs = wanted.read_text(encoding="utf-8").splitlines()
        for text, output in zip(inputs, outputs, strict=False):
            assert model.tokenize(text, add_bos=False) == [int(token) for token in output.split()], repr(text)
