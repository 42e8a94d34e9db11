"""Step 2: the machine found, and the machine meant."""

from __future__ import annotations

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label, Static

from weighin.engine.prepare.draft import Draft, Target

from ..widgets.toggles import Tick
from .step import Step

_GIB = 2**30
_FIELDS = (
    ("ram", "RAM, GiB", "of another machine, else this one's"),
    ("vram", "GPU memory, GiB", "of another machine, else none"),
    ("cores", "CPU cores", "of another machine, else this one's"),
    ("context", "Context, tokens", "prompt and answer, else 4096"),
    ("speed", "Generation, tok/s", "at least; empty: no limit"),
    ("ttft", "First token within, s", "at most; empty: no limit"),
)
"""Name, label, what it means."""


class HardwareStep(Step):
    """This machine, or a smaller one in numbers; limits that hold for both."""

    title = "Hardware"
    help_topic = "hardware"
    _asked = False

    def compose(self) -> ComposeResult:
        yield Static("Looking at this machine …", id="found", markup=False)
        yield Tick("The model will run on this machine", id="here", compact=True)
        for name, words, hint in _FIELDS:
            with Horizontal(classes="field"):
                yield Label(words)
                yield Input(id=name, compact=True)
                yield Label(hint, classes="hint")

    @work(thread=True, exit_on_error=False)
    def _detect(self) -> None:
        try:
            words = self.surroundings.machine()
        except Exception as error:  # the step must work on machines nobody has seen
            words = f"This machine could not be read: {error}"
        self.app.call_from_thread(self.query_one("#found", Static).update, words)

    def show(self, draft: Draft) -> None:
        super().show(draft)
        if not self._asked:  # not at the wizard's start: it imports llama.cpp, which would hold up the first frame
            self._asked = True
            self._detect()
        t = draft.target
        self.query_one("#here", Tick).value = t.this_machine
        values = (t.ram_bytes / _GIB, t.vram_bytes / _GIB, t.cores, t.n_ctx, t.min_tokens_per_second, t.max_ttft_s)
        for (name, _words, _hint), value in zip(_FIELDS, values, strict=True):
            self.query_one(f"#{name}", Input).value = f"{value:.12g}" if value else ""

    def collect(self) -> Draft:
        ram, vram, cores, context, speed, ttft = (self.number(f"#{name}", words) for name, words, _ in _FIELDS)
        if 0 < context < 256:
            raise ValueError("Context length must be at least 256 tokens.")
        target = Target(
            this_machine=self.query_one("#here", Tick).value,
            ram_bytes=int(ram * _GIB),
            vram_bytes=int(vram * _GIB),
            cores=int(cores),
            n_ctx=int(context) or Target().n_ctx,
            min_tokens_per_second=speed,
            max_ttft_s=ttft,
        )
        return msgspec.structs.replace(self.draft, target=target)
