"""Suites with subjects in reports: the accuracy of every candidate in each subject."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from ..events.ranking import GroupShare, SuiteGroups
from ..events.run import Event, VerdictReached
from ..judging.summary import RunSummary
from ..judging.verdict import reach_verdict
from ..plan.model import Plan
from ..stats.intervals import accuracy_interval
from .marks import NONE, escaped, table

_FIELDS = ("candidate", "suite", "group", "items", "correct", "accuracy", "standard_error", "low", "high")


def groups_csv(plan: Plan, events: Iterable[Event]) -> str:
    """One row per candidate and subject, after one for the whole suite, whose ``group`` is empty.

    ``standard_error`` is given for the whole suite only, pooled over its subjects; ``low`` and ``high`` are the 95 %
    interval of one subject for a fixed number of items.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FIELDS)
    for row in reach_verdict(plan, events).rankings:
        for suite in row.groups:
            items, correct = sum(g.items for g in suite.groups), sum(g.correct for g in suite.groups)
            error = suite.standard_error
            writer.writerow((row.candidate, suite.suite, "", items, correct, suite.accuracy, error, None, None))
            for group in suite.groups:
                ends = accuracy_interval(group.correct, group.items)
                share = group.correct / group.items
                writer.writerow(
                    (
                        row.candidate,
                        suite.suite,
                        group.name,
                        group.items,
                        group.correct,
                        share,
                        None,
                        ends.low,
                        ends.high,
                    )
                )
    return text.getvalue()


def group_tables(verdict: VerdictReached, run: RunSummary, names: Mapping[str, str]) -> list[list[str]]:
    """A Markdown section per suite with subjects: one row per subject, one column per candidate."""
    by_suite: dict[str, dict[str, SuiteGroups]] = {}
    for row in verdict.rankings:
        for suite in row.groups:
            by_suite.setdefault(suite.suite, {})[row.candidate] = suite
    return [_section(suite, of, names) for suite, of in by_suite.items() if suite in run.suites]


def _section(suite: str, of: Mapping[str, SuiteGroups], names: Mapping[str, str]) -> list[str]:
    by_name = {candidate: {group.name: group for group in groups.groups} for candidate, groups in of.items()}
    subjects = sorted({name for groups in by_name.values() for name in groups})
    header = ("subject", *(escaped(names[candidate]) for candidate in of))
    rows = [("all items ± SE", *(_mean(groups) for groups in of.values()))]
    rows += [(escaped(name), *(_share(by_name[candidate].get(name)) for candidate in of)) for name in subjects]
    note = "SE: standard error, pooled over subjects as in lm-evaluation-harness; n: items answered."
    return [f"## {escaped(suite)} by subject, in %", "", *table(header, rows), "", note]


def _mean(groups: SuiteGroups) -> str:
    error = NONE if groups.standard_error is None else f"{groups.standard_error * 100:.1f}"
    return f"{groups.accuracy * 100:.1f} ± {error}"


def _share(group: GroupShare | None) -> str:
    return NONE if group is None else f"{group.correct / group.items * 100:.0f} (n = {group.items})"
