"""The runs in the store: lists, opens, resumes, renames, deletes and exports them, and starts new ones.

Whatever reads or writes files runs in a thread, so that the event loop stays free. Failures become dialogs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from textual.app import App

from weighin.engine.errors import WeighinError
from weighin.engine.plan.model import Plan

from ..modals.dialogs import AskText, Choose, ErrorDialog
from ..run.board import Board, fold_all
from ..run.follower import RunFollower
from ..run.library import StoreLibrary
from ..run.source import RunSource
from .front_run import FrontRun

if TYPE_CHECKING:
    from weighin.engine.report.export import ExportFormat

    from ..run.library import RunRow

T = TypeVar("T")


class OpenRuns:
    """Opens runs of ``library`` in ``front``; without a library there are none."""

    def __init__(self, app: App[int], front: FrontRun, library: StoreLibrary | None) -> None:
        self._app = app
        self._front = front
        self._library = library

    async def rows(self) -> list[RunRow]:
        return await self._ask(lambda library: library.runs(), [])

    async def boards(self, run_ids: Sequence[str]) -> list[Board]:
        return await self._ask(lambda library: [fold_all(library.load(run_id)[1]) for run_id in run_ids], [])

    async def open(self, run_id: str, *, resume: bool = False) -> None:
        """Show a run, or resume it. An active run must end first."""
        if self._is_busy():
            return
        if resume:
            self._app.notify("Checking the models …")
            opened = await self._ask(lambda library: library.reopen(run_id), None)  # hashes files
            if opened is not None:
                self._begin(lambda library: library.resume(run_id, opened))
            return
        loaded = await self._ask(lambda library: _loaded(library, run_id), None)
        if loaded is not None:
            self._front.follow(loaded, "results")

    async def start(self, plan: Plan) -> None:
        """Freeze a plan and run it. An active run must end first."""
        if self._is_busy():
            return
        from weighin.engine.prepare.freeze import freeze_plan  # imports gguf and the hub's client

        self._app.notify("Checking the models …")
        try:
            opened = await asyncio.to_thread(freeze_plan, plan)  # hashes files
        except WeighinError as error:
            self._app.push_screen(ErrorDialog(error.what, error.hint))
        else:
            self._begin(lambda library: library.start(opened))

    async def rename(self, run_id: str, name: str) -> None:
        await self._ask(lambda library: library.rename(run_id, name), None)

    async def delete(self, run_id: str) -> None:
        await self._ask(lambda library: library.delete(run_id), None)

    async def export_front(self) -> None:
        """Ask for a format and a path, then export the run in front."""
        started = self._front.follower.board.started
        no_formats: tuple[ExportFormat, ...] = ()
        formats = await self._ask(lambda library: library.formats(), no_formats)
        if started is None or not formats:
            self._app.notify("There is no run to export.", severity="warning")
            return
        width = max(len(each.name) for each in formats)
        options = [(each.name, f"{each.name:<{width}}  {each.description}") for each in formats]
        format_name = await self._app.push_screen_wait(Choose("Export as", options))
        if format_name is None:
            return
        ending = next(each.ending for each in formats if each.name == format_name)
        default = Path.cwd() / f"{started.run_id}{ending}"
        answer = await self._app.push_screen_wait(AskText("Write to", str(default)))
        if answer is None:
            return
        target = Path(answer).expanduser()
        written = await self._ask(lambda library: library.export(started.run_id, format_name, target), None)
        if written is not None:
            self._app.notify(str(written), title="Exported", markup=False)

    def _is_busy(self) -> bool:
        if self._front.follower.active:
            self._app.notify("A run is active. Cancel it first (1 Live, then c).", severity="warning")
            return True
        return False

    def _begin(self, source_of: Callable[[StoreLibrary], RunSource]) -> None:
        """Follow a new or resumed run. Not in a thread: a session belongs to the event loop."""
        if self._library is None:
            return
        try:
            self._front.follow(RunFollower(source_of(self._library)), "live")
        except WeighinError as error:
            self._app.push_screen(ErrorDialog(error.what, error.hint))

    async def _ask(self, question: Callable[[StoreLibrary], T], otherwise: T) -> T:
        """Ask the library in a thread; a failure is shown and returns ``otherwise``."""
        if self._library is None:
            return otherwise
        try:
            return await asyncio.to_thread(question, self._library)
        except WeighinError as error:
            self._app.push_screen(ErrorDialog(error.what, error.hint))
            return otherwise


def _loaded(library: StoreLibrary, run_id: str) -> RunFollower:
    plan, events = library.load(run_id)
    name = next((row.name for row in library.runs() if row.id == run_id), "")
    return RunFollower(board=fold_all(events), plan=plan, title=name)
