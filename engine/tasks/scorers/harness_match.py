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
    """A filter: its pattern, which match it takes, and what it returns when there is no match."""

    name: str
    """Empty for the only filter, which the metric's name leaves out."""
    pattern: str = ""
    """Empty: the trimmed answer itself."""
    group: int = 0
    fallback: str = INVALID


class HarnessCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The ``check`` of an item from a task file."""

    filters: tuple[RegexStep, ...]
    ignore_case: bool = False
    ignore_punctuation: bool = False
    regexes_to_ignore: tuple[str, ...] = ()


def metric_name(step: RegexStep) -> str:
    """The harness's name for the metric after this filter, as in its result files."""
    return f"exact_match,{step.name}" if step.name else "exact_match"


def score_harness_match(output: str, item: GenerateItem) -> dict[str, float]:
    """For each filter, whether its match is one of the answers, after removing what the task ignores.

    Raises:
        DatasetError: a pattern takes too long or cannot be read.
    """
    check = msgspec.convert(item.check, HarnessCheck)
    wanted = {_bare(answer, check) for answer in item.answers}
    scores = {}
    for step in check.filters:
        match = find_match(step.pattern, step.group, output) if step.pattern else output.strip()
        scores[metric_name(step)] = float(_bare(step.fallback if match is None else match, check) in wanted)
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
