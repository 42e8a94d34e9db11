"""Finds values in a plan that make no sense before anything runs. Opens no file: data is checked where it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..errors import PlanError
from ..safe_names import is_repo_id, is_safe_path
from .model import DATA_SUFFIXES, HubSource, OwnAsking, OwnSuite, Plan, PlannedSuite


class _Range(NamedTuple):
    includes: Callable[[float], bool]
    words: str


_AT_LEAST_1 = _Range(lambda value: value >= 1, "must be at least 1")
_NOT_NEGATIVE = _Range(lambda value: value >= 0, "must not be negative")
_ABOVE_0 = _Range(lambda value: value > 0, "must be above 0")
_BETWEEN_0_AND_1 = _Range(lambda value: 0 < value < 1, "must be between 0 and 1")
_FROM_0_TO_1 = _Range(lambda value: 0 <= value <= 1, "must be between 0 and 1")
_FROM_2_TO_16 = _Range(lambda value: 2 <= value <= 16, "must be from 2 to 16")


def check_plan(plan: Plan, *, where: str) -> None:
    """Check every number and name in the plan; ``where`` begins the message.

    Raises:
        PlanError: a value makes no sense, or two parts contradict each other.
    """
    for field, value, allowed in _numbers(plan):
        if not allowed.includes(value):
            raise PlanError(f"{where}: {field} is {value}; it {allowed.words}.")
    if plan.settings.n_ubatch > plan.settings.n_batch:
        raise PlanError(f"{where}: settings.n_ubatch is larger than settings.n_batch.", hint="Lower it to n_batch.")
    for kind, names in (
        ("candidate id", [candidate.id for candidate in plan.candidates]),
        ("suite name", [suite.name for suite in plan.suites]),
    ):
        repeated = sorted(name for name, count in Counter(names).items() if count > 1)
        if repeated:
            raise PlanError(f"{where}: the {kind} {repeated[0]!r} appears twice.", hint="Make each one unique.")
    for suite in plan.suites:
        _check_suite(suite, f"{where}: the suite {suite.name!r}")


def _numbers(plan: Plan) -> Iterator[tuple[str, float, _Range]]:
    settings, speed, limits, consistency = plan.settings, plan.speed, plan.limits, plan.consistency
    yield "settings.n_ctx", settings.n_ctx, _AT_LEAST_1
    yield "settings.n_batch", settings.n_batch, _AT_LEAST_1
    yield "settings.n_ubatch", settings.n_ubatch, _AT_LEAST_1
    yield "settings.n_threads", settings.n_threads, _NOT_NEGATIVE
    yield "settings.max_thinking_tokens", settings.max_thinking_tokens, _NOT_NEGATIVE
    yield "speed.n_prompt", speed.n_prompt, _AT_LEAST_1
    yield "speed.n_generate", speed.n_generate, _AT_LEAST_1
    yield "speed.repeats", speed.repeats, _AT_LEAST_1
    yield "item_limit", plan.item_limit, _NOT_NEGATIVE
    yield "time_budget_s", plan.time_budget_s, _NOT_NEGATIVE
    yield "limits.max_memory_bytes", limits.max_memory_bytes, _NOT_NEGATIVE
    yield "limits.min_generation_tokens_per_second", limits.min_generation_tokens_per_second, _NOT_NEGATIVE
    yield "limits.max_ttft_s", limits.max_ttft_s, _NOT_NEGATIVE
    yield "race.alpha", plan.race.alpha, _BETWEEN_0_AND_1
    yield "consistency.items", consistency.items, _NOT_NEGATIVE
    yield "consistency.order_items", consistency.order_items, _NOT_NEGATIVE
    yield "consistency.template_items", consistency.template_items, _NOT_NEGATIVE
    yield "consistency.repeat_blocks", consistency.repeat_blocks, _NOT_NEGATIVE
    yield "consistency.share", consistency.share, _NOT_NEGATIVE
    yield "consistency.temperature", consistency.temperature, _ABOVE_0
    if consistency.items:
        yield "consistency.samples", consistency.samples, _FROM_2_TO_16


def _check_suite(suite: PlannedSuite, subject: str) -> None:
    _check_number(subject, "limit", suite.limit, _NOT_NEGATIVE)
    if isinstance(suite, OwnSuite):
        if isinstance(suite.source, HubSource):
            _check_hub_source(suite.source, subject)
        _check_asking(suite.asking, subject)


def _check_number(subject: str, field: str, value: float, allowed: _Range) -> None:
    if not allowed.includes(value):
        raise PlanError(f"{subject} has {field} {value}; it {allowed.words}.")


def _check_asking(asking: OwnAsking, subject: str) -> None:
    _check_number(subject, "shots", asking.shots, _NOT_NEGATIVE)
    _check_number(subject, "max_tokens", asking.max_tokens, _NOT_NEGATIVE)
    _check_number(subject, "right_at", asking.right_at, _FROM_0_TO_1)
    if asking.stop and "" in asking.stop:
        raise PlanError(
            f"{subject} has an empty stop text, which would stop every answer at once.", hint="Leave it out."
        )


def _check_hub_source(source: HubSource, subject: str) -> None:
    if not is_repo_id(source.repo):
        raise PlanError(f"{subject} has hub_repo {source.repo[:120]!r}.", hint="Write it as owner/name.")
    if not source.pattern.lower().endswith(DATA_SUFFIXES):
        raise PlanError(
            f"{subject} needs hub_file, the Parquet, JSONL or CSV files of {source.repo} to read.",
            hint="Give a name or a pattern such as data/test-*.parquet.",
        )
    if source.revision and not is_safe_path(source.revision):
        raise PlanError(f"{subject} has hub_revision {source.revision[:120]!r}.", hint="Give a branch, tag or commit.")
