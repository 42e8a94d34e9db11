"""Suite specs: one TOML file a suite under ``assets/tasks``, found by scanning. A new suite is a new file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from ..errors import DatasetError
from ..suggest import did_you_mean
from ..toml import loads

Kind = Literal["choice", "generate"]

CONTEXT_TEMPLATE = "Question: {question}\nAnswer:"
DELIMITER = " "


class Shot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A solved example put before every item of a generate suite."""

    prompt: str
    answer: str


class Dataset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a reference suite's rows come from."""

    repo: str
    """Data set repository on the hub."""
    config: str = ""
    revision: str = "main"
    files: dict[str, str]
    """Pattern of the files of each split, such as ``{"test" = "data/test-*.parquet"}``."""
    also: dict[str, str] = {}
    """Pattern of a split's file under the name that its authors publish it by, looked for in the user's folder."""
    license: str = ""
    url: str = ""
    size_hint: str = ""
    """About how much is fetched, in words."""


class Harness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lm-evaluation-harness 0.4.13 calls a suite of its own, for files that its tools hold against theirs."""

    task: str
    """Its task; of a suite of subjects what stands before them: ``mmlu`` of ``mmlu_anatomy``."""
    version: float
    group_version: str = ""
    """Of a suite of subjects that is a group there, with a row of its own; empty: only a tag, without one."""
    metrics: dict[str, str] = {}
    """Our metrics to its ``metric,filter``, where it has fewer or other names; empty: the same without a filter."""


class SuiteSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a suite's items become prompts, and its answers scores."""

    name: str
    title: str
    description: str = ""
    kind: Kind
    metric: str
    """The one of the scorer's metrics that the suite leads with, in lm-evaluation-harness's names where it has one."""
    right_at: float = 1.0
    """An answer counts as right from this value of the leading metric on; stated where the metric is graded."""
    chance: float | None = None
    """Accuracy of guessing, 0 to 1."""
    data: str = ""
    """JSONL file beside the spec."""
    dataset: Dataset | None = None
    """Rows that are fetched, or put there by hand."""
    format: str = ""
    """Module of ``formats`` that turns those rows into items."""
    n_shot: int = 0
    """Solved examples that the format puts before each item."""
    group_kind: Literal["", "subject", "passage"] = ""
    """What items of one group share: a subject, which gets a mean of its own, or a passage, so that their errors go
    together. A group without a kind is only noted with the answer."""
    areas: dict[str, tuple[str, ...]] = {}
    """Subjects by the area that they belong to, where a suite of subjects has areas."""
    harness: Harness | None = None
    """None: lm-evaluation-harness has no such task."""
    generator: str = ""
    """Name of the generator that makes the items instead."""
    follows_context: bool = False
    """The generator makes items as long as the plan's context lets them be."""
    data_license: str = ""
    tags: tuple[str, ...] = ()
    """What a model that does well here is good for."""
    prompt_style: Literal["auto", "chat", "plain"] = "auto"
    context_template: str = CONTEXT_TEMPLATE
    """For choice suites; as lm-evaluation-harness asks ARC."""
    delimiter: str = DELIMITER
    """Between context and choice."""
    plain_template: str = "{prompt}\nAnswer:"
    """Of generate suites, for models without a chat template."""
    system: str = ""
    shots: tuple[Shot, ...] = ()
    stop: tuple[str, ...] = ("\n",)
    max_tokens: int = 32
    extractor: str = "first_line"
    scorer: str = "exact"


def suite_specs() -> list[SuiteSpec]:
    """Every built-in suite, by name."""
    return sorted(_scan(), key=lambda spec: spec.name)


@cache
def _scan() -> tuple[SuiteSpec, ...]:
    from weighin.assets import asset

    specs = []
    for file in sorted(asset("tasks").glob("*.toml")):
        table = loads(file.read_text(encoding="utf-8"))
        if "suite" in table:
            specs.append(parse_spec(table["suite"], where=file))
    return tuple(specs)


def parse_spec(table: object, *, where: Path) -> SuiteSpec:
    """The spec in a TOML table.

    Raises:
        DatasetError: a field is unknown, missing or of the wrong type.
    """
    try:
        return msgspec.convert(table, SuiteSpec)
    except msgspec.ValidationError as error:
        raise DatasetError(f"The suite in {where} is wrong: {str(error).replace('$.', '')}.") from None


def find_spec(name: str) -> SuiteSpec:
    """The built-in suite ``name``.

    Raises:
        DatasetError: there is none; names the ones that are near.
    """
    specs = {spec.name: spec for spec in suite_specs()}
    if name in specs:
        return specs[name]
    raise DatasetError(
        f"There is no suite {name!r}.", hint=f"{did_you_mean(name, specs)} `weighin suites` lists them.".lstrip()
    )
