"""A run without a screen: progress on stderr, data on stdout."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
import time

import click

from weighin.engine.events import run as ev
from weighin.engine.events.wire import encode_event
from weighin.engine.judging.wording import label
from weighin.engine.plan.model import Plan
from weighin.engine.run.session import Session

_BAR_WIDTH = 24


class Progress:
    """Folds events into one line with a bar on a terminal, into a quiet line a round elsewhere."""

    def __init__(self, plan: Plan) -> None:
        self._names = {c.id: label(c) for c in plan.candidates}
        self._terminal = sys.stderr.isatty()
        self._total = 0
        self._answered = 0
        self._round = ""
        self._deadline: float | None = None
        self._painted_at = 0.0
        self._now = ""

    def note(self, event: ev.Event) -> None:
        """Take one event in and say what people should know now."""
        if isinstance(event, ev.RunStarted):
            self._total = sum(suite.items for suite in event.suites) * len(event.candidates)
            verb = "resumed" if event.resumed else "started"
            self._say(f"Run {event.run_id} {verb}: {len(event.candidates)} models, {event.n_threads} threads.")
        elif isinstance(event, ev.RoundStarted):
            self._round = f"round {event.number} of {max(event.planned, event.number)}"
            self._deadline = None if event.seconds_left is None else time.monotonic() + event.seconds_left
            if not self._terminal:
                self._say(f"{self._round}, {self._answered} answers{self._left()}")
        elif isinstance(event, ev.AnswerScored):
            self._answered += 1
        elif isinstance(event, ev.PhaseChanged):
            self._now = f"{self._names.get(event.candidate, event.candidate)}: {event.detail or event.phase}"
        elif isinstance(event, ev.SpeedMeasured) and event.disturbances:
            causes = "; ".join(d.cause for d in event.disturbances)
            again = "measured again" if not event.final else "kept with a mark"
            self._say(f"⚠ {self._names[event.candidate]}: {event.kind} was disturbed ({causes}), {again}.")
        elif isinstance(event, ev.WorkerDied):
            self._say(f"✗ {event.reason} Log: {event.log_path}")
        elif isinstance(event, ev.CandidateStopped):
            mark = "■" if event.reason == "eliminated" else "✗"
            self._say(f"{mark} {self._names[event.candidate]} stopped: {event.reason}. {event.detail}".rstrip())
        elif isinstance(event, ev.RaceSettled):
            self._say(f"Decided after {event.at_item} of {event.pool} items; no more are asked.")
        elif isinstance(event, ev.RunFinished):
            self._say(f"Run {event.outcome}, {self._answered} answers. {event.detail}".rstrip())
        self._paint()

    def _left(self) -> str:
        if self._deadline is None:
            return ""
        seconds = max(0.0, self._deadline - time.monotonic())
        return f", {seconds / 60:.0f} min left" if seconds >= 90 else f", {seconds:.0f} s left"

    def _say(self, text: str) -> None:
        self._clear()
        click.echo(text, err=True)

    def _clear(self) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[K")

    def _paint(self) -> None:
        # Painting costs inference: twice a second is enough for a line of text.
        if not self._terminal or time.monotonic() - self._painted_at < 0.5:
            return
        self._painted_at = time.monotonic()
        share = min(1.0, self._answered / self._total) if self._total else 0.0
        bar = "█" * round(share * _BAR_WIDTH)
        line = f"{bar:░<{_BAR_WIDTH}} {self._round}{self._left()} · {self._now}"
        sys.stderr.write("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1])
        sys.stderr.flush()


async def drive(session: Session, *, as_json: bool) -> ev.VerdictReached | None:
    """Run the session to its end; Ctrl-C cancels it and keeps the results."""
    progress = Progress(session.plan)
    verdict = None
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt does it there
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, session.cancel)
    async for event in session.run():
        progress.note(event)
        if as_json and not isinstance(event, ev.PhaseChanged):
            sys.stdout.buffer.write(encode_event(event) + b"\n")
            sys.stdout.buffer.flush()
        if isinstance(event, ev.VerdictReached):
            verdict = event
    return verdict
