"""The timed steps of a visit: speed repeats and chat prompts."""

from __future__ import annotations

import asyncio

from ..events.run import ChatMeasured, MemoryMeasured, SpeedKind, SpeedMeasured
from ..hardware.load import background_load
from ..worker.protocol import ChatDone, MeasureChat, MeasureSpeed, SpeedDone
from .asking import Asker

_QUIET_CORES = 0.3
"""Other processes that use fewer cores are not worth waiting for."""
_QUIET_PATIENCE_S = 5.0


async def measure_speed(asker: Asker, kind: SpeedKind, repeat: int, *, with_memory: bool) -> None:
    """Measure one repeat, again while it is disturbed; emits every attempt, and the memory if ``with_memory``.

    Raises:
        WorkerLostError, WorkerRefusedError, Interrupted: the repeat was not measured.
    """
    plan, candidate = asker.plan.speed, asker.candidate.id
    n_ctx, seed = asker.plan.settings.n_ctx, asker.plan.settings.seed
    n_tokens = min(plan.n_prompt if kind == "prompt" else plan.n_generate, n_ctx - 1)
    label = f"{'pp' if kind == 'prompt' else 'tg'}{n_tokens}"
    # The same random tokens for every candidate, others in each repeat.
    command = MeasureSpeed(kind=kind, n_tokens=n_tokens, seed=seed + repeat)
    for attempt in range(plan.max_disturbed_retries + 1):
        asker.tell("speed", label if attempt == 0 else f"{label} again: it was disturbed")
        done = await asker.ask(command, SpeedDone, "speed")
        final = not done.disturbances or attempt == plan.max_disturbed_retries
        asker.log.emit(
            SpeedMeasured(
                candidate=candidate,
                kind=kind,
                repeat=repeat,
                attempt=attempt,
                n_tokens=n_tokens,
                depth=0,
                elapsed_s=done.elapsed_s,
                tokens_per_second=n_tokens / done.elapsed_s,
                disturbances=done.disturbances,
                final=final,
            )
        )
        if with_memory:
            with_memory = False
            asker.log.emit(
                MemoryMeasured(
                    candidate=candidate, peak_rss_bytes=done.peak_rss_bytes, vram_bytes=done.vram_bytes, n_ctx=n_ctx
                )
            )
        if final:
            return
        await _wait_for_quiet(asker, label)


async def measure_chat(asker: Asker, number: int, prompt: str) -> None:
    """Time the answer to one real chat prompt and emit it. Raises as ``measure_speed`` does."""
    asker.tell("latency", f"chat prompt {number + 1}")
    done = await asker.ask(MeasureChat(prompt=prompt, n_tokens=asker.plan.speed.chat_tokens), ChatDone, "latency")
    asker.log.emit(
        ChatMeasured(
            candidate=asker.candidate.id,
            prompt=number,
            n_prompt_tokens=done.n_prompt_tokens,
            ttft_s=done.ttft_s,
            inter_token_s=done.inter_token_s,
            disturbances=done.disturbances,
        )
    )


async def _wait_for_quiet(asker: Asker, label: str) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _QUIET_PATIENCE_S
    # Reading the load blocks for a moment: not on the loop that paints.
    while (busy := await asyncio.to_thread(background_load)) > _QUIET_CORES and loop.time() < deadline:
        asker.tell("speed", f"{label} is waiting: other processes use {busy:.1f} cores")
        await asyncio.sleep(0.5)
