"""What all tests of the screens share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_collection_when_an_app_starts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app collects all garbage when it starts, which is slow with the objects of all the tests before.

    The runs in real workers do so as usual.
    """
    if request.path.name not in {"test_real_runs.py", "test_gc_pauses.py"} and request.path.parent.name != "cli":
        monkeypatch.setattr("weighin.tui.app.app.start_keeping", lambda: None)
