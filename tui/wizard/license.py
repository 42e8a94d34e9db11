"""Step 1: what the model will be used for, which decides the licenses that will do."""

from __future__ import annotations

import msgspec
from textual.app import ComposeResult
from textual.widgets import Checkbox, Input, Label, RadioButton, RadioSet

from weighin.engine.catalog.verdict import StatedUse
from weighin.engine.draft import Draft

from .step import Step

_PURPOSES = ("commercial", "internal", "research")


class LicenseStep(Step):
    """Purpose, users, and what will be done with weights and outputs."""

    title = "License"

    def compose(self) -> ComposeResult:
        yield Label("What will the model be used for?")
        with RadioSet(id="purpose"):
            for purpose in _PURPOSES:
                yield RadioButton(purpose)
        yield Label("Monthly users (empty: not known)")
        yield Input(id="users", compact=True)
        yield Checkbox("The weights are redistributed", id="redistribute", compact=True)
        yield Checkbox("Outputs train other models", id="train", compact=True)
        yield Checkbox("Only OSI-approved licenses", id="osi", compact=True)
        yield Checkbox("Gated models are acceptable", id="gated", compact=True)

    def show(self, draft: Draft) -> None:
        super().show(draft)
        use = draft.use
        self.query_one("#purpose", RadioSet).query(RadioButton)[_PURPOSES.index(use.purpose)].value = True
        self.query_one("#users", Input).value = "" if use.monthly_users is None else str(use.monthly_users)
        for name, value in (
            ("redistribute", use.redistribute),
            ("train", use.train_on_outputs),
            ("osi", use.osi_required),
            ("gated", use.gated_ok),
        ):
            self.query_one(f"#{name}", Checkbox).value = value

    def collect(self) -> Draft:
        index = self.query_one("#purpose", RadioSet).pressed_index
        users = self.query_one("#users", Input).value.strip()

        def ticked(name: str) -> bool:
            return self.query_one(f"#{name}", Checkbox).value

        use: StatedUse = msgspec.structs.replace(
            self.draft.use,
            purpose=_PURPOSES[max(index, 0)],
            monthly_users=int(self.number("#users", "Monthly users")) if users else None,
            redistribute=ticked("redistribute"),
            train_on_outputs=ticked("train"),
            osi_required=ticked("osi"),
            gated_ok=ticked("gated"),
        )
        return msgspec.structs.replace(self.draft, use=use)
