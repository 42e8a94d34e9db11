"""From model files to candidates."""

from __future__ import annotations

import shutil
from pathlib import Path

from weighin.engine.prepare.freeze import candidates_from_paths
from weighin.engine.safe_names import is_candidate_id


def test_an_extension_in_upper_case_is_no_part_of_a_candidates_name(tiny_models: list[Path], tmp_path: Path) -> None:
    shutil.copy(tiny_models[0], tmp_path / "Base-Q8_0.GGUF")
    (candidate,) = candidates_from_paths([str(tmp_path)])
    assert (candidate.id, Path(candidate.path).name) == ("base-q8_0", "Base-Q8_0.GGUF")
    assert "GGUF" not in candidate.name


def test_ids_are_unique_and_fit_for_paths_and_commands_whatever_the_files_are_called(
    tiny_models: list[Path], tmp_path: Path
) -> None:
    names = ["A", "a", "a-2", "-rf", "x; touch Y", "..", "モデル", "m" * 200]
    paths = []
    for number, name in enumerate(names):
        (tmp_path / str(number)).mkdir()
        paths.append(shutil.copy(tiny_models[0], tmp_path / str(number) / f"{name}.gguf"))
    ids = [candidate.id for candidate in candidates_from_paths([str(path) for path in paths])]
    assert len(set(ids)) == len(names)
    assert all(map(is_candidate_id, ids))
