"""Log-likelihoods of continuations, many at a time.

Scores as lm-evaluation-harness does (lm_eval/models/huggingface.py ``_loglikelihood_tokens``): the whole text is
tokenized at once, the continuation is what follows the context's tokens, and the score is the sum of the continuation's
log-softmax values.

Work is laid out so that no prompt token is computed twice. What all items of a block share is decoded once, and every
sequence uses its cache cells. What the options of an item share is decoded once, as tokens of all their sequences. Only
the tails differ. Logits are requested only at positions that predict a token of a continuation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from ..llama.context import Context
from ..llama.model import Model
from ..tasks.requests import ChoiceRequest, ChoiceResult
from .protocol import ChoicesScored

Row = TypeVar("Row", list[int], tuple[int, ...])
Tick = Callable[[str, float], None]
"""Called with the item at hand and the share that is done."""

MIN_SHARED_PREFIX = 16
"""A shorter prefix shared by all items costs more in bookkeeping than it saves."""
_CPU_GROUP_TOKENS = 63
"""From 64 query tokens on, ggml's CPU flash attention uses another kernel (ops.cpp, ``ggml_fa_tile_config``), which
shifts sums by 0.15 nats in the median. Below that, an item scores as if it were computed alone, as the reference
harnesses do; this costs 6% of the speed."""


@dataclass(frozen=True)
class Option:
    """A continuation with the text before it, as tokens."""

    inputs: tuple[int, ...]
    """The tokens that are decoded: context and continuation without its last token."""
    continuation: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class ChoicePrompt:
    """An item ready to be scored."""

    item: str
    text: str
    """The text before the first continuation, as the model sees it."""
    bos: str = ""
    """The start token before ``text``, which the tokenizer adds."""
    options: tuple[Option, ...]
    n_cut: int = 0
    """Tokens that were cut off, from the option that lost most."""

    @cached_property
    def prefix(self) -> int:
        """How many tokens the inputs of all options share."""
        return common_prefix([option.inputs for option in self.options])

    @property
    def longest(self) -> int:
        """Tokens of context that the longest option needs."""
        return max(len(option.inputs) for option in self.options)

    def cut(self, model: Model, limit: int) -> ChoicePrompt:
        """The prompt with at most ``limit`` tokens for each option, cut at the beginning as in the harness."""
        options = tuple(
            Option(inputs=option.inputs[-limit:], continuation=option.continuation[-limit:]) for option in self.options
        )
        kept = options[0].inputs[: _first_wanted(options[0]) + 1]
        return ChoicePrompt(
            item=self.item, text=model.text(kept, special=True), options=options, n_cut=self.longest - limit
        )

    def cost(self, shared: int) -> int:
        """Tokens to decode if the first ``shared`` are in the cache already."""
        return self.prefix - shared + sum(len(tail) for tail in self.tails())

    def tails(self) -> tuple[tuple[int, ...], ...]:
        """Each distinct tail once, in the order of the options."""
        return tuple(dict.fromkeys(option.inputs[self.prefix :] for option in self.options))


def score_choices(context: Context, items: Sequence[ChoicePrompt], tick: Tick) -> ChoicesScored:
    """Score one block from an empty cache. Results come in the order of ``items``, each of which fits the context."""
    started = time.perf_counter()
    context.clear()
    if not items:
        return ChoicesScored(results=(), n_unique_prompt_tokens=0, elapsed_s=time.perf_counter() - started)
    share_sequences = context.model.shares_sequences
    shared = common_prefix([option.inputs for item in items for option in item.options]) if share_sequences else 0
    # A shared token whose logits are needed must be decoded with its item.
    shared = min([shared, *(_first_wanted(option) for item in items for option in item.options)])
    if shared < MIN_SHARED_PREFIX or len(items) < 2:
        shared = 0
    unique_tokens = 0
    if shared:
        context.decode_prompt(np.asarray(items[0].options[0].inputs[:shared], np.int32))
        unique_tokens += shared
    # Longest first: short items fill the gaps that long ones leave. Ties keep the order of the suite.
    order = sorted(range(len(items)), key=lambda index: -items[index].cost(shared))
    results: dict[int, ChoiceResult] = {}
    for group in _pack(context, items, order, shared):
        start = time.perf_counter()
        if share_sequences:
            scored, tokens = _decode_shared(context, [items[index] for index in group], shared)
        else:
            scored, tokens = _decode_separately(context, [items[index] for index in group])
        elapsed = time.perf_counter() - start
        unique_tokens += tokens
        cost = sum(items[index].cost(shared) for index in group)
        for index, values in zip(group, scored, strict=True):
            item = items[index]
            results[index] = ChoiceResult(
                item=item.item,
                prompt=item.text,
                bos=item.bos,
                log_likelihoods=tuple(value for value, _greedy in values),
                n_tokens=tuple(len(option.continuation) for option in item.options),
                is_greedy=tuple(greedy for _value, greedy in values),
                n_prompt_tokens=_first_wanted(item.options[0]) + 1,
                n_cut_tokens=item.n_cut,
                elapsed_s=elapsed * item.cost(shared) / max(cost, 1),
            )
        tick(items[group[-1]].item, len(results) / len(items))
    context.clear()
    return ChoicesScored(
        results=tuple(results[i] for i in range(len(items))),
        n_unique_prompt_tokens=unique_tokens,
        elapsed_s=time.perf_counter() - started,
    )


_Scores = list[tuple[float, bool]]
"""For each option, the summed log-likelihood and whether every token was the most likely one."""


def common_prefix(rows: Sequence[Row]) -> int:
    """How many tokens all of ``rows`` begin with."""
    shortest, longest = min(rows), max(rows)  # the extremes in dictionary order differ first
    for index, (a, b) in enumerate(zip(shortest, longest, strict=False)):
        if a != b:
            return index
    return min(len(shortest), len(longest))


def tokenize_choice(model: Model, request: ChoiceRequest) -> ChoicePrompt:
    """The tokens of every option, however many they are."""
    options = []
    heads: dict[str, list[int]] = {"": []}
    for index, continuation in enumerate(request.continuations):
        text = request.contexts[min(index, len(request.contexts) - 1)]
        # Spaces that end a context belong to the continuation; otherwise the tokens would differ from running text.
        stripped = text.rstrip(" ")
        tail = text[len(stripped) :] + continuation
        whole = model.tokenize(stripped + tail)
        if stripped not in heads:  # most items have one context for all options, and it may be long
            heads[stripped] = model.tokenize(stripped)
        head = heads[stripped]
        if not stripped and not (whole and whole[0] == model.bos):
            start = model.bos if model.bos >= 0 else model.eos
            whole, head = [start, *whole], [start]
        expected = tuple(whole[len(head) :]) or (whole[-1],)
        options.append(Option(inputs=tuple(whole[:-1]), continuation=expected[-(len(whole) - 1) :]))
    return ChoicePrompt(
        item=request.item, text=request.contexts[0], bos=model.added_start(options[0].inputs), options=tuple(options)
    )


def _first_wanted(option: Option) -> int:
    """Index into ``inputs`` of the token that predicts the continuation's first."""
    return len(option.inputs) - len(option.continuation)


def _pack(context: Context, items: Sequence[ChoicePrompt], order: Sequence[int], shared: int) -> list[list[int]]:
    """Groups of items that are decoded together: first fit, up to one micro-batch of tokens each.

    More than n_ubatch tokens in one decode would make every token attend over a longer cache for nothing. On a CPU
    groups are smaller still, see ``_CPU_GROUP_TOKENS``.
    """
    largest = context.spec.n_ubatch if context.model.may_offload else min(_CPU_GROUP_TOKENS, context.spec.n_ubatch)
    room_tokens = min(largest, context.spec.n_ctx - shared)
    room_sequences = context.spec.n_seq_max - (1 if shared else 0)
    groups: list[list[int]] = []
    space: list[tuple[int, int]] = []
    for index in order:
        tokens, sequences = items[index].cost(shared), len(items[index].tails())
        if not context.model.shares_sequences:
            tokens = sum(len(option.inputs) for option in items[index].options)
            sequences = len(items[index].options)
        for place, (free_tokens, free_sequences) in enumerate(space):
            if tokens <= free_tokens and sequences <= free_sequences:
                groups[place].append(index)
                space[place] = (free_tokens - tokens, free_sequences - sequences)
                break
        else:
            groups.append([index])
            space.append((room_tokens - tokens, room_sequences - sequences))
    return groups


def _decode_shared(context: Context, items: Sequence[ChoicePrompt], shared: int) -> tuple[list[_Scores], int]:
    first_sequence = 1 if shared else 0
    if not shared:
        context.clear()
    sequence = first_sequence
    tokens = 0
    rows: list[list[list[int]]] = []  # item, option, continuation token -> batch index of its logits
    for item in items:
        tails = item.tails()
        room = min(context.spec.n_batch, context.spec.n_ctx - shared)
        if sequence + len(tails) > context.spec.n_seq_max or item.cost(shared) > room:
            return _decode_one_by_one(context, items, shared)
        own = list(range(sequence, sequence + len(tails)))
        sequence += len(tails)
        if shared:
            for target in own:
                context.share(0, target, shared)
        prefix = item.options[0].inputs[shared : item.prefix]
        in_prefix = {w for option in item.options for w in _wanted(option) if w < item.prefix}
        base = context.add(prefix, shared, own, sorted(w - shared for w in in_prefix))
        tokens += len(prefix)
        where: dict[tuple[int, ...], int] = {}
        for tail, target in zip(tails, own, strict=True):
            if tail:
                offsets = {
                    w - item.prefix
                    for option in item.options
                    if option.inputs[item.prefix :] == tail
                    for w in _wanted(option)
                    if w >= item.prefix
                }
                where[tail] = context.add(tail, item.prefix, [target], sorted(offsets))
                tokens += len(tail)
        rows.append(
            [
                [
                    base + w - shared if w < item.prefix else where[option.inputs[item.prefix :]] + w - item.prefix
                    for w in _wanted(option)
                ]
                for option in item.options
            ]
        )
    context.decode()
    scored = [
        [_score(context, option, places) for option, places in zip(item.options, item_rows, strict=True)]
        for item, item_rows in zip(items, rows, strict=True)
    ]
    for target in range(first_sequence, sequence):
        context.forget(target)
    return scored, tokens


def _decode_one_by_one(context: Context, items: Sequence[ChoicePrompt], shared: int) -> tuple[list[_Scores], int]:
    """For items too wide or too long for one batch: option after option, the item's prefix kept in the cache."""
    scored, tokens = [], 0
    sequence = 1 if shared else 0
    for item in items:
        scores: _Scores = []
        cached: tuple[int, ...] = ()
        context.forget(sequence)
        if shared:
            context.share(0, sequence, shared)
            cached = item.options[0].inputs[:shared]
        for option in item.options:
            keep = min(common_prefix([cached, option.inputs]), _first_wanted(option)) if cached else 0
            context.forget(sequence, keep)
            scores.append(_decode_option(context, option, sequence, keep))
            tokens += len(option.inputs) - keep
            cached = option.inputs
        context.forget(sequence)
        scored.append(scores)
    return scored, tokens


def _decode_separately(context: Context, items: Sequence[ChoicePrompt]) -> tuple[list[_Scores], int]:
    """For recurrent and hybrid models, whose state cannot be shared: every option is a sequence of its own."""
    scored, tokens = [], 0
    for item in items:
        scores: _Scores = []
        for option in item.options:
            context.clear()
            scores.append(_decode_option(context, option, 0, 0))
            tokens += len(option.inputs)
        scored.append(scores)
    return scored, tokens


def _decode_option(context: Context, option: Option, sequence: int, cached: int) -> tuple[float, bool]:
    """Score one option by itself, batch after batch; its first ``cached`` tokens are in the sequence's cache."""
    log_likelihood, greedy, places = 0.0, True, _wanted(option)
    for position in range(cached, len(option.inputs), context.spec.n_batch):
        part = option.inputs[position : position + context.spec.n_batch]
        inside = [place for place in places if position <= place < position + len(part)]
        base = context.add(part, position, [sequence], [place - position for place in inside])
        context.decode()
        for place in inside:
            token = option.continuation[place - places[0]]
            log_probability, best = _token_score(context, base + place - position, token)
            log_likelihood, greedy = log_likelihood + log_probability, greedy and best
    return log_likelihood, greedy


def _wanted(option: Option) -> range:
    return range(_first_wanted(option), len(option.inputs))


def _score(context: Context, option: Option, places: Sequence[int]) -> tuple[float, bool]:
    value, greedy = 0.0, True
    for place, token in zip(places, option.continuation, strict=True):
        log_probability, best = _token_score(context, place, token)
        value, greedy = value + log_probability, greedy and best
    return value, greedy


def _token_score(context: Context, place: int, token: int) -> tuple[float, bool]:
    logits = context.logits(place)
    best = int(np.argmax(logits))
    top = logits[best]
    if not (np.isfinite(top) and np.isfinite(logits[token])):  # argmax finds NaN first
        raise context.not_finite()
    # float32 exponentials of values ≤ 0 summed in float64: accurate to about 1e-6, and twice as fast as all float64.
    total = np.exp(logits - top).sum(dtype=np.float64)
    return float(logits[token] - top) - float(np.log(total)), best == token
