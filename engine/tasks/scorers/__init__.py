"""How generated text is scored. A new scorer is a new module with one line here."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import cast

from ...errors import DatasetError
from ..items import GenerateItem

TextScorer = Callable[[str, GenerateItem], Mapping[str, float]]
"""From the extracted answer and its item to every metric by name, each from 0 to 1. The suite leads with one."""

SCORERS: dict[str, str] = {
    "exact": "match:score_exact",
    "contains": "match:score_contains",
    "numeric": "numeric:score_numeric",
    "regex": "pattern:score_regex",
    "token_f1": "token_f1:score_token_f1",
    "rouge_l": "rouge:score_rouge_l",
    "bleu": "translation:score_translation",
    "chrf": "translation:score_translation",
    "json_schema": "json_schema:score_json",
    "gsm8k": "gsm8k:score_gsm8k",
    "mgsm": "gsm8k:score_mgsm",
    "ifeval": "ifeval:score_ifeval",
    "refusal": "refusal:score_refusal",
    "code": "code:score_code",
    "constraints": "constraints:score_constraints",
}
"""By name: module and function. Imported when used, because some bring slow libraries."""
_OF_TASK_FILES = {"harness_match": "harness_match:score_harness_match"}
"""Those whose check comes from a task file of lm-evaluation-harness, not from a row of the user's."""


READS_WHOLE_OUTPUT = frozenset({"gsm8k", "mgsm", "harness_match"})
"""Scorers that want the output before extraction, because they have filters of their own.

Their suite's extractor still says what the answer is: what is shown, compared between repeats and counted as missing.
"""


def find_scorer(name: str) -> TextScorer:
    """The scorer of generated text ``name``.

    Raises:
        DatasetError: there is none.
    """
    place = SCORERS.get(name) or _OF_TASK_FILES.get(name)
    if place is None:
        raise DatasetError(f"There is no scorer {name!r}.", hint=f"Choose one of: {', '.join(SCORERS)}.")
    module, _, function = place.partition(":")
    return cast(TextScorer, getattr(importlib.import_module(f"{__name__}.{module}"), function))
