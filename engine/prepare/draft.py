"""The wizard's answers: kept between starts, and turned into a plan at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from ..catalog.ranking import Conditions
from ..catalog.verdict import StatedUse
from ..files import make_private, read_file, write_atomically
from ..hardware.memory import usable_memory
from ..models.references import is_path
from ..paths import state_dir
from ..plan.checks import check_plan
from ..plan.model import (
    BuiltInSuite,
    Candidate,
    ConsistencyPlan,
    Limits,
    OwnAsking,
    Plan,
    PlannedSuite,
    RacePlan,
    Settings,
    SpeedPlan,
)
from .default_suites import DEFAULT_SUITES

_MAX_DRAFT_BYTES = 16 * 2**20


class SampleModel(msgspec.Struct, frozen=True, tag=True):
    """A pick of the sample model and its requantized versions, which are made on this machine."""


Pick = str | SampleModel
"""A model to compare: the sample, or a file, hub name or catalog name such as ``qwen3-1.7b:Q4_K_M``."""
_OLD_SAMPLE = "sample"
"""How earlier versions wrote the sample."""


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the model will run. 0 means no limit."""

    this_machine: bool = True
    ram_bytes: int = 0
    vram_bytes: int = 0
    cores: int = 0
    n_ctx: int = 4096
    min_tokens_per_second: float = 0.0
    max_ttft_s: float = 0.0


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An immutable set of answers. The defaults make a run that works."""

    use: StatedUse = StatedUse()
    target: Target = Target()
    suites: tuple[str, ...] = DEFAULT_SUITES
    data_files: tuple[str, ...] = ()
    """The user's own data: files, folders, and data sets on the hub as ``owner/name:pattern``."""
    own: dict[str, OwnAsking] = {}
    """How to ask and score the ones of them that do not use the defaults."""
    added: tuple[str, ...] = ()
    """Models the user named, picked or not: files, and models on the hub as ``owner/repo:file.gguf``."""
    picked: tuple[Pick, ...] = (SampleModel(),)
    """The models to compare."""
    settings: Settings = Settings()
    speed: SpeedPlan = SpeedPlan()
    item_limit: int = 96
    race: bool = True
    """Drop clear losers early."""
    consistency_items: int = 20
    """Items of each generate suite that are asked several times; 0 skips consistency."""
    step: int = 0
    """The step at which the wizard was left."""


def conditions_of(draft: Draft) -> Conditions:
    """The use, context and memory that a model must suit.

    Memory is this machine's unless the user described another target.
    """
    target = draft.target
    other = 0 if target.this_machine else target.ram_bytes
    memory_bytes = other + target.vram_bytes if other else usable_memory().usable_bytes
    return Conditions(use=draft.use, memory_bytes=memory_bytes, n_ctx=target.n_ctx)


def draft_path() -> Path:
    """Where the draft is kept."""
    return state_dir() / "draft.json"


def save_draft(draft: Draft, path: Path | None = None) -> None:
    """Write the draft atomically: a crash leaves the old one or the new one. Raises OSError."""
    if path is None:
        make_private(state_dir())
    write_atomically(path or draft_path(), msgspec.json.encode(draft))


def load_draft(path: Path | None = None) -> Draft:
    """The kept draft, or a fresh one if there is none or it is damaged."""
    try:
        draft = msgspec.json.decode(read_file(path or draft_path(), max_bytes=_MAX_DRAFT_BYTES), type=Draft)
    except (OSError, ValueError, msgspec.MsgspecError):
        return Draft()
    picked = tuple(SampleModel() if pick == _OLD_SAMPLE else pick for pick in draft.picked)
    return msgspec.structs.replace(draft, picked=picked)


def picks_to_download(draft: Draft) -> list[str]:
    """The picks that are model names rather than files."""
    return [pick for pick in draft.picked if isinstance(pick, str) and not is_path(pick)]


def plan_from_draft(
    draft: Draft, *, fetched: Mapping[str, str] | None = None, say: Callable[[str], None] = lambda _text: None
) -> Plan:
    """The plan for these answers. Reads model headers and may requantize the sample model, so call it in a thread.

    Args:
        fetched: the downloaded file of each pick that is a hub or catalog name.
        say: called with a sentence before each slow step.

    Raises:
        PlanError, ModelFileError: a number is invalid, or a model is missing or cannot be used.
    """
    from .freeze import candidates_from_paths

    files = fetched or {}
    paths = [files.get(pick, pick) for pick in draft.picked if isinstance(pick, str)]
    notes: dict[str, Candidate] = {}
    if SampleModel() in draft.picked:
        from .demo import demo_plan

        notes = {candidate.path: candidate for candidate in demo_plan(say).candidates}
    # Resolve the folder but not the file: in the hub's cache its name is a link, and split models need the name.
    named = {str(p.parent.resolve() / p.name): None for p in (Path(path).expanduser() for path in (*paths, *notes))}
    candidates = tuple(
        msgspec.structs.replace(candidate, note=notes[candidate.path].note) if candidate.path in notes else candidate
        for candidate in candidates_from_paths(named)
    )
    target, settings = draft.target, msgspec.structs.replace(draft.settings, n_ctx=draft.target.n_ctx)
    if not target.this_machine:
        settings = msgspec.structs.replace(
            settings,
            n_threads=target.cores or settings.n_threads,
            n_gpu_layers=settings.n_gpu_layers if target.vram_bytes else 0,
        )
    plan = Plan(
        candidates=candidates,
        suites=_suites(draft),
        settings=settings,
        speed=draft.speed,
        limits=Limits(
            max_memory_bytes=0 if target.this_machine else target.ram_bytes,
            min_generation_tokens_per_second=target.min_tokens_per_second,
            max_ttft_s=target.max_ttft_s,
        ),
        race=RacePlan(enabled=draft.race),
        consistency=ConsistencyPlan(items=draft.consistency_items),
        item_limit=draft.item_limit,
    )
    check_plan(plan, where="The plan")
    return plan


def _suites(draft: Draft) -> tuple[PlannedSuite, ...]:
    from .freeze import own_suite

    suites: list[PlannedSuite] = [BuiltInSuite(name=name) for name in draft.suites]
    for words in draft.data_files:
        suite = own_suite(words, taken=[suite.name for suite in suites])
        suites.append(msgspec.structs.replace(suite, asking=draft.own.get(words, OwnAsking())))
    return tuple(suites)
