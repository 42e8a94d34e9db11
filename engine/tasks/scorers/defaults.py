"""How the user's own generate items are scored: what goes with each scorer, and whether a row suits it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ...errors import DatasetError
from ..items import GenerateItem
from . import SCORERS, find_scorer


class ScorerDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite with this scorer has unless the user says otherwise."""

    metrics: tuple[str, ...]
    """All that it gives; the first leads."""
    extractor: str
    right_at: float = 1.0
    """Where the leading metric is graded, an answer counts as right from here on."""
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    needs_answer: bool = True


DEFAULTS: dict[str, ScorerDefaults] = {
    "exact": ScorerDefaults(metrics=("exact_match",), extractor="first_line", max_tokens=64, stop=("\n",)),
    "contains": ScorerDefaults(metrics=("contains", "exact_match"), extractor="whole"),
    "numeric": ScorerDefaults(metrics=("exact_match",), extractor="last_number"),
    "regex": ScorerDefaults(metrics=("exact_match",), extractor="whole", needs_answer=False),
    "token_f1": ScorerDefaults(metrics=("f1", "exact_match"), extractor="whole", right_at=0.5, needs_answer=False),
    "rouge_l": ScorerDefaults(metrics=("rougeL",), extractor="whole", right_at=0.5),
    "bleu": ScorerDefaults(metrics=("bleu", "chrf"), extractor="whole", right_at=0.5),
    "chrf": ScorerDefaults(metrics=("chrf", "bleu"), extractor="whole", right_at=0.5),
    "json_schema": ScorerDefaults(
        metrics=("schema_valid", "json_valid", "exact_match", "field_accuracy"),
        extractor="json_block",
        max_tokens=512,
        needs_answer=False,
    ),
    "gsm8k": ScorerDefaults(metrics=("exact_match", "exact_match_strict"), extractor="last_number"),
    "mgsm": ScorerDefaults(metrics=("exact_match", "exact_match_whole"), extractor="last_number"),
    "ifeval": ScorerDefaults(
        metrics=(
            "prompt_level_strict_acc",
            "inst_level_strict_acc",
            "prompt_level_loose_acc",
            "inst_level_loose_acc",
        ),
        extractor="verbatim",
        max_tokens=1280,
        needs_answer=False,
    ),
    "refusal": ScorerDefaults(metrics=("exact_match", "refused"), extractor="whole", needs_answer=False),
    "code": ScorerDefaults(metrics=("pass@1",), extractor="code_block", max_tokens=512, needs_answer=False),
    "constraints": ScorerDefaults(
        metrics=("exact_match", "constraints_met"), extractor="verbatim", max_tokens=512, needs_answer=False
    ),
}
"""By scorer's name."""

_TRIED = frozenset({"numeric", "regex", "json_schema", "ifeval", "refusal", "constraints"})
"""Scorers whose complaints about an item show on any text; they are quick."""


class UnfitRowError(Exception):
    """The scorer cannot use an item; the message says why."""


def find_defaults(scorer: str) -> ScorerDefaults:
    """What goes with ``scorer``; empty means ``exact``.

    Raises:
        DatasetError: there is no such scorer.
    """
    name = scorer or "exact"
    if name not in DEFAULTS:
        raise DatasetError(f"There is no scorer {scorer!r}.", hint=f"Choose one of: {', '.join(SCORERS)}.")
    return DEFAULTS[name]


def find_row_check(scorer: str) -> Callable[[GenerateItem], None]:
    """A function that raises UnfitRowError for items that ``scorer`` would refuse in the middle of a run.

    Raises:
        DatasetError: there is no such scorer.
    """
    needs_answer = find_defaults(scorer).needs_answer
    score = find_scorer(scorer) if scorer in _TRIED else None

    def check(item: GenerateItem) -> None:
        if needs_answer and not item.answers:
            raise UnfitRowError("'answer' is missing or empty")
        try:
            if score is not None:
                score(item.answers[0] if item.answers else "text", item)
        except DatasetError as error:
            raise UnfitRowError(str(error)) from None
        if scorer == "code":
            _check_tests(item)
        elif not item.answers and not item.check and scorer != "token_f1":
            raise UnfitRowError("has neither 'answer' nor 'check'")

    return check


def _check_tests(item: GenerateItem) -> None:
    from .code import CodeCheck

    try:
        check = msgspec.convert(item.check, CodeCheck)
    except msgspec.ValidationError as error:
        raise UnfitRowError(f"its tests cannot be read ({error}); give check.tests and check.entry_point") from None
    if not check.tests.strip():
        raise UnfitRowError("has no tests in check.tests")
    try:
        compile(check.tests, "tests", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnfitRowError(f"its tests are no Python ({error})") from None
