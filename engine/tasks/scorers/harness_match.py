"""``exact_match`` as a task file of lm-evaluation-harness describes it (api/metrics.py, filters/extraction.py)."""

from __future__ import annotations

import string

import msgspec

from ..items import GenerateItem
from ..patterns import find_match, remove_matches
from ..scorer import Scorer

INVALID = "[invalid]"
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


class RegexStep(msgspec.Struct, frozen=True, kw_only=True):
    """A filter: what it looks for, which of the finds it takes, and what it leaves where it finds nothing."""

    name: str
    """Empty: the only one, which the metric's name does not tell."""
    pattern: str = ""
    """Empty: the answer itself, without white space around it."""
    group: int = 0
    fallback: str = INVALID


class HarnessCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What ``check`` holds of an item of such a task."""

    filters: tuple[RegexStep, ...]
    ignore_case: bool = False
    ignore_punctuation: bool = False
    regexes_to_ignore: tuple[str, ...] = ()


def metric_name(step: RegexStep) -> str:
    """The harness' name of the metric after this filter, as its result files have it."""
    return f"exact_match,{step.name}" if step.name else "exact_match"


def score_harness_match(output: str, item: GenerateItem) -> dict[str, float]:
    """For each filter whether what it found is one of the answers, both without what the task says to ignore.

    Raises:
        DatasetError: a pattern takes too long or cannot be read.
    """
    check = msgspec.convert(item.check, HarnessCheck)
    wanted = {_bare(answer, check) for answer in item.answers}
    scores = {}
    for step in check.filters:
        found = find_match(step.pattern, step.group, output) if step.pattern else output.strip()
        scores[metric_name(step)] = float(_bare(step.fallback if found is None else found, check) in wanted)
    return scores


def _bare(text: str, check: HarnessCheck) -> str:
    for pattern in check.regexes_to_ignore:
        text = remove_matches(pattern, text)
    text = text.lower() if check.ignore_case else text
    return text.translate(_NO_PUNCTUATION) if check.ignore_punctuation else text


SCORER = Scorer(
    name="harness_match",
    correct_when="it is right after the filters of its task file",
    score=score_harness_match,
    metrics=(),
    reads_whole_output=True,
    for_own_data=False,
)
