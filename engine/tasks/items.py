"""Items, and suites opened in one committed order."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from ..errors import DatasetError
from ..plan import SuiteChoice
from .spec import SuiteSpec, find_spec, suite_specs


class ChoiceItem(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its possible answers."""

    id: str
    question: str
    choices: tuple[str, ...]
    gold: int
    """Index of the right choice."""
    golds: tuple[int, ...] = ()
    """All the right ones where several are (TruthfulQA mc2); empty means only ``gold``."""
    contexts: tuple[str, ...] = ()
    """Finished contexts byte for byte, one for all choices or one for each; empty: the suite's template makes one."""
    continuations: tuple[str, ...] = ()
    """What is scored after the context, delimiter included; empty: delimiter and choice."""
    level: int = 0
    """Difficulty from 1 to 5, 0 when ungraded."""
    group: str = ""
    """What the item shares with others: its subject (grouped means) or passage (clustered errors)."""


class GenerateItem(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt with the answers that count as right."""

    id: str
    prompt: str
    answers: tuple[str, ...]
    """The first is shown as the expected one; empty where ``check`` says what is right."""
    system: str = ""
    plain_prompt: str = ""
    """The finished prompt byte for byte for plain style, few-shot included; empty: the suite's template makes one."""
    check: dict[str, Any] = {}
    """What the scorer needs besides the answers: tests of code, a JSON schema, instructions to verify."""
    level: int = 0
    group: str = ""
    """As of choice items."""


Item: TypeAlias = ChoiceItem | GenerateItem


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A spec with the items of a run, in the order they are asked."""

    spec: SuiteSpec
    items: tuple[Item, ...]


def open_suite(choice: SuiteChoice, *, seed: int, limit: int) -> Suite:
    """The suite's items in its one committed shuffle, the first ``limit`` of it (0: all).

    The order depends on seed and suite name only, so that every candidate and every resumed run gets the same.

    Raises:
        DatasetError: unknown suite, or a data file that cannot be used.
    """
    if choice.data and choice.name in {spec.name for spec in suite_specs() if spec.format}:
        spec = find_spec(choice.name)
        items = _reference_items(spec, Path(choice.data))
    elif choice.data:
        spec, items = _open_user_data(choice)
    else:
        spec = find_spec(choice.name)
        items = _built_in_items(spec)
    order = list(items)
    random.Random(f"{seed}:{spec.name}").shuffle(order)
    return Suite(spec=spec, items=tuple(order[: limit or None]))


def _reference_items(spec: SuiteSpec, folder: Path | None = None) -> tuple[Item, ...]:
    from .datasets import read_dataset
    from .formats import find_format

    items = find_format(spec.format)(read_dataset(spec, folder=folder), spec)
    if not items:
        raise DatasetError(f"The data of {spec.name} has no items.", hint="Give the whole data set.")
    return items


def _built_in_items(spec: SuiteSpec) -> tuple[Item, ...]:
    if spec.format:
        return _reference_items(spec)
    if spec.generator:
        from .generators import find_generator

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


def _open_user_data(choice: SuiteChoice) -> tuple[SuiteSpec, tuple[Item, ...]]:
    from .userdata import read_user_data

    path = Path(choice.data)
    data = read_user_data(path)
    if data.problems:
        shown = "; ".join(f"line {p.line}: {p.message}" for p in data.problems[:5])
        more = f" (and {len(data.problems) - 5} more)" if len(data.problems) > 5 else ""
        raise DatasetError(f"{path} has {len(data.problems)} bad rows: {shown}{more}.", hint="Mend or remove them.")
    is_choice = data.kind == "choice"
    spec = SuiteSpec(
        name=choice.name,
        title=path.name,
        kind=data.kind,
        metric="acc_norm" if is_choice else "exact_match",
        chance=_chance(data.items) if is_choice else None,
        prompt_style="plain" if is_choice else "auto",
        max_tokens=64,
        stop=("\n",),
    )
    return spec, data.items


def _chance(items: tuple[Item, ...]) -> float:
    rates = [1 / len(item.choices) for item in items if isinstance(item, ChoiceItem)]
    return sum(rates) / len(rates)
