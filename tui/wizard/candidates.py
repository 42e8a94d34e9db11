"""Step 4: the models to compare; what cannot be compared stays in the table with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import msgspec
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Input, Static

from weighin.engine.draft import SAMPLE, Draft
from weighin.engine.errors import WeighinError

from .step import Step

_COLUMNS = ("", "Name", "Quant", "GB", "License", "Memory GB", "MMLU", "Why not")


@dataclass(frozen=True)
class Row:
    """One model in the table; ``reason`` says why it cannot be picked."""

    key: str
    name: str
    quant: str
    size_bytes: int
    license: str
    memory_bytes: int | None
    score: float | None
    reason: str = ""

    def sort_value(self, column: int) -> tuple[bool, float | str]:
        """Unknown values last."""
        value = (
            bool(self.reason),
            self.name.lower(),
            self.quant,
            self.size_bytes,
            self.license,
            self.memory_bytes,
            None if self.score is None else -self.score,
            self.reason,
        )[column]
        return (value is None, value if value is not None else 0.0)


def read_rows(draft: Draft) -> tuple[list[Row], list[str]]:
    """Every known model under this draft's answers, and what could not be read. Slow: for a thread."""
    from weighin.engine.catalog.models import load_catalog
    from weighin.engine.catalog.quants import ladder
    from weighin.engine.catalog.ranking import published_score
    from weighin.engine.catalog.verdict import Allowed, AllowedIf, NotAllowed, model_verdict
    from weighin.engine.hardware.memory import usable_memory
    from weighin.engine.prepare import candidates_from_paths

    rows = [Row(SAMPLE, "SmolLM2 135M sample", "4 quants", 0, "allowed", None, None)]
    problems: list[str] = []
    for path in draft.added:
        try:
            found = candidates_from_paths([path])
            rows += [Row(c.path, c.name, c.quant, c.size_bytes, "not checked", None, None) for c in found]
        except WeighinError as error:
            problems.append(str(error))
    catalog = load_catalog()
    target = draft.target
    memory = usable_memory().usable_bytes if target.this_machine or not target.ram_bytes else target.ram_bytes
    for model in catalog.models:
        verdict = model_verdict(model, draft.use, catalog.licenses)
        rungs = ladder(model, memory, target.n_ctx)
        rung = next((r for r in rungs if r.quant.name == "Q4_K_M"), rungs[0])
        score = published_score(model, "MMLU")
        if isinstance(verdict, NotAllowed):
            words, reason = "no", verdict.reasons[0]
        else:
            words = "allowed" if isinstance(verdict, Allowed) else "if" if isinstance(verdict, AllowedIf) else "unknown"
            where = model.gguf[0].repo if model.gguf else model.repo
            reason = f"not on disk: download a GGUF of {where}, then press a"
            if not any(r.fits for r in rungs):
                reason = f"does not fit: no quant needs less than {memory / 1e9:.1f} GB"
        rows.append(
            Row(
                f"catalog:{model.id}",
                model.name,
                rung.quant.name,
                rung.file_bytes,
                words,
                rung.memory_bytes,
                score.value if score else None,
                reason,
            )
        )
    return rows, problems


class CandidatesStep(Step):
    """The table; space picks, a adds a file or folder, typing filters, a heading sorts."""

    title = "Candidates"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pick", "Pick", id="wizard.pick"),
        Binding("a", "add", "Add file", id="wizard.add"),
        Binding("slash", "filter", "Filter", id="wizard.filter", key_display="/"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: list[Row] = []
        self._sort: int | None = None

    def compose(self) -> ComposeResult:
        yield Input(placeholder="filter: type a part of a name, / comes here", id="filter", compact=True)
        yield DataTable[Text](id="models", cursor_type="row")
        yield Input(placeholder="path of a GGUF file or a folder, then Enter", id="add-path", compact=True)
        yield Static("Reading the catalog …", id="models-note", markup=False)

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for index, words in enumerate(_COLUMNS):
            table.add_column(words, key=str(index))

    def show(self, draft: Draft) -> None:
        super().show(draft)
        self._load(draft)

    def collect(self) -> Draft:
        if not self.draft.picked:
            raise ValueError("Pick a model with space, or add a file with a.")
        return self.draft

    @work(thread=True, exclusive=True, group="rows")
    def _load(self, draft: Draft) -> None:
        try:
            rows, problems = read_rows(draft)
        except WeighinError as error:
            rows, problems = [Row(SAMPLE, "SmolLM2 135M sample", "4 quants", 0, "allowed", None, None)], [str(error)]
        self.app.call_from_thread(self._loaded, rows, problems)

    def _loaded(self, rows: list[Row], problems: list[str]) -> None:
        self._rows = rows
        note = "; ".join(problems) or "GB and memory of catalog models are predicted, for Q4_K_M at the wanted context."
        self.query_one("#models-note", Static).update(note)
        self._fill()

    @on(Input.Changed, "#filter")
    def _fill(self) -> None:
        words = self.query_one("#filter", Input).value.lower().split()
        rows = [r for r in self._rows if all(w in f"{r.name} {r.quant} {r.license}".lower() for w in words)]
        if self._sort is not None:
            column = self._sort
            rows.sort(key=lambda row: row.sort_value(column))
        table = self.query_one(DataTable)
        at = table.cursor_row
        table.clear()
        for r in rows:
            cells = (
                "✓" if r.key in self.draft.picked else "·" if not r.reason else "✗",
                r.name,
                r.quant,
                f"{r.size_bytes / 1e9:.2f}" if r.size_bytes else "",
                r.license,
                f"{r.memory_bytes / 1e9:.1f}" if r.memory_bytes else "?",
                "" if r.score is None else f"{r.score:g}",
                r.reason,
            )
            table.add_row(*(Text(cell, style="dim" if r.reason else "") for cell in cells), key=r.key)
        table.move_cursor(row=at)

    @on(DataTable.HeaderSelected)
    def _sort_by(self, event: DataTable.HeaderSelected) -> None:
        self._sort = event.column_index
        self._fill()

    def action_pick(self) -> None:
        table = self.query_one(DataTable)
        if not table.row_count:
            return
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        row = next(r for r in self._rows if r.key == key)
        if row.reason:
            self.notify(row.reason, title=row.name, severity="warning", markup=False)
            return
        picked = [k for k in self.draft.picked if k != row.key]
        if len(picked) == len(self.draft.picked):
            picked.append(row.key)
        self.draft = msgspec.structs.replace(self.draft, picked=tuple(picked))
        self._fill()

    def action_add(self) -> None:
        self.query_one("#add-path", Input).focus()

    def action_filter(self) -> None:
        self.query_one("#filter", Input).focus()

    def proceed(self) -> None:
        field, filtering = self.query_one("#add-path", Input), self.query_one("#filter", Input)
        if field.has_focus and field.value.strip():
            self._add(field.value.strip())
        elif filtering.has_focus:
            self.query_one(DataTable).focus()
        else:
            super().proceed()

    @work(thread=True, exclusive=True, group="add")
    def _add(self, path: str) -> None:
        from weighin.engine.prepare import candidates_from_paths

        try:
            files = [c.path for c in candidates_from_paths([path])]
        except WeighinError as error:
            self.app.call_from_thread(self.query_one("#models-note", Static).update, str(error))
        else:
            self.app.call_from_thread(self._added, files)

    def _added(self, files: list[str]) -> None:
        draft = self.draft
        new = tuple(file for file in files if file not in draft.added)
        picked = tuple(k for k in draft.picked if draft.added or k != SAMPLE)  # a real model replaces the default
        self.query_one("#add-path", Input).value = ""
        self.show(msgspec.structs.replace(draft, added=(*draft.added, *new), picked=(*picked, *new)))
        self.query_one(DataTable).focus()
