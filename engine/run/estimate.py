"""How long a run will take: from what was measured, or from the machine's memory bandwidth where nothing was.

Only to tell the user beforehand; a run corrects it with its own timings from the first round on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import takewhile

import msgspec

from ..plan.model import ConsistencyPlan, Plan
from ..tasks.items import Suite
from ..tasks.requests import ChoiceRequest, GenerateRequest, build_request
from .reasking import Reasking, RewordStep, SampleStep, TurnStep
from .rounds import block_range

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
    from ..hardware.bandwidth import measure_bandwidth
    from ..hardware.cpu import usable_physical_cores
    from ..hardware.memory import usable_memory

    found = measure_bandwidth(n_threads=usable_physical_cores(), available_bytes=usable_memory().available_bytes)
    return found or 10e9


def guessed_rates(size_bytes: int, bandwidth_bytes_per_second: float) -> Rates:
    """From the file's size alone: every generated token reads all weights."""
    generation = _READ_SHARE * bandwidth_bytes_per_second / max(size_bytes, 1)
    return Rates(_PROMPT_OVER_GENERATION * generation, generation)


class Work(msgspec.Struct, frozen=True):
    """Tokens one candidate computes."""

    prompt: float = 0.0
    output: float = 0.0
    """Generated ones, as many as take the time of one at a time."""

    def __add__(self, other: Work) -> Work:
        return Work(self.prompt + other.prompt, self.output + other.output)

    def seconds(self, rates: Rates) -> float:
        """At ``rates``."""
        return self.prompt / rates.prompt + self.output / rates.generation


def estimate_s(plan: Plan, suites: Iterable[Suite], rates: Mapping[str, Rates]) -> float:
    """Seconds for the whole run, racing left out. ``rates`` by candidate id."""
    opened = tuple(suites)
    work = answering_work(opened) + consistency_work(plan.consistency, opened)
    speed = plan.speed
    # Each repeat, chat prompts of about 200 tokens, and warm-ups.
    work += Work(
        speed.n_prompt * (speed.repeats + 1) + 200 * speed.chat_prompts,
        speed.n_generate * speed.repeats + speed.chat_tokens * speed.chat_prompts,
    )
    return sum(_LOAD_S + work.seconds(rates[c.id]) for c in plan.candidates)


def answering_work(suites: Iterable[Suite]) -> Work:
    """Every item of the suites once."""
    return sum((_asking(suite, build_request(suite.spec, item)) for suite in suites for item in suite.items), Work())


def consistency_work(plan: ConsistencyPlan, suites: Sequence[Suite]) -> Work:
    """What is asked again for consistency."""
    named = {suite.spec.name: suite for suite in suites}
    again, work = Reasking(plan, suites), Work()
    for step in again.steps():
        suite = named[step.suite]
        if isinstance(step, SampleStep):
            for item in again.sampled(step):
                once = _asking(suite, build_request(suite.spec, item))
                work += Work(once.prompt, plan.samples * once.output)  # the samples share the prompt
        elif isinstance(step, TurnStep):
            for _turned, ways in again.turned(step):
                asked_so = [_asking(suite, build_request(suite.spec, way)).prompt for way in ways]
                signs = zip(*(way.contexts[0] for way in ways), strict=False)
                same = sum(1 for _ in takewhile(lambda each: len(set(each)) == 1, signs)) / _CHARACTERS_A_TOKEN
                work += Work(sum(asked_so) - (len(ways) - 1) * same)  # what comes before the options is shared
        elif isinstance(step, RewordStep):
            for _item, requests in again.reworded(step):
                work += sum((_asking(suite, request) for request in requests), Work())
        else:
            asked = [suite.items[index] for index in block_range(suite, step.block)]
            work += sum((_asking(suite, build_request(suite.spec, item)) for item in asked), Work())
    return work


def _asking(suite: Suite, request: ChoiceRequest | GenerateRequest) -> Work:
    """One prompt with its answer. What a suite's prompts share, such as solved examples, is computed once in many."""
    if isinstance(request, ChoiceRequest):
        characters = len(request.contexts[0]) + sum(map(len, request.continuations))
        return Work(characters / _CHARACTERS_A_TOKEN)
    characters = len(request.messages[-1].content) + len(suite.spec.system)
    return Work(characters / _CHARACTERS_A_TOKEN, request.max_tokens / 2 / _SIDE_BY_SIDE)
