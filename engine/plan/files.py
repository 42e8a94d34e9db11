"""Plans as TOML: plan files beside a project, and the text stored with a run. No other module encodes a plan.

In a file each suite is one flat ``[[suites]]`` table, whatever its kind. ``SuiteTable`` is that table; the types of
``model`` are what the program works with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from weighin.assets import asset

from .. import toml
from ..errors import PlanError
from ..files import read_file, write_atomically
from .checks import check_ids, check_plan
from .model import (
    BuiltInSuite,
    FileSource,
    HubSource,
    OwnAsking,
    OwnSuite,
    Plan,
    PlannedSuite,
    PlanPart,
    PlanParts,
    Reading,
    data_path,
    with_data_path,
)

_MAX_PLAN_BYTES = 16 * 2**20


class SuiteTable(PlanPart, frozen=True, kw_only=True):
    """A ``[[suites]]`` table: the fields of both kinds of suite, their sources and ``OwnAsking``."""

    name: str
    data: str = ""
    data_sha256: str = ""
    limit: int = 0
    hub_repo: str = ""
    hub_file: str = ""
    hub_revision: str = ""
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    shots: int = 0
    scorer: str = ""
    extractor: str = ""
    metric: str = ""
    right_at: float = 0.0
    max_tokens: int = 0
    stop: tuple[str, ...] | None = None
    system: str = ""
    reading: Reading = Reading()


class PlanTable(PlanParts, frozen=True, kw_only=True):
    """A whole plan file."""

    suites: tuple[SuiteTable, ...] = ()


def plan_table(plan: Plan) -> PlanTable:
    """The plan in the shape of a plan file, for documents that other programs read."""
    return PlanTable(suites=tuple(_to_table(suite) for suite in plan.suites), **_parts(plan))


def plan_to_toml(plan: Plan) -> str:
    """The plan as TOML; defaults are left out."""
    import tomli_w

    return tomli_w.dumps(msgspec.to_builtins(plan_table(plan)))


def plan_from_toml(text: str, *, where: str) -> Plan:
    """Parse and check a plan.

    Raises:
        PlanError: it is not TOML, a field is unknown or of the wrong type, or a value makes no sense. The message
            names ``where`` and the field.
    """
    try:
        table = msgspec.convert(toml.loads(text), PlanTable)
    except toml.TOMLDecodeError as error:
        raise PlanError(f"{where} is not valid TOML: {error}.") from None
    except msgspec.ValidationError as error:
        raise PlanError(
            f"{where}: {str(error).replace('$.', '')}.", hint="See the plan format in the README."
        ) from None
    plan = Plan(suites=tuple(_from_table(suite, where) for suite in table.suites), **_parts(table))
    check_plan(plan, where=where)
    return plan


def read_plan_as_written(path: Path) -> Plan:
    """Read a plan file, with the paths in it as they are.

    Raises:
        PlanError: the file is missing, unreadable or wrong.
    """
    try:
        text = read_file(path, max_bytes=_MAX_PLAN_BYTES).decode("utf-8")
    except FileNotFoundError:
        raise PlanError(f"There is no plan file {path}.") from None
    except OSError as error:
        raise PlanError(f"The plan {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # not UTF-8, or a zero byte in the path
        raise PlanError(f"The plan {path} cannot be read: {error}.") from None
    plan = plan_from_toml(text, where=str(path))
    check_ids(plan, where=str(path))
    return plan


def read_plan(path: Path) -> Plan:
    """Read a plan file. Relative paths in it start at the folder the file is in.

    A candidate's path with a colon that does not exist stays as it is: it is a model name, such as ``qwen3-1.7b:Q8_0``.

    Raises:
        PlanError: the file is missing, unreadable or wrong.
    """
    plan = read_plan_as_written(path)
    base = path.resolve().parent

    def absolute(value: str) -> str:
        return str(base / Path(value).expanduser()) if value else value

    def absolute_file(value: str) -> str:
        path = absolute(value)
        return path if ":" not in value or Path(path).exists() else value

    return msgspec.structs.replace(
        plan,
        candidates=tuple(msgspec.structs.replace(c, path=absolute_file(c.path)) for c in plan.candidates),
        suites=tuple(with_data_path(s, absolute(data_path(s))) if data_path(s) else s for s in plan.suites),
    )


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan file in one step, so that a crash leaves the old one or the new one.

    Raises:
        OSError: it cannot be written.
    """
    write_atomically(path, plan_to_toml(plan))


def _parts(plan: PlanParts) -> dict[str, Any]:
    return {field: getattr(plan, field) for field in PlanParts.__struct_fields__}


def _to_table(suite: PlannedSuite) -> SuiteTable:
    table = SuiteTable(name=suite.name, limit=suite.limit, data_sha256=suite.data_sha256, data=data_path(suite))
    if isinstance(suite, BuiltInSuite):
        return table
    if isinstance(suite.source, HubSource):
        hub = suite.source
        table = msgspec.structs.replace(table, hub_repo=hub.repo, hub_file=hub.pattern, hub_revision=hub.revision)
    return msgspec.structs.replace(table, **{field: getattr(suite.asking, field) for field in suite.asking.changes()})


def _from_table(table: SuiteTable, where: str) -> PlannedSuite:
    subject = f"{where}: the suite {table.name!r}"
    asking = OwnAsking(**{field: getattr(table, field) for field in OwnAsking.__struct_fields__})
    if table.data and table.hub_repo:
        raise PlanError(f"{subject} has both data and hub_repo.", hint="Give one of them.")
    if not table.hub_repo and (table.hub_file or table.hub_revision):
        raise PlanError(f"{subject} has hub_file or hub_revision without hub_repo.", hint="Name the data set.")
    source: FileSource | HubSource
    if table.hub_repo:
        source = HubSource(repo=table.hub_repo, pattern=table.hub_file, revision=table.hub_revision)
    elif table.data and not is_reference_suite(table.name):
        source = FileSource(path=table.data)
    elif asking.changes():
        raise PlanError(
            f"{subject} is a built-in one, which takes no {asking.changes()[0]}.",
            hint="To ask its data another way, give the suite another name.",
        )
    else:
        return BuiltInSuite(name=table.name, limit=table.limit, data=table.data, data_sha256=table.data_sha256)
    return OwnSuite(name=table.name, source=source, asking=asking, limit=table.limit, data_sha256=table.data_sha256)


def is_reference_suite(name: str) -> bool:
    """Whether ``name`` is a built-in suite over a public data set, so that ``data`` is a copy of that data set."""
    spec = {file.stem: file for file in asset("tasks").glob("*.toml")}.get(name)
    return spec is not None and "format" in toml.loads(spec.read_text(encoding="utf-8"))["suite"]
