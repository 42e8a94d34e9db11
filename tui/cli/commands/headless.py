"""A run without a screen: progress on stderr, data on stdout."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections import Counter

from weighin.engine.events import run as ev
from weighin.engine.events.wire import encode_event
from weighin.engine.judging.failure_text import failure_words
from weighin.engine.judging.notes_text import note_text
from weighin.engine.judging.wording import stop_words, with_words
from weighin.engine.plan.model import Plan, labels
from weighin.engine.run.session import Session

from ..terminal import StatusLine

_BAR_WIDTH = 24
_PAINT_EVERY_S = 0.5
"""Painting takes time from the models: twice a second is enough for a line of text."""


class Progress:
    """Shows events as one line with a bar on a terminal, and as one plain line per round elsewhere."""

    def __init__(self, plan: Plan) -> None:
        self._names = labels(plan)
        self._status = StatusLine()
        self._total = 0
        self._answered = 0
        self._cut: Counter[str] = Counter()
        """Answers that ended before the thinking did, by candidate."""
        self._round = ""
        self._deadline: float | None = None
        self._painted_at = 0.0
        self._phase = ""
        self._failed: set[tuple[str, str]] = set()

    def note(self, event: ev.Event) -> None:
        """Take one event and report what people should know."""
        if isinstance(event, ev.RunStarted):
            self._total = sum(suite.items for suite in event.suites) * len(event.candidates)
            verb = "resumed" if event.resumed else "started"
            self._status.say(f"Run {event.run_id} {verb}: {len(event.candidates)} models, {event.n_threads} threads.")
        elif isinstance(event, ev.RoundStarted):
            self._round = f"round {event.number} of {max(event.planned, event.number)}"
            self._deadline = None if event.seconds_left is None else time.monotonic() + event.seconds_left
            if not self._status.visible:
                cut = f", {self._cut.total()} cut while thinking" if self._cut.total() else ""
                self._status.say(f"{self._round}, {self._answered} answers{cut}{self._left()}")
        elif isinstance(event, ev.AnswerScored):
            self._answered += 1
            self._cut[event.candidate] += event.repeat == 0 and not event.thinking_closed
            self._note_failure(event)
        elif isinstance(event, ev.PhaseChanged):
            self._phase = f"{self._names.get(event.candidate, event.candidate)}: {event.detail or event.phase}"
        elif isinstance(event, ev.SpeedMeasured) and event.disturbances:
            causes = "; ".join(d.cause for d in event.disturbances)
            consequence = "it is kept, marked as disturbed" if event.final else "it is measured again"
            self._status.say(f"⚠ {self._names[event.candidate]}: {event.kind} was disturbed ({causes}); {consequence}.")
        elif isinstance(event, ev.CandidateNoted):
            self._status.say(f"⚠ {self._names.get(event.candidate, event.candidate)}: {note_text(event.note)}")
        elif isinstance(event, ev.WorkerDied):
            self._status.say(f"✗ {event.reason} Log: {event.log_path}")
        elif isinstance(event, ev.CandidateStopped):
            mark = "■" if event.reason == "eliminated" else "✗"
            self._status.say(f"{mark} {self._names[event.candidate]}: {stop_words(event)}")
        elif isinstance(event, ev.RaceSettled):
            self._status.say(f"Decided after {event.at_item} of {event.pool} items; the rest are skipped.")
        elif isinstance(event, ev.RunFinished):
            self._status.say(f"Run {event.outcome}, {self._answered} answers. {event.detail}".rstrip())
        self._paint()

    def _note_failure(self, event: ev.AnswerScored) -> None:
        """Tell the first answer of a candidate in a suite that could not be scored; the verdict counts them."""
        if event.failure is not None and (event.candidate, event.suite) not in self._failed:
            self._failed.add((event.candidate, event.suite))
            name = self._names.get(event.candidate, event.candidate)
            why = failure_words(event.failure)
            self._status.say(f"⚠ {name}: its answer to {event.item} of {event.suite} counts as wrong: {why}.")

    def _left(self) -> str:
        if self._deadline is None:
            return ""
        seconds = max(0.0, self._deadline - time.monotonic())
        return f", {seconds / 60:.0f} min left" if seconds >= 90 else f", {seconds:.0f} s left"

    def _paint(self) -> None:
        if not self._status.visible or time.monotonic() - self._painted_at < _PAINT_EVERY_S:
            return
        self._painted_at = time.monotonic()
        share = min(1.0, self._answered / self._total) if self._total else 0.0
        bar = "█" * round(share * _BAR_WIDTH)
        self._status.show(f"{bar:░<{_BAR_WIDTH}} {self._round}{self._left()} · {self._phase}")


async def drive(session: Session, *, as_json: bool) -> ev.VerdictReached | None:
    """Run the session to its end and return the last verdict. Ctrl-C cancels it and keeps the results."""
    progress = Progress(session.plan)
    verdict = None
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt does it there
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, session.cancel)
    async for event in session.run():
        progress.note(event)
        if as_json and not isinstance(event, ev.PhaseChanged):
            readable = with_words(event) if isinstance(event, ev.VerdictReached) else event
            sys.stdout.buffer.write(encode_event(readable) + b"\n")
            sys.stdout.buffer.flush()
        if isinstance(event, ev.VerdictReached):
            verdict = event
    return verdict
