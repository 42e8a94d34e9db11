"""Step 3: what the model must be good at."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Select, SelectionList, Static
from textual.widgets.selection_list import Selection

from weighin.engine.errors import PlanError, WeighinError
from weighin.engine.plan.model import HubSource, OwnAsking, OwnSuite, data_path
from weighin.engine.prepare.draft import Draft
from weighin.engine.tasks.scorers import DEFAULT_SCORER, own_scorers
from weighin.engine.tasks.spec import suite_specs

from ..own_data_text import (
    asked_lines,
    parse_columns,
    parse_reading,
    problem_lines,
    reading_lines,
    row_lines,
    summary_line,
    write_columns,
    write_reading,
)
from ..widgets.toggles import TickList
from .step import Step

_ASKED_LINES = 16
"""Lines shown of the first item; a whole contract would push everything else out of view."""


class TaskStep(Step):
    """Suites, and the user's own data: how it is read, its errors, how it is asked and scored."""

    title = "Task"
    help_topic = "task"
    READS_ON_ENTER: ClassVar = ("data-path", "data-shots", "data-columns", "data-reading")
    _file = ""
    """The selected data: its path, or its name on the hub."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._own: dict[str, OwnAsking] = {}

    def compose(self) -> ComposeResult:
        yield Label("Suites (space selects; data with a size is downloaded once)")
        yield TickList[str](id="suites", compact=True)
        yield Label("Your own data: JSON, CSV, Excel or Parquet (enter reads it)")
        yield Input(
            placeholder="a file, a folder, or owner/name:file of a dataset on the hub", id="data-path", compact=True
        )
        with Vertical(id="data-how"):
            with Horizontal(classes="field"):
                yield Label("Scorer")
                yield Select(
                    ((scorer.name, scorer.name) for scorer in own_scorers()),
                    allow_blank=False,
                    id="data-scorer",
                    compact=True,
                )
                yield Label("for written answers", classes="hint")
            with Horizontal(classes="field"):
                yield Label("Worked examples")
                yield Input(id="data-shots", compact=True, type="integer")
                yield Label("rows from the start, not scored", classes="hint")
            with Horizontal(classes="field"):
                yield Label("Columns, OURS=YOURS")
                yield Input(placeholder="prompt=frage,answer=antwort", id="data-columns", compact=True)
            with Horizontal(classes="field"):
                yield Label("Read as, NAME=VALUE")
                yield Input(placeholder="delimiter=;,encoding=cp1252,header=no", id="data-reading", compact=True)
        yield Static(id="data-report", markup=False)

    def show(self, draft: Draft) -> None:
        super().show(draft)
        self._own = dict(draft.own)
        suites = self.query_one("#suites", SelectionList)
        suites.clear_options()
        for spec in sorted(suite_specs(), key=lambda spec: (bool(spec.format), spec.title)):
            download = f"  ({spec.dataset.size_hint or 'small'})" if spec.dataset else ""
            suites.add_option(Selection(spec.title + download, spec.name, spec.name in draft.suites))
        for file in draft.data_files:
            suites.add_option(Selection(_shown(file), file, True))

    def collect(self) -> Draft:
        names = {spec.name for spec in suite_specs()}
        chosen: list[str] = self.query_one("#suites", SelectionList).selected
        if not chosen:
            raise ValueError("Select a suite or add a data file; otherwise there is nothing to ask.")
        self._take_fields()
        files = tuple(name for name in chosen if name not in names)
        return msgspec.structs.replace(
            self.draft,
            suites=tuple(name for name in chosen if name in names),
            data_files=files,
            own={file: own for file, own in self._own.items() if file in files and own != OwnAsking()},
        )

    def _take_fields(self) -> None:
        """Remember the fields of the selected data; raises ValueError."""
        if not self._file:
            return
        scorer = str(self.query_one("#data-scorer", Select).value)
        text = self.query_one("#data-columns", Input).value.strip()
        try:
            columns = parse_columns(text) if text else {}
            reading = parse_reading(self.query_one("#data-reading", Input).value)
        except PlanError as error:
            raise ValueError(str(error)) from None
        self._own[self._file] = OwnAsking(
            scorer="" if scorer == DEFAULT_SCORER else scorer,
            shots=int(self.number("#data-shots", "Worked examples")),
            columns=columns,
            reading=reading,
        )

    def _select_data(self, file: str) -> None:
        """Show how this data is asked, and read it."""
        self._file = file
        own = self._own.get(file, OwnAsking())
        with self.prevent(Select.Changed):
            scorer = self.query_one("#data-scorer", Select)
            scorer.value = own.scorer if own.scorer in {each.name for each in own_scorers()} else DEFAULT_SCORER
        self.query_one("#data-shots", Input).value = str(own.shots)
        self.query_one("#data-columns", Input).value = write_columns(own.columns)
        self.query_one("#data-reading", Input).value = write_reading(own.reading)
        self.query_one("#data-how").display = True
        self._read_again()

    def _read_again(self) -> None:
        if not self._file:
            return
        try:
            self._take_fields()
        except ValueError as error:
            self.query_one("#data-report", Static).update(str(error))
            return
        self._read(self._file, self._own[self._file], max(40, self.size.width - 6))

    @on(Select.Changed, "#data-scorer")
    @on(Input.Blurred, "#data-shots, #data-columns, #data-reading")
    def _how_changed(self) -> None:
        if not self._file:
            return
        before = self._own.get(self._file)
        try:
            self._take_fields()
        except ValueError:
            before = None
        if before != self._own.get(self._file):
            self._read_again()

    @on(SelectionList.SelectionHighlighted, "#suites")
    def _highlighted(self, event: SelectionList.SelectionHighlighted[str]) -> None:
        file = event.selection.value
        if file != self._file and file not in {spec.name for spec in suite_specs()}:
            try:
                self._take_fields()
            except ValueError as error:
                self.notify(str(error), severity="warning", markup=False)
            else:
                self._select_data(file)

    def proceed(self) -> None:
        focused = self.screen.focused
        field = self.query_one("#data-path", Input)
        if focused is field and field.value.strip():
            self._select_data(data_path(_own_suite(field.value.strip())) or field.value.strip())
        elif focused is not None and focused.id in self.READS_ON_ENTER and focused is not field:
            self._read_again()
        else:
            super().proceed()

    @work(thread=True, exclusive=True)
    def _read(self, file: str, own: OwnAsking, width: int) -> None:
        from weighin.engine.tasks.own.preview import preview_suite  # imports the scorers' libraries

        lines, good = [], False
        try:
            preview = preview_suite(msgspec.structs.replace(_own_suite(file), asking=own))
        except WeighinError as error:
            lines = [str(error)]
        else:
            good = not preview.problems
            lines = [summary_line(preview), *reading_lines(preview), *problem_lines(preview)]
            if preview.doubts:  # else nothing before them looks like a row
                lines.append("Rows:")
            lines += row_lines(preview, width=width)
            if preview.asked:
                lines.append("The first item as it will be asked:")
                asked = asked_lines(msgspec.structs.replace(preview, asked=preview.asked[:1]))[2:]
                lines += asked if len(asked) <= _ASKED_LINES else [*asked[:_ASKED_LINES], "…"]
        self.app.call_from_thread(self._report, file, "\n".join([_shown(file), *lines]), good)

    def _report(self, file: str, text: str, good: bool) -> None:
        if file != self._file:  # other data was selected meanwhile
            return
        self.query_one("#data-report", Static).update(text)
        suites = self.query_one("#suites", SelectionList)
        if good:
            self.query_one("#data-path", Input).value = ""
            if file not in [suites.get_option_at_index(i).value for i in range(suites.option_count)]:
                suites.add_option(Selection(_shown(file), file, True))
        self.call_after_refresh(self.scroll_end, animate=False)


def _own_suite(text: str) -> OwnSuite:
    from weighin.engine.prepare.freeze import own_suite  # reads GGUF headers

    return own_suite(text)


def _shown(file: str) -> str:
    """The last part of a path; the full name of data on the hub."""
    return file if isinstance(_own_suite(file).source, HubSource) else Path(file).name
