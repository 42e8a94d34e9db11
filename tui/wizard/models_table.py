"""The table of models in the candidates step: its columns, order and filter. It knows no draft and starts no work."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from weighin.engine.catalog.ranking import sort_rows
from weighin.engine.catalog.sort_keys import SortKey
from weighin.engine.prepare.candidate_rows import CANDIDATE_SORT_KEYS, CandidateRow
from weighin.engine.prepare.candidates_text import license_word, why_ruled_out
from weighin.engine.prepare.draft import Pick
from weighin.engine.units import gb, gib

from ..widgets.line_table import Column, LineTable, TableRow

_COLUMNS = (
    Column("pick", "", 1),
    Column("name", "model", 30),
    Column("quant", "quant", 8),
    Column("size", "size GB", 9, right=True),
    Column("where", "file", 8),
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
"""For narrow terminals."""
_WIDE = 120
_MIN_REASON_WIDTH = 20
"""The reason column is left out below this width; the reason is shown below the table in any case."""


class ModelsTable(LineTable):
    """One line per model; ``●`` picked, ``○`` available, ``✗`` ruled out."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._layout: tuple[Column, ...] = ()
        self._order: SortKey | None = None
        """The column that the models are sorted by; None: as listed."""

    def fit_columns(self, width: int) -> bool:
        """Choose the columns for a terminal of this width. Returns True if that changed them."""
        columns = _COLUMNS if width >= _WIDE else _NARROW
        room = width - 8 - sum(column.width + 2 for column in columns)
        if room >= _MIN_REASON_WIDTH:
            columns = (*columns, Column("reason", "why not", room))
        changed = columns != self._layout
        self._layout = columns
        return changed

    def show_models(self, models: Iterable[CandidateRow], picked: Collection[Pick], filter_text: str) -> None:
        """Show the models that contain every word of ``filter_text``, in the current order."""
        if not self._layout:
            return
        words = filter_text.lower().split()
        matching = [model for model in models if _matches(model, words)]
        if self._order:
            matching = sort_rows(matching, self._order)
        self.show_columns(self._layout, ordered_by=self._order or "")
        self.show_rows(self._table_row(model, picked) for model in matching)

    def show_model(self, model: CandidateRow, picked: Collection[Pick]) -> None:
        """Update one model's line without building the table again."""
        self.show_row(self._table_row(model, picked))

    def sort_by(self, column: str) -> bool:
        """Sort by a column from now on. Returns False if that is not possible."""
        key = next((key for key in CANDIDATE_SORT_KEYS if key == column), None)
        self._order = key or self._order
        return key is not None

    def sort_by_next(self) -> None:
        """Sort by the next column that is shown, or as listed after the last one."""
        shown = [column.key for column in self._layout]
        keys = sorted((key for key in CANDIDATE_SORT_KEYS if key in shown), key=shown.index)
        orders: list[SortKey | None] = [None, *keys]
        self._order = orders[(orders.index(self._order) + 1) % len(orders)] if self._order in orders else None

    def _table_row(self, model: CandidateRow, picked: Collection[Pick]) -> TableRow:
        is_picked = model.pick in picked
        rate, memory = model.tokens_per_second, model.memory_bytes
        cells = {
            "pick": "✗" if model.ruled_out else "●" if is_picked else "○",
            "name": model.name,
            "quant": model.quant,
            "size": f"{gb(model.size_bytes):.2f}" if model.size_bytes else "",
            "where": "here" if model.downloaded else "download",
            "license": license_word(model),
            "memory": f"{'' if model.measured else '~'}{gib(memory):.1f}" if memory else "",
            "speed": "measuring" if model.measuring else "" if rate is None else f"{rate:.1f}{_mark(model)}",
            "score": "" if model.score is None else f"{model.score:.1f}",
            "reason": why_ruled_out(model.ruled_out) if model.ruled_out else "",
        }
        return TableRow(
            model.key,
            [cells[column.key] for column in self._layout],
            style="$foreground-muted" if model.ruled_out else "",
            styles={0: "bold $text-success"} if is_picked and not model.ruled_out else {},
        )


def _matches(model: CandidateRow, words: list[str]) -> bool:
    text = f"{model.name} {model.quant} {license_word(model)}".lower()
    return all(word in text for word in words)


def _mark(model: CandidateRow) -> str:
    return " ⚠" if model.disturbed else ""
