"""Step 4: the models to compare; what cannot be compared stays in the table with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import msgspec
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable, Input, Static

from weighin.engine.draft import SAMPLE, Draft, is_file
from weighin.engine.errors import WeighinError

from .. import text
from .rows import SORTS, Row, next_quant, read_rows
from .step import Step

if TYPE_CHECKING:
    from weighin.engine.fit.results import Fit

_COLUMNS = (
    ("pick", "", 1),
    ("name", "model", 30),
    ("quant", "quant", 8),
    ("size", "size GB", 7),
    ("where", "file", 5),
    ("license", "license", 11),
    ("memory", "memory GB", 9),
    ("rate", "gen tok/s", 11),
    ("score", "MMLU", 5),
    ("reason", "why not", 60),
)
"""Key, title, width."""
_NARROW = (
    ("pick", "", 1),
    ("name", "model", 23),
    ("quant", "quant", 6),
    ("size", "GB", 5),
    ("license", "license", 11),
    ("memory", "mem GB", 6),
    ("rate", "tok/s", 9),
)
"""Where the terminal is narrow; the reason stands below the table in any case."""
_WIDE = 120
_QUIET_S = 1.5
"""How long the table stands before measuring begins: who only passes by should not wait for a worker."""


class CandidatesStep(Step):
    """The table. Asks for what it shows to be measured, and paints the figures as they come."""

    title = "Candidates"
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
        self._columns: tuple[tuple[str, str, int], ...] = ()
        self._order = 0
        self._quants: dict[str, str] = {}
        """Quants the user chose, by catalog id."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="filter: / comes here, enter goes back", id="filter", compact=True)
        yield DataTable[Text](id="models", cursor_type="row")
        yield Static(id="models-detail", markup=False)
        yield Input(
            placeholder="a file, a folder, owner/repo:Q4_K_M or a catalog name, then Enter", id="add-path", compact=True
        )
        yield Static("Reading the catalog …", id="models-note", markup=False)

    def on_resize(self) -> None:
        """As many columns as there is room for."""
        columns = _COLUMNS if self.app.size.width >= _WIDE else _NARROW
        self.query_one("#models-detail", Static).styles.max_height = 8 if self.app.size.height >= 36 else 3
        if columns == self._columns:
            return
        self._columns = columns
        table = self.query_one(DataTable)
        table.clear(columns=True)
        for key, words, width in columns:
            table.add_column(words, key=key, width=width)
        self._fill()

    def show(self, draft: Draft) -> None:
        super().show(draft)
        for key in draft.picked:
            if key != SAMPLE and not is_file(key) and "/" not in key:
                self._quants.setdefault(key.rpartition(":")[0], key.rpartition(":")[2])
        self._load(draft)

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
        table = self.query_one(DataTable)
        if row.key in table.rows:
            cells = self._cells(row)
            for column in ("memory", "rate"):
                table.update_cell(row.key, column, cells[column], update_width=False)
        self._show_details()

    @on(Input.Changed, "#filter")
    def _fill(self) -> None:
        if not self._columns:
            return
        words = self.query_one("#filter", Input).value.lower().split()
        rows = [r for r in self.rows.values() if all(w in f"{r.name} {r.quant} {r.license}".lower() for w in words)]
        column, called = SORTS[self._order]
        if column:
            rows.sort(key=lambda row: row.sort_value(column))
        table = self.query_one(DataTable)
        table.border_subtitle = f"{len(rows)} of {len(self.rows)}, ordered {'' if not column else 'by '}{called}"
        at = table.cursor_row
        table.clear()
        for row in rows:
            cells = self._cells(row)
            table.add_row(*(cells[column] for column, _title, _width in self._columns), key=row.key)
        table.move_cursor(row=min(at, max(0, len(rows) - 1)))
        self._show_details()

    def _cells(self, row: Row) -> dict[str, Text]:
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
            "score": "" if row.score is None else f"{row.score:g}",
            "reason": row.reason,
        }
        widths = {key: width for key, _title, width in self._columns}
        style = "dim" if row.reason else ""
        return {
            key: Text(
                text.cut(words, widths.get(key, 99)),
                style=style,
                justify="right" if key in ("size", "memory", "rate", "score") else "left",
                no_wrap=True,
            )
            for key, words in cells.items()
        }

    @property
    def _current(self) -> Row | None:
        table = self.query_one(DataTable)
        if not table.row_count:
            return None
        return self.rows.get(str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value))

    @on(DataTable.RowHighlighted)
    def _show_details(self) -> None:
        row = self._current
        lines: tuple[str, ...] = ()
        if row is not None:
            lines = (f"Cannot be picked: {row.reason}.", *row.details) if row.reason else row.details
        self.query_one("#models-detail", Static).update("\n".join(lines))

    # What the user does

    @on(DataTable.HeaderSelected)
    def _order_by(self, event: DataTable.HeaderSelected) -> None:
        columns = [column for column, _ in SORTS]
        if event.column_key.value in columns:
            self._order = columns.index(str(event.column_key.value))
            self._fill()

    def action_order(self) -> None:
        self._order = (self._order + 1) % len(SORTS)
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
            self.query_one(DataTable).focus()
        else:
            super().proceed()

    @work(thread=True, exclusive=True, group="add")
    def _add(self, words: str) -> None:
        """Files become rows of their own; of a hub or catalog name, the one model that it means."""
        from pathlib import Path

        from weighin.engine.hub.client import connect
        from weighin.engine.hub.resolve import find_on_hub, locate
        from weighin.engine.prepare import candidates_from_paths

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
        self.query_one(DataTable).focus()


def _remember(row: Row, before: Row | None) -> Row:
    """What was measured already stays when the table is read again."""
    if before is None or not before.measured:
        return row
    return replace(row, memory_bytes=before.memory_bytes, rate=before.rate, measured=before.measured)
