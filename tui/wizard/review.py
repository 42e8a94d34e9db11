"""Step 5: what will run, how long it takes and what it can detect; the settings of all candidates."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Label, Select, Static

from weighin.engine.errors import WeighinError
from weighin.engine.paths import data_dir
from weighin.engine.plan.files import write_plan
from weighin.engine.plan.model import KvType, Plan
from weighin.engine.prepare.candidate_rows import CandidateRow
from weighin.engine.prepare.draft import Draft, plan_from_draft

from ..widgets.toggles import Tick
from .describing import Download, describe_downloads, describe_plan, missing_downloads
from .fetch import FetchScreen
from .step import Step

_FIELDS: tuple[tuple[str, str, str], ...] = (
    ("items", "Items per suite", "0: all items"),
    ("repeats", "Speed repeats", ""),
    ("sampled", "Asked again", "items per suite; 0: none"),
    ("threads", "Threads", "0: one per physical core"),
)
_KV: tuple[KvType, ...] = ("f16", "q8_0", "q4_0")


class ReviewStep(Step, can_focus=True):
    """Shows the plan, which is made in a thread. Enter downloads what is missing and starts the run."""

    title = "Review"
    help_topic = "review"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "save", "Save plan", id="wizard.save")]

    @dataclass
    class Ready(Message):
        """The user wants to run this plan."""

        plan: Plan

    plan: Plan | None = None
    _wanted = False
    _missing: tuple[Download, ...] = ()
    rows: Mapping[str, CandidateRow] = {}
    """The rows of the candidates step; the screen sets them."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._fetched: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield Static(id="review-text", markup=False)
        for name, label, hint in _FIELDS:
            with Horizontal(classes="field"):
                yield Label(label)
                yield Input(id=f"review-{name}", compact=True, type="integer")
                yield Label(hint, classes="hint")
        with Horizontal(classes="field"):
            yield Label("KV cache")
            yield Select(((kv, kv) for kv in _KV), allow_blank=False, id="review-kv", compact=True)
        yield Tick("Stop losers early", id="review-race", compact=True)
        yield Static("enter starts · s saves the plan · tab moves to the settings", id="review-hint", markup=False)

    def show(self, draft: Draft) -> None:
        super().show(draft)
        values = {
            "items": draft.item_limit,
            "repeats": draft.speed.repeats,
            "sampled": draft.consistency_items,
            "threads": draft.settings.n_threads,
        }
        with self.prevent(Input.Changed, Select.Changed, Checkbox.Changed):
            for name, value in values.items():
                self.query_one(f"#review-{name}", Input).value = str(value)
            self.query_one("#review-kv", Select).value = draft.settings.kv_type
            self.query_one("#review-race", Tick).value = draft.race
        self._make()

    def first_focus(self) -> Widget:
        """The page itself, so that its keys do not go into a field."""
        return self

    def collect(self) -> Draft:
        draft = self.draft
        items, repeats, sampled, threads = (int(self.number(f"#review-{name}", label)) for name, label, _ in _FIELDS)
        if repeats < 1:
            raise ValueError("Speed repeats must be at least 1.")
        kv = next(kv for kv in _KV if kv == self.query_one("#review-kv", Select).value)
        return msgspec.structs.replace(
            draft,
            item_limit=items,
            consistency_items=sampled,
            race=self.query_one("#review-race", Tick).value,
            speed=msgspec.structs.replace(draft.speed, repeats=repeats),
            settings=msgspec.structs.replace(draft.settings, n_threads=threads, kv_type=kv),
        )

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _settings_changed(self) -> None:
        try:
            draft = self.collect()
        except ValueError as error:
            self.plan = None
            self._say(str(error))
            return
        if draft != self.draft:
            self.draft = draft
            self._make()

    def _make(self) -> None:
        self.plan, self._wanted = None, False
        self._say("Making the plan …")
        self._prepare(self.draft, dict(self._fetched), self.rows)

    def _say(self, text: str) -> None:
        self.query_one("#review-text", Static).update(text)

    @work(thread=True, exclusive=True, group="plan")
    def _prepare(self, draft: Draft, fetched: dict[str, str], rows: Mapping[str, CandidateRow]) -> None:
        tell = self.app.call_from_thread
        plan = None
        missing = tuple(d for d in missing_downloads(draft, rows) if d.key not in fetched)
        gone = {download.key for download in missing}
        here = msgspec.structs.replace(draft, picked=tuple(key for key in draft.picked if key not in gone))
        try:
            plan = plan_from_draft(here, fetched=fetched, say=lambda text: tell(self._say, text))
            lines = [
                *describe_plan(plan, rows, fetched, missing, self.surroundings),
                *describe_downloads(missing, rows, self.surroundings),
            ]
        except WeighinError as error:
            lines, plan, missing = [str(error)], None, ()
        tell(self._prepared, draft, plan, missing, "\n".join(lines))

    def _prepared(self, draft: Draft, plan: Plan | None, missing: tuple[Download, ...], text: str) -> None:
        if draft is not self.draft:  # the user has changed something since
            return
        self.plan, self._missing = plan, missing
        self._say(text)
        if self._wanted and plan is not None:
            self._start()

    def proceed(self) -> None:
        if self.plan is None:
            self._wanted = True
        else:
            self._start()

    def _start(self) -> None:
        if self.plan is None:
            return
        if not self._missing:
            self.post_message(self.Ready(self.plan))
            return
        screen = FetchScreen([download.key for download in self._missing], self.surroundings.fetch)
        self.app.push_screen(screen, self._fetch_ended)

    def _fetch_ended(self, paths: dict[str, str] | None) -> None:
        """If all models are here, make the plan with them and start it."""
        if paths is None:
            return
        self._fetched.update(paths)
        self._make()
        self._wanted = True

    def action_save(self) -> None:
        if self.plan is None or self._missing:
            problem = "download the models first (Enter)" if self._missing else "the plan is not ready"
            self.notify(f"Cannot save: {problem}.", severity="warning", markup=False)
            return
        path = data_dir() / "plans" / time.strftime("plan-%Y%m%d-%H%M%S.toml")
        try:
            write_plan(self.plan, path)
        except OSError as error:
            self.notify(f"Cannot save the plan: {error}", severity="error", markup=False)
        else:
            self.notify(f"Saved as {path}", markup=False)
