"""One short measurement of one file, in its own worker.

It uses the ordinary protocol with fewer tokens, because a table of many models needs approximate figures soon rather
than exact figures late. The number of tokens is doubled until a repeat takes about half a second. Large models repeat
less, because their repeats are long enough.
"""

from __future__ import annotations

import asyncio
import re
import statistics
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from .. import paths
from ..errors import ModelFileError
from ..events.run import SpeedKind
from ..gguf.hollow import read_in
from ..plan.model import Settings
from ..worker.protocol import (
    BuffersFilled,
    Command,
    DepthMeasured,
    FillBuffers,
    Loaded,
    LoadModel,
    MeasureDepth,
    MeasureSpeed,
    SpeedDone,
)
from ..worker.supervisor import Worker

N_PROMPT = 512
N_GENERATE = 16
LEAST_PROMPT = 32
"""On an AVX2 machine, 32 tokens ran at 0.97 of the rate of 512; 16 at 0.93; 8 at 0.65."""
LEAST_GENERATE = 2
"""Reached only by large models, which take over 1/8 s per token. On the same machine, 4 tokens ran within 2 % of the
rate of 16 and 32."""
_WARM_UP = 1
"""Tokens that touch every weight. The rest of a prompt's warm-up is small compared with a second of prompts."""
_LONG_S = 0.5
"""Seconds. A repeat this long is not repeated, and repeats are not made longer."""
_SHORT_S = 0.25
"""Seconds. A repeat up to this long is repeated twice, a longer one once."""
_DEEP_TOKENS, _DEEP_S = 48, 0.3
"""Maximum number of tokens timed at each depth, and maximum seconds."""
_LAYERS_FILLED = 1.2
"""Layers after which a micro-batch has used its buffers; ggml's allocator gives every layer the same ones."""

DepthChoice = Callable[[float], int]
"""From prompt tokens per second to the depth at which generation is measured; 0 measures none."""

ReportT = TypeVar("ReportT", Loaded, SpeedDone, DepthMeasured, BuffersFilled)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one trial, in seconds and bytes."""

    n_prompt: int
    prompt_s: float
    """Median for ``n_prompt`` tokens."""
    token_s: float
    """Time per generated token with an empty cache."""
    depth: int = 0
    deep_token_s: float = 0.0
    """Time per generated token after ``depth`` others; 0 if not measured."""
    peak_bytes: int
    """Peak memory of the process, including the buffers of a whole micro-batch."""
    vram_bytes: int
    disturbed: bool


class DepthTrial(msgspec.Struct, frozen=True, kw_only=True):
    """Median seconds per token with an empty cache and after ``depth`` other tokens."""

    depth: int
    token_s: float
    deep_token_s: float
    disturbed: bool


def _no_depth(_rate: float) -> int:
    return 0


async def run_trial(
    name: str,
    path: Path,
    settings: Settings,
    *,
    n_layer: int,
    hollow: bool,
    depth_for: DepthChoice = _no_depth,
    n_prompt: int = 0,
) -> Trial:
    """Load ``path``, a model of ``n_layer`` layers, and measure it. A ``hollow`` one may compute NaN, a real one not.

    With ``n_prompt`` 0, the prompt has as many tokens as take about half a second.

    Raises:
        WeighinError: the worker died or failed; nothing else is affected.
    """
    least, most = (n_prompt, n_prompt) if n_prompt else (LEAST_PROMPT, N_PROMPT)
    async with _loaded(name, path, settings, hollow=hollow) as worker:
        n_prompt, prompts = await _measure(worker, "prompt", min(least, settings.n_ctx), min(most, settings.n_ctx))
        n_generate, tokens = await _measure(worker, "generation", LEAST_GENERATE, N_GENERATE)
        prompt_s, reports = _median_s(prompts), [*prompts, *tokens]
        depth, deep_s = min(depth_for(n_prompt / prompt_s), settings.n_ctx - N_GENERATE), 0.0
        if depth > 0:
            deep = await _once(worker, "generation", n_generate, depth=depth, seed=0)
            reports.append(deep)
            deep_s = deep.elapsed_s / n_generate
        micro_batch_s = prompt_s / n_prompt * min(settings.n_ubatch, settings.n_ctx)
        fill = FillBuffers(for_s=micro_batch_s * _LAYERS_FILLED / max(1, n_layer))
        filled = await _ask(worker, fill, BuffersFilled)
    return Trial(
        n_prompt=n_prompt,
        prompt_s=prompt_s,
        token_s=_median_s(tokens) / n_generate,
        depth=max(0, depth),
        deep_token_s=deep_s,
        peak_bytes=filled.peak_rss_bytes,
        vram_bytes=max(filled.vram_bytes, *(report.vram_bytes for report in reports)),
        disturbed=any(report.disturbances for report in reports),
    )


async def run_depth_trial(name: str, path: Path, settings: Settings, *, wanted: int, fill_s: float) -> DepthTrial:
    """Load a hollow file and measure generation at ``wanted`` tokens, or at the depth that ``fill_s`` seconds reach.

    Raises:
        WeighinError: the worker died or failed; nothing else is affected.
    """
    n_tokens = min(_DEEP_TOKENS, settings.n_ctx // 4)
    depth = min(wanted, settings.n_ctx - n_tokens)
    command = MeasureDepth(depth=depth, fill_s=fill_s, n_tokens=n_tokens, time_s=_DEEP_S)
    async with _loaded(name, path, settings, hollow=True) as worker:
        done = await _ask(worker, command, DepthMeasured)
    return DepthTrial(
        depth=done.depth,
        token_s=statistics.median(done.token_s),
        deep_token_s=statistics.median(done.deep_token_s),
        disturbed=bool(done.disturbances),
    )


@asynccontextmanager
async def _loaded(name: str, path: Path, settings: Settings, *, hollow: bool) -> AsyncIterator[Worker]:
    """A worker with the model loaded; it is killed at the end."""
    worker = Worker("fit-" + re.sub(r"[^A-Za-z0-9._-]+", "-", name), logs=paths.logs_dir())
    try:
        await asyncio.gather(worker.start(), asyncio.to_thread(read_in, path))
        command = LoadModel(
            path=str(path), settings=settings, warm_up_tokens=_WARM_UP, prompt_style="plain", hollow=hollow
        )
        await _ask(worker, command, Loaded)
        yield worker
    finally:
        await worker.kill()


async def _measure(worker: Worker, kind: SpeedKind, least: int, most: int) -> tuple[int, list[SpeedDone]]:
    """The number of tokens timed, from ``least`` to ``most``, and all repeats."""
    n_tokens = least
    first = await _once(worker, kind, n_tokens, depth=0, seed=0)
    while n_tokens * 2 <= most and first.elapsed_s / least * n_tokens * 2 <= _LONG_S:
        n_tokens *= 2
    if n_tokens > least:  # the first one was another warm-up
        first = await _once(worker, kind, n_tokens, depth=0, seed=0)
    wanted = 3 if first.elapsed_s <= _SHORT_S else 2 if first.elapsed_s <= _LONG_S else 1
    return n_tokens, [first, *[await _once(worker, kind, n_tokens, depth=0, seed=seed) for seed in range(1, wanted)]]


async def _once(worker: Worker, kind: SpeedKind, n_tokens: int, *, depth: int, seed: int) -> SpeedDone:
    return await _ask(worker, MeasureSpeed(kind=kind, n_tokens=n_tokens, depth=depth, seed=seed), SpeedDone)


async def _ask(worker: Worker, command: Command, answer: type[ReportT]) -> ReportT:
    report = await worker.ask(command)
    if not isinstance(report, answer):
        raise ModelFileError(
            f"The worker for {worker.name} returned no measurement.", hint=f"See its log, {worker.log_path}."
        )
    return report


def _median_s(done: list[SpeedDone]) -> float:
    return sorted(report.elapsed_s for report in done)[(len(done) - 1) // 2]
