"""How long a run will take: from what was measured, or from the machine's memory bandwidth where nothing was.

Only to tell the user beforehand; a run corrects it with its own timings from the first round on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import msgspec

from .plan import Plan
from .tasks.items import ChoiceItem, Suite

_CHARACTERS_A_TOKEN = 4.0
"""English prose in the tokenizers of today's models, about."""
_PROMPT_OVER_GENERATION = 4.0
"""Prompt tokens a second over generated ones on a few CPU cores, where nothing was measured."""
_READ_SHARE = 0.5
"""Of the bandwidth that copying reaches, what generation reads weights at."""
_SIDE_BY_SIDE = 2.0
"""Generation of many items at once over one at a time."""
_LOAD_S = 3.0


class Rates(msgspec.Struct, frozen=True):
    """Tokens a second."""

    prompt: float
    generation: float


@cache
def copy_bandwidth() -> float:
    """Bytes a second this machine copies, measured once (about a second); a careful guess where memory is short."""
    from .hardware.bandwidth import measure_bandwidth
    from .hardware.cpu import usable_physical_cores
    from .hardware.memory import usable_memory

    found = measure_bandwidth(n_threads=usable_physical_cores(), available_bytes=usable_memory().available_bytes)
    return found or 10e9


def guessed_rates(size_bytes: int, bandwidth_bytes_per_second: float) -> Rates:
    """From the file's size alone: every generated token reads all weights."""
    generation = _READ_SHARE * bandwidth_bytes_per_second / max(size_bytes, 1)
    return Rates(_PROMPT_OVER_GENERATION * generation, generation)


def estimate_s(plan: Plan, suites: Iterable[Suite], rates: Mapping[str, Rates]) -> float:
    """Seconds for the whole run, racing left out. ``rates`` by candidate id."""
    prompt_tokens = output_tokens = 0.0
    for suite in suites:
        for item in suite.items:
            if isinstance(item, ChoiceItem):
                text = len(item.contexts[0]) if item.contexts else len(item.question)
                prompt_tokens += (text + sum(len(choice) + 1 for choice in item.choices)) / _CHARACTERS_A_TOKEN
            else:
                prompt_tokens += (len(item.plain_prompt or item.prompt) + len(suite.spec.system)) / _CHARACTERS_A_TOKEN
                output_tokens += suite.spec.max_tokens / 2 / _SIDE_BY_SIDE
    speed = plan.speed
    # Each repeat, chat prompts of about 200 tokens, and warm-ups.
    prompt_tokens += speed.n_prompt * (speed.repeats + 1) + 200 * speed.chat_prompts
    output_tokens += speed.n_generate * speed.repeats + speed.chat_tokens * speed.chat_prompts
    return sum(
        _LOAD_S + prompt_tokens / rates[c.id].prompt + output_tokens / rates[c.id].generation for c in plan.candidates
    )
