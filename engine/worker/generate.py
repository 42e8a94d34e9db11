"""Greedy generation of many items at once.

Decoding one token reads every weight; decoding sixteen tokens side by side reads each weight once for all of them. So
the items of a block run side by side, and a finished one makes room for the next. What all prompts share is decoded
once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from ..llama.context import Context
from ..tasks.requests import GenerateRequest, GenerateResult
from .choice import MIN_SHARED_PREFIX, Tick, common_prefix
from .lane import Lane
from .prompting import Prompt
from .protocol import Generated


def generate(
    context: Context,
    asked: Sequence[tuple[GenerateRequest, Prompt]],
    *,
    n_parallel: int,
    tick: Tick,
    max_thinking_tokens: int = 0,
) -> Generated:
    """Answer one block greedily from an empty cache. Results come in the order of ``asked``.

    Each prompt leaves room for its answer.
    How long a model thinks is not known before. Lanes are started as if it thought no longer than it has in this block,
    and when the cache is full, the youngest one starts over later.
    """
    started = time.perf_counter()
    context.clear()
    requests = [request for request, _prompt in asked]
    limit = context.spec.n_ctx
    shared = _shared_prefix(context, [prompt.tokens for _request, prompt in asked])
    unique_tokens = output_tokens = 0
    if shared:
        context.decode_prompt(np.asarray(asked[0][1].tokens[:shared], np.int32))
        unique_tokens += shared
    first_sequence = 1 if shared else 0
    free = list(range(first_sequence, min(first_sequence + n_parallel, context.spec.n_seq_max)))[::-1]
    waiting = list(range(len(requests)))[::-1]
    lanes: list[Lane] = []
    results: dict[int, GenerateResult] = {}
    n_other = 0  # the most tokens that a lane wrote besides its answer
    while waiting or lanes:
        while len(lanes) > 1 and shared + sum(lane.position + 1 - shared for lane in lanes) > limit:
            youngest = lanes.pop()
            context.forget(youngest.sequence)
            free.append(youngest.sequence)
            free.sort(reverse=True)
            waiting.append(youngest.index)
        for lane in lanes:
            lane.place = context.add([lane.output[-1]], lane.position, [lane.sequence], [0])
            lane.position += 1
        while waiting and free:
            index = waiting[-1]
            request, prompt = asked[index]
            fresh = prompt.tokens[shared:]
            held = shared + sum(len(lane.tokens) - shared + lane.request.max_tokens + n_other for lane in lanes)
            fits_cache = held + len(fresh) + request.max_tokens + n_other <= limit
            if lanes and not (fits_cache and context.pending + len(fresh) <= context.spec.n_batch):
                break
            waiting.pop()
            lane = Lane(index, request, prompt, free.pop(), max_thinking_tokens=max_thinking_tokens)
            if shared:
                context.share(0, lane.sequence, shared)
            lane.place = _add_prompt(context, lane, fresh, shared)
            unique_tokens += len(fresh)
            lanes.append(lane)
        context.decode()
        tokens_now = [context.best(lane.place) for lane in lanes]
        still: list[Lane] = []
        for lane, token in zip(lanes, tokens_now, strict=True):
            finished = lane.take(token, context)
            n_other = max(n_other, lane.n_other_tokens)
            if not finished:
                still.append(lane)
                continue
            output_tokens += len(lane.output)
            results[lane.index] = lane.result()
            context.forget(lane.sequence)
            free.append(lane.sequence)
            free.sort(reverse=True)  # the lowest free sequence next, whatever finished first
        lanes = still
        tick(requests[min(lane.index for lane in lanes)].item if lanes else "", len(results) / len(requests))
    context.clear()
    return Generated(
        results=tuple(results[i] for i in range(len(requests))),
        n_unique_prompt_tokens=unique_tokens,
        n_output_tokens=output_tokens,
        elapsed_s=time.perf_counter() - started,
    )


def _add_prompt(context: Context, lane: Lane, fresh: list[int], shared: int) -> int:
    """Put a prompt into the batch, decoding full batches of a long one on the way."""
    position = shared
    while context.pending + len(fresh) > context.spec.n_batch:
        # Only reached with no other lane in the batch: a single prompt longer than n_batch.
        part, fresh = fresh[: context.spec.n_batch], fresh[context.spec.n_batch :]
        context.add(part, position, [lane.sequence])
        context.decode()
        position += len(part)
    return context.add(fresh, position, [lane.sequence], [len(fresh) - 1]) + len(fresh) - 1


def _shared_prefix(context: Context, rows: Sequence[list[int]]) -> int:
    """Tokens that are decoded once for all prompts; 0 where that does not pay or is not possible."""
    if len(rows) < 2 or not context.model.shares_sequences:
        return 0
    shared = min(common_prefix(rows), min(map(len, rows)) - 1)  # the last token's logits choose the first answer token
    return shared if shared >= MIN_SHARED_PREFIX else 0
