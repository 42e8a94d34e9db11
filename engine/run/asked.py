"""What the items of a run need of a model, before any is asked: shapes of chats, and room for long prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..llama.probe import SHAPES, Shape, shape_of
from ..plan.model import PromptStyle, Settings
from ..tasks.items import Suite
from ..tasks.requests import ChoiceRequest, GenerateRequest, build_request
from ..worker.protocol import CheckLengths

_TEMPLATE_TOKENS = 1000
"""Room for what a chat template adds; system messages of its own can be long."""
_MOST_CHECKED = 1000
"""Tokenizing takes about a millisecond for a long prompt, and the longest ones decide."""


def chat_shapes(suites: Sequence[Suite]) -> tuple[Shape, ...]:
    """The shapes of the chats in ``suites``; none where everything is asked as plain text."""
    found = {
        shape_of([message.role for message in request.messages])
        for suite in suites
        if suite.spec.prompt_style != "plain"
        for request in (build_request(suite.spec, item) for item in suite.items)
        if isinstance(request, GenerateRequest)
    }
    return tuple(shape for shape in SHAPES if shape in found)


def lengths_to_check(suites: Sequence[Suite], settings: Settings) -> CheckLengths | None:
    """The longest prompts among those that may not fit ``settings.n_ctx``; None where all surely fit.

    A token is at least one byte, so whatever has fewer bytes than the context has tokens needs no tokenizing.
    """
    long = sorted(_possibly_long(suites, settings.n_ctx), key=lambda row: row[0], reverse=True)[:_MOST_CHECKED]
    if not long:
        return None
    return CheckLengths(
        choices=tuple(request for _n, _style, request in long if isinstance(request, ChoiceRequest)),
        texts=tuple((style, request) for _n, style, request in long if isinstance(request, GenerateRequest)),
    )


def _possibly_long(
    suites: Sequence[Suite], n_ctx: int
) -> Iterator[tuple[int, PromptStyle, ChoiceRequest | GenerateRequest]]:
    for suite in suites:
        for item in suite.items:
            request = build_request(suite.spec, item)
            if isinstance(request, ChoiceRequest):
                most = max(map(_bytes, request.contexts)) + max(map(_bytes, request.continuations)) + 2
            else:
                chat = sum(_bytes(message.content) for message in request.messages) + _TEMPLATE_TOKENS
                most = max(chat, _bytes(request.prompt)) + request.max_tokens
            if most > n_ctx:
                yield most, suite.spec.prompt_style, request


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
