"""Prompts as the model sees them, and whether they fit its context.

Nothing is cut unless the plan wants it. The context that answers are computed in is made larger for an item that needs
it, as far as the model was trained and memory allows; an item that still does not fit is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from ..errors import NotEnoughMemoryError
from ..events import notes
from ..events.notes import Note
from ..llama.context import Context
from ..tasks.requests import ChoiceRequest, GenerateRequest, TooLong
from ..tasks.thinking import may_think
from .choice import ChoicePrompt, tokenize_choice
from .loaded import LoadedModel
from .prompting import Prompt
from .protocol import CheckLengths

Result = TypeVar("Result")

LEAST_ROOM_TOKENS = 64
"""An answer may have less room than its suite allows, as with any server, but not less than this."""


@dataclass(frozen=True)
class Fitted:
    """A block that is ready to be computed."""

    context: Context
    """As long as the block needs it. That depends on the block alone, so a resumed run uses the same."""
    too_long: dict[int, TooLong]
    """Requests that do not fit, by their place in the block."""

    def complete(self, results: Sequence[Result], *, each: int = 1) -> tuple[Result | TooLong, ...]:
        """``results``, ``each`` a request that fits, with those that do not fit in their places."""
        left = iter(results)
        n_requests = len(results) // each + len(self.too_long)
        return tuple(
            self.too_long[place] if place in self.too_long else next(left)
            for place in range(n_requests)
            for _ in range(each)
        )


def fit_texts(
    loaded: LoadedModel, requests: Sequence[GenerateRequest], prompts: Sequence[Prompt]
) -> tuple[Fitted, list[tuple[GenerateRequest, Prompt]]]:
    """The requests that fit, in their order, with their prompts."""
    fitted = _fit(
        loaded,
        [r.item for r in requests],
        list(prompts),
        wanted=[len(p.tokens) + r.max_tokens + _thinking_room(loaded) for r, p in zip(requests, prompts, strict=True)],
        least=[len(p.tokens) + _least_room(r) for r, p in zip(requests, prompts, strict=True)],
    )
    asked = []
    for place, (request, prompt) in enumerate(zip(requests, prompts, strict=True)):
        if place in fitted.too_long:
            continue
        if len(prompt.tokens) + _least_room(request) > fitted.context.spec.n_ctx:
            seen = _cut(
                loaded, prompt, fitted.context.spec.n_ctx - min(request.max_tokens, fitted.context.spec.n_ctx // 2)
            )
        else:
            seen = prompt
        room = fitted.context.spec.n_ctx - len(seen.tokens)
        asked.append((msgspec.structs.replace(request, max_tokens=min(request.max_tokens, room)), seen))
    return fitted, asked


def fit_choices(loaded: LoadedModel, requests: Sequence[ChoiceRequest]) -> tuple[Fitted, list[ChoicePrompt]]:
    """The prompts that fit, in the order of ``requests``."""
    prompts = [tokenize_choice(loaded.model, request) for request in requests]
    lengths = [prompt.longest for prompt in prompts]
    texts = [Prompt(prompt.text, list(prompt.options[0].inputs), prompt.bos) for prompt in prompts]
    fitted = _fit(loaded, [r.item for r in requests], texts, wanted=lengths, least=lengths)
    return fitted, [
        prompt.cut(loaded.model, fitted.context.spec.n_ctx) if prompt.longest > fitted.context.spec.n_ctx else prompt
        for place, prompt in enumerate(prompts)
        if place not in fitted.too_long
    ]


def length_notes(loaded: LoadedModel, command: CheckLengths) -> tuple[Note, ...]:
    """What will happen to prompts that do not fit the plan's context."""
    n_ctx, longest = loaded.settings.n_ctx, loaded.longest_context
    raised: list[tuple[int, int]] = []
    refused: list[int] = []
    for n_prompt, wanted, least in _lengths(loaded, command):
        if least > longest:
            refused.append(n_prompt)
        elif wanted > n_ctx and longest > n_ctx:
            raised.append((n_prompt, min(wanted, longest)))
    found: list[Note] = []
    if raised:
        found.append(
            notes.ContextRaised(
                items=len(raised),
                longest_tokens=max(n_prompt for n_prompt, _wanted in raised),
                n_ctx=n_ctx,
                raised_to=max(wanted for _n_prompt, wanted in raised),
            )
        )
    if refused:
        kind = notes.PromptsCut if loaded.settings.long_prompts == "cut-start" else notes.PromptsTooLong
        found.append(kind(items=len(refused), longest_tokens=max(refused), n_ctx=longest))
    return tuple(found)


def _lengths(loaded: LoadedModel, command: CheckLengths) -> Iterator[tuple[int, int, int]]:
    """For each item the tokens of its prompt, and with an answer: as long as allowed, and as short as may be."""
    for request in command.choices:
        longest = tokenize_choice(loaded.model, request).longest
        yield longest, longest, longest
    for style, text in command.texts:
        n_prompt = len(loaded.prompting.prompt(text.prompt, text.messages, style).tokens)
        yield n_prompt, n_prompt + text.max_tokens + _thinking_room(loaded), n_prompt + _least_room(text)


def _thinking_room(loaded: LoadedModel) -> int:
    return loaded.settings.max_thinking_tokens if may_think(loaded.model.chat_template or "") else 0


def _least_room(request: GenerateRequest) -> int:
    return min(request.max_tokens, LEAST_ROOM_TOKENS)


def _fit(
    loaded: LoadedModel, items: Sequence[str], prompts: Sequence[Prompt], *, wanted: Sequence[int], least: Sequence[int]
) -> Fitted:
    """``wanted`` and ``least`` are context tokens that each item would use, and cannot do without."""
    longest = loaded.longest_context
    fitting = [min(want, longest) for want, need in zip(wanted, least, strict=True) if need <= longest]
    limit = max([loaded.settings.n_ctx, *fitting])
    try:
        context = loaded.answers(limit)
    except NotEnoughMemoryError:
        if limit == loaded.settings.n_ctx:
            raise
        limit = loaded.settings.n_ctx
        context = loaded.answers(limit)
    too_long = {}
    if loaded.settings.long_prompts != "cut-start":
        too_long = {
            place: TooLong(
                item=items[place],
                prompt=prompts[place].text,
                bos=prompts[place].bos,
                n_prompt_tokens=len(prompts[place].tokens),
                n_ctx=limit,
            )
            for place, tokens in enumerate(least)
            if tokens > limit
        }
    return Fitted(context, too_long)


def _cut(loaded: LoadedModel, prompt: Prompt, room: int) -> Prompt:
    """``prompt`` without its beginning, as lm-evaluation-harness cuts it; its text is what is left."""
    kept = prompt.tokens[-max(1, room) :]
    return Prompt(loaded.model.text(kept, special=True), kept, "", n_cut=len(prompt.tokens) - len(kept))
