"""Suite specs: one TOML file per suite in ``assets/tasks``, found by scanning. A new suite is a new file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from weighin.assets import asset

from ..errors import DatasetError
from ..suggest import did_you_mean
from ..toml import loads

Kind = Literal["choice", "generate"]

CONTEXT_TEMPLATE = "Question: {question}\nAnswer:"
DELIMITER = " "


class Shot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A worked example shown before every item of a generate suite."""

    prompt: str
    answer: str


class Dataset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a reference suite's rows come from."""

    repo: str
    """The data set's repository on the hub."""
    config: str = ""
    revision: str = "main"
    files: dict[str, str]
    """File pattern per split, such as ``{"test" = "data/test-*.parquet"}``."""
    also: dict[str, str] = {}
    """File pattern per split under the authors' own file name, looked for in the user's folder."""
    license: str = ""
    url: str = ""
    size_hint: str = ""
    """Approximate download size, in words."""


class Harness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The suite's counterpart in lm-evaluation-harness 0.4.13, for exports that its tools can compare."""

    task: str
    """Task name; for a suite of subjects the prefix: ``mmlu`` of ``mmlu_anatomy``."""
    version: float
    group_version: str = ""
    """Version of the group, for a suite of subjects that has its own result row there. Empty: only a tag."""
    metrics: dict[str, str] = {}
    """From our metrics to its ``metric,filter``, where names differ. Empty: the same names, without a filter."""


class SuiteSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a suite's items become prompts and its answers become scores."""

    name: str
    title: str
    description: str = ""
    kind: Kind
    metric: str
    """The main metric, one of the scorer's, under lm-evaluation-harness's name when it has one."""
    right_at: float = 1.0
    """For a graded main metric, an answer counts as correct from this score up."""
    chance: float | None = None
    """Accuracy of guessing, 0 to 1."""
    data: str = ""
    """JSONL file beside the spec."""
    dataset: Dataset | None = None
    """A public data set, downloaded or put in place by hand."""
    format: str = ""
    """Module of ``formats`` that turns the data set's rows into items."""
    n_shot: int = 0
    """Number of worked examples that the format puts before each item."""
    group_kind: Literal["", "subject", "passage"] = ""
    """What the items of a group share: a subject, which gets its own mean, or a passage, which correlates their errors.
    A group without a kind is only stored with the answer."""
    areas: dict[str, tuple[str, ...]] = {}
    """Subjects by area, when a suite of subjects has areas."""
    harness: Harness | None = None
    """None: lm-evaluation-harness has no such task."""
    generator: str = ""
    """The generator that makes the items, when there is no data."""
    follows_context: bool = False
    """Whether the generator makes items as long as the plan's context allows."""
    data_license: str = ""
    tags: tuple[str, ...] = ()
    """What a model that does well here is good for."""
    prompt_style: Literal["auto", "chat", "plain"] = "auto"
    context_template: str = CONTEXT_TEMPLATE
    """For choice suites; as lm-evaluation-harness asks ARC."""
    delimiter: str = DELIMITER
    """Between context and option."""
    plain_template: str = "{prompt}\nAnswer:"
    """For generate suites and models without a chat template."""
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
    files = asset("tasks").glob("*.toml")
    return tuple(parse_spec(loads(file.read_text(encoding="utf-8"))["suite"], where=file) for file in files)


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
        DatasetError: there is no such suite; the message suggests a similar name.
    """
    specs = {spec.name: spec for spec in suite_specs()}
    if name in specs:
        return specs[name]
    raise DatasetError(
        f"There is no suite {name!r}.", hint=f"{did_you_mean(name, specs)} `weighin suites` lists them.".lstrip()
    )
