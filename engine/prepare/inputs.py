"""What a plan names, read once.

Preparing a run looks at the same files several times: for a candidate's name, for the memory check, for the hashes, and
again when the run starts. ``Inputs`` remembers what the first look found.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..gguf.header import GgufHeader, check_file
from ..plan.model import Plan, PlannedSuite
from ..tasks.items import Suite
from ..tasks.opening import open_suite


class Inputs:
    """What a plan names, each read once: the headers of model files and the items of suites.

    Hand the same one to everything that prepares a plan. It never looks at a file again, so it must not outlive that.
    """

    def __init__(self) -> None:
        self._headers: dict[str, GgufHeader] = {}
        self._suites: list[tuple[tuple[object, ...], Suite]] = []

    def header(self, path: str) -> GgufHeader:
        """The checked header of a model file.

        Raises:
            ModelFileError: the file is missing, unreadable or not a usable GGUF.
        """
        if path not in self._headers:
            self._headers[path] = check_file(Path(path))
        return self._headers[path]

    def suite(self, choice: PlannedSuite, plan: Plan) -> Suite:
        """The items of ``choice`` as ``plan`` asks them: its limit, its shuffle, its context.

        Raises:
            DatasetError, HubError, PlanError: the suite is unknown, or its data cannot be used.
        """
        limit, settings = choice.limit or plan.item_limit, plan.settings
        asked = (msgspec.structs.replace(choice, data_sha256=""), settings.seed, limit, settings.n_ctx)
        for known, suite in self._suites:  # few, and not hashable
            if known == asked:
                return suite
        suite = open_suite(choice, seed=settings.seed, limit=limit, n_ctx=settings.n_ctx)
        self._suites.append((asked, suite))
        return suite
