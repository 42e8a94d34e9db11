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


# What was found when a marked conversation went through the chat template


class ContentSentInParts(_Note, frozen=True, kw_only=True):
    """The template shows messages only if their content is a list of parts, so that is how they are sent."""


class SystemMovedIntoUser(_Note, frozen=True, kw_only=True):
    """The template rejects or leaves out system messages, so their text stands before the first user message."""


class AnswerOpened(_Note, frozen=True, kw_only=True):
    """The template does not begin the assistant's turn, so the header that it gives past answers was added."""

    header: str


class AnswerNotOpened(_Note, frozen=True, kw_only=True):
    """The template does not begin the assistant's turn, and how it would is not known."""


class EndTokenCutOff(_Note, frozen=True, kw_only=True):
    """The template ends the prompt with the end-of-text token, which was cut off."""

    token: str


class StartTokenRepeated(_Note, frozen=True, kw_only=True):
    """The template writes the start token more than once; one was kept."""

    token: str


class MessagesAltered(_Note, frozen=True, kw_only=True):
    """The template changes the text of messages, for example by escaping or capitals."""


class MessagePartsLost(_Note, frozen=True, kw_only=True):
    """At least one prompt lacks part of a message's text, such as the end of one that the template shortens."""


class ChatShapeUnsupported(_Note, frozen=True, kw_only=True):
    """The template cannot show system messages or worked examples; the run has none."""

    shape: str
    reason: str
    """The predicate of a sentence about the template."""


class ChatTemplateUnusable(_Note, frozen=True, kw_only=True):
    """The template cannot be used. No suite of the run needs it, so chat latency was timed with plain prompts."""

    reason: str
    """A sentence."""


# How the run's prompts fit the context, found before anything is measured


class ContextRaised(_Note, frozen=True, kw_only=True):
    """Some items are answered in a longer context than the plan's, because their prompts need it."""

    items: int
    longest_tokens: int
    """The longest prompt among them."""
    n_ctx: int
    raised_to: int


class PromptsTooLong(_Note, frozen=True, kw_only=True):
    """Some prompts do not fit, so their items are not asked and count as wrong."""

    items: int
    longest_tokens: int
    n_ctx: int
    """The longest context that they could have."""


class PromptsCut(_Note, frozen=True, kw_only=True):
    """Some prompts lose their beginning, as the plan wants it."""

    items: int
    longest_tokens: int
    n_ctx: int


class TriedAgain(_Note, frozen=True, kw_only=True):
    """It had failed, and the user wanted it tried again: it is back in the run."""

    attempt: int
    """From 2."""


Note: TypeAlias = (
    StoreSettingsUnused
    | TokenizerNotStated
    | ControlTokensAssumed
    | EndTokenUnusual
    | SpecialTokenMissing
    | ContextBeyondTraining
    | FlashAttentionUnsupported
    | LoadedWithError
    | ContentSentInParts
    | SystemMovedIntoUser
    | AnswerOpened
    | AnswerNotOpened
    | EndTokenCutOff
    | StartTokenRepeated
    | MessagesAltered
    | MessagePartsLost
    | ChatShapeUnsupported
    | ChatTemplateUnusable
    | ContextRaised
    | PromptsTooLong
    | PromptsCut
    | TriedAgain
)
