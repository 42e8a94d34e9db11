"""The base of all errors that users see, and those that several packages raise."""

from __future__ import annotations


class WeighinError(Exception):
    """An error with one clear sentence for the user.

    ``what`` says what is wrong and where; ``hint`` says what to do about it. Subpackages derive their own.
    """

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".rstrip()


class ModelFileError(WeighinError):
    """A model file that cannot be used: missing, unreadable, not a GGUF, truncated, unsupported."""


class PlanError(WeighinError):
    """A plan that cannot be run as written."""


class DatasetError(WeighinError):
    """A suite or a user's data file that cannot be used as written."""


class StoreError(WeighinError):
    """The run database cannot be opened or written."""


class StoreGoneError(StoreError):
    """The run database was deleted or moved while a run was at work."""


class RunBusyError(StoreError):
    """Another process is working on the same run."""


class NotEnoughMemoryError(WeighinError):
    """A candidate that cannot fit into the memory this machine may use."""


class SandboxError(WeighinError):
    """Code that a model wrote cannot be run safely here, so it is not run."""
