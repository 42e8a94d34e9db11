"""What a worker receives for an item and what it returns. Both travel as JSON."""

from __future__ import annotations

from typing import Literal

import msgspec

from .items import ChoiceItem, GenerateItem, Item
from .spec import SuiteSpec

Ending = Literal["", "end of text", "stop string", "length", "thinking budget", "context full"]
"""Why generation ended. The last two can happen while the model was thinking; ``length`` is about its answer."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of a chat."""

    role: str
    """``system``, ``user`` or ``assistant``."""
    content: str


class ChoiceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the log-likelihood of each continuation."""

    item: str
    contexts: tuple[str, ...]
    """One for all continuations, or one per continuation."""
    continuations: tuple[str, ...]
    """Including the delimiter, such as ``" blue"``."""


class GenerateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for a greedy answer."""

    item: str
    prompt: str
    """For models without a chat template."""
    messages: tuple[Message, ...]
    """For models with a chat template."""
    stop: tuple[str, ...]
    """Texts that end the answer. Thinking and leading white space are no part of it."""
    max_tokens: int
    """Of the answer."""


class _Result(msgspec.Struct, frozen=True, kw_only=True, tag_field="result", tag=True):
    item: str
    prompt: str
    """As the model saw it: after the chat template, and without what was cut off."""
    bos: str = ""
    """The start token that the tokenizer put before the prompt; empty if the prompt has one or the model none."""
    n_prompt_tokens: int


class TooLong(_Result, frozen=True, kw_only=True):
    """The prompt does not fit the context, so the item was not asked."""

    n_ctx: int
    """The longest context that it could have, in tokens."""


class ChoiceResult(_Result, frozen=True, kw_only=True):
    """For each continuation: its log-likelihood in nats, its token count, and whether greedy decoding produces it."""

    log_likelihoods: tuple[float, ...]
    n_tokens: tuple[int, ...]
    is_greedy: tuple[bool, ...]
    n_cut_tokens: int = 0
    """Tokens of the prompt that were cut off at its beginning."""
    elapsed_s: float


class GenerateResult(_Result, frozen=True, kw_only=True):
    """The generated text with its thinking and its markers, cut before the first stop text of the answer."""

    text: str
    n_cut_tokens: int = 0
    """Tokens of the prompt that were cut off at its beginning."""
    n_output_tokens: int
    stop: Ending
    elapsed_s: float


def build_request(spec: SuiteSpec, item: Item) -> ChoiceRequest | GenerateRequest:
    """The request for ``item``, the same for every model."""
    if isinstance(item, ChoiceItem):
        return ChoiceRequest(
            item=item.id,
            contexts=item.contexts or (spec.context_template.format(question=item.question),),
            continuations=item.continuations or tuple(spec.delimiter + choice for choice in item.choices),
        )
    return _generate_request(spec, item)


def _generate_request(spec: SuiteSpec, item: GenerateItem) -> GenerateRequest:
    system = item.system or spec.system
    messages = [Message(role="system", content=system)] if system else []
    plain = [system] if system else []
    for shot in spec.shots:
        messages += [Message(role="user", content=shot.prompt), Message(role="assistant", content=shot.answer)]
        plain.append(spec.plain_template.format(prompt=shot.prompt) + " " + shot.answer)
    messages.append(Message(role="user", content=item.prompt))
    plain.append(spec.plain_template.format(prompt=item.prompt))
    return GenerateRequest(
        item=item.id,
        prompt=item.plain_prompt or "\n\n".join(plain),
        messages=tuple(messages),
        stop=(*item.stop, *spec.stop),
        max_tokens=spec.max_tokens,
    )
