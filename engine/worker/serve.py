"""Carries out commands on one model."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..errors import WeighinError
from . import speed
from .commands import HANDLERS
from .loaded import LoadedModel
from .protocol import Beat, Command, Loaded, LoadModel, Report

Say = Callable[[Report], None]

_BEAT_INTERVAL_S = 0.2


class Server:
    """Answers each command with its report, and says beats in the meantime."""

    def __init__(self, say: Say, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._last_beat = clock()
        self._loaded: LoadedModel | None = None

    def do(self, command: Command) -> Report:
        """Carry out one command.

        Raises:
            WeighinError: it cannot be done; the server is ready for another one.
        """
        if isinstance(command, LoadModel):
            return self._load(command)
        if self._loaded is None:
            raise WeighinError("No model is loaded yet.", hint="Send LoadModel first.")
        return HANDLERS[type(command)](self._loaded, command, self._beat)

    def _load(self, command: LoadModel) -> Loaded:
        def progress(share: float) -> bool:
            self._beat("loading", share)
            return True

        loaded = LoadedModel(command, progress=progress)
        # Said without regard to the interval: the last beat of loading may have been a moment ago.
        self._say(Beat(note="warming up"))
        speed.warm_up(loaded.speed, n_tokens=command.warm_up_tokens, seed=loaded.settings.seed)
        self._loaded = loaded
        return loaded.report()

    def _beat(self, note: str, share: float | None = None) -> None:
        now = self._clock()
        if now - self._last_beat >= _BEAT_INTERVAL_S:
            self._last_beat = now
            self._say(Beat(note=note, share=share))
