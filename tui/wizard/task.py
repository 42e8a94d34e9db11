"""Step 3: what the model must be good at."""

from __future__ import annotations

from pathlib import Path

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.widgets import Input, Label, SelectionList, Static
from textual.widgets.selection_list import Selection

from weighin.engine.draft import Draft
from weighin.engine.errors import WeighinError
from weighin.engine.tasks.spec import suite_specs
from weighin.engine.tasks.userdata import read_user_data

from .step import Step


class TaskStep(Step):
    """Suites, and the user's own files with what is wrong in them."""

    title = "Task"

    def compose(self) -> ComposeResult:
        yield Label("Suites: space picks")
        yield SelectionList[str](id="suites", compact=True)
        yield Label("Your own data, JSONL or CSV (Enter reads it)")
        yield Input(placeholder="path of a file", id="data-path", compact=True)
        yield Static(id="data-report", markup=False)

    def show(self, draft: Draft) -> None:
        super().show(draft)
        suites = self.query_one("#suites", SelectionList)
        suites.clear_options()
        for spec in sorted(suite_specs(), key=lambda spec: (bool(spec.format), spec.title)):
            fetched = f"  (data fetched once: {spec.dataset.size_hint or 'small'})" if spec.dataset else ""
            suites.add_option(Selection(spec.title + fetched, spec.name, spec.name in draft.suites))
        for file in draft.data_files:
            suites.add_option(Selection(Path(file).name, file, True))

    def collect(self) -> Draft:
        names = {spec.name for spec in suite_specs()}
        chosen: list[str] = self.query_one("#suites", SelectionList).selected
        if not chosen:
            raise ValueError("Pick a suite or name a data file: there would be nothing to ask.")
        return msgspec.structs.replace(
            self.draft,
            suites=tuple(name for name in chosen if name in names),
            data_files=tuple(name for name in chosen if name not in names),
        )

    def proceed(self) -> None:
        field = self.query_one("#data-path", Input)
        if field.has_focus and field.value.strip():
            self._read(str(Path(field.value.strip()).expanduser().absolute()))
        else:
            super().proceed()

    @work(thread=True, exclusive=True)
    def _read(self, file: str) -> None:
        try:
            data = read_user_data(Path(file))
        except WeighinError as error:
            self.app.call_from_thread(self._report, file, str(error), False)
            return
        if data.problems:
            lines = [f"{len(data.problems)} bad rows in {Path(file).name}; not taken until they are mended:"]
            lines += [f"  line {p.line}: {p.message}" for p in data.problems[:6]]
        else:
            lines = [f"{Path(file).name}: {len(data.items)} {data.kind} items, columns {', '.join(data.columns)}"]
            for item in data.items[:3]:
                lines.append("  " + (getattr(item, "question", "") or getattr(item, "prompt", ""))[:70])
        self.app.call_from_thread(self._report, file, "\n".join(lines), not data.problems)

    def _report(self, file: str, words: str, good: bool) -> None:
        self.query_one("#data-report", Static).update(words)
        suites = self.query_one("#suites", SelectionList)
        if good:
            self.query_one("#data-path", Input).value = ""
            if file not in [suites.get_option_at_index(i).value for i in range(suites.option_count)]:
                suites.add_option(Selection(Path(file).name, file, True))
