"""From the name of a suite in a plan to its items, wherever those come from."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..errors import DatasetError
from ..plan.model import SuiteChoice, own_options
from .harness.yaml import is_harness_task
from .items import DEFAULT_N_CTX, ChoiceItem, GenerateItem, Item, Suite
from .spec import SuiteSpec, find_spec, suite_specs


def open_suite(choice: SuiteChoice, *, seed: int, limit: int, n_ctx: int = DEFAULT_N_CTX) -> Suite:
    """The suite's items in its one committed shuffle, the first ``limit`` of it (0: all).

    The order depends on seed and suite name only, so that every candidate and every resumed run gets the same. The
    items of a suite that follows the context depend on ``n_ctx`` too, which is the plan's, in tokens.

    Raises:
        DatasetError: unknown suite, or data that cannot be used.
        HubError: a data set of the hub cannot be had.
    """
    reference = reference_spec(choice)
    if reference is not None and choice.data:
        refuse_options(choice)
        spec, items = reference, _reference_items(reference, Path(choice.data))
    elif is_harness_task(choice.data):
        from .harness.items import open_harness_task  # which knows items itself

        refuse_options(choice)
        spec, items = open_harness_task(Path(choice.data), name=choice.name)
    elif choice.data or choice.hub_repo:
        from .own.files import open_own  # which knows items itself

        spec, items = open_own(choice)
    else:
        spec = find_spec(choice.name)
        items = _built_in_items(spec, n_ctx)
    order = _numbered(items, by_group=spec.group_kind == "subject")
    random.Random(f"{seed}:{spec.name}").shuffle(order)
    return Suite(spec=spec, items=tuple(order[: limit or None]))


def _numbered(items: Iterable[Item], *, by_group: bool) -> list[Item]:
    """The items with their ``row``."""
    counts: Counter[str] = Counter()
    found: list[Item] = []
    for item in items:
        group = item.group if by_group else ""
        found.append(msgspec.structs.replace(item, row=counts[group]))
        counts[group] += 1
    return found


def reference_spec(choice: SuiteChoice) -> SuiteSpec | None:
    """The reference suite that a choice means; None for built-in items and the user's own data.

    Raises:
        DatasetError: it would be a data set of the hub under the name of a reference suite.
    """
    spec = next((spec for spec in suite_specs() if spec.format and spec.name == choice.name), None)
    if spec is not None and choice.hub_repo:
        raise DatasetError(f"{choice.name} is a reference suite.", hint=f"Give {choice.hub_repo} another name.")
    return spec


def refuse_options(choice: SuiteChoice) -> None:
    """Raise DatasetError where a suite that says itself how it is asked was given options of one's own data."""
    given = own_options(choice)
    if given:
        raise DatasetError(
            f"{choice.name} is asked and scored as it is defined: it takes no {given[0]}.",
            hint="Give the data itself, under a name of your own, to ask it your own way.",
        )


def _reference_items(spec: SuiteSpec, folder: Path | None = None) -> tuple[Item, ...]:
    from .formats import find_format
    from .reference.datasets import read_dataset

    items = find_format(spec.format)(read_dataset(spec, folder=folder), spec)
    if not items:
        raise DatasetError(f"The data of {spec.name} has no items.", hint="Give the whole data set.")
    return items


def _built_in_items(spec: SuiteSpec, n_ctx: int) -> tuple[Item, ...]:
    if spec.format:
        return _reference_items(spec)
    if spec.generator:
        from .generators import find_context_generator, find_generator

        if spec.follows_context:
            return find_context_generator(spec.generator)(n_ctx=n_ctx)
        return find_generator(spec.generator)()
    from weighin.assets import asset

    lines = asset("tasks", spec.data).read_bytes().splitlines()
    try:
        if spec.kind == "choice":
            return tuple(msgspec.json.decode(line, type=ChoiceItem) for line in lines)
        return tuple(msgspec.json.decode(line, type=GenerateItem) for line in lines)
    except msgspec.DecodeError as error:
        raise DatasetError(
            f"The data of the suite {spec.name} is damaged: {error}.", hint="Install weighin again."
        ) from None
