"""Suites with subjects: the mean over all items with its pooled error, and each subject's share."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..events.ranking import GroupShare, SuiteGroups
from ..events.run import AnswerScored
from ..stats.clustered import clustered_mean, micro_average


def suite_groups(suite: str, answers: Iterable[AnswerScored]) -> SuiteGroups:
    """One candidate's answers to ``suite`` by subject. Answers without a subject form one with an empty name.

    Raises:
        ValueError: there are no answers.
    """
    subjects: dict[str, list[float]] = {}
    for answer in answers:
        subjects.setdefault(answer.group, []).append(float(answer.correct))
    whole = micro_average([clustered_mean(values) for values in subjects.values()])
    return SuiteGroups(
        suite=suite,
        accuracy=whole.mean,
        standard_error=None if math.isnan(whole.standard_error) else whole.standard_error,
        groups=tuple(
            GroupShare(name=name, items=len(values), correct=int(sum(values)))
            for name, values in sorted(subjects.items())
        ),
    )
