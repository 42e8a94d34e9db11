"""The figures of a panel: rates, latencies, tallies, the live interval. Immutable, without Textual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

import msgspec

from weighin.engine.events.run import (
    AnswerScored,
    ChatMeasured,
    OptionsTurned,
    PromptsReworded,
    ReaskedEvent,
    SpeedMeasured,
)
from weighin.engine.stats.intervals import new_items_interval
from weighin.engine.stats.quantiles import half_spread, median, percentile

AnswerKey: TypeAlias = tuple[str, str, int]
"""Suite, item, repeat."""
ItemKey: TypeAlias = tuple[str, str]
"""Suite and item."""

_SHARDS = 128
_GAPS_KEPT = 4096
"""Number of inter-token times kept for the live percentiles, the newest ones."""


class Tally(msgspec.Struct, frozen=True):
    """Correct answers in a suite, with an interval that stays valid while you watch it."""

    suite: str
    correct: int = 0
    n: int = 0
    low: float = 0.0
    high: float = 1.0
    """Bounds of a confidence sequence for new items like these; it never widens."""

    @property
    def share(self) -> float:
        """Accuracy, 0 to 1."""
        return self.correct / self.n

    def plus(self, correct: bool, alpha: float) -> Tally:
        """Add one answer. ``alpha`` is the suite's share of the chance that the interval ever misses."""
        right, n = self.correct + correct, self.n + 1
        now = new_items_interval(n, right, alpha)
        low, high = max(self.low, now.low), min(self.high, now.high)
        # An empty intersection means that the accuracy changed during the run: start over with the current interval.
        low, high = (low, high) if low <= high else (now.low, now.high)
        return Tally(self.suite, right, n, low, high)


def mean_bounds(tallies: Sequence[Tally]) -> tuple[float, float]:
    """Interval around the mean of the suites' accuracies. The means of the bounds hold when each suite's bounds do."""
    if not tallies:
        return (0.0, 1.0)
    return (sum(t.low for t in tallies) / len(tallies), sum(t.high for t in tallies) / len(tallies))


def agreement(answers: Sequence[str | None]) -> float:
    """Chance that two of the answers are the same, Σ n(n − 1) / (k(k − 1)). None counts as an answer, too."""
    k = len(answers)
    return sum(n * (n - 1) for n in Counter(answers).values()) / (k * (k - 1))


class Rate(msgspec.Struct, frozen=True):
    """Tokens per second over the repeats so far."""

    clean: tuple[float, ...] = ()
    disturbed: tuple[float, ...] = ()
    """Repeats that count although something else used the machine; used only while there is no undisturbed one."""
    cause: str = ""
    """What disturbed the newest of them."""

    def plus(self, event: SpeedMeasured) -> Rate:
        """Add one repeat; a disturbed one that will be measured again does not count."""
        if not event.disturbances:
            return msgspec.structs.replace(self, clean=(*self.clean, event.tokens_per_second))
        cause = event.disturbances[0].cause
        if not event.final:
            return msgspec.structs.replace(self, cause=cause)
        return msgspec.structs.replace(self, disturbed=(*self.disturbed, event.tokens_per_second), cause=cause)

    @property
    def repeats(self) -> int:
        """Number of repeats that count, disturbed or not."""
        return len(self.clean) + len(self.disturbed)

    @property
    def per_second(self) -> float | None:
        """Median of the undisturbed repeats, or of the disturbed ones when there is nothing else."""
        used = self.clean or self.disturbed
        return median(used) if used else None

    @property
    def spread(self) -> float | None:
        """Half the interquartile range; None below two repeats."""
        used = self.clean or self.disturbed
        return half_spread(used) if len(used) > 1 else None

    @property
    def is_disturbed(self) -> bool:
        """Whether the figure counts as disturbed, by the verdict's rule."""
        return len(self.clean) < len(self.disturbed) or (not self.clean and bool(self.disturbed))


class Latency(msgspec.Struct, frozen=True):
    """Response times of chat prompts; from undisturbed prompts only, as soon as there is one."""

    first_s: tuple[float, ...] = ()
    gaps_s: tuple[float, ...] = ()
    clean: bool = False
    """Whether the figures come from undisturbed prompts."""

    def plus(self, event: ChatMeasured) -> Latency:
        """Add one prompt."""
        is_clean = not event.disturbances
        if self.clean and not is_clean:
            return self
        if is_clean and not self.clean:
            return Latency((event.ttft_s,), event.inter_token_s[-_GAPS_KEPT:], clean=True)
        return Latency(
            (*self.first_s, event.ttft_s), (self.gaps_s + event.inter_token_s)[-_GAPS_KEPT:], clean=self.clean
        )

    @property
    def is_disturbed(self) -> bool:
        """Whether all prompts so far were disturbed."""
        return bool(self.first_s) and not self.clean

    def ttft_s(self, percent: float) -> float | None:
        """A percentile of the time to the first token, in seconds; None without prompts."""
        return percentile(self.first_s, percent) if self.first_s else None

    def itl_s(self, percent: float) -> float | None:
        """A percentile of the time between tokens, in seconds; None without tokens."""
        return percentile(self.gaps_s, percent) if self.gaps_s else None


class AnswerMap:
    """An immutable map from answer keys to answers. Adding one copies a small shard, not the whole map."""

    __slots__ = ("_shards", "_size")

    def __init__(
        self, shards: tuple[dict[AnswerKey, AnswerScored] | None, ...] = (None,) * _SHARDS, size: int = 0
    ) -> None:
        self._shards = shards
        self._size = size

    def plus(self, key: AnswerKey, answer: AnswerScored) -> AnswerMap:
        """Add ``answer`` under ``key``."""
        index = hash(key) % _SHARDS
        old = self._shards[index] or {}
        shards = (*self._shards[:index], {**old, key: answer}, *self._shards[index + 1 :])
        return AnswerMap(shards, self._size + (key not in old))

    def get(self, key: AnswerKey) -> AnswerScored | None:
        """The answer under ``key``; None when it is missing."""
        shard = self._shards[hash(key) % _SHARDS]
        return shard.get(key) if shard else None

    def __contains__(self, key: AnswerKey) -> bool:
        return self.get(key) is not None

    def __len__(self) -> int:
        return self._size

    def values(self) -> Iterator[AnswerScored]:
        """All answers, in no particular order."""
        for shard in self._shards:
            if shard:
                yield from shard.values()


class Reasked(msgspec.Struct, frozen=True, kw_only=True):
    """Results of items that were asked again; new dicts with every change."""

    reordered: dict[ItemKey, bool] = {}
    """Whether the same content was chosen in every order of the options."""
    reworded: dict[ItemKey, float] = {}
    """1 − (best − worst score over prompt templates)."""
    repeated: dict[ItemKey, bool] = {}
    """Whether repeating the item gave the same answer."""

    @property
    def same_choice(self) -> float | None:
        """Share of items where the order of the options made no difference; None without such items."""
        return _mean(self.reordered.values())

    @property
    def rewording(self) -> float | None:
        """How little the prompt template mattered, 0 to 1; None without reworded items."""
        return _mean(self.reworded.values())

    @property
    def identical(self) -> float | None:
        """Share of repeated items with the same answer; None without repeated items."""
        return _mean(self.repeated.values())

    def plus(self, event: ReaskedEvent, answers: AnswerMap) -> Reasked:
        """Add one step. ``answers`` has the first answers, which repeated ones are compared with."""
        suite, replace = event.suite, msgspec.structs.replace
        if isinstance(event, OptionsTurned):
            same = {(suite, item.item): len(set(item.chosen)) == 1 for item in event.items}
            return replace(self, reordered={**self.reordered, **same})
        if isinstance(event, PromptsReworded):
            kept = {(suite, item.item): 1 - (max(item.scores) - min(item.scores)) for item in event.items}
            return replace(self, reworded={**self.reworded, **kept})
        firsts = [(item, answers.get((suite, item.item, 0))) for item in event.items]
        alike = {(suite, item.item): first.output == item.output for item, first in firsts if first is not None}
        return replace(self, repeated={**self.repeated, **alike})


def _mean(values: Collection[float]) -> float | None:
    return sum(values) / len(values) if values else None
