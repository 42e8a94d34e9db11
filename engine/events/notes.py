"""What a user must know about one candidate, as typed facts. ``judging.notes_text`` puts them into words.

Notes are stored in runs and sent by workers, so names and fields may not change; new fields need a default. They are
compared by value: a run tells each one once per candidate.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class _Note(msgspec.Struct, frozen=True, kw_only=True, tag_field="note", tag=True):
    pass


class StoreSettingsUnused(_Note, frozen=True, kw_only=True):
    """A model of Ollama's store is measured without what Ollama adds to its file."""

    store: str
    """The MODEL that it was named by, such as ``ollama:llama3.2:3b``."""
    parts: tuple[str, ...]
    """Such as ``system prompt`` and ``parameter stop``."""


# What llama.cpp's log says about a file that it loads all the same


class TokenizerNotStated(_Note, frozen=True, kw_only=True):
    """The file does not say how text is split before tokenizing, so llama.cpp splits it in a way of its own."""


class ControlTokensAssumed(_Note, frozen=True, kw_only=True):
    """The file calls tokens ordinary text that llama.cpp takes for control tokens because of their names."""

    tokens: tuple[str, ...]


class EndTokenUnusual(_Note, frozen=True, kw_only=True):
    """The file's token for an end (of text, turn or message) is none that llama.cpp knows as one."""

    token: str
    """``eos``, ``eot`` or ``eom``."""


class SpecialTokenMissing(_Note, frozen=True, kw_only=True):
    """The id of a special token is outside the vocabulary, so llama.cpp uses a default."""

    token: str
    """``bos``, ``eos``, ``eot`` or ``eom``."""


class ContextBeyondTraining(_Note, frozen=True, kw_only=True):
    """The context is longer than the one that the model was trained for."""

    n_ctx: int
    n_ctx_train: int


class FlashAttentionUnsupported(_Note, frozen=True, kw_only=True):
    """Flash attention was wanted or automatic, and llama.cpp cannot compute it for this model on this machine."""


class LoadedWithError(_Note, frozen=True, kw_only=True):
    """llama.cpp logged an error and loaded the model all the same."""

    text: str
    """The line of its log."""


Note: TypeAlias = (
    StoreSettingsUnused
    | TokenizerNotStated
    | ControlTokensAssumed
    | EndTokenUnusual
    | SpecialTokenMissing
    | ContextBeyondTraining
    | FlashAttentionUnsupported
    | LoadedWithError
)
