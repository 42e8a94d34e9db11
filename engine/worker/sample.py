"""Several seeded answers to the same prompt. They share its cache."""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from ..llama.context import Context
from ..llama.sampler import Sampler
from ..tasks.requests import GenerateRequest, GenerateResult, TooLong
from .choice import Tick
from .generate import Lane, lane_result
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
    limit: int | None = None,
) -> Generated:
    """Draw ``samples`` answers to each request at ``temperature``; the results are grouped by item.

    A draw depends only on the seed, the item and the number of the sample, so it is the same whenever it is made. At
    most ``limit`` tokens of the context are used; where not all answers have room in it, they are drawn in turns.
    """
    block_started = time.perf_counter()
    results: list[GenerateResult | TooLong] = []
    unique_tokens = output_tokens = 0
    limit = limit or context.spec.n_ctx
    for number, (request, prompt) in enumerate(asked):
        n_prompt = len(prompt.tokens)
        held = request.max_tokens if context.model.shares_sequences else n_prompt + request.max_tokens
        room = limit - n_prompt if context.model.shares_sequences else limit
        at_once = max(1, min(samples, room // max(1, held)))
        for first in range(0, samples, at_once):
            numbers = range(first, min(first + at_once, samples))
            started = time.perf_counter()
            context.clear()
            shared = n_prompt - 1 if context.model.shares_sequences else 0
            if shared:
                context.decode_prompt(np.asarray(prompt.tokens[:shared], np.int32))
            lanes = [Lane(index, request, prompt, index - first) for index in numbers]
            unique_tokens += n_prompt if shared else len(lanes) * n_prompt
            samplers = {
                index: Sampler(temperature=temperature, seed=zlib.crc32(f"{seed}:{request.item}:{index}".encode()))
                for index in numbers
            }
            try:
                _finish(context, lanes, samplers, shared)
            finally:
                for sampler in samplers.values():
                    sampler.close()
            elapsed_s = (time.perf_counter() - started) / len(lanes)
            for lane in lanes:
                output_tokens += len(lane.output)
                results.append(lane_result(lane, elapsed_s))
        tick(request.item, (number + 1) / len(asked))
    context.clear()
    return Generated(
        results=tuple(results),
        n_unique_prompt_tokens=unique_tokens,
        n_output_tokens=output_tokens,
        elapsed_s=time.perf_counter() - block_started,
    )


def _finish(context: Context, lanes: list[Lane], samplers: Mapping[int, Sampler], shared: int) -> None:
    """Decode all lanes side by side until each has ended."""
    for lane in lanes:
        if shared and lane.sequence:
            context.share(0, lane.sequence, shared)
    waiting = list(lanes)
    if shared:
        for lane in lanes:
            lane.place = context.add([lane.tokens[-1]], shared, [lane.sequence], [0])
        context.decode()
    running: list[Lane] = []
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
            for lane in running:
                lane.place = context.add([lane.output[-1]], lane.position, [lane.sequence], [0])
                lane.position += 1
            context.decode()
            drawn, running = running, []
        tokens = [samplers[lane.index].choose(context, lane.place) for lane in drawn]
        for lane, token in zip(drawn, tokens, strict=True):
            if lane.take(token, context):
                context.forget(lane.sequence)
            else:
                running.append(lane)
