"""Step 5: what will run, how long it may take and what it can show."""

from __future__ import annotations

import time
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from weighin.engine.draft import Draft, plan_from_draft
from weighin.engine.errors import WeighinError
from weighin.engine.paths import data_dir
from weighin.engine.plan import Plan, write_plan

from .step import Step

_BYTES_PER_SECOND = 10e9
"""Memory bandwidth assumed for the time estimate; a laptop with two channels reads more."""


def describe(plan: Plan) -> str:
    """The plan in words; opens the suites, so for a thread. Raises WeighinError."""
    from weighin.engine.stats.intervals import minimum_detectable_difference
    from weighin.engine.tasks.items import open_suite

    lines = [f"{len(plan.candidates)} models"]
    lines += [f"  {c.name} {c.quant}  {c.size_bytes / 1e9:.2f} GB  {c.note}".rstrip() for c in plan.candidates]
    items = 0
    for suite in plan.suites:
        n = len(open_suite(suite, seed=plan.settings.seed, limit=suite.limit or plan.item_limit).items)
        items += n
        found = 100 * minimum_detectable_difference(n)
        lines.append(f"{suite.name}: {n} items; differences from about {found:.0f} points can be shown")
    speed = plan.speed
    tokens = speed.repeats * (speed.n_prompt / 8 + speed.n_generate + speed.chat_tokens) + items * 30
    seconds = sum(tokens * c.size_bytes / _BYTES_PER_SECOND for c in plan.candidates)
    lines.append(f"Roughly {max(seconds / 60, 1):.0f} min at 10 GB/s memory bandwidth; nothing is downloaded.")
    s, limits = plan.settings, plan.limits
    lines.append(f"Same for all: context {s.n_ctx}, KV {s.kv_type}, seed {s.seed}, {s.n_threads or 'all'} threads")
    if limits.min_generation_tokens_per_second or limits.max_ttft_s or limits.max_memory_bytes:
        lines.append(
            f"Limits (0: none): {limits.min_generation_tokens_per_second:g} tok/s, first token {limits.max_ttft_s:g} s,"
            f" memory {limits.max_memory_bytes / 1e9:.1f} GB"
        )
    return "\n".join((*lines, "", "Enter starts, s saves the plan."))


class ReviewStep(Step, can_focus=True):
    """The plan, made in a thread; Enter starts it as soon as it is there."""

    title = "Review"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "save", "Save plan", id="wizard.save")]

    class Ready(Message):
        """The user wants this plan run."""

        def __init__(self, plan: Plan) -> None:
            super().__init__()
            self.plan = plan

    plan: Plan | None = None
    _wanted = False

    def compose(self) -> ComposeResult:
        yield Static(id="review-text", markup=False)

    def show(self, draft: Draft) -> None:
        super().show(draft)
        self.plan, self._wanted = None, False
        self._say("Making the plan …")
        self._prepare(draft)

    def _say(self, words: str) -> None:
        self.query_one("#review-text", Static).update(words)

    @work(thread=True, exclusive=True)
    def _prepare(self, draft: Draft) -> None:
        tell = self.app.call_from_thread
        try:
            plan = plan_from_draft(draft, say=lambda words: tell(self._say, words))
            words = describe(plan)
        except WeighinError as error:
            tell(self._prepared, draft, None, str(error))
        else:
            tell(self._prepared, draft, plan, words)

    def _prepared(self, draft: Draft, plan: Plan | None, words: str) -> None:
        if draft is not self.draft:  # the user went back meanwhile and changed something
            return
        self.plan = plan
        self._say(words)
        if self._wanted and plan is not None:
            self.post_message(self.Ready(plan))

    def proceed(self) -> None:
        if self.plan is None:
            self._wanted = True
        else:
            self.post_message(self.Ready(self.plan))

    def action_save(self) -> None:
        if self.plan is None:
            return
        path = data_dir() / "plans" / time.strftime("plan-%Y%m%d-%H%M%S.toml")
        try:
            write_plan(self.plan, path)
        except OSError as error:
            self.notify(f"The plan could not be saved: {error}", severity="error", markup=False)
        else:
            self.notify(f"Saved as {path}", markup=False)
