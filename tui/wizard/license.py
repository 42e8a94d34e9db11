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
    ("redistribute", "You distribute the weights", "for example inside an app"),
    ("train", "Outputs train other models", "some licenses forbid this"),
    ("osi", "Only OSI-approved licenses", "such as Apache-2.0 and MIT"),
    ("gated", "Gated models are acceptable", "need an account and accepted terms"),
)


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
        for name, label, hint in _QUESTIONS:
            with Horizontal(classes="field"):
                yield Tick(label, id=name, compact=True)
                yield Label(hint, classes="hint")

    def show(self, draft: Draft) -> None:
        super().show(draft)
        use = draft.use
        self.query_one("#purpose", RadioSet).query(RadioButton)[tuple(_PURPOSES).index(use.purpose)].value = True
        self.query_one("#users", Input).value = "" if use.monthly_users is None else str(use.monthly_users)
        for name, value in (
            ("redistribute", use.redistribute),
            ("train", use.train_on_outputs),
            ("osi", use.osi_required),
            ("gated", use.gated_ok),
        ):
            self.query_one(f"#{name}", Checkbox).value = value

    def collect(self) -> Draft:
        pressed = max(self.query_one("#purpose", RadioSet).pressed_index, 0)
        purpose = next(name for index, name in enumerate(_PURPOSES) if index == pressed)
        text = self.query_one("#users", Input).value.strip()
        try:
            users = parse_count(text, what="Monthly users", unit="people") if text else None
        except UnitError as error:
            raise ValueError(str(error)) from None

        def ticked(name: str) -> bool:
            return self.query_one(f"#{name}", Checkbox).value

        use: StatedUse = msgspec.structs.replace(
            self.draft.use,
            purpose=purpose,
            monthly_users=users,
            redistribute=ticked("redistribute"),
            train_on_outputs=ticked("train"),
            osi_required=ticked("osi"),
            gated_ok=ticked("gated"),
        )
        return msgspec.structs.replace(self.draft, use=use)
