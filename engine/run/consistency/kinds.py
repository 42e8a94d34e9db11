"""The kinds of consistency questions. A new kind is a module beside this one and a line here."""

from __future__ import annotations

from typing import Any

from ...events.run import ConsistencyEvent
from ..steps import Reask
from .kind import ConsistencyKind
from .reordered import REORDERED
from .repeated import REPEATED
from .reworded import REWORDED
from .sampled import SAMPLED

KINDS: dict[str, ConsistencyKind[Any]] = {kind.name: kind for kind in (SAMPLED, REORDERED, REWORDED, REPEATED)}
"""By name, in the order in which a run asks them."""
_BY_EVENT = {kind.event: kind for kind in KINDS.values()}


def step_done(event: ConsistencyEvent) -> Reask:
    """The step that a stored event says is done."""
    kind = _BY_EVENT[type(event)]
    return Reask(kind.name, event.suite, kind.part_of(event))
