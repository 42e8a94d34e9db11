"""Names with bytes that are no text are refused with a sentence, or kept as what can be stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighin.engine.errors import WeighinError
from weighin.engine.plan.model import Candidate, Plan
from weighin.engine.prepare.freeze import freeze_plan
from weighin.engine.store.store import Store
from weighin.engine.utf8 import encoded


def test_a_file_name_that_is_no_text_is_named_before_anything_is_read() -> None:
    plan = Plan(candidates=(Candidate(id="a", name="a", path="caf\udce9.gguf"),))
    with pytest.raises(WeighinError, match=r"The name caf\\xe9.gguf has bytes that are no text.*Rename it"):
        freeze_plan(plan)
    assert encoded({"a": "café"}) == '{"a":"café"}'.encode()


def test_a_run_with_a_name_that_is_no_text_is_stored(tmp_path: Path) -> None:
    with Store.open(tmp_path / "runs.sqlite3") as store:
        store.create_run("r", "a\udce9", Plan())
        assert store.find("r").name == "a\\xe9"
        store.rename("r", "b\ud83d")
        assert store.find("r").name == "b\\ud83d"
