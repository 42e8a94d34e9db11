"""Step 2: this machine, and the machine the model will run on."""

from __future__ import annotations

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label, Static

from weighin.engine.prepare.draft import Draft, Target
from weighin.engine.units import GIB, UnitError, gib, parse_size

from ..widgets.toggles import Tick
from .step import Step

_FIELDS = (
    ("ram", "RAM, GiB", "other machine; empty: this one's"),
    ("vram", "GPU memory, GiB", "other machine; empty: none"),
    ("cores", "CPU cores", "other machine; empty: this one's"),
    ("context", "Context, tokens", "prompt plus answer; empty: 4096"),
    ("speed", "Generation, tok/s", "minimum; empty: no limit"),
    ("ttft", "First token within, s", "maximum; empty: no limit"),
)
"""Name, label, hint."""


class HardwareStep(Step):
    """This machine, or another one described by its figures, and limits for either."""

    title = "Hardware"
    help_topic = "hardware"
    _asked = False

    def compose(self) -> ComposeResult:
        yield Static("Checking this machine …", id="found", markup=False)
        yield Tick("The model will run on this machine", id="here", compact=True)
        for name, label, hint in _FIELDS:
            with Horizontal(classes="field"):
                yield Label(label)
                yield Input(id=name, compact=True)
                yield Label(hint, classes="hint")

    @work(thread=True, exit_on_error=False)
    def _detect(self) -> None:
        try:
            text = self.surroundings.machine()
        except Exception as error:  # the step must work on unusual machines, too
            text = f"Cannot read this machine's hardware: {error}"
        self.app.call_from_thread(self.query_one("#found", Static).update, text)

    def show(self, draft: Draft) -> None:
        super().show(draft)
        if not self._asked:  # not when the wizard starts: it imports llama.cpp, which would delay the first frame
            self._asked = True
            self._detect()
        t = draft.target
        self.query_one("#here", Tick).value = t.this_machine
        values = (gib(t.ram_bytes), gib(t.vram_bytes), t.cores, t.n_ctx, t.min_tokens_per_second, t.max_ttft_s)
        for (name, _words, _hint), value in zip(_FIELDS, values, strict=True):
            self.query_one(f"#{name}", Input).value = f"{value:.12g}" if value else ""

    def collect(self) -> Draft:
        labels = {name: label for name, label, _hint in _FIELDS}
        ram, vram = (self._memory_bytes(name, labels[name]) for name in ("ram", "vram"))
        cores, context, speed, ttft = (
            self.number(f"#{name}", labels[name]) for name in ("cores", "context", "speed", "ttft")
        )
        if 0 < context < 256:
            raise ValueError("Context must be at least 256 tokens.")
        target = Target(
            this_machine=self.query_one("#here", Tick).value,
            ram_bytes=ram,
            vram_bytes=vram,
            cores=int(cores),
            n_ctx=int(context) or Target().n_ctx,
            min_tokens_per_second=speed,
            max_ttft_s=ttft,
        )
        return msgspec.structs.replace(self.draft, target=target)

    def _memory_bytes(self, name: str, label: str) -> int:
        """The size in a field: a bare number is GiB, ``512M`` and ``8 GiB`` are taken as written."""
        text = self.query_one(f"#{name}", Input).value.strip()
        if not text or text[-1].isdigit():
            return int(self.number(f"#{name}", label) * GIB)
        try:
            return parse_size(text, what=label.partition(",")[0])
        except UnitError as error:
            raise ValueError(str(error)) from None
