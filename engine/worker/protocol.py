"""What is said to a worker and what it answers, one JSON object a line.

One command is under way at a time. A worker sends any number of ``Beat`` lines meanwhile and exactly one other
report at the end.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from ..events.run import Disturbance, SpeedKind
from ..plan.model import PromptStyle, Settings
from ..tasks.requests import ChoiceRequest, ChoiceResult, GenerateRequest, GenerateResult


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag=True):
    pass


# Commands


class LoadModel(_Line, frozen=True, kw_only=True):
    path: str
    settings: Settings
    prompt_style: PromptStyle = "auto"
    warm_up_tokens: int = 0
    """Prompt tokens of the warm-up; 0 means a whole micro-batch."""


class MeasureSpeed(_Line, frozen=True, kw_only=True):
    kind: SpeedKind
    n_tokens: int
    depth: int = 0
    """Tokens already in the cache when timing starts."""
    seed: int = 0


class MeasureDepth(_Line, frozen=True, kw_only=True):
    """Generation after an empty cache and after a filled one."""

    depth: int
    """Tokens in the cache that are wanted; it holds at least ``n_tokens`` more."""
    fill_s: float
    """Filling stops after so long, at the end of a micro-batch."""
    n_tokens: int
    """Timed one by one each time, as long as that takes no more than ``time_s``; 8 at least."""
    time_s: float


class FillBuffers(_Line, frozen=True, kw_only=True):
    """Compute a whole micro-batch, but no longer than ``for_s``: its buffers are all in use after a layer or two."""

    for_s: float


class MeasureChat(_Line, frozen=True, kw_only=True):
    prompt: str
    n_tokens: int


class ScoreChoices(_Line, frozen=True, kw_only=True):
    """One block: computed from an empty cache, so that it gives the same logits whenever it is run."""

    requests: tuple[ChoiceRequest, ...]
    style: PromptStyle = "plain"


class Generate(_Line, frozen=True, kw_only=True):
    """One block, as ``ScoreChoices``."""

    requests: tuple[GenerateRequest, ...]
    style: PromptStyle = "auto"
    n_parallel: int = 16


class Sample(_Line, frozen=True, kw_only=True):
    """Several seeded answers to each request; ``Generated`` has them item by item."""

    requests: tuple[GenerateRequest, ...]
    style: PromptStyle = "auto"
    samples: int
    temperature: float
    seed: int


Command: TypeAlias = (
    LoadModel | MeasureSpeed | MeasureDepth | FillBuffers | MeasureChat | ScoreChoices | Generate | Sample
)


# Reports


class Beat(_Line, frozen=True, kw_only=True):
    """A sign of life, with what is going on."""

    note: str = ""
    share: float | None = None
    """Of the command done, 0 to 1, where known."""


class Ready(_Line, frozen=True, kw_only=True):
    """The process is up and waits for commands."""

    pid: int


class Loaded(_Line, frozen=True, kw_only=True):
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
    peak_rss_bytes: int


class SpeedDone(_Line, frozen=True, kw_only=True):
    elapsed_s: float
    disturbances: tuple[Disturbance, ...]
    peak_rss_bytes: int
    """Of the process so far; right after the first speed measurement it is what one sequence needs."""
    vram_bytes: int = 0
    """Held on GPUs now."""


class DepthMeasured(_Line, frozen=True, kw_only=True):
    depth: int
    """Tokens that were in the cache."""
    token_s: tuple[float, ...]
    """What each token took after an empty cache."""
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
    results: tuple[ChoiceResult, ...]
    n_unique_prompt_tokens: int
    """Tokens decoded: a prefix shared by options or items counts once."""
    elapsed_s: float


class Generated(_Line, frozen=True, kw_only=True):
    results: tuple[GenerateResult, ...]
    n_unique_prompt_tokens: int
    n_output_tokens: int
    elapsed_s: float


class Refused(_Line, frozen=True, kw_only=True):
    """The command could not be done; the worker is still fit for another."""

    what: str
    hint: str = ""


Report: TypeAlias = (
    Beat | Ready | Loaded | SpeedDone | DepthMeasured | BuffersFilled | ChatDone | ChoicesScored | Generated | Refused
)
