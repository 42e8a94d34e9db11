"""From a plan's suite to its items, wherever they come from. The only module that knows every kind of suite."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from weighin.assets import asset

from ..errors import DatasetError
from ..plan.model import BuiltInSuite, OwnSuite, PlannedSuite, data_path
from .formats import find_format
from .generators import find_generator
from .harness.yaml import is_harness_task
from .items import DEFAULT_N_CTX, ChoiceItem, GenerateItem, Item, Suite
from .limited import limited
from .own.files import open_own_data
from .reference.datasets import read_dataset
from .spec import SuiteSpec, find_spec, suite_specs


def open_suite(suite: PlannedSuite, *, seed: int, limit: int, n_ctx: int = DEFAULT_N_CTX) -> Suite:
    """The suite's first ``limit`` items in its fixed shuffle (0: all).

    The order depends only on the seed and the suite's name, so that every candidate and every resumed run gets the
    same items. The items of a suite that follows the context also depend on ``n_ctx``, in tokens.

    Raises:
        DatasetError: the suite is unknown, or its data cannot be used.
        HubError: a data set cannot be downloaded.
    """
    doubts: tuple[str, ...] = ()
    if not isinstance(suite, OwnSuite):
        spec, items = _open_built_in(suite, n_ctx)
    else:
        spec, items, doubts = _open_own(suite)
    order = _numbered(items, by_group=spec.group_kind == "subject")
    random.Random(f"{seed}:{spec.name}").shuffle(order)
    return Suite(spec=spec, items=tuple(order[: limit or None]), doubts=doubts)


def reference_spec(suite: PlannedSuite) -> SuiteSpec | None:
    """The spec of a reference suite; None for other built-in suites and your own data.

    Raises:
        DatasetError: your own data has the name of a reference suite.
    """
    spec = next((spec for spec in suite_specs() if spec.format and spec.name == suite.name), None)
    if spec is not None and isinstance(suite, OwnSuite):
        raise DatasetError(f"{suite.name} is the name of a reference suite.", hint="Give your data another name.")
    return spec


def _open_own(suite: OwnSuite) -> tuple[SuiteSpec, tuple[Item, ...], tuple[str, ...]]:
    reference_spec(suite)
    if is_harness_task(data_path(suite)):
        return *limited().open_task(suite), ()
    spec, data = open_own_data(suite)
    return spec, data.items, tuple(doubt.text for doubt in data.doubts)


def _open_built_in(suite: BuiltInSuite, n_ctx: int) -> tuple[SuiteSpec, tuple[Item, ...]]:
    spec = find_spec(suite.name)
    if spec.format:
        return spec, _reference_items(spec, Path(suite.data) if suite.data else None)
    if spec.generator:
        make_items = find_generator(spec.generator)
        return spec, make_items(n_ctx=n_ctx) if spec.follows_context else make_items()
    return spec, _shipped_items(spec)


def _reference_items(spec: SuiteSpec, folder: Path | None) -> tuple[Item, ...]:
    items = find_format(spec.format)(read_dataset(spec, folder=folder), spec)
    if not items:
        raise DatasetError(f"The data of {spec.name} has no items.", hint="Use the whole data set.")
    return items


def _shipped_items(spec: SuiteSpec) -> tuple[Item, ...]:
    lines = asset("tasks", spec.data).read_bytes().splitlines()
    try:
        if spec.kind == "choice":
            return tuple(msgspec.json.decode(line, type=ChoiceItem) for line in lines)
        return tuple(msgspec.json.decode(line, type=GenerateItem) for line in lines)
    except msgspec.DecodeError as error:
        raise DatasetError(
            f"The data of the suite {spec.name} is damaged: {error}.", hint="Reinstall weighin."
        ) from None


def _numbered(items: Iterable[Item], *, by_group: bool) -> list[Item]:
    counts: Counter[str] = Counter()
    numbered: list[Item] = []
    for item in items:
        group = item.group if by_group else ""
        numbered.append(msgspec.structs.replace(item, row=counts[group]))
        counts[group] += 1
    return numbered
