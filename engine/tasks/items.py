"""Items, and suites opened in one committed order."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeAlias

import msgspec

from .spec import SuiteSpec

DEFAULT_N_CTX = 4096
"""As of a plan that does not say, in tokens."""


class ChoiceItem(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its possible answers."""

    id: str
    question: str
    choices: tuple[str, ...]
    gold: int
    """Index of the right choice."""
    golds: tuple[int, ...] = ()
    """All the right ones where several are (TruthfulQA mc2); empty means only ``gold``."""
    contexts: tuple[str, ...] = ()
    """Finished contexts byte for byte, one for all choices or one for each; empty: the suite's template makes one."""
    continuations: tuple[str, ...] = ()
    """What is scored after the context, delimiter included; empty: delimiter and choice."""
    level: int = 0
    """Difficulty from 1 to 5, 0 when ungraded."""
    group: str = ""
    """What the item shares with others: its subject (grouped means) or passage (clustered errors)."""
    row: int = -1
    """Place in its data, from 0, in suites of subjects among those of its subject; set when the suite is opened."""


class GenerateItem(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt with the answers that count as right."""

    id: str
    prompt: str
    answers: tuple[str, ...]
    """The first is shown as the expected one; empty where ``check`` says what is right."""
    system: str = ""
    plain_prompt: str = ""
    """The finished prompt byte for byte for plain style, few-shot included; empty: the suite's template makes one."""
    check: dict[str, Any] = {}
    """What the scorer needs besides the answers: tests of code, a JSON schema, instructions to verify."""
    stop: tuple[str, ...] = ()
    """Stops this answer besides the suite's own."""
    level: int = 0
    group: str = ""
    row: int = -1
    """As of choice items."""


Item: TypeAlias = ChoiceItem | GenerateItem


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A spec with the items of a run, in the order they are asked."""

    spec: SuiteSpec
    items: tuple[Item, ...]

    def subjects(self) -> dict[str, int]:
        """Items of each subject, by name; empty where groups are no subjects."""
        if self.spec.group_kind != "subject":
            return {}
        return dict(sorted(Counter(item.group for item in self.items if item.group).items()))
