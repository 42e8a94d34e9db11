"""Step 1: what the model will be used for, which decides the licenses that allow it."""

from __future__ import annotations

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Checkbox, Input, Label, RadioButton, RadioSet

from weighin.engine.catalog.licenses import Purpose
from weighin.engine.catalog.verdict import StatedUse
from weighin.engine.prepare.draft import Draft
from weighin.engine.units import UnitError, parse_count

from ..widgets.toggles import Pick, Tick
from .step import Step

_PURPOSES: dict[Purpose, str] = {
    "commercial": "commercial: in or for a product or service",
    "internal": "internal: within an organization",
    "research": "research: non-commercial",
}
_QUESTIONS = (
    ("redistribute", "redistribute", "You distribute the weights", "for example inside an app"),
    ("train", "train_on_outputs", "Outputs train other models", "some licenses forbid this"),
    ("osi", "osi_required", "Only OSI-approved licenses", "such as Apache-2.0 and MIT"),
    ("gated", "gated_ok", "Gated models are acceptable", "need an account and accepted terms"),
)
"""Id of the check box, field of ``StatedUse``, label, hint."""


class LicenseStep(Step):
    """Purpose, number of users, and what happens to weights and outputs."""

    title = "License"
    help_topic = "license"

    def compose(self) -> ComposeResult:
        yield Label("What will the model be used for?")
        with RadioSet(id="purpose", compact=True):
            for label in _PURPOSES.values():
                yield Pick(label)
        with Horizontal(classes="field"):
            yield Label("Monthly users")
            yield Input(id="users", compact=True)
            yield Label("for example 5M; empty: unknown", classes="hint")
        for name, _field, label, hint in _QUESTIONS:
            with Horizontal(classes="field"):
                yield Tick(label, id=name, compact=True)
                yield Label(hint, classes="hint")

    def show(self, draft: Draft) -> None:
        super().show(draft)
        use = draft.use
        self.query_one("#purpose", RadioSet).query(RadioButton)[tuple(_PURPOSES).index(use.purpose)].value = True
        self.query_one("#users", Input).value = "" if use.monthly_users is None else str(use.monthly_users)
        for name, field, _label, _hint in _QUESTIONS:
            self.query_one(f"#{name}", Checkbox).value = getattr(use, field)

    def collect(self) -> Draft:
        pressed = max(self.query_one("#purpose", RadioSet).pressed_index, 0)
        purpose = next(name for index, name in enumerate(_PURPOSES) if index == pressed)
        text = self.query_one("#users", Input).value.strip()
        try:
            users = parse_count(text, what="Monthly users", unit="people") if text else None
        except UnitError as error:
            raise ValueError(str(error)) from None
        ticked = {field: self.query_one(f"#{name}", Checkbox).value for name, field, _label, _hint in _QUESTIONS}
        use: StatedUse = msgspec.structs.replace(self.draft.use, purpose=purpose, monthly_users=users, **ticked)
        return msgspec.structs.replace(self.draft, use=use)
