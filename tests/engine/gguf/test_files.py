"""Finding model files in folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighin.engine.errors import ModelFileError
from weighin.engine.gguf.files import find_models, split_parts
from weighin.engine.models.local import find_in_folder

MODELS = ["A-Q4_0.gguf", "B-Q8_0.GGUF", "flora-Q4_0.gguf", "c-00001-of-00002.GGUF"]
OTHERS = ["my-lora.gguf", "lora-f16.gguf", "x-imatrix.gguf", "mmproj-F16.gguf", "c-00002-of-00002.GGUF", "notes.txt"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*MODELS, *OTHERS):
        (tmp_path / name).write_bytes(b"GGUF....")
    return tmp_path


def test_upper_case_extensions_are_models_and_adapters_are_not(folder: Path) -> None:
    assert [path.name for path in find_models(folder)] == sorted(MODELS)


def test_a_run_and_the_local_command_see_the_same_models_in_a_folder(folder: Path) -> None:
    assert find_models(folder) == sorted(model.path for model in find_in_folder(folder))


def test_a_file_that_the_user_names_is_taken_whatever_its_name(folder: Path) -> None:
    assert find_models(folder / "my-lora.gguf") == [folder / "my-lora.gguf"]


def test_any_part_of_a_split_model_means_the_whole_model(folder: Path) -> None:
    first = folder / "c-00001-of-00002.GGUF"
    assert find_models(folder / "c-00002-of-00002.GGUF") == [first]
    assert split_parts(first, 2) == [first, folder / "c-00002-of-00002.GGUF"]
    with pytest.raises(ModelFileError, match=r"not named NAME-00001-of-00003.gguf"):
        split_parts(first, 3)
