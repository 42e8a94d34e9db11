"""Step 4: the models to compare; what cannot be compared stays in the table with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from weighin.engine.errors import WeighinError
from weighin.engine.prepare.candidates import SORTS, Row, next_quant, read_rows
from weighin.engine.prepare.draft import SAMPLE, Draft, is_file

from ..widgets.line_table import Column, LineTable, TableRow
from .step import Step

if TYPE_CHECKING:
    from weighin.engine.fit.results import Fit

_COLUMNS = (
    Column("pick", "", 1),
    Column("name", "model", 30),
    Column("quant", "quant", 8),
    Column("size", "size GB", 9, right=True),
    Column("where", "file", 6),
    Column("license", "license", 11),
    Column("memory", "memory GB", 11, right=True),
    Column("rate", "gen tok/s", 11, right=True),
    Column("score", "MMLU", 6, right=True),
)
_NARROW = (
    Column("pick", "", 1),
    Column("name", "model", 21),
    Column("quant", "quant", 6),
    Column("size", "GB", 5, right=True),
    Column("license", "license", 11),
    Column("memory", "mem GB", 7, right=True),
    Column("rate", "tok/s", 9, right=True),
)
"""Where the terminal is narrow."""
_LEAST_REASON = 20
"""Cells that the reason column must have to be there; it stands below the table in any case."""
_WIDE = 120
_QUIET_S = 1.5
"""How long the table stands before measuring begins: who only passes by should not wait for a worker."""


class CandidatesStep(Step):
    """The table. Asks for what it shows to be measured, and paints the figures as they come."""

    title = "Candidates"
    help_topic = "candidates"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pick", "Pick", id="wizard.pick", tooltip="Compare this model"),
        Binding("a", "add", "Add", id="wizard.add", tooltip="Add a file, a folder or a model of the hub"),
        Binding("k", "quant", "Quant", id="wizard.quant", tooltip="Another quant of this model"),
        Binding("o", "order", "Order", id="wizard.order", tooltip="Order by the next column"),
        Binding("slash", "filter", "Filter", id="wizard.filter", key_display="/", tooltip="Only models with this text"),
    ]

    class Unmeasured(Message):
        """The user has been reading for a moment: these rows could be measured meanwhile."""

        def __init__(self, rows: tuple[Row, ...], draft: Draft) -> None:
            super().__init__()
            self.rows = rows
            self.draft = draft

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows: dict[str, Row] = {}
        self._columns: tuple[Column, ...] = ()
        self._order = ""
        """The column that the rows are ordered by; empty: as listed."""
        self._quants: dict[str, str] = {}
        """Quants the user chose, by catalog id."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="filter: / comes here, enter goes back", id="filter", compact=True)
        yield LineTable(id="models")
        yield Static(id="models-detail", markup=False)
        yield Input(
            placeholder="a file, a folder, owner/repo:Q4_K_M or a catalog name, then Enter", id="add-path", compact=True
        )
        yield Static("Reading the catalog …", id="models-note", markup=False)

    def on_resize(self) -> None:
        """As many columns as there is room for."""
        width = self.app.size.width
        columns = _COLUMNS if width >= _WIDE else _NARROW
        room = width - 8 - sum(column.width + 2 for column in columns)
        if room >= _LEAST_REASON:
            columns = (*columns, Column("reason", "why not", room))
        self.query_one("#models-detail", Static).styles.max_height = 8 if self.app.size.height >= 36 else 3
        if columns == self._columns:
            return
        self._columns = columns
        self._fill()

    def show(self, draft: Draft) -> None:
        super().show(draft)
        for key in draft.picked:
            if key != SAMPLE and not is_file(key) and "/" not in key:
                self._quants.setdefault(key.rpartition(":")[0], key.rpartition(":")[2])
        self._load(draft)

    def first_focus(self) -> Widget:
        return self.query_one(LineTable)

    def collect(self) -> Draft:
        if not self.draft.picked:
            raise ValueError("Pick a model with space, or add one with a.")
        return self.draft

    # Rows

    @work(thread=True, exclusive=True, group="rows")
    def _load(self, draft: Draft) -> None:
        try:
            rows, problems = read_rows(draft, dict(self._quants))
        except WeighinError as error:
            rows, problems = [], [str(error)]
        self.app.call_from_thread(self._loaded, rows, problems)

    def _loaded(self, rows: list[Row], problems: list[str]) -> None:
        known = self.rows
        self.rows = {row.key: _remember(row, known.get(row.key)) for row in rows}
        out = sum(bool(row.reason) for row in rows)
        note = "; ".join(problems) or f"{len(rows) - out} can be picked, {out} ruled out. ~ is predicted; the rest was"
        self.query_one("#models-note", Static).update(note if problems else f"{note} measured on this machine.")
        self._fill()
        self.set_timer(_QUIET_S, self._ask_to_measure)

    def _ask_to_measure(self) -> None:
        rows = tuple(row for row in self.rows.values() if row.source and not row.measured and not row.reason)
        if self.display and rows:
            self.post_message(self.Unmeasured(rows, self.draft))

    def measuring(self, key: str) -> None:
        """The measuring of a row begins; nothing where the row is gone."""
        if key in self.rows:
            self._update(replace(self.rows[key], busy=True))

    def measured(self, key: str, fit: Fit) -> None:
        """What was found for a row; nothing where the row is gone."""
        if key in self.rows:
            self._update(self.rows[key].with_fit(fit))

    def _update(self, row: Row) -> None:
        """A row's new figures, without building the table again."""
        self.rows[row.key] = row
        self.query_one(LineTable).show_row(self._line(row))
        self._show_details()

    @on(Input.Changed, "#filter")
    def _fill(self) -> None:
        if not self._columns:
            return
        words = self.query_one("#filter", Input).value.lower().split()
        rows = [r for r in self.rows.values() if all(w in f"{r.name} {r.quant} {r.license}".lower() for w in words)]
        column = self._order
        if column:
            rows.sort(key=lambda row: row.sort_value(column))
        table = self.query_one(LineTable)
        table.show_columns(self._columns, ordered_by=column)
        table.show_rows(self._line(row) for row in rows)
        self._show_details()

    def _line(self, row: Row) -> TableRow:
        approximate = "" if row.measured else "~"
        disturbed = " ⚠" if row.disturbed else ""
        cells = {
            "pick": "✗" if row.reason else "●" if row.key in self.draft.picked else "○",
            "name": row.name,
            "quant": row.quant,
            "size": f"{row.size_bytes / 1e9:.2f}" if row.size_bytes else "",
            "where": "here" if row.here else "fetch",
            "license": row.license,
            "memory": f"{approximate}{row.memory_bytes / 1e9:.1f}" if row.memory_bytes else "",
            "rate": "measuring" if row.busy else "" if row.rate is None else f"{row.rate:.1f}{disturbed}",
            "score": "" if row.score is None else f"{row.score:.1f}",
            "reason": row.reason,
        }
        picked = {0: "bold $text-success"} if row.key in self.draft.picked else {}
        return TableRow(
            row.key,
            [cells[column.key] for column in self._columns],
            style="$foreground-muted" if row.reason else "",
            styles={} if row.reason else picked,
        )

    @property
    def _current(self) -> Row | None:
        return self.rows.get(self.query_one(LineTable).cursor_key)

    @on(DataTable.RowHighlighted)
    def _show_details(self) -> None:
        row = self._current
        lines: tuple[str, ...] = ()
        if row is not None:
            lines = (f"Cannot be picked: {row.reason}.", *row.details) if row.reason else row.details
        self.query_one("#models-detail", Static).update("\n".join(lines))

    # What the user does

    @on(LineTable.HeadClicked)
    def _order_by(self, event: LineTable.HeadClicked) -> None:
        if event.column in SORTS:
            self._order = event.column
            self._fill()

    def action_order(self) -> None:
        shown = ["", *(column.key for column in self._columns if column.key in SORTS)]
        self._order = shown[(shown.index(self._order) + 1) % len(shown)] if self._order in shown else ""
        self._fill()

    def action_pick(self) -> None:
        row = self._current
        if row is None:
            return
        if row.reason:
            self.notify(row.reason, title=row.name, severity="warning", markup=False)
            return
        picked = [k for k in self.draft.picked if k != row.key]
        if len(picked) == len(self.draft.picked):
            # Who picks a model of their own does not mean the sample that stood there for a start.
            picked = [k for k in picked if k != SAMPLE or row.key == SAMPLE] if picked == [SAMPLE] else picked
            picked.append(row.key)
        self.draft = msgspec.structs.replace(self.draft, picked=tuple(picked))
        self._fill()

    def action_quant(self) -> None:
        row = self._current
        if row is None or row.key == SAMPLE or row.key in self.draft.added:
            self.notify("Only models of the catalog come in several quants here.", severity="warning")
            return
        model = row.key.rpartition(":")[0]
        self._quants[model] = next_quant(row, self.draft)
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
            self.query_one(LineTable).focus()
        else:
            super().proceed()

    @work(thread=True, exclusive=True, group="add")
    def _add(self, words: str) -> None:
        """Files become rows of their own; of a hub or catalog name, the one model that it means."""
        from pathlib import Path

        from weighin.engine.hub.client import connect
        from weighin.engine.models.resolve import find_on_hub, locate
        from weighin.engine.prepare.freeze import candidates_from_paths

        tell = self.app.call_from_thread
        tell(self.query_one("#models-note", Static).update, f"Looking for {words} …")
        try:
            meaning = locate(words)
            if isinstance(meaning, Path):
                keys = [candidate.path for candidate in candidates_from_paths([str(meaning)])]
            else:
                choice = find_on_hub(connect(), meaning)
                keys = [f"{choice.repo.repo}:{choice.model.name}"]
        except WeighinError as error:
            tell(self.query_one("#models-note", Static).update, str(error))
        else:
            tell(self._added, keys)

    def _added(self, keys: list[str]) -> None:
        draft = self.draft
        new = tuple(key for key in keys if key not in draft.added)
        picked = tuple(k for k in draft.picked if draft.added or k != SAMPLE)  # a real model replaces the default
        picked += tuple(key for key in new if key not in picked)
        self.query_one("#add-path", Input).value = ""
        self.show(msgspec.structs.replace(draft, added=(*draft.added, *new), picked=picked))
        self.query_one(LineTable).focus()


def _remember(row: Row, before: Row | None) -> Row:
    """What was measured already stays when the table is read again."""
    if before is None or not before.measured:
        return row
    return replace(row, memory_bytes=before.memory_bytes, rate=before.rate, measured=before.measured)
