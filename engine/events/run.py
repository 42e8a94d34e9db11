"""Every fact a run produces, as frozen structs named in the past tense.

Workers emit some of them, the session stores the durable ones before it hands them on, and boards are folded from
them. All times are wall-clock seconds since the epoch in ``at``; durations end in ``_s``.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from .askings import ReorderedItem, RepeatedItem, RewordedItem
from .ranking import Ranking

Phase = Literal["waiting", "loading", "warming up", "speed", "latency", "answering", "stopped", "done", "failed"]
SpeedKind = Literal["prompt", "generation"]
RunOutcome = Literal["completed", "cancelled", "out of time", "failed"]
GroupKind = Literal["", "subject", "passage"]
StopReason = Literal["failed", "skipped by the user", "eliminated"]
WorkerFailure = Literal["could not start", "aborted", "killed", "out of memory", "hung", "garbled", "refused"]


class _Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=True):
    at: float = 0.0
    """Wall-clock time, seconds since the epoch; the session fills it in."""


# What happens to the run as a whole


class CandidateCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a board needs to head a candidate's panel."""

    id: str
    name: str
    quant: str
    size_bytes: int
    note: str = ""


class SuiteCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a board needs to know about a suite in the run."""

    name: str
    title: str
    items: int
    """Items in this run, after the limit."""
    chance: float | None
    """Accuracy of guessing, 0 to 1; None where guessing gets nothing."""
    metric: str
    """The metric the suite leads with: ``acc``, ``acc_norm``, ``exact_match`` or ``contains``."""
    group_kind: GroupKind = ""
    """What items of one group share: a subject (a mean of its own) or a passage (their errors go together)."""
    groups: dict[str, int] = {}
    """Of suites with subjects: items of each in this run."""
    n_shot: int | None = None
    """Solved examples before every item; None in runs stored before this was noted."""


class RunStarted(_Fact, frozen=True, kw_only=True):
    run_id: str
    candidates: tuple[CandidateCard, ...]
    suites: tuple[SuiteCard, ...]
    repeats: int
    """Clean speed repeats wanted for each candidate."""
    resumed: bool = False
    n_threads: int = 0
    llama_build: str = ""
    machine: str = ""
    """CPU, cores and memory in one line."""


class RoundStarted(_Fact, frozen=True, kw_only=True):
    number: int
    """From 1."""
    planned: int
    """Rounds the run needs at the present pace; may change from round to round."""
    seconds_left: float | None = None


class RunPaused(_Fact, frozen=True, kw_only=True):
    pass


class RunContinued(_Fact, frozen=True, kw_only=True):
    pass


class SuiteDropped(_Fact, frozen=True, kw_only=True):
    suite: str


class RaceStarted(_Fact, frozen=True, kw_only=True):
    """From here on candidates may stop early. Those measured to miss a limit do not take part."""

    entrants: tuple[str, ...]
    pool: int
    """Items of all suites: what the whole run would ask."""
    alpha: float
    """Probability at most that the best of the pool is ever stopped."""
    margin: float
    """Differences in accuracy below this do not matter, 0 to 1."""


class RaceSettled(_Fact, frozen=True, kw_only=True):
    """More items would decide nothing: no more are asked."""

    at_item: int
    """Items in the committed order that were needed."""
    pool: int
    remaining: tuple[str, ...]
    """One: the winner of the race. Several: practically equal."""


class RunFinished(_Fact, frozen=True, kw_only=True):
    outcome: RunOutcome
    detail: str = ""


# What happens to one candidate


class PhaseChanged(_Fact, frozen=True, kw_only=True):
    candidate: str
    phase: Phase
    detail: str = ""
    """Such as the item being answered."""


class ModelLoaded(_Fact, frozen=True, kw_only=True):
    candidate: str
    load_s: float
    architecture: str
    parameters: int
    size_bytes: int
    n_vocab: int
    n_ctx_train: int
    prompt_style: Literal["chat", "plain"]
    chat_template_sha256: str
    """Of the template used; empty for plain prompts."""
    devices: tuple[str, ...]
    """Where the layers are, such as ``CPU`` or ``CUDA0``."""
    n_threads: int
    llama_build: str
    flash_attention: str = ""


class Disturbance(msgspec.Struct, frozen=True, kw_only=True):
    """Why a figure cannot be called clean."""

    cause: str
    """In words with numbers: ``other processes used 0.9 of 2 cores``."""


class SpeedMeasured(_Fact, frozen=True, kw_only=True):
    candidate: str
    kind: SpeedKind
    repeat: int
    """From 0, a number for each repeat wanted; a disturbed one is measured again under the same number."""
    attempt: int
    n_tokens: int
    depth: int
    elapsed_s: float
    tokens_per_second: float
    disturbances: tuple[Disturbance, ...] = ()
    final: bool = True
    """False: disturbed, and measured again."""


class ChatMeasured(_Fact, frozen=True, kw_only=True):
    """One real chat prompt, answered by a single sequence as a user would feel it."""

    candidate: str
    prompt: int
    n_prompt_tokens: int
    ttft_s: float
    inter_token_s: tuple[float, ...]
    disturbances: tuple[Disturbance, ...] = ()


class MemoryMeasured(_Fact, frozen=True, kw_only=True):
    candidate: str
    peak_rss_bytes: int
    """Peak resident memory of the worker with one sequence at the plan's context."""
    vram_bytes: int = 0
    n_ctx: int = 0


class OptionScore(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One continuation of a choice item."""

    text: str
    log_likelihood: float
    """Natural log, summed over the continuation's tokens."""
    n_tokens: int
    is_greedy: bool
    continuation: str = ""
    """What was scored, where it is not delimiter and text: MMLU's letters."""
    context: str = ""
    """What stood before it, where each option has another: WinoGrande."""


class AnswerScored(_Fact, frozen=True, kw_only=True):
    """A candidate's output on one item. The key (candidate, suite, item, repeat) is unique in a run."""

    candidate: str
    suite: str
    item: str
    repeat: int = 0
    correct: bool
    """By the metric the suite leads with."""
    scores: dict[str, float]
    """Every metric of the item by name, 0 to 1."""
    prompt: str
    """As sent, after the template."""
    output: str
    """Raw text generated, or the text of the chosen option."""
    extracted: str | None
    """What the extractor found; None when it found nothing."""
    expected: str
    options: tuple[OptionScore, ...] = ()
    fragile: bool = False
    """The two best options are within 0.15 nats: another batch layout may turn it."""
    n_prompt_tokens: int = 0
    n_output_tokens: int = 0
    elapsed_s: float = 0.0
    """The item's share of its block's compute time."""
    stop: str = ""
    """Why generation ended: ``stop string``, ``end of text``, ``length``."""
    group: str = ""
    """The item's subject or passage."""
    row: int = -1
    """The item's place in its data, as of items; -1 in runs stored before it was noted."""
    n_parts: int = 1
    """So many things the item asks for, of which a graded metric is the share that was met: IFEval's instructions."""
    level: int = 0
    """The item's difficulty from 1 to 5, 0 when ungraded."""
    n_thinking_characters: int = 0
    """What a reasoning model thought before its answer; not in ``extracted``."""
    thinking_closed: bool = True
    """False: it was still thinking when it was stopped."""


class BlockScored(_Fact, frozen=True, kw_only=True):
    """A block of items was computed in one go; throughput counts unique prompt tokens only."""

    candidate: str
    suite: str
    block: int
    items: int
    n_unique_prompt_tokens: int
    n_output_tokens: int
    elapsed_s: float


class SamplesDrawn(_Fact, frozen=True, kw_only=True):
    """Some items were answered several times at a temperature; the answers came before it as repeats from 1."""

    candidate: str
    suite: str
    part: int
    items: int
    samples: int
    elapsed_s: float


class OptionsTurned(_Fact, frozen=True, kw_only=True):
    """Some choice items were asked with their options in every cyclic order."""

    candidate: str
    suite: str
    part: int
    items: tuple[ReorderedItem, ...]
    elapsed_s: float


class PromptsReworded(_Fact, frozen=True, kw_only=True):
    """Some items were asked under other neutral prompt templates."""

    candidate: str
    suite: str
    part: int
    templates: tuple[str, ...]
    """Names of the templates, in the order of each item's scores."""
    items: tuple[RewordedItem, ...]
    elapsed_s: float


class BlockRepeated(_Fact, frozen=True, kw_only=True):
    """A block that was answered before was answered again exactly as it was."""

    candidate: str
    suite: str
    block: int
    items: tuple[RepeatedItem, ...]
    elapsed_s: float


class WorkerDied(_Fact, frozen=True, kw_only=True):
    candidate: str
    failure: WorkerFailure
    reason: str
    """One sentence for the user."""
    log_path: str = ""
    log_tail: tuple[str, ...] = ()


class CandidateStopped(_Fact, frozen=True, kw_only=True):
    """Nothing more is asked of this candidate; its results so far stay."""

    candidate: str
    reason: StopReason
    detail: str = ""
    at_item: int = 0
    """Of an eliminated candidate: items in the committed order that it took."""
    pool: int = 0
    """Of an eliminated candidate: items the whole run would ask."""


# Verdict


class VerdictReached(_Fact, frozen=True, kw_only=True):
    winner: str | None
    sentences: tuple[str, ...]
    """The reason, in two sentences."""
    rankings: tuple[Ranking, ...]
    """Best first; those ruled out last."""
    commands: dict[str, str]
    """How to run the winner: ``llama-server``, ``ollama``."""
    warnings: tuple[str, ...] = ()


ConsistencyEvent: TypeAlias = SamplesDrawn | OptionsTurned | PromptsReworded | BlockRepeated
CONSISTENCY_EVENTS = (SamplesDrawn, OptionsTurned, PromptsReworded, BlockRepeated)

Event: TypeAlias = (
    RunStarted
    | RoundStarted
    | RunPaused
    | RunContinued
    | RaceStarted
    | RaceSettled
    | SuiteDropped
    | RunFinished
    | PhaseChanged
    | ModelLoaded
    | SpeedMeasured
    | ChatMeasured
    | MemoryMeasured
    | AnswerScored
    | BlockScored
    | SamplesDrawn
    | OptionsTurned
    | PromptsReworded
    | BlockRepeated
    | WorkerDied
    | CandidateStopped
    | VerdictReached
)

DURABLE = (
    RunStarted,
    ModelLoaded,
    SpeedMeasured,
    ChatMeasured,
    MemoryMeasured,
    AnswerScored,
    BlockScored,
    SamplesDrawn,
    OptionsTurned,
    PromptsReworded,
    BlockRepeated,
    WorkerDied,
    CandidateStopped,
    SuiteDropped,
    RaceStarted,
    RaceSettled,
    RunFinished,
    VerdictReached,
)
"""Stored before they are handed on; the others describe the moment only."""
