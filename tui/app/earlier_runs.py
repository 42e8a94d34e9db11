"""The app's dealings with earlier runs and files: everything here leaves the event loop free while it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from weighin.engine.errors import WeighinError

from ..modals.dialogs import AskText, Choose, ErrorDialog
from ..run.board import Board, fold_all
from ..run.follower import RunFollower
from ..run.library import RunLibrary, RunLine
from .styled import StyledApp

if TYPE_CHECKING:
    from ..wizard.screen import WizardScreen

T = TypeVar("T")


class RunsApp(StyledApp):
    """What ``WeighinApp`` knows of runs that are not the one in front."""

    library: RunLibrary | None
    follower: RunFollower

    def follow(self, follower: RunFollower, mode: str) -> None:
        """Show another run."""
        raise NotImplementedError

    async def _ask(self, question: Callable[[RunLibrary], T], otherwise: T) -> T:
        """Ask the library in a thread; a failure is shown and gives ``otherwise``."""
        if self.library is None:
            return otherwise
        try:
            return await asyncio.to_thread(question, self.library)
        except WeighinError as error:
            self.push_screen(ErrorDialog(error.what, error.hint))
            return otherwise

    async def list_runs(self) -> list[RunLine]:
        """Earlier runs, newest first."""
        return await self._ask(lambda library: library.runs(), [])

    async def load_boards(self, run_ids: Sequence[str]) -> list[Board]:
        """Earlier runs as they ended."""
        return await self._ask(lambda library: [fold_all(library.load(run_id)[1]) for run_id in run_ids], [])

    async def open_run(self, run_id: str, *, resume: bool = False) -> None:
        """Show an earlier run, or go on with it. A run that is going on must end first."""
        if self.follower.active:
            self.notify("A run is going on here. End it first (1 Live, c).", severity="warning")
            return
        if resume:
            try:
                if self.library is not None:
                    self.follow(RunFollower(self.library.resume(run_id)), "live")
            except WeighinError as error:
                self.push_screen(ErrorDialog(error.what, error.hint))
            return
        loaded = await self._ask(lambda library: _loaded(library, run_id), None)
        if loaded is not None:
            self.follow(loaded, "results")

    async def on_wizard_screen_finished(self, event: WizardScreen.Finished) -> None:
        """Start the run that the wizard ended in."""
        if self.follower.active:
            self.notify("A run is going on here. End it first (1 Live, c).", severity="warning")
            return
        from weighin.engine.prepare.freeze import freeze_plan  # imports gguf and the hub's client

        self.notify("Checking the models …")
        try:
            plan = await asyncio.to_thread(freeze_plan, event.plan)  # hashes files
            if self.library is not None:
                self.follow(RunFollower(self.library.start(plan)), "live")
        except WeighinError as error:
            self.push_screen(ErrorDialog(error.what, error.hint))

    async def rename_run(self, run_id: str, name: str) -> None:
        """Give an earlier run another name."""
        await self._ask(lambda library: library.rename(run_id, name), None)

    async def delete_run(self, run_id: str) -> None:
        """Remove an earlier run with all its answers."""
        await self._ask(lambda library: library.delete(run_id), None)

    def action_export(self) -> None:
        """Ask for a format and a file, then write the run in front."""
        self.run_worker(self._export(), group="export", exclusive=True)

    async def _export(self) -> None:
        started = self.follower.board.started
        no_formats: tuple[str, ...] = ()
        formats = await self._ask(lambda library: library.formats(), no_formats)
        if started is None or not formats:
            self.notify("There is nothing to export here.", severity="warning")
            return
        format_name = await self.push_screen_wait(Choose("Export as", [(name, name) for name in formats]))
        if format_name is None:
            return
        name = await self.push_screen_wait(
            AskText("Write to", str(Path.cwd() / _file_name(started.run_id, format_name)))
        )
        if name is None:
            return
        target = Path(name).expanduser()
        written = await self._ask(lambda library: library.export(started.run_id, format_name, target), None)
        if written is not None:
            self.notify(str(written), title="Written", markup=False)


def _file_name(run_id: str, format_name: str) -> str:
    """``answers-csv`` makes ``RUN-answers.csv``, ``json`` makes ``RUN.json``."""
    what, _, suffix = format_name.rpartition("-")
    return f"{run_id}{'-' if what else ''}{what}.{suffix}"


def _loaded(library: RunLibrary, run_id: str) -> RunFollower:
    plan, events = library.load(run_id)
    name = next((line.name for line in library.runs() if line.id == run_id), "")
    return RunFollower(board=fold_all(events), plan=plan, title=name)
