"""Candidates side by side: every component visible, sorted by the one the user picks, and no overall score."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, get_args

import msgspec

from .entries import CatalogModel, Score
from .quants import PERPLEXITY_SOURCE, Rung
from .verdict import Allowed, AllowedIf, NotAllowed, Verdict, reasons_of, severity

SortKey = Literal["name", "size", "context", "memory", "score", "speed", "license", "aptitude", "released"]
SORT_KEYS: tuple[str, ...] = get_args(SortKey)


class Component(msgspec.Struct, frozen=True):
    """One thing that speaks for or against a model."""

    name: str
    text: str
    source: str


class Ranked(msgspec.Struct, frozen=True):
    model: CatalogModel
    verdict: Verdict
    memory_bytes: int | None
    """Needed at the wanted context; None when nobody measured or estimated it."""
    fits: bool | None
    tokens_per_second: float | None
    aptitude_match: bool | None
    score: Score | None
    rung: Rung | None = None
    """The quant that memory and speed are about."""
    speed_source: str = ""
    speed_quant: str = ""
    """Of the file whose speed was taken, which need not be the rung's."""
    speed_disturbed: bool = False
    """Something else used the machine while speed was taken."""

    def components(self) -> tuple[Component, ...]:
        """Everything the order could rest on, each with where it comes from; what is not known says so."""
        model, rung = self.model, self.rung
        score, aptitudes = self.score, model.aptitudes
        memory = "not known" if self.memory_bytes is None else f"{self.memory_bytes / 1e9:.1f} GB"
        fits = "" if self.fits is None else ", fits" if self.fits else ", does not fit"
        disturbed = ", disturbed" if self.speed_disturbed else ""
        speed = "not measured" if self.tokens_per_second is None else f"{self.tokens_per_second:.1f} tok/s{disturbed}"
        good_at = "not stated" if aptitudes is None else ", ".join(aptitudes.value)
        match = "" if self.aptitude_match is None else " (the task is among them)" if self.aptitude_match else ""
        figure = (
            "none published" if score is None else f"{score.name} {score.value:g} ({score.variant}, {setup(score)})"
        )
        return (
            Component("license", f"{verdict_word(self.verdict)}: {reasons_of(self.verdict)[0]}", "licenses.toml"),
            Component("memory", memory + fits, "estimated: weights and KV cache"),
            Component("speed", speed, self.speed_source or "nothing measured here"),
            Component("quality lost to the quant", rung.quant.cost if rung else "not known", PERPLEXITY_SOURCE),
            Component("good at", good_at + match, aptitudes.source if aptitudes else ""),
            Component("published score", figure, score.source if score else ""),
        )


def rank_one(
    model: CatalogModel,
    verdict: Verdict,
    *,
    memory_bytes: int | None = None,
    available_bytes: int | None = None,
    tokens_per_second: float | None = None,
    aptitude: str | None = None,
    score_name: str = "MMLU",
    rung: Rung | None = None,
    speed_source: str = "",
    speed_quant: str = "",
    speed_disturbed: bool = False,
) -> Ranked:
    """The components of one model; an instruct score goes before a base score."""
    memory = memory_bytes if memory_bytes is not None or rung is None else rung.memory_bytes
    fits = None if memory is None or available_bytes is None else memory <= available_bytes
    match = None if aptitude is None or model.aptitudes is None else aptitude in model.aptitudes.value
    score = published_score(model, score_name)
    speed = (tokens_per_second, match, score, rung, speed_source, speed_quant, speed_disturbed)
    return Ranked(model, verdict, memory, fits, *speed)


def published_score(model: CatalogModel, name: str) -> Score | None:
    """The score of that name, instruct before base, 5-shot before other set-ups; None when none is published."""
    found = [s for s in model.score if s.name.lower() == name.lower()]
    return min(found, key=lambda s: (s.variant != "instruct", s.shots != 5), default=None)


def setup(score: Score) -> str:
    """How the score was taken, in words."""
    shots, said = "" if score.shots is None else f"{score.shots}-shot", score.setup or ""
    return ", ".join(part for part in (shots if shots not in said else "", said) if part) or "set-up not stated"


def verdict_word(verdict: Verdict) -> str:
    """The verdict in one or two words."""
    if isinstance(verdict, Allowed):
        return "allowed"
    if isinstance(verdict, AllowedIf):
        return "allowed if"
    return "not allowed" if isinstance(verdict, NotAllowed) else "unknown"


def sort_ranked(rows: Iterable[Ranked], key: SortKey) -> list[Ranked]:
    """Rows by one component, best first, unknown values last, ties by name."""
    order: dict[str, Callable[[Ranked], float | None]] = {
        "license": lambda r: severity(r.verdict),
        "memory": lambda r: r.memory_bytes,
        "speed": lambda r: None if r.tokens_per_second is None else -r.tokens_per_second,
        "aptitude": lambda r: None if r.aptitude_match is None else not r.aptitude_match,
        "score": lambda r: None if r.score is None else -r.score.value,
        "size": lambda r: r.model.parameters.total,
        "context": lambda r: None if r.model.context_tokens is None else -r.model.context_tokens.value,
        "released": lambda r: _newest_first(r.model),
        "name": lambda _: 0,
    }
    value = order[key]
    return sorted(rows, key=lambda r: (value(r) is None, value(r) or 0, r.model.name.lower()))


def _newest_first(model: CatalogModel) -> float | None:
    return None if model.released is None else -int(model.released.value.replace("-", "").ljust(8, "0"))
