"""The race of a run: feeds answers to the sequential tests in the fixed order and decides who stops.

It depends only on the suites and the stored events, not on the rounds, so a resumed run ends the race exactly where an
uninterrupted one does. An item on which a candidate was cut off while thinking drops nobody: it says that the budget
was short, not that others are more accurate. It still counts as wrong in the accuracy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..events.notes import TriedAgain
from ..events.run import AnswerScored, CandidateNoted, CandidateStopped, Event, RaceSettled, RaceStarted, SuiteDropped
from ..judging.findings import missed_limits
from ..judging.summary import CandidateSummary
from ..plan.model import Plan
from ..stats.racing import Race
from ..tasks.items import Suite, committed_order

Decision = CandidateStopped | RaceSettled


class RaceWatch:
    """``note`` every event, ``open`` the race once, then ``decide`` after each round."""

    def __init__(self, plan: Plan, suites: Sequence[Suite]) -> None:
        self._plan = plan
        self._suites = tuple(suites)
        self._correct: dict[tuple[str, str, str], bool] = {}
        """Whether an answer is correct, by candidate, suite and item."""
        self._unfinished: set[tuple[str, str, str]] = set()
        """Answers that were cut off while thinking."""
        self._stopped: set[str] = set()
        self._entrants: tuple[str, ...] = ()
        self._race: Race | None = None
        self._settled = False
        self._fed = 0
        self._restart()

    def note(self, event: Event) -> None:
        """Take one event into account, in stored order."""
        if isinstance(event, AnswerScored):
            if event.repeat == 0:
                key = (event.candidate, event.suite, event.item)
                self._correct[key] = event.correct
                if not event.thinking_closed:
                    self._unfinished.add(key)
        elif isinstance(event, RaceStarted):
            self._entrants = event.entrants
            self._restart()
        elif isinstance(event, CandidateStopped):
            self._stopped.add(event.candidate)
        elif isinstance(event, CandidateNoted) and isinstance(event.note, TriedAgain):
            # One more candidate, so another race, on the answers that are there.
            self._stopped.discard(event.candidate)
            self._entrants, self._settled = (), False
            self._restart()
        elif isinstance(event, RaceSettled):
            self._settled = True
        elif isinstance(event, SuiteDropped):
            # Another pool, so another race; those that were stopped stay stopped.
            self._suites = tuple(suite for suite in self._suites if suite.spec.name != event.suite)
            self._restart()

    @property
    def wanted(self) -> bool:
        """Whether a race may still be opened."""
        return self._plan.race.enabled and len(self._plan.candidates) > 1 and bool(self._order) and not self._entrants

    def open(self, summaries: Iterable[CandidateSummary]) -> RaceStarted | None:
        """The start of the race between the candidates that meet the limits as measured so far.

        None until the speed and memory of every remaining candidate are measured, and for fewer than two entrants.
        """
        racing = [s for s in summaries if s.candidate not in self._stopped]
        measured = all(s.generation is not None and s.memory_bytes is not None for s in racing)
        entrants = tuple(s.candidate for s in racing if not missed_limits(s, self._plan.limits))
        if not self.wanted or not measured or len(entrants) < 2:
            return None
        return RaceStarted(
            entrants=entrants,
            pool=len(self._order),
            alpha=self._plan.race.alpha,
            margin=self._plan.limits.equivalence_margin,
        )

    def decide(self) -> list[Decision]:
        """Who stops on the answers so far, and whether the race is settled. Emit them: they return as events."""
        race = self._race
        if race is None or self._settled:
            return []
        pool, alpha = len(self._order), self._plan.race.alpha
        decisions: list[Decision] = []
        while self._fed < pool and not race.settled and self._feed(race):
            pass
        for name, at_item in race.eliminated.items():
            if name not in self._stopped:
                detail = f"stopped at {at_item} of {pool} items: others are more accurate (error rate {alpha:.0%})"
                decisions.append(
                    CandidateStopped(candidate=name, reason="eliminated", detail=detail, at_item=at_item, pool=pool)
                )
        # If the others failed or were skipped, nothing was decided, and the last candidate is asked all items.
        decided = bool(race.eliminated) or len(race.running) > 1
        if race.settled and decided and self._fed < pool:
            decisions.append(RaceSettled(at_item=self._fed, pool=pool, remaining=tuple(race.running)))
        return decisions

    def _feed(self, race: Race) -> bool:
        """Give the race the next item if every runner has answered it; False if it must wait."""
        place = self._order[self._fed]
        item = self._items[place.suite, place.index]
        scores = {}
        for name in tuple(race.running):
            right = self._correct.get((name, place.suite, item))
            if right is None:
                if name not in self._stopped:
                    return False
                race.withdraw(name)  # it failed or was skipped; its answers so far remain as evidence
            else:
                scores[name] = right * self._weights[place.suite]
        if not scores:
            return False
        race.add(scores, unfinished=[name for name in scores if (name, place.suite, item) in self._unfinished])
        self._fed += 1
        return True

    def _restart(self) -> None:
        """Start the race over, on the remaining suites, between the entrants that are not stopped."""
        self._order = committed_order(self._suites, self._plan.settings.seed)
        self._items = {
            (suite.spec.name, index): item.id for suite in self._suites for index, item in enumerate(suite.items)
        }
        # The verdict compares the mean of the suites' accuracies, so an item of a long suite counts less.
        shortest = min((len(suite.items) for suite in self._suites), default=1)
        self._weights = {suite.spec.name: shortest / max(1, len(suite.items)) for suite in self._suites}
        self._fed = 0
        running = [name for name in self._entrants if name not in self._stopped]
        if len(running) < 2 or not self._order:
            self._race = None
            return
        scale = shortest * len(self._suites) / len(self._order)
        margin = self._plan.limits.equivalence_margin * scale
        self._race = Race(running, len(self._order), self._plan.race.alpha, margin=margin)
