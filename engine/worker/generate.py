"""Greedy generation of many items at once.

Decoding one token reads every weight; decoding sixteen tokens side by side reads each weight once for all of them. So
the items of a block run side by side, and a finished one makes room for the next. What all prompts share is decoded
once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from ..llama.context import Context
from ..tasks.requests import GenerateRequest, GenerateResult
from .choice import MIN_SHARED_PREFIX, Tick, common_prefix
from .protocol import Generated

Render = Callable[[GenerateRequest], tuple[str, list[int]]]
"""The prompt as sent, and its tokens."""


class Lane:
    """One item being answered in one sequence."""

    def __init__(self, index: int, request: GenerateRequest, prompt: str, tokens: list[int], sequence: int) -> None:
        self.index = index
        self.request = request
        self.prompt = prompt
        self.tokens = tokens
        self.sequence = sequence
        self.position = len(tokens)
        self.output: list[int] = []
        self.raw = bytearray()
        self.stop = ""
        self.started = time.perf_counter()
        self.place = -1
        """Batch index of the logits that choose its next token."""

    def take(self, token: int, context: Context) -> bool:
        """Add the next token; whether the item is finished."""
        if context.model.is_end(token):
            self.stop = "end of text"
            return True
        self.output.append(token)
        self.raw += context.model.piece(token)
        if any(stop.encode() in self.raw for stop in self.request.stop if stop):
            self.stop = "stop string"
        elif len(self.output) >= self.request.max_tokens:
            self.stop = "length"
        return bool(self.stop)

    def text(self) -> str:
        """The generated text, cut before the first stop string."""
        text = self.raw.decode("utf-8", "replace")
        ends = [text.find(stop) for stop in self.request.stop if stop and stop in text]
        return text[: min(ends)] if ends else text


def generate(
    context: Context, requests: Sequence[GenerateRequest], render: Render, *, n_parallel: int, tick: Tick
) -> Generated:
    """Answer one block greedily from an empty cache. Results come in the order of ``requests``."""
    started = time.perf_counter()
    context.clear()
    prompts = [render(request) for request in requests]
    limit = context.spec.n_ctx
    # A prompt that leaves no room for its answer loses its beginning, as in lm-evaluation-harness.
    rendered = [
        (prompt, tokens[-max(1, limit - request.max_tokens) :])
        for (prompt, tokens), request in zip(prompts, requests, strict=True)
    ]
    shared = _shared_prefix(context, [tokens for _prompt, tokens in rendered])
    unique_tokens = output_tokens = 0
    if shared:
        context.decode_prompt(np.asarray(rendered[0][1][:shared], np.int32))
        unique_tokens += shared
    first_sequence = 1 if shared else 0
    free = list(range(first_sequence, min(first_sequence + n_parallel, context.spec.n_seq_max)))[::-1]
    waiting = list(range(len(requests)))[::-1]
    lanes: list[Lane] = []
    results: dict[int, GenerateResult] = {}
    while waiting or lanes:
        for lane in lanes:
            lane.place = context.add([lane.output[-1]], lane.position, [lane.sequence], [0])
            lane.position += 1
        while waiting and free:
            index = waiting[-1]
            prompt, tokens = rendered[index]
            fresh = tokens[shared:]
            held = shared + sum(len(lane.tokens) - shared + lane.request.max_tokens for lane in lanes)
            fits_cache = held + len(fresh) + requests[index].max_tokens <= limit
            if lanes and not (fits_cache and context.pending + len(fresh) <= context.spec.n_batch):
                break
            waiting.pop()
            lane = Lane(index, requests[index], prompt, tokens, free.pop())
            if shared:
                context.share(0, lane.sequence, shared)
            lane.place = _add_prompt(context, lane, fresh, shared)
            unique_tokens += len(fresh)
            lanes.append(lane)
        context.decode()
        tokens_now = [int(np.argmax(context.logits(lane.place))) for lane in lanes]
        still: list[Lane] = []
        for lane, token in zip(lanes, tokens_now, strict=True):
            if not lane.take(token, context):
                still.append(lane)
                continue
            output_tokens += len(lane.output)
            results[lane.index] = lane_result(lane)
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


def lane_result(lane: Lane, elapsed_s: float | None = None) -> GenerateResult:
    """The finished answer of a lane; by default its duration is the time since it started."""
    return GenerateResult(
        item=lane.request.item,
        prompt=lane.prompt,
        text=lane.text(),
        n_prompt_tokens=len(lane.tokens),
        n_output_tokens=len(lane.output),
        stop=lane.stop,
        elapsed_s=time.perf_counter() - lane.started if elapsed_s is None else elapsed_s,
    )
