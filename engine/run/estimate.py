"""How long a run will take: from what was measured, or from the machine's memory bandwidth where nothing was.

For the user before a run starts; from its first round on, a run uses its own timings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from ..hardware.cpu import usable_physical_cores
from ..hardware.memory import measure_bandwidth, usable_memory
from ..plan.model import Plan
from ..tasks.items import Suite
from ..tasks.requests import build_request
from .consistency.questions import ConsistencyQuestions
from .work import Rates, Work, request_work

_PROMPT_OVER_GENERATION = 4.0
"""Prompt tokens per second over generated ones on a few CPU cores, where nothing was measured."""
_READ_SHARE = 0.5
"""Share of the copy bandwidth at which generation reads weights."""
_LOAD_S = 3.0


@cache
def copy_bandwidth() -> float:
    """Bytes per second that this machine copies, measured once in about a second; a low guess where memory is short."""
    measured = measure_bandwidth(n_threads=usable_physical_cores(), available_bytes=usable_memory().available_bytes)
    return measured or 10e9


def guessed_rates(size_bytes: int, bandwidth_bytes_per_second: float) -> Rates:
    """Guess from the file's size alone: every generated token reads all weights."""
    generation = _READ_SHARE * bandwidth_bytes_per_second / max(size_bytes, 1)
    return Rates(_PROMPT_OVER_GENERATION * generation, generation)


def estimate_s(plan: Plan, suites: Iterable[Suite], rates: Mapping[str, Rates]) -> float:
    """Seconds for the whole run without racing. ``rates`` are by candidate id."""
    opened = tuple(suites)
    work = answering_work(opened) + ConsistencyQuestions(plan.consistency, opened).work()
    speed = plan.speed
    # Repeats, chat prompts of about 200 tokens, and warm-ups.
    work += Work(
        speed.n_prompt * (speed.repeats + 1) + 200 * speed.chat_prompts,
        speed.n_generate * speed.repeats + speed.chat_tokens * speed.chat_prompts,
    )
    return sum(_LOAD_S + work.seconds(rates[c.id]) for c in plan.candidates)


def answering_work(suites: Iterable[Suite]) -> Work:
    """Every item of the suites once."""
    return sum(
        (request_work(suite, build_request(suite.spec, item)) for suite in suites for item in suite.items), Work()
    )
