"""Several seeded answers to the same prompt. They share its cache."""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import numpy as np

from ..llama.context import Context
from ..llama.sampler import Sampler
from ..tasks.requests import GenerateRequest, GenerateResult
from .choice import Tick
from .lane import Lane
from .prompting import Prompt
from .protocol import Generated


def sample(
    context: Context,
    asked: Sequence[tuple[GenerateRequest, Prompt]],
    *,
    samples: int,
    temperature: float,
    seed: int,
    tick: Tick,
    max_thinking_tokens: int = 0,
) -> Generated:
    """Draw ``samples`` answers to each request at ``temperature``; the results are grouped by item.

    A draw depends only on the seed, the item and the number of the sample, so it is the same whenever it is made.
    Where the cache has no room for all of an item's samples side by side, the last of them are drawn afterwards.
    """
    block_started = time.perf_counter()
    results: list[GenerateResult] = []
    unique_tokens = output_tokens = 0
    for number, (request, prompt) in enumerate(asked):
        tokens = prompt.tokens
        started = time.perf_counter()
        shared = len(tokens) - 1 if context.model.shares_sequences else 0
        cells = request.max_tokens + (1 if shared else len(tokens))
        done: dict[int, Lane] = {}
        while len(done) < samples:
            context.clear()
            missing = [index for index in range(samples) if index not in done]
            lanes = [
                Lane(index, request, prompt, sequence, max_thinking_tokens=max_thinking_tokens)
                for sequence, index in enumerate(missing[: max(1, (context.spec.n_ctx - shared) // cells)])
            ]
            if shared:
                context.decode_prompt(np.asarray(tokens[:shared], np.int32))
            unique_tokens += len(tokens) if shared else len(lanes) * len(tokens)
            with ExitStack() as stack:
                samplers = {
                    lane.index: stack.enter_context(
                        Sampler(
                            temperature=temperature, seed=zlib.crc32(f"{seed}:{request.item}:{lane.index}".encode())
                        )
                    )
                    for lane in lanes
                }
                done |= {lane.index: lane for lane in _finish(context, lanes, samplers, shared)}
        elapsed_s = (time.perf_counter() - started) / samples
        for index in range(samples):
            output_tokens += len(done[index].output)
            results.append(done[index].result(elapsed_s))
        tick(request.item, (number + 1) / len(asked))
    context.clear()
    return Generated(
        results=tuple(results),
        n_unique_prompt_tokens=unique_tokens,
        n_output_tokens=output_tokens,
        elapsed_s=time.perf_counter() - block_started,
    )


def _finish(context: Context, lanes: list[Lane], samplers: Mapping[int, Sampler], shared: int) -> list[Lane]:
    """Decode lanes side by side, and return those that have ended: all, unless they outgrew the cache together."""
    for lane in lanes:
        if shared and lane.sequence:
            context.share(0, lane.sequence, shared)
    waiting = list(lanes)
    if shared:
        for lane in lanes:
            lane.place = context.add([lane.tokens[-1]], shared, [lane.sequence], [0])
        context.decode()
    running: list[Lane] = []
    ended: list[Lane] = []
    while waiting or running:
        if not shared and waiting:
            # Without shared sequences each prompt is computed separately, and its first token is drawn at once.
            lane = waiting.pop(0)
            context.forget(lane.sequence)
            for start in range(0, len(lane.tokens), context.spec.n_batch):
                part = lane.tokens[start : start + context.spec.n_batch]
                lane.place = context.add(part, start, [lane.sequence], [len(part) - 1]) + len(part) - 1
                context.decode()
            drawn = [lane]
        elif waiting:
            drawn, waiting = waiting, []
        else:
            while (
                len(running) > 1 and shared + sum(lane.position + 1 - shared for lane in running) > context.spec.n_ctx
            ):
                context.forget(running.pop().sequence)
            for lane in running:
                lane.place = context.add([lane.output[-1]], lane.position, [lane.sequence], [0])
                lane.position += 1
            context.decode()
            drawn, running = running, []
        for lane in drawn:
            context.best(lane.place)  # raises where a sampler would draw from NaN
        tokens = [samplers[lane.index].choose(context, lane.place) for lane in drawn]
        for lane, token in zip(drawn, tokens, strict=True):
            if lane.take(token, context):
                context.forget(lane.sequence)
                ended.append(lane)
            else:
                running.append(lane)
    return ended
