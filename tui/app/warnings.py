"""Shows what the engine warns of, such as a token that the hub rejects, on whatever screen is open."""

from __future__ import annotations

import logging

from textual.app import App

from weighin.engine.visible import visible

_SHOWN_S = 12.0


class Warnings(logging.Handler):
    """Shows each warning in a corner of the screen while it is attached."""

    def __init__(self, app: App[int]) -> None:
        super().__init__(logging.WARNING)
        self._app = app

    def emit(self, record: logging.LogRecord) -> None:
        """Show one; may be called in any thread, as notify only posts a message."""
        self._app.notify(visible(record.getMessage()), severity="warning", timeout=_SHOWN_S, markup=False)

    def attach(self) -> None:
        """Begin."""
        logging.getLogger("weighin").addHandler(self)

    def detach(self) -> None:
        """End."""
        logging.getLogger("weighin").removeHandler(self)
