"""Commands to a worker and its reports, one JSON object per line.

A worker carries out one command at a time. It sends any number of ``Beat`` and ``Noticed`` lines in the meantime and
exactly one other report at the end.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from ..events.notes import Note
from ..events.run import Disturbance, SpeedKind
from ..llama.probe import Shape
from ..plan.model import PromptStyle, Settings
from ..tasks.requests import ChoiceRequest, ChoiceResult, GenerateRequest, GenerateResult, TooLong


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag=True):
    pass


# Commands


class LoadModel(_Line, frozen=True, kw_only=True):
    """Load a model and warm it up. Answered with ``Loaded``."""

    path: str
    settings: Settings
    prompt_style: PromptStyle = "auto"
    needs: tuple[Shape, ...] = ()
    """Shapes of the chats that the run asks. A chat template that cannot show one of them is refused."""
    warm_up_tokens: int = 0
    """Prompt tokens of the warm-up; 0 means a full micro-batch."""
    hollow: bool = False
    """The file has no weights, so what it computes may be anything, NaN included."""


class MeasureSpeed(_Line, frozen=True, kw_only=True):
    """Time one repeat. Answered with ``SpeedDone``."""

    kind: SpeedKind
    n_tokens: int
    depth: int = 0
    """Tokens already in the cache when timing starts."""
    seed: int = 0


class MeasureDepth(_Line, frozen=True, kw_only=True):
    """Time generation with an empty cache and with a filled one. Answered with ``DepthMeasured``."""

    depth: int
    """Tokens wanted in the cache, which holds at least ``n_tokens`` more."""
    fill_s: float
    """Time after which filling stops, at the end of a micro-batch."""
    n_tokens: int
    """Tokens timed one by one each time: as many as ``time_s`` allows, but at least 8."""
    time_s: float


class CheckLengths(_Line, frozen=True, kw_only=True):
    """Notice which of these prompts do not fit the plan's context. Answered with ``LengthsChecked``."""

    choices: tuple[ChoiceRequest, ...] = ()
    texts: tuple[tuple[PromptStyle, GenerateRequest], ...] = ()


class FillBuffers(_Line, frozen=True, kw_only=True):
    """Compute a full micro-batch for up to ``for_s`` seconds: a layer or two use all its buffers."""

    for_s: float


class MeasureChat(_Line, frozen=True, kw_only=True):
    """Time the answer to a chat prompt. Answered with ``ChatDone``."""

    prompt: str
    n_tokens: int


class ScoreChoices(_Line, frozen=True, kw_only=True):
    """Score one block. It starts from an empty cache, so it gives the same logits whenever it is computed."""

    requests: tuple[ChoiceRequest, ...]
    style: PromptStyle = "plain"


class Generate(_Line, frozen=True, kw_only=True):
    """Answer one block greedily, from an empty cache as in ``ScoreChoices``."""

    requests: tuple[GenerateRequest, ...]
    style: PromptStyle = "auto"
    n_parallel: int = 16


class Sample(_Line, frozen=True, kw_only=True):
    """Draw several seeded answers to each request; ``Generated`` lists them item by item."""

    requests: tuple[GenerateRequest, ...]
    style: PromptStyle = "auto"
    samples: int
    temperature: float
    seed: int


Command: TypeAlias = (
    LoadModel
    | CheckLengths
    | MeasureSpeed
    | MeasureDepth
    | FillBuffers
    | MeasureChat
    | ScoreChoices
    | Generate
    | Sample
)


# Reports


class Beat(_Line, frozen=True, kw_only=True):
    """A sign of life, with what the worker is doing."""

    note: str = ""
    share: float | None = None
    """Share of the command that is done, 0 to 1, if known."""


class Noticed(_Line, frozen=True, kw_only=True):
    """Something that the user must know about the model. Comes at any time before a report, any number of times."""

    what: Note


class Ready(_Line, frozen=True, kw_only=True):
    """The process has started and waits for commands."""

    pid: int


class Loaded(_Line, frozen=True, kw_only=True):
    """The model is loaded and warm. ``ModelLoaded`` has the same fields."""

    load_s: float
    architecture: str
    parameters: int
    size_bytes: int
    n_vocab: int
    n_ctx_train: int
    prompt_style: Literal["chat", "plain"]
    chat_template_sha256: str
    devices: tuple[str, ...]
    n_threads: int
    llama_build: str


class LengthsChecked(_Line, frozen=True, kw_only=True):
    """What was found has been noticed."""


class SpeedDone(_Line, frozen=True, kw_only=True):
    elapsed_s: float
    disturbances: tuple[Disturbance, ...]
    peak_rss_bytes: int
    """Peak of the process so far; right after the first speed measurement, what one sequence needs."""
    vram_bytes: int = 0
    """GPU memory in use now."""


class DepthMeasured(_Line, frozen=True, kw_only=True):
    depth: int
    """Tokens that were in the cache for ``deep_token_s``."""
    token_s: tuple[float, ...]
    """Seconds per token with an empty cache."""
    deep_token_s: tuple[float, ...]
    disturbances: tuple[Disturbance, ...]


class BuffersFilled(_Line, frozen=True, kw_only=True):
    peak_rss_bytes: int
    vram_bytes: int = 0


class ChatDone(_Line, frozen=True, kw_only=True):
    n_prompt_tokens: int
    ttft_s: float
    inter_token_s: tuple[float, ...]
    disturbances: tuple[Disturbance, ...]


class ChoicesScored(_Line, frozen=True, kw_only=True):
    results: tuple[ChoiceResult | TooLong, ...]
    n_unique_prompt_tokens: int
    """Tokens decoded; a prefix that options or items share counts once."""
    elapsed_s: float

    @property
    def answered(self) -> tuple[ChoiceResult, ...]:
        """The results of items that fit the context."""
        return tuple(result for result in self.results if isinstance(result, ChoiceResult))


class Generated(_Line, frozen=True, kw_only=True):
    results: tuple[GenerateResult | TooLong, ...]
    n_unique_prompt_tokens: int
    n_output_tokens: int
    elapsed_s: float

    @property
    def answered(self) -> tuple[GenerateResult, ...]:
        """The results of items that fit the context."""
        return tuple(result for result in self.results if isinstance(result, GenerateResult))


class Refused(_Line, frozen=True, kw_only=True):
    """The command could not be carried out; the worker is ready for another one."""

    what: str
    hint: str = ""
    logged: bool = False
    """The log has more about it."""


Report: TypeAlias = (
    Beat
    | Noticed
    | Ready
    | Loaded
    | LengthsChecked
    | SpeedDone
    | DepthMeasured
    | BuffersFilled
    | ChatDone
    | ChoicesScored
    | Generated
    | Refused
)
