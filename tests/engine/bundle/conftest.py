"""Every test here talks to the stand-in hub with settings of its own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _own_hub_settings(own_hub_settings: None) -> None:
    """Nothing of the machine's own token, cache and proxies."""
