"""Suites with subjects in Markdown: the accuracy of every candidate in each subject."""

from __future__ import annotations

from collections.abc import Mapping

from ..events.ranking import GroupShare, SuiteGroups
from ..events.run import VerdictReached
from ..judging.summary import RunSummary
from .marks import NONE, escaped, table


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
