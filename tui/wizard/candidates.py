"""Step 4: the models to compare. Models that cannot be picked stay in the table, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from weighin.engine.errors import WeighinError
from weighin.engine.models.references import CatalogRef, parse
from weighin.engine.prepare.candidate_rows import CandidateList, CandidateRow, FromCatalog, next_quant
from weighin.engine.prepare.candidates_text import detail_lines, why_ruled_out
from weighin.engine.prepare.draft import Draft, SampleModel, conditions_of, picks_to_download

from .models_table import ModelsTable
from .step import Step

if TYPE_CHECKING:
    from weighin.engine.fit.results import Fit

_SHOWN_SKIPPED = 2
_QUIET_S = 1.5
"""Measuring begins this long after the table is shown, so that nobody who just passes by waits for a worker."""


class CandidatesStep(Step):
    """Picks the models. Asks for the table's models to be measured, and shows the figures as they arrive."""

    title = "Candidates"
    help_topic = "candidates"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pick", "Pick", id="wizard.pick", tooltip="Pick or unpick this model"),
        Binding("a", "add", "Add", id="wizard.add", tooltip="Add a file, a folder or a model from the hub"),
        Binding("k", "quant", "Quant", id="wizard.quant", tooltip="Switch to another quant of this model"),
        Binding("o", "order", "Sort", id="wizard.order", tooltip="Sort by the next column"),
        Binding(
            "slash",
            "filter",
            "Filter",
            id="wizard.filter",
            key_display="/",
            tooltip="Show only models that contain a text",
        ),
    ]

    @dataclass
    class Unmeasured(Message):
        """The user has been reading for a moment: these models could be measured meanwhile."""

        rows: tuple[CandidateRow, ...]
        draft: Draft

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows: dict[str, CandidateRow] = {}
        self._quants: dict[str, str] = {}
        """Quants the user chose, by catalog id."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="filter (press / to type here, enter to return)", id="filter", compact=True)
        yield ModelsTable(id="models")
        yield Static(id="models-detail", markup=False)
        yield Input(
            placeholder="add a file, folder, owner/repo:Q4_K_M or catalog name, then press enter",
            id="add-path",
            compact=True,
        )
        yield Static("Reading the catalog …", id="models-note", markup=False)

    def on_resize(self) -> None:
        size = self.app.size
        self.query_one("#models-detail", Static).styles.max_height = 8 if size.height >= 36 else 3
        if self.query_one(ModelsTable).fit_columns(size.width):
            self._fill()

    def show(self, draft: Draft) -> None:
        super().show(draft)
        for ref in map(parse, picks_to_download(draft)):
            if isinstance(ref, CatalogRef):
                self._quants.setdefault(ref.name, ref.quant)
        self._load(draft)

    def first_focus(self) -> Widget:
        return self.query_one(ModelsTable)

    def collect(self) -> Draft:
        if not self.draft.picked:
            raise ValueError("Press space to pick a model, or a to add one.")
        return self.draft

    # Rows

    @work(thread=True, exclusive=True, group="rows")
    def _load(self, draft: Draft) -> None:
        from weighin.engine.prepare.candidates import list_candidates

        try:
            listed = list_candidates(conditions_of(draft), added=draft.added, quants=dict(self._quants))
        except WeighinError as error:
            listed = CandidateList((), (str(error),))
        self.app.call_from_thread(self._loaded, listed)

    def _loaded(self, listed: CandidateList) -> None:
        known, rows = self.rows, listed.rows
        self.rows = {row.key: _remember(row, known.get(row.key)) for row in rows}
        out = sum(row.ruled_out is not None for row in rows)
        note = f"{len(rows) - out} available, {out} ruled out. ~ predicted, otherwise measured on this machine."
        self.query_one("#models-note", Static).update("; ".join(listed.problems) or note)
        self._fill()
        self.set_timer(_QUIET_S, self._ask_to_measure)

    def _ask_to_measure(self) -> None:
        rows = tuple(row for row in self.rows.values() if row.source and not row.measured and not row.ruled_out)
        if self.display and rows:
            self.post_message(self.Unmeasured(rows, self.draft))

    def measuring(self, key: str) -> None:
        """A model's measurement begins; ignored if the model is gone."""
        if key in self.rows:
            self._update(replace(self.rows[key], measuring=True))

    def measured(self, key: str, fit: Fit) -> None:
        """A model was measured; ignored if the model is gone."""
        if key in self.rows:
            self._update(self.rows[key].with_fit(fit))

    def _update(self, row: CandidateRow) -> None:
        self.rows[row.key] = row
        self.query_one(ModelsTable).show_model(row, self.draft.picked)
        self._show_details()

    @on(Input.Changed, "#filter")
    def _fill(self) -> None:
        filter_text = self.query_one("#filter", Input).value
        self.query_one(ModelsTable).show_models(self.rows.values(), self.draft.picked, filter_text)
        self._show_details()

    @property
    def _current(self) -> CandidateRow | None:
        return self.rows.get(self.query_one(ModelsTable).cursor_key)

    @on(DataTable.RowHighlighted)
    def _show_details(self) -> None:
        row = self._current
        self.query_one("#models-detail", Static).update("\n".join(detail_lines(row)) if row else "")

    # What the user does

    @on(ModelsTable.HeaderClicked)
    def _sort_by(self, event: ModelsTable.HeaderClicked) -> None:
        if self.query_one(ModelsTable).sort_by(event.column):
            self._fill()

    def action_order(self) -> None:
        self.query_one(ModelsTable).sort_by_next()
        self._fill()

    def action_pick(self) -> None:
        row = self._current
        if row is None:
            return
        if row.ruled_out:
            self.notify(why_ruled_out(row.ruled_out), title=row.name, severity="warning", markup=False)
            return
        picked = [pick for pick in self.draft.picked if pick != row.pick]
        if len(picked) == len(self.draft.picked):
            # The first real model replaces the sample, which is picked by default.
            picked = [row.pick] if picked == [SampleModel()] else [*picked, row.pick]
        self.draft = msgspec.structs.replace(self.draft, picked=tuple(picked))
        self._fill()

    def action_quant(self) -> None:
        row = self._current
        if row is None or not isinstance(row.origin, FromCatalog):
            self.notify("Only models from the catalog can switch quants here.", severity="warning")
            return
        model = row.key.rpartition(":")[0]
        self._quants[model] = next_quant(row, conditions_of(self.draft))
        picked = tuple(f"{model}:{self._quants[model]}" if key == row.key else key for key in self.draft.picked)
        self.draft = msgspec.structs.replace(self.draft, picked=picked)
        self._load(self.draft)

    def action_add(self) -> None:
        self.query_one("#add-path", Input).focus()

    def action_filter(self) -> None:
        self.query_one("#filter", Input).focus()

    def proceed(self) -> None:
        field, filtering = self.query_one("#add-path", Input), self.query_one("#filter", Input)
        if field.has_focus and field.value.strip():
            self._add(field.value.strip())
        elif field.has_focus or filtering.has_focus:
            self.query_one(ModelsTable).focus()
        else:
            super().proceed()

    @work(thread=True, exclusive=True, group="add")
    def _add(self, words: str) -> None:
        """Find the models that the user named: every model file of a folder, or one model from the hub or catalog."""
        from weighin.engine.hub.client import connect
        from weighin.engine.models.resolve import LocalPath, find_on_hub, resolve
        from weighin.engine.prepare.freeze import candidates_from_paths

        tell = self.app.call_from_thread
        skipped: list[str] = []
        tell(self.query_one("#models-note", Static).update, f"Looking for {words} …")
        try:
            resolved = resolve(parse(words))
            if isinstance(resolved, LocalPath):
                candidates = candidates_from_paths([str(resolved.path)], say=skipped.append)
                keys = [candidate.path for candidate in candidates]
            else:
                choice = find_on_hub(connect(), resolved.ref)
                keys = [f"{choice.repo.repo}:{choice.model.name}"]
        except WeighinError as error:
            tell(self.query_one("#models-note", Static).update, str(error))
        else:
            tell(self._added, keys)
        if skipped:
            tell(self._tell_skipped, skipped)

    def _tell_skipped(self, sentences: list[str]) -> None:
        """The files of a folder that are no models, the first few by name."""
        more = len(sentences) - _SHOWN_SKIPPED
        lines = [*sentences[:_SHOWN_SKIPPED], *([f"and {more} more"] if more > 0 else [])]
        self.notify("\n".join(lines), severity="warning", timeout=15, markup=False)

    def _added(self, keys: list[str]) -> None:
        draft = self.draft
        new = tuple(key for key in keys if key not in draft.added)
        # A real model replaces the sample.
        picked = tuple(pick for pick in draft.picked if draft.added or pick != SampleModel())
        picked += tuple(key for key in new if key not in picked)
        self.query_one("#add-path", Input).value = ""
        self.show(msgspec.structs.replace(draft, added=(*draft.added, *new), picked=picked))
        self.query_one(ModelsTable).focus()


def _remember(row: CandidateRow, before: CandidateRow | None) -> CandidateRow:
    """Keep a measurement when the table is read again."""
    if before is None or not before.measured:
        return row
    return replace(row, fit=before.fit)
