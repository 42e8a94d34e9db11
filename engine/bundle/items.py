"""Which files of a plan's suites go into a bundle, and where."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ..hub.errors import BundleError
from ..plan.model import BuiltInSuite, HubSource, OwnSuite, Plan, data_path
from ..safe_names import safe_name
from ..tasks.harness.items import harness_files
from ..tasks.harness.yaml import is_harness_task
from ..tasks.opening import reference_spec
from ..tasks.own.files import OwnFiles, find_own_files
from ..tasks.reference.datasets import find_files
from ..tasks.spec import SuiteSpec
from .manifest import Kind, Origin


class BundleItem(msgspec.Struct, frozen=True):
    """A file to copy into a bundle, as ``path``."""

    source: Path
    path: str
    kind: Kind
    origin: Origin | None = None


def data_items(plan: Plan) -> list[list[BundleItem]]:
    """The data files of each suite: the user's own files, those of a reference suite, or none."""
    groups: list[list[BundleItem]] = []
    for suite in plan.suites:
        number = 1 + sum(bool(group) for group in groups)
        folder = f"data/{number}-{safe_name(suite.name)}"
        spec = reference_spec(suite)
        if isinstance(suite, BuiltInSuite):
            # Names stay, because the data set's patterns find the files by name on the other machine.
            own = Path(suite.data) if suite.data else None
            groups.append(_reference_files(spec, find_files(spec, folder=own), folder) if spec else [])
        elif is_harness_task(data_path(suite)):
            groups.append(_task_items(Path(data_path(suite)), folder))
        else:
            groups.append(_own_items(suite, find_own_files(suite), number, folder))
    return groups


def _reference_files(spec: SuiteSpec, found: Mapping[str, list[Path]], folder: str) -> list[BundleItem]:
    """The files of all splits. Files with the same name (MGSM's languages) go into the folders of their patterns."""
    splits = {file: split for split, files in found.items() for file in files}
    names = Counter(file.name for file in splits)
    items = []
    for file, split in splits.items():
        inside = spec.dataset.files[split].rpartition("/")[0] if spec.dataset and names[file.name] > 1 else ""
        items.append(BundleItem(file, "/".join(filter(None, (folder, inside, safe_name(file.name)))), "data"))
    return items


def _task_items(task: Path, folder: str) -> list[BundleItem]:
    """A task file and its data in the same relative places, so that the file needs no change."""
    items = []
    for file in harness_files(task):
        inside = Path(os.path.relpath(file, task.parent))
        if inside.is_absolute() or any(part != safe_name(part) for part in inside.parts):  # ".." is none
            raise BundleError(
                f"The task file {task} names {str(file)[:200]}, which is outside its folder or has a name that"
                " some systems do not allow.",
                hint="Put the data beside the task file, with a simple name.",
            )
        items.append(BundleItem(file, f"{folder}/{inside.as_posix()}", "data"))
    return items


def _own_items(suite: OwnSuite, found: OwnFiles, number: int, folder: str) -> list[BundleItem]:
    """One file keeps its name. Several are numbered in a folder, which keeps the order they are read in."""
    items = []
    for index, (shown, source) in enumerate(found.files, 1):
        name = safe_name(shown.name)
        path = f"data/{number}-{name}" if len(found.files) == 1 else f"{folder}/{index:04d}-{name}"
        origin = None
        if isinstance(suite.source, HubSource):
            repo = suite.source.repo
            origin = Origin(repo=repo, commit=found.commit, file=shown.relative_to(repo).as_posix())
        items.append(BundleItem(source, path, "data", origin))
    return items


def suite_folder(path: str) -> str:
    """``data/1-mgsm`` of ``data/1-mgsm/de/test.parquet``."""
    return "/".join(path.split("/")[:-1][:2])
