"""The wizard's one screen: five steps, one draft."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen
from textual.widgets import ContentSwitcher, OptionList, Select, Static

from weighin.engine.plan.model import Plan
from weighin.engine.prepare.draft import Draft, load_draft, save_draft

from ..widgets.keybar import KeyBar
from .candidates import CandidatesStep
from .hardware import HardwareStep
from .license import LicenseStep
from .measuring import measure_rows
from .review import ReviewStep
from .step import Step
from .surroundings import Surroundings
from .task import TaskStep

_STEPS: tuple[type[Step], ...] = (LicenseStep, HardwareStep, TaskStep, CandidatesStep, ReviewStep)


_KEEP_S = 2.0


class WizardScreen(Screen[None]):
    """Asks what is wanted and posts ``Finished`` with the plan; the draft is kept at every step."""

    CSS_PATH: ClassVar = ["screen.tcss", "license.tcss", "hardware.tcss", "task.tcss", "candidates.tcss", "review.tcss"]
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "next", "Next", id="wizard.next", priority=True),
        Binding("escape,backspace", "back", "Back", id="wizard.back", key_display="esc"),
    ]

    class Finished(Message):
        """The wizard is through: run this."""

        def __init__(self, plan: Plan) -> None:
            super().__init__()
            self.plan = plan

    def __init__(
        self, draft: Draft | None = None, *, measure: bool = True, surroundings: Surroundings | None = None
    ) -> None:
        super().__init__()
        self._surroundings = surroundings or Surroundings()
        self.draft = load_draft() if draft is None else draft
        self._kept: Draft | None = None
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
        self.set_interval(_KEEP_S, self._keep)
        self._go(self.draft.step)
        self.call_after_refresh(self._make_the_others)

    async def _make_the_others(self) -> None:
        """The pages behind the one in front, made after it was painted: all at once would take twice as long."""
        switcher = self.query_one(ContentSwitcher)
        for index in range(len(_STEPS)):
            if not self.query(f"#step{index}"):
                page = self._made(index)
                page.display = False
                await switcher.mount(page)

    def on_unmount(self) -> None:
        """Quitting loses nothing."""
        self._keep()

    @property
    def step(self) -> Step:
        """The step in front."""
        return self.query_one(f"#step{self.draft.step}", Step)

    @property
    def HELP_TOPIC(self) -> str:  # noqa: N802
        """Every step has a help text of its own."""
        return self.step.help_topic

    def _go(self, index: int) -> None:
        index = min(max(index, 0), len(_STEPS) - 1)
        if not self.query(f"#step{index}"):
            self.call_later(self._go, index)  # it is being made
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
        self._keep()
        self.call_after_refresh(self._focus_first)

    def _focus_first(self) -> None:
        self.set_focus(self.step.first_focus())

    def _keep(self) -> None:
        """Write the answers so far, those on the page in front included, when they changed."""
        try:
            draft = msgspec.structs.replace(self.step.collect(), step=0 if self._finished else self.draft.step)
        except NoMatches:
            return  # the widgets are gone already
        except ValueError:
            draft = self.draft  # what stands there now cannot be meant; the answers before stay
        if draft == self._kept:
            return
        self._kept = draft
        try:
            save_draft(draft)
        except OSError as error:
            self.notify(f"The draft could not be kept: {error}", severity="warning", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter in an open list of choices takes one, and does not go on."""
        in_open_list = isinstance(self.focused, OptionList) and isinstance(self.focused.parent, Select)
        return not (action == "next" and in_open_list) and super().check_action(action, parameters)

    def action_next(self) -> None:
        """On to the next step, or what the focused field is for."""
        self.step.proceed()

    def action_back(self) -> None:
        """To the step before; what was answered here stays."""
        if self.draft.step == 0:
            return
        try:
            self.draft = self.step.collect()
        except ValueError:
            self.draft = self.step.draft
        self._go(self.draft.step - 1)

    def on_step_completed(self, event: Step.Completed) -> None:
        """A step is done."""
        self.draft = event.draft
        self._go(self.draft.step + 1)

    def on_candidates_step_unmeasured(self, event: CandidatesStep.Unmeasured) -> None:
        """The user reads the table: measure meanwhile what stands there."""
        if self._measure and isinstance(self.step, CandidatesStep):
            self._fill_in(self.step, event)

    @work(exclusive=True, group="measure")
    async def _fill_in(self, step: CandidatesStep, event: CandidatesStep.Unmeasured) -> None:
        await measure_rows(event.rows, event.draft, started=step.measuring, measured=step.measured)

    def on_review_step_ready(self, event: ReviewStep.Ready) -> None:
        """The plan is wanted; the next wizard begins at the first step with the same answers."""
        self._finished = True
        self._keep()
        self.post_message(self.Finished(event.plan))
