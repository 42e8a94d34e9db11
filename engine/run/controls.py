"""What the user wants of a run at work: hold it, end it, or leave a candidate out."""

from __future__ import annotations

import asyncio


class CancelledByUser(Exception):  # noqa: N818 - not an error: the user's wish
    """The run ends here; everything so far stays."""


class CandidateSkipped(Exception):  # noqa: N818 - not an error: the user's wish
    """The active candidate is left out from here on."""


class Controls:
    """The user's wishes. The run asks for them at every ``checkpoint``."""

    def __init__(self) -> None:
        self.interrupt = asyncio.Event()
        """Set when the command under way must be given up."""
        self.active = ""
        """The candidate being worked on."""
        self._unpaused = asyncio.Event()
        self._unpaused.set()
        self._cancelled = False
        self._skipped: set[str] = set()

    @property
    def paused(self) -> bool:
        """Whether the run holds at the next checkpoint."""
        return not self._unpaused.is_set()

    def pause(self) -> None:
        """Hold the run at the next checkpoint."""
        self._unpaused.clear()

    def unpause(self) -> None:
        """Let the run continue."""
        self._unpaused.set()

    def skip(self, candidate: str) -> None:
        """Leave ``candidate`` out, giving up its command under way."""
        self._skipped.add(candidate)
        if candidate == self.active:
            self.interrupt.set()

    def cancel(self) -> None:
        """End the run, giving up the command under way."""
        self._cancelled = True
        self._unpaused.set()
        self.interrupt.set()

    async def checkpoint(self) -> None:
        """Wait while paused.

        Raises:
            CancelledByUser, CandidateSkipped: the user does not want more.
        """
        await self._unpaused.wait()
        if self._cancelled:
            raise CancelledByUser
        if self.active in self._skipped:
            raise CandidateSkipped
