"""The models of the tests that say a fixed text."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.scripted_models import user_defined, write_scripted_model

from weighin.engine.gguf.header import read_one_file


def test_a_scripted_model_has_its_template_and_its_fields(tmp_path: Path) -> None:
    model = write_scripted_model(
        tmp_path / "says.gguf", "4", user_defined("<think>"), metadata={"general.name": "Sayer"}
    )
    header = read_one_file(model)
    assert header.metadata["general.name"] == "Sayer"
    assert "add_generation_prompt" in str(header.metadata["tokenizer.chat_template"])


def test_a_piece_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="different"):
        write_scripted_model(tmp_path / "says.gguf", "4", "4")
