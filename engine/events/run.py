"""Every fact that a run produces, as frozen structs named in the past tense.

The session stores the durable ones before it passes them on; boards and verdicts are folded from them. Stored runs
hold these names and fields, so neither may change; new fields need a default. ``at`` is wall-clock time in seconds
since the epoch; durations end in ``_s``.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import msgspec

from .askings import ReorderedItem, RepeatedItem, RewordedItem
from .failures import ScoringFailure
from .notes import Note
from .ranking import Ranking

Phase = Literal["waiting", "loading", "warming up", "speed", "latency", "answering", "stopped", "done", "failed"]
SpeedKind = Literal["prompt", "generation"]
RunOutcome = Literal["completed", "cancelled", "out of time", "failed"]
GroupKind = Literal["", "subject", "passage"]
StopReason = Literal["failed", "skipped by the user", "eliminated"]
WorkerFailure = Literal["could not start", "aborted", "killed", "out of memory", "hung", "garbled", "refused"]


DOES_NOT_FIT = "does not fit"
"""``AnswerScored.stop`` of an item whose prompt is too long for the candidate's context."""


class _Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=True):
    at: float = 0.0
    """Filled in when the event is stored."""


# What happens to the run as a whole


class CandidateCard(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate as the head of its panel shows it."""

    id: str
    name: str
    quant: str
    size_bytes: int
    note: str = ""


class SuiteCard(msgspec.Struct, frozen=True, kw_only=True):
    """A suite of the run as boards and verdicts need it."""

    name: str
    title: str
    items: int
    """Items in this run, after the limit."""
    chance: float | None
    """Accuracy of guessing, 0 to 1; None if guessing scores nothing."""
    metric: str
    """The leading metric, such as ``acc`` or ``exact_match``."""
    group_kind: GroupKind = ""
    """What the items of a group share: a subject (with its own mean) or a passage (so that their errors correlate)."""
    groups: dict[str, int] = {}
    """Items of each subject in this run; empty for suites without subjects."""
    n_shot: int | None = None
    """Worked examples before every item; None if the stored run does not say."""


class RunStarted(_Fact, frozen=True, kw_only=True):
    """A process began to work on the run, for the first time or to resume it."""

    run_id: str
    candidates: tuple[CandidateCard, ...]
    suites: tuple[SuiteCard, ...]
    repeats: int
    """Undisturbed speed repeats wanted per candidate."""
    resumed: bool = False
    n_threads: int = 0
    machine: str = ""
    """Processor, cores and memory, in one line."""


class RoundStarted(_Fact, frozen=True, kw_only=True):
    """A round began: every candidate in the race gets a turn."""

    number: int
    """From 1."""
    planned: int
    """Rounds that the run needs at its current pace; may change from round to round."""
    seconds_left: float | None = None
    """Computing time left; None before anything was timed."""


class RunPaused(_Fact, frozen=True, kw_only=True):
    """The user paused the run; the command under way is finished first."""


class RunContinued(_Fact, frozen=True, kw_only=True):
    """The user let a paused run continue."""


class SuiteDropped(_Fact, frozen=True, kw_only=True):
    """The user dropped a suite: no more of its items are asked, and its answers do not count."""

    suite: str


class RaceStarted(_Fact, frozen=True, kw_only=True):
    """From here on candidates may be stopped early. Those that miss a limit do not take part."""

    entrants: tuple[str, ...]
    pool: int
    """Items of all suites: those that the whole run would ask."""
    alpha: float
    """Maximum probability that the best on the pool is ever stopped."""
    margin: float
    """Differences in accuracy below this do not matter, 0 to 1."""


class RaceSettled(_Fact, frozen=True, kw_only=True):
    """More items would not change the result, so no more are asked."""

    at_item: int
    """Items of the fixed shuffle that were needed."""
    pool: int
    remaining: tuple[str, ...]
    """One candidate won the race; several are practically equal."""


class RunFinished(_Fact, frozen=True, kw_only=True):
    """The run ended. Missing when it was interrupted by something the user can fix, and after a kill."""

    outcome: RunOutcome
    detail: str = ""
    """Of a failed run, the error that ended it."""


# What happens to one candidate


class _CandidateFact(_Fact, frozen=True, kw_only=True):
    candidate: str


class PhaseChanged(_CandidateFact, frozen=True, kw_only=True):
    """A candidate began to do something else."""

    phase: Phase
    detail: str = ""
    """For example the item that is being answered."""


class ModelLoaded(_CandidateFact, frozen=True, kw_only=True):
    """A worker loaded the candidate's model. Its fields are those of the worker's ``Loaded`` report, and one more."""

    load_s: float
    architecture: str
    parameters: int
    size_bytes: int
    n_vocab: int
    n_ctx_train: int
    prompt_style: Literal["chat", "plain"]
    chat_template_sha256: str
    """SHA-256 of the template; empty for plain prompts."""
    devices: tuple[str, ...]
    """Devices that hold layers, such as ``CPU`` or ``CUDA0``."""
    n_threads: int
    llama_build: str
    flash_attention: str = ""


class CandidateNoted(_CandidateFact, frozen=True, kw_only=True):
    """The user must know this about the candidate. Told once in a run."""

    note: Note


class Disturbance(msgspec.Struct, frozen=True, kw_only=True):
    """Why a measurement is disturbed."""

    cause: str
    """One phrase with numbers: ``other processes used 0.9 of 2 cores``."""


class SpeedMeasured(_CandidateFact, frozen=True, kw_only=True):
    """One speed repeat was timed."""

    kind: SpeedKind
    repeat: int
    """Number of the repeat, from 0. A disturbed repeat is measured again under the same number."""
    attempt: int
    n_tokens: int
    depth: int
    elapsed_s: float
    tokens_per_second: float
    disturbances: tuple[Disturbance, ...] = ()
    final: bool = True
    """False if the repeat was disturbed and is measured again."""


class ChatMeasured(_CandidateFact, frozen=True, kw_only=True):
    """A real chat prompt was answered in a single sequence, as a user would experience it."""

    prompt: int
    n_prompt_tokens: int
    ttft_s: float
    inter_token_s: tuple[float, ...]
    disturbances: tuple[Disturbance, ...] = ()


class MemoryMeasured(_CandidateFact, frozen=True, kw_only=True):
    """The memory of the candidate was measured."""

    peak_rss_bytes: int
    """Peak resident memory of the worker with one sequence at the plan's context size."""
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
    """What was scored, if it is not delimiter and text, such as MMLU's letters."""
    context: str = ""
    """The text before it, if each option has its own, as in WinoGrande."""


class AnswerScored(_CandidateFact, frozen=True, kw_only=True):
    """A candidate's output on one item. The key (candidate, suite, item, repeat) is unique in a run."""

    suite: str
    item: str
    repeat: int = 0
    correct: bool
    """By the suite's leading metric."""
    scores: dict[str, float]
    """Every metric of the item by name, 0 to 1."""
    prompt: str
    """The prompt as the model saw it, with the template applied and without what was cut off."""
    output: str
    """Raw text generated, or the text of the chosen option."""
    extracted: str | None
    """The answer that the extractor found; None if it found none."""
    expected: str
    options: tuple[OptionScore, ...] = ()
    fragile: bool = False
    """The two best options are within 0.15 nats: a different batch layout could flip the choice."""
    n_prompt_tokens: int = 0
    n_output_tokens: int = 0
    elapsed_s: float = 0.0
    """The item's share of its block's compute time."""
    stop: str = ""
    """Why generation ended: ``stop string``, ``end of text``, ``length``, ``thinking budget`` or ``context full``;
    ``does not fit`` for a prompt that was too long to be asked, which counts as wrong."""
    group: str = ""
    """The item's subject or passage."""
    row: int = -1
    """The item's row in its data; -1 if the stored run does not say."""
    n_parts: int = 1
    """Number of requirements in the item, such as IFEval's instructions; a graded metric is the share that is met."""
    level: int = 0
    """The item's difficulty from 1 to 5, 0 when ungraded."""
    n_thinking_characters: int = 0
    """Length of what a reasoning model thought before its answer, which is not part of ``extracted``."""
    thinking_closed: bool = True
    """False if it was still thinking when it was stopped."""
    blank: bool = False
    """Whether its thinking ended, and nothing that can be seen followed."""
    failure: ScoringFailure | None = None
    """Why it could not be scored; it counts as wrong."""
    bos: str = ""
    """The start token that the tokenizer put before ``prompt``; empty if the prompt has one or the model none."""
    n_cut_tokens: int = 0
    """Tokens that were cut off at the beginning of the prompt."""


class BlockScored(_CandidateFact, frozen=True, kw_only=True):
    """A block of items was answered. Its answers were stored with it, in the same transaction."""

    suite: str
    block: int
    items: int
    n_unique_prompt_tokens: int
    n_output_tokens: int
    elapsed_s: float


class SamplesDrawn(_CandidateFact, frozen=True, kw_only=True):
    """Sampled answers to some items were drawn; they precede this event as answers with ``repeat`` from 1."""

    suite: str
    part: int
    items: int
    samples: int
    elapsed_s: float


class OptionsTurned(_CandidateFact, frozen=True, kw_only=True):
    """Some choice items were asked with their options in every cyclic order."""

    suite: str
    part: int
    items: tuple[ReorderedItem, ...]
    elapsed_s: float


class PromptsReworded(_CandidateFact, frozen=True, kw_only=True):
    """Some items were asked under other neutral prompt templates."""

    suite: str
    part: int
    templates: tuple[str, ...]
    """Names of the templates, in the order of each item's scores."""
    items: tuple[RewordedItem, ...]
    elapsed_s: float


class BlockRepeated(_CandidateFact, frozen=True, kw_only=True):
    """A block was answered once more, exactly as before."""

    suite: str
    block: int
    items: tuple[RepeatedItem, ...]
    elapsed_s: float


class WorkerDied(_CandidateFact, frozen=True, kw_only=True):
    """The candidate's worker was lost; another one is started where that is worthwhile."""

    failure: WorkerFailure
    reason: str
    """One sentence for the user."""
    log_path: str = ""
    log_tail: tuple[str, ...] = ()


class CandidateStopped(_CandidateFact, frozen=True, kw_only=True):
    """This candidate is asked nothing more; its results so far stay."""

    reason: StopReason
    detail: str = ""
    at_item: int = 0
    """For an eliminated candidate, the items of the fixed shuffle that it took."""
    pool: int = 0
    """For an eliminated candidate, the items that the whole run would ask."""


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


ReaskedEvent: TypeAlias = OptionsTurned | PromptsReworded | BlockRepeated
"""A part of the consistency questions whose results are in the event itself."""
REASKED_EVENTS = (OptionsTurned, PromptsReworded, BlockRepeated)
ConsistencyEvent: TypeAlias = SamplesDrawn | ReaskedEvent
"""A part of the consistency questions is done."""
CONSISTENCY_EVENTS = (SamplesDrawn, *REASKED_EVENTS)

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
    | CandidateNoted
    | SpeedMeasured
    | ChatMeasured
    | MemoryMeasured
    | AnswerScored
    | BlockScored
    | ConsistencyEvent
    | WorkerDied
    | CandidateStopped
    | VerdictReached
)

MOMENTARY = (RoundStarted, RunPaused, RunContinued, PhaseChanged)
"""Events that describe the moment only."""
DURABLE: tuple[type, ...] = tuple(kind for kind in get_args(Event) if kind not in MOMENTARY)
"""All other events: they are stored before they are told."""
