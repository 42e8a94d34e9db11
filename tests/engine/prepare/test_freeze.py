"""From model files to candidates."""

from __future__ import annotations

import shutil
from pathlib import Path

from weighin.engine.prepare.freeze import candidates_from_paths


def test_an_extension_in_upper_case_is_no_part_of_a_candidates_name(tiny_models: list[Path], tmp_path: Path) -> None:
    shutil.copy(tiny_models[0], tmp_path / "Base-Q8_0.GGUF")
    (candidate,) = candidates_from_paths([str(tmp_path)])
    assert (candidate.id, Path(candidate.path).name) == ("base-q8_0", "Base-Q8_0.GGUF")
    assert "GGUF" not in candidate.name
