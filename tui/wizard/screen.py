"""The wizard's screen: five steps that share one draft."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen
from textual.widgets import ContentSwitcher, OptionList, Select, Static

from weighin.engine.plan.model import Plan, Settings
from weighin.engine.prepare.draft import Draft, load_draft, save_draft

from ..widgets.keybar import KeyBar
from .candidates import CandidatesStep
from .hardware import HardwareStep
from .license import LicenseStep
from .review import ReviewStep
from .step import Step
from .surroundings import Surroundings
from .task import TaskStep

if TYPE_CHECKING:
    from weighin.engine.fit.source import Source

_STEPS: tuple[type[Step], ...] = (LicenseStep, HardwareStep, TaskStep, CandidatesStep, ReviewStep)
_SAVE_S = 2.0
"""Time between two saves of the draft."""


class WizardScreen(Screen[None]):
    """Asks the questions and posts ``Finished`` with the plan. The draft is saved at every step."""

    CSS_PATH: ClassVar = ["screen.tcss", "license.tcss", "hardware.tcss", "task.tcss", "candidates.tcss", "review.tcss"]
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "next", "Next", id="wizard.next", priority=True),
        Binding("escape,backspace", "back", "Back", id="wizard.back", key_display="esc"),
    ]

    @dataclass
    class Finished(Message):
        """The wizard is finished: run this plan."""

        plan: Plan

    def __init__(
        self, draft: Draft | None = None, *, measure: bool = True, surroundings: Surroundings | None = None
    ) -> None:
        super().__init__()
        self._surroundings = surroundings or Surroundings()
        self.draft = load_draft() if draft is None else draft
        self._saved: Draft | None = None
        self._finished = False
        self._measure = measure
        """Whether the candidates' speed is measured while the user reads."""

    def compose(self) -> ComposeResult:
        yield Static(id="wizard-steps", markup=False)
        self.draft = msgspec.structs.replace(self.draft, step=min(max(self.draft.step, 0), len(_STEPS) - 1))
        with ContentSwitcher(initial=f"step{self.draft.step}"):
            yield self._made(self.draft.step)
        yield KeyBar()

    def _made(self, index: int) -> Step:
        step = _STEPS[index](id=f"step{index}")
        step.surroundings = self._surroundings
        return step

    def on_mount(self) -> None:
        self.set_interval(_SAVE_S, self._save)
        self._go(self.draft.step)
        self.call_after_refresh(self._mount_the_others)

    async def _mount_the_others(self) -> None:
        """Mount the other pages once the first one is painted; mounting all at once would take twice as long."""
        switcher = self.query_one(ContentSwitcher)
        for index in range(len(_STEPS)):
            if not self.query(f"#step{index}"):
                page = self._made(index)
                page.display = False
                await switcher.mount(page)

    def on_unmount(self) -> None:
        """Save the draft, so that quitting loses nothing."""
        self._save()

    @property
    def step(self) -> Step:
        """The step being shown."""
        return self.query_one(f"#step{self.draft.step}", Step)

    @property
    def HELP_TOPIC(self) -> str:  # noqa: N802
        """The help text of the step being shown."""
        return self.step.help_topic

    def _go(self, index: int) -> None:
        index = min(max(index, 0), len(_STEPS) - 1)
        if not self.query(f"#step{index}"):
            self.call_later(self._go, index)  # it is being mounted
            return
        if index != self.draft.step:
            self.workers.cancel_group(self, "measure")
        self._finished = False
        self.draft = msgspec.structs.replace(self.draft, step=index)
        marks = ("✓" if i < index else "▸" if i == index else " " for i in range(len(_STEPS)))
        header = "   ".join(f"{mark} {step.title}" for mark, step in zip(marks, _STEPS, strict=True))
        self.query_one("#wizard-steps", Static).update(header)
        self.query_one(ContentSwitcher).current = f"step{index}"
        if isinstance(self.step, ReviewStep):
            self.step.rows = next((page.rows for page in self.query(CandidatesStep)), {})
        self.step.show(self.draft)
        self._save()
        self.call_after_refresh(self._focus_first)

    def _focus_first(self) -> None:
        self.set_focus(self.step.first_focus())

    def _save(self) -> None:
        """Save the answers so far, including those on the page being shown, if they changed."""
        try:
            draft = msgspec.structs.replace(self.step.collect(), step=0 if self._finished else self.draft.step)
        except NoMatches:
            return  # the widgets are already gone
        except ValueError:
            draft = self.draft  # an answer is invalid right now; keep the earlier ones
        if draft == self._saved:
            return
        self._saved = draft
        try:
            save_draft(draft)
        except OSError as error:
            self.notify(f"The draft could not be saved: {error}", severity="warning", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In an open drop-down list, Enter selects an option instead of continuing."""
        in_open_list = isinstance(self.focused, OptionList) and isinstance(self.focused.parent, Select)
        return not (action == "next" and in_open_list) and super().check_action(action, parameters)

    def action_next(self) -> None:
        """Go to the next step, or do what the focused field is for."""
        self.step.proceed()

    def action_back(self) -> None:
        """Go to the previous step; the answers on this page are kept."""
        if self.draft.step == 0:
            return
        try:
            self.draft = self.step.collect()
        except ValueError:
            self.draft = self.step.draft
        self._go(self.draft.step - 1)

    def on_step_completed(self, event: Step.Completed) -> None:
        self.draft = event.draft
        self._go(self.draft.step + 1)

    def on_candidates_step_unmeasured(self, event: CandidatesStep.Unmeasured) -> None:
        """Measure the models while the user reads the table."""
        if self._measure and isinstance(self.step, CandidatesStep):
            self._measure_rows(self.step, event)

    @work(exclusive=True, group="measure")
    async def _measure_rows(self, step: CandidatesStep, event: CandidatesStep.Unmeasured) -> None:
        """Measure models, the cheapest first, so that the table fills quickly.

        Rows with the same source share one measurement. Cancelling ends the worker that is measuring and deletes its
        hollow file; finished measurements are kept.
        """
        from weighin.engine.fit.measure import measure_fits  # imports gguf and numpy

        keys: dict[Source, list[str]] = {}
        for row in event.rows:
            if row.source:
                keys.setdefault(row.source, []).append(row.key)

        def begun(source: Source) -> None:
            for key in keys[source]:
                step.measuring(key)

        settings = Settings(n_ctx=event.draft.target.n_ctx, n_threads=event.draft.settings.n_threads)
        async with aclosing(measure_fits(list(keys), settings, started=begun)) as fits:
            async for source, fit in fits:
                for key in keys[source]:
                    step.measured(key, fit)

    def on_review_step_ready(self, event: ReviewStep.Ready) -> None:
        """Hand over the plan. The next wizard starts at the first step with the same answers."""
        self._finished = True
        self._save()
        self.post_message(self.Finished(event.plan))
