"""Candidates side by side: every component visible, sorted by the one the user picks, and no overall score."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from .models import CatalogModel, Score
from .verdict import Allowed, AllowedIf, NotAllowed, Unknown, Verdict

SortKey = Literal["license", "memory", "speed", "aptitude", "score", "size", "released", "name"]


class Ranked(msgspec.Struct, frozen=True):
    model: CatalogModel
    verdict: Verdict
    memory_bytes: int | None
    """Needed at the wanted context; None when nobody measured or estimated it."""
    fits: bool | None
    tokens_per_second: float | None
    aptitude_match: bool | None
    score: Score | None


def rank_one(
    model: CatalogModel,
    verdict: Verdict,
    *,
    memory_bytes: int | None = None,
    available_bytes: int | None = None,
    tokens_per_second: float | None = None,
    aptitude: str | None = None,
    score_name: str = "MMLU",
) -> Ranked:
    """The components of one model; an instruct score goes before a base score."""
    fits = None if memory_bytes is None or available_bytes is None else memory_bytes <= available_bytes
    match = None if aptitude is None or model.aptitudes is None else aptitude in model.aptitudes.value
    return Ranked(model, verdict, memory_bytes, fits, tokens_per_second, match, published_score(model, score_name))


def published_score(model: CatalogModel, name: str) -> Score | None:
    """The score of that name, instruct before base, 5-shot before other set-ups; None when none is published."""
    found = [s for s in model.score if s.name.lower() == name.lower()]
    return min(found, key=lambda s: (s.variant != "instruct", s.shots != 5), default=None)


def sort_ranked(rows: Iterable[Ranked], key: SortKey) -> list[Ranked]:
    """Rows by one component, best first, unknown values last, ties by name."""
    order: dict[str, Callable[[Ranked], float | None]] = {
        "license": lambda r: [Allowed, AllowedIf, Unknown, NotAllowed].index(type(r.verdict)),
        "memory": lambda r: r.memory_bytes,
        "speed": lambda r: None if r.tokens_per_second is None else -r.tokens_per_second,
        "aptitude": lambda r: None if r.aptitude_match is None else not r.aptitude_match,
        "score": lambda r: None if r.score is None else -r.score.value,
        "size": lambda r: r.model.parameters.total,
        "released": lambda r: _newest_first(r.model),
        "name": lambda _: 0,
    }
    value = order[key]
    return sorted(rows, key=lambda r: (value(r) is None, value(r) or 0, r.model.name.lower()))


def _newest_first(model: CatalogModel) -> float | None:
    return None if model.released is None else -int(model.released.value.replace("-", "").ljust(8, "0"))
