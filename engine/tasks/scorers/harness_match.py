"""``exact_match`` as a task file of lm-evaluation-harness describes it (api/metrics.py, filters/extraction.py)."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from ...errors import DatasetError
from ..items import GenerateItem

TIMEOUT_S = 10.0
"""A pattern that takes longer on one answer is refused: it would hold up the run for hours on another."""
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
        found = find_with(step.pattern, step.group, output) if step.pattern else output.strip()
        scores[metric_name(step)] = float(_bare(step.fallback if found is None else found, check) in wanted)
    return scores


def find_with(pattern: str, group: int, text: str) -> str | None:
    """The find number ``group`` of ``pattern`` (negative: from the end), of several groups the first that has text.

    None where there is nothing; the harness' filter ends with an error where there are fewer finds than ``group``.

    Raises:
        DatasetError: the pattern takes too long or cannot be read.
    """
    finds = _run(pattern, "findall", text)
    if not -len(finds) <= group < len(finds):
        return None
    found = finds[group]
    parts: Sequence[str] = found if isinstance(found, tuple) else (found,)
    taken = next((part for part in parts if part), None) if isinstance(found, tuple) else found
    return None if taken is None else str(taken).strip()


def check_pattern(pattern: str) -> None:
    """Raise DatasetError for a pattern that cannot be read."""
    _compile(pattern)


def _bare(text: str, check: HarnessCheck) -> str:
    for pattern in check.regexes_to_ignore:
        text = str(_run(pattern, "sub", text))
    text = text.lower() if check.ignore_case else text
    return text.translate(_NO_PUNCTUATION) if check.ignore_punctuation else text


def _run(pattern: str, how: str, text: str) -> Any:
    compiled = _compile(pattern)
    try:
        if how == "sub":
            return compiled.sub("", text, timeout=TIMEOUT_S)
        return compiled.findall(text, timeout=TIMEOUT_S)
    except TimeoutError:
        raise DatasetError(
            f"The task's pattern {pattern!r} takes too long.", hint="Avoid repetitions inside repetitions."
        ) from None


@lru_cache(maxsize=64)
def _compile(pattern: str) -> Any:
    # The regex package matches as re does and can be stopped; sacrebleu brings it along.
    import regex  # type: ignore[import-untyped]

    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise DatasetError(f"The task's pattern {pattern!r} cannot be read: {error}.") from None
