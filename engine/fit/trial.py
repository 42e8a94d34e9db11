"""One short measurement of one file in a worker of its own.

The ordinary protocol with fewer tokens: what a table of many models needs is the order of magnitude soon, not three
digits late. Large models repeat less, because their repeats are long enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from .. import paths
from ..errors import ModelFileError
from ..events import SpeedKind
from ..plan import Settings
from ..supervisor import Worker
from ..worker.protocol import Loaded, LoadModel, MeasureSpeed, SpeedDone

N_PROMPT = 128
N_GENERATE = 16
_WARM_UP = 16
_REPEATS = 3
_LONG_S = 1.5
"""A repeat this long is repeated once more only."""
_VERY_LONG_S = 4.0
"""A repeat this long is not repeated."""

DepthChoice = Callable[[float], int]
"""From prompt tokens a second to the depth at which generation is measured; 0: not at all."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, in seconds and bytes."""

    n_prompt: int
    prompt_s: float
    """For ``n_prompt`` tokens, the median."""
    token_s: float
    """A generated token after an empty cache."""
    depth: int = 0
    deep_token_s: float = 0.0
    """A generated token after ``depth`` others; 0 when that was not measured."""
    peak_before_bytes: int
    """Of the process, after prompts of ``n_prompt`` tokens."""
    peak_bytes: int
    """Of the process, at the end."""
    vram_bytes: int
    disturbed: bool

    @property
    def prompt_rate(self) -> float:
        return self.n_prompt / self.prompt_s


async def run_trial(name: str, path: Path, settings: Settings, depth_for: DepthChoice) -> Trial:
    """Load ``path`` and measure it.

    Raises:
        WeighinError: the worker died or refused; nothing else was harmed.
    """
    worker = Worker("fit-" + re.sub(r"[^A-Za-z0-9._-]+", "-", name), logs=paths.logs_dir())
    n_prompt = min(N_PROMPT, settings.n_ctx)
    try:
        await worker.start()
        command = LoadModel(path=str(path), settings=settings, warm_up_tokens=_WARM_UP, prompt_style="plain")
        loaded = await worker.ask(command)
        if not isinstance(loaded, Loaded):
            raise ModelFileError(f"{name} could not be loaded.")
        prompts = await _repeat(worker, "prompt", n_prompt)
        tokens = await _repeat(worker, "generation", N_GENERATE)
        prompt_s, reports = _median_s(prompts), [*prompts, *tokens]
        depth, deep_s = min(depth_for(n_prompt / prompt_s), settings.n_ctx - N_GENERATE), 0.0
        before = max(report.peak_rss_bytes for report in reports)
        if depth > 0:
            deep = await _once(worker, "generation", N_GENERATE, depth=depth, seed=0)
            reports.append(deep)
            deep_s = deep.elapsed_s / N_GENERATE
    finally:
        await worker.kill()
    return Trial(
        n_prompt=n_prompt,
        prompt_s=prompt_s,
        token_s=_median_s(tokens) / N_GENERATE,
        depth=max(0, depth),
        deep_token_s=deep_s,
        peak_before_bytes=before,
        peak_bytes=max(report.peak_rss_bytes for report in reports),
        vram_bytes=max(report.vram_bytes for report in reports),
        disturbed=any(report.disturbances for report in reports),
    )


async def _repeat(worker: Worker, kind: SpeedKind, n_tokens: int) -> list[SpeedDone]:
    done = [await _once(worker, kind, n_tokens, depth=0, seed=0)]
    first_s = done[0].elapsed_s
    wanted = 1 if first_s > _VERY_LONG_S else 2 if first_s > _LONG_S else _REPEATS
    return done + [await _once(worker, kind, n_tokens, depth=0, seed=seed) for seed in range(1, wanted)]


async def _once(worker: Worker, kind: SpeedKind, n_tokens: int, *, depth: int, seed: int) -> SpeedDone:
    report = await worker.ask(MeasureSpeed(kind=kind, n_tokens=n_tokens, depth=depth, seed=seed))
    if not isinstance(report, SpeedDone):
        raise ModelFileError(
            f"The worker for {worker.name} gave no measurement.", hint=f"Its log is {worker.log_path}."
        )
    return report


def _median_s(done: list[SpeedDone]) -> float:
    return sorted(report.elapsed_s for report in done)[(len(done) - 1) // 2]
