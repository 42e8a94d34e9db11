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

from weighin.engine.catalog.ranking import sort_rows
from weighin.engine.catalog.sort_keys import SortKey
from weighin.engine.errors import WeighinError
from weighin.engine.prepare.candidate_rows import (
    CANDIDATE_SORT_KEYS,
    CandidateList,
    CandidateRow,
    FromCatalog,
    next_quant,
)
from weighin.engine.prepare.candidates_text import detail_lines, license_word, why_ruled_out
from weighin.engine.prepare.draft import Draft, SampleModel, conditions_of, is_file
from weighin.engine.units import gib

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
    Column("memory", "memory GiB", 11, right=True),
    Column("speed", "gen tok/s", 11, right=True),
    Column("score", "MMLU", 6, right=True),
)
_NARROW = (
    Column("pick", "", 1),
    Column("name", "model", 21),
    Column("quant", "quant", 6),
    Column("size", "GB", 5, right=True),
    Column("license", "license", 11),
    Column("memory", "mem GiB", 7, right=True),
    Column("speed", "tok/s", 9, right=True),
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

        def __init__(self, rows: tuple[CandidateRow, ...], draft: Draft) -> None:
            super().__init__()
            self.rows = rows
            self.draft = draft

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows: dict[str, CandidateRow] = {}
        self._columns: tuple[Column, ...] = ()
        self._order: SortKey | None = None
        """The column that the rows are sorted by; None: as listed."""
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
        for pick in draft.picked:
            if isinstance(pick, str) and not is_file(pick) and "/" not in pick:
                self._quants.setdefault(pick.rpartition(":")[0], pick.rpartition(":")[2])
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
        note = (
            f"{len(rows) - out} can be picked, {out} ruled out. ~ is predicted; the rest was measured on this machine."
        )
        self.query_one("#models-note", Static).update("; ".join(listed.problems) or note)
        self._fill()
        self.set_timer(_QUIET_S, self._ask_to_measure)

    def _ask_to_measure(self) -> None:
        rows = tuple(row for row in self.rows.values() if row.source and not row.measured and not row.ruled_out)
        if self.display and rows:
            self.post_message(self.Unmeasured(rows, self.draft))

    def measuring(self, key: str) -> None:
        """The measuring of a row begins; nothing where the row is gone."""
        if key in self.rows:
            self._update(replace(self.rows[key], measuring=True))

    def measured(self, key: str, fit: Fit) -> None:
        """What was found for a row; nothing where the row is gone."""
        if key in self.rows:
            self._update(self.rows[key].with_fit(fit))

    def _update(self, row: CandidateRow) -> None:
        """A row's new figures, without building the table again."""
        self.rows[row.key] = row
        self.query_one(LineTable).show_row(self._line(row))
        self._show_details()

    @on(Input.Changed, "#filter")
    def _fill(self) -> None:
        if not self._columns:
            return
        words = self.query_one("#filter", Input).value.lower().split()
        rows = [
            r for r in self.rows.values() if all(w in f"{r.name} {r.quant} {license_word(r)}".lower() for w in words)
        ]
        if self._order:
            rows = sort_rows(rows, self._order)
        table = self.query_one(LineTable)
        table.show_columns(self._columns, ordered_by=self._order or "")
        table.show_rows(self._line(row) for row in rows)
        self._show_details()

    def _line(self, row: CandidateRow) -> TableRow:
        approximate = "" if row.measured else "~"
        rate, disturbed = row.tokens_per_second, " ⚠" if row.disturbed else ""
        cells = {
            "pick": "✗" if row.ruled_out else "●" if row.pick in self.draft.picked else "○",
            "name": row.name,
            "quant": row.quant,
            "size": f"{row.size_bytes / 1e9:.2f}" if row.size_bytes else "",
            "where": "here" if row.downloaded else "fetch",
            "license": license_word(row),
            "memory": f"{approximate}{gib(row.memory_bytes):.1f}" if row.memory_bytes else "",
            "speed": "measuring" if row.measuring else "" if rate is None else f"{rate:.1f}{disturbed}",
            "score": "" if row.score is None else f"{row.score:.1f}",
            "reason": why_ruled_out(row.ruled_out) if row.ruled_out else "",
        }
        picked = {0: "bold $text-success"} if row.pick in self.draft.picked else {}
        return TableRow(
            row.key,
            [cells[column.key] for column in self._columns],
            style="$foreground-muted" if row.ruled_out else "",
            styles={} if row.ruled_out else picked,
        )

    @property
    def _current(self) -> CandidateRow | None:
        return self.rows.get(self.query_one(LineTable).cursor_key)

    @on(DataTable.RowHighlighted)
    def _show_details(self) -> None:
        row = self._current
        self.query_one("#models-detail", Static).update("\n".join(detail_lines(row)) if row else "")

    # What the user does

    @on(LineTable.HeaderClicked)
    def _order_by(self, event: LineTable.HeaderClicked) -> None:
        clicked = next((key for key in CANDIDATE_SORT_KEYS if key == event.column), None)
        if clicked is not None:
            self._order = clicked
            self._fill()

    def action_order(self) -> None:
        columns = [column.key for column in self._columns]
        orders: list[SortKey | None] = [None, *sorted(_shown_keys(columns), key=columns.index)]
        self._order = orders[(orders.index(self._order) + 1) % len(orders)] if self._order in orders else None
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
            # Who picks a model of their own does not mean the sample that stood there for a start.
            picked = [row.pick] if picked == [SampleModel()] else [*picked, row.pick]
        self.draft = msgspec.structs.replace(self.draft, picked=tuple(picked))
        self._fill()

    def action_quant(self) -> None:
        row = self._current
        if row is None or not isinstance(row.origin, FromCatalog):
            self.notify("Only models of the catalog come in several quants here.", severity="warning")
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
        # A real model replaces the default.
        picked = tuple(pick for pick in draft.picked if draft.added or pick != SampleModel())
        picked += tuple(key for key in new if key not in picked)
        self.query_one("#add-path", Input).value = ""
        self.show(msgspec.structs.replace(draft, added=(*draft.added, *new), picked=picked))
        self.query_one(LineTable).focus()


def _matches(row: CandidateRow, words: list[str]) -> bool:
    text = f"{row.name} {row.quant} {license_word(row)}".lower()
    return all(word in text for word in words)


def _shown_keys(columns: list[str]) -> list[SortKey]:
    return [key for key in CANDIDATE_SORT_KEYS if key in columns]


def _remember(row: CandidateRow, before: CandidateRow | None) -> CandidateRow:
    """What was measured already stays when the table is read again."""
    if before is None or not before.measured:
        return row
    return replace(row, fit=before.fit)
