"""How many tokens a prompt and its answer take, estimated from characters before anything is tokenized."""

from __future__ import annotations

import msgspec

from ..tasks.items import Suite
from ..tasks.requests import ChoiceRequest, GenerateRequest

CHARACTERS_PER_TOKEN = 4.0
"""English prose in the tokenizers of today's models, roughly."""
_SIDE_BY_SIDE = 2.0
"""How much faster many items are generated at once than one at a time."""


class Rates(msgspec.Struct, frozen=True):
    """Tokens per second."""

    prompt: float
    generation: float


class Work(msgspec.Struct, frozen=True):
    """Tokens that one candidate computes."""

    prompt: float = 0.0
    output: float = 0.0
    """Generated tokens, counted as the number that takes as long one at a time."""

    def __add__(self, other: Work) -> Work:
        return Work(self.prompt + other.prompt, self.output + other.output)

    def seconds(self, rates: Rates) -> float:
        """Duration at ``rates``."""
        return self.prompt / rates.prompt + self.output / rates.generation


def request_work(suite: Suite, request: ChoiceRequest | GenerateRequest) -> Work:
    """One prompt with its answer.

    An answer counts half of what the suite allows. What a suite's prompts share, such as worked examples, counts in
    generate suites only once for many, so it is left out.
    """
    if isinstance(request, ChoiceRequest):
        characters = len(request.contexts[0]) + sum(map(len, request.continuations))
        return Work(characters / CHARACTERS_PER_TOKEN)
    characters = len(request.messages[-1].content) + len(suite.spec.system)
    return Work(characters / CHARACTERS_PER_TOKEN, request.max_tokens / 2 / _SIDE_BY_SIDE)
