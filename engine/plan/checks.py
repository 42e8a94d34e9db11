"""Finds values in a plan that make no sense before anything runs. Opens no file: data is checked where it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..errors import PlanError
from ..safe_names import is_candidate_id, is_repo_id, is_safe_path
from .model import DATA_SUFFIXES, HubSource, OwnAsking, OwnSuite, Plan, PlannedSuite


class _Range(NamedTuple):
    """Allowed values. Every number has an upper bound too: what is far above any use is a slip, or an attack."""

    includes: Callable[[float], bool]
    words: str
    high: float


def _at_least(low: int, high: int) -> _Range:
    return _Range(lambda value: value >= low, f"must be at least {low}" if low else "must not be negative", high)


_COUNT, _COUNT_OR_NONE = _at_least(1, 10_000), _at_least(0, 10_000)
_TOKENS, _TOKENS_OR_DEFAULT = _at_least(1, 2**24), _at_least(0, 2**24)
_ITEMS = _at_least(0, 10**9)
_THREADS = _at_least(0, 4096)
_SECONDS = _at_least(0, 10**9)
_BYTES = _at_least(0, 2**60)
_RATE = _at_least(0, 10**9)
_SEED = _at_least(0, 2**32 - 1)
_LAYERS = _Range(lambda value: value >= -1, "must be a number of layers, or -1 for all", 100_000)
_ABOVE_0 = _Range(lambda value: value > 0, "must be above 0", 100)
_BETWEEN_0_AND_1 = _Range(lambda value: 0 < value < 1, "must be between 0 and 1", 1)
_FROM_0_TO_1 = _Range(lambda value: 0 <= value <= 1, "must be between 0 and 1", 1)
_FROM_2_TO_16 = _Range(lambda value: 2 <= value <= 16, "must be from 2 to 16", 16)


def check_plan(plan: Plan, *, where: str) -> None:
    """Check every number and name in the plan; ``where`` begins the message.

    Raises:
        PlanError: a value makes no sense, or two parts contradict each other.
    """
    for field, value, allowed in _numbers(plan):
        wrong = _wrong(value, allowed)
        if wrong:
            raise PlanError(f"{where}: {field} is {_shown(value)}; it {wrong}.")
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


def check_ids(plan: Plan, *, where: str) -> None:
    """Check that candidates' ids are what ``Candidate.id`` says: they become file names, and words of commands.

    Not part of ``check_plan``, because runs that are stored already may have others and must still open.

    Raises:
        PlanError: one is not.
    """
    for candidate in plan.candidates:
        if not is_candidate_id(candidate.id):
            raise PlanError(
                f"{where}: the candidate id {candidate.id[:120]!r} is not allowed.",
                hint="Use letters, digits, -, _ and ., and begin with a letter, a digit or _.",
            )


def _numbers(plan: Plan) -> Iterator[tuple[str, float, _Range]]:
    settings, speed, limits, consistency = plan.settings, plan.speed, plan.limits, plan.consistency
    yield "settings.n_ctx", settings.n_ctx, _TOKENS
    yield "settings.n_batch", settings.n_batch, _TOKENS
    yield "settings.n_ubatch", settings.n_ubatch, _TOKENS
    yield "settings.n_threads", settings.n_threads, _THREADS
    yield "settings.n_gpu_layers", settings.n_gpu_layers, _LAYERS
    yield "settings.max_thinking_tokens", settings.max_thinking_tokens, _TOKENS_OR_DEFAULT
    yield "settings.seed", settings.seed, _SEED
    yield "speed.n_prompt", speed.n_prompt, _TOKENS
    yield "speed.n_generate", speed.n_generate, _TOKENS
    yield "speed.repeats", speed.repeats, _COUNT
    yield "speed.max_disturbed_retries", speed.max_disturbed_retries, _COUNT_OR_NONE
    yield "speed.chat_prompts", speed.chat_prompts, _COUNT_OR_NONE
    yield "speed.chat_tokens", speed.chat_tokens, _TOKENS_OR_DEFAULT
    yield "item_limit", plan.item_limit, _ITEMS
    yield "time_budget_s", plan.time_budget_s, _SECONDS
    yield "limits.max_memory_bytes", limits.max_memory_bytes, _BYTES
    yield "limits.min_generation_tokens_per_second", limits.min_generation_tokens_per_second, _RATE
    yield "limits.max_ttft_s", limits.max_ttft_s, _SECONDS
    yield "limits.equivalence_margin", limits.equivalence_margin, _FROM_0_TO_1
    yield "race.alpha", plan.race.alpha, _BETWEEN_0_AND_1
    yield "consistency.items", consistency.items, _ITEMS
    yield "consistency.order_items", consistency.order_items, _ITEMS
    yield "consistency.template_items", consistency.template_items, _ITEMS
    yield "consistency.repeat_blocks", consistency.repeat_blocks, _COUNT_OR_NONE
    yield "consistency.share", consistency.share, _RATE
    yield "consistency.temperature", consistency.temperature, _ABOVE_0
    if consistency.items:
        yield "consistency.samples", consistency.samples, _FROM_2_TO_16


def _check_suite(suite: PlannedSuite, subject: str) -> None:
    _check_number(subject, "limit", suite.limit, _ITEMS)
    if isinstance(suite, OwnSuite):
        if isinstance(suite.source, HubSource):
            _check_hub_source(suite.source, subject)
        _check_asking(suite.asking, subject)


def _check_number(subject: str, field: str, value: float, allowed: _Range) -> None:
    wrong = _wrong(value, allowed)
    if wrong:
        raise PlanError(f"{subject} has {field} {_shown(value)}; it {wrong}.")


def _wrong(value: float, allowed: _Range) -> str:
    """What ``value`` must be instead; empty if it is allowed. NaN is not."""
    if not allowed.includes(value):
        return "must be a number" if value != value else allowed.words
    return "" if value <= allowed.high else f"must be at most {allowed.high:,}"


def _shown(value: float) -> str:
    """The number, in few characters even where it has thousands of digits."""
    return f"{value}" if isinstance(value, float) or abs(value) < 10**20 else "a number with more than 20 digits"


def _check_asking(asking: OwnAsking, subject: str) -> None:
    _check_number(subject, "shots", asking.shots, _ITEMS)
    _check_number(subject, "max_tokens", asking.max_tokens, _TOKENS_OR_DEFAULT)
    _check_number(subject, "right_at", asking.right_at, _FROM_0_TO_1)
    delimiter = asking.reading.delimiter
    if delimiter and (len(delimiter) > 1 or delimiter in '"\r\n\0'):
        raise PlanError(f"{subject} has the delimiter {delimiter[:20]!r}; it must be one character, and no quote.")
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
