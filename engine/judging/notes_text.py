"""Notes about candidates in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..events import notes
from ..events.notes import Note

_TOKENS_NAMED = 3


def note_text(note: Note) -> str:
    """One sentence with a period, in lower case because it follows the candidate's name and a colon."""
    return _WORDS[type(note)](note)


def _store_settings_unused(note: notes.StoreSettingsUnused) -> str:
    parameters = [part.removeprefix("parameter ") for part in note.parts if part.startswith("parameter ")]
    parts = [part for part in note.parts if not part.startswith("parameter ")]
    if parameters:
        parts.append(f"parameters ({', '.join(parameters)})")
    named = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"it is measured without Ollama's own {named}, so it can answer differently there."


def _tokenizer_not_stated(_note: notes.TokenizerNotStated) -> str:
    return (
        "its file does not state its pre-tokenizer, so llama.cpp splits text in a default way; results may be those of"
        " a broken tokenizer. Look for a newer conversion."
    )


def _control_tokens_assumed(note: notes.ControlTokensAssumed) -> str:
    if len(note.tokens) == 1:
        return f"llama.cpp treats {note.tokens[0]} as a control token, although its file calls it ordinary text."
    named, more = note.tokens[:_TOKENS_NAMED], len(note.tokens) - _TOKENS_NAMED
    listed = f"{', '.join(named)} and {more} more" if more > 0 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"llama.cpp treats {listed} as control tokens, although its file calls them ordinary text."


def _end_token_unusual(note: notes.EndTokenUnusual) -> str:
    return (
        f"its file names an unusual {note.token.upper()} token, so its answers may end early or run on. Look at a few."
    )


def _special_token_missing(note: notes.SpecialTokenMissing) -> str:
    return f"the {note.token.upper()} token of its file is not in its vocabulary, so llama.cpp uses its own default."


def _context_beyond_training(note: notes.ContextBeyondTraining) -> str:
    return (
        f"the context of {note.n_ctx:,} tokens is longer than the {note.n_ctx_train:,} that it was trained for; answers"
        " to longer prompts may be poor."
    )


def _flash_attention_unsupported(_note: notes.FlashAttentionUnsupported) -> str:
    return "llama.cpp cannot use flash attention for it on this machine, so it runs without."


def _loaded_with_error(note: notes.LoadedWithError) -> str:
    return f"llama.cpp loaded it, but reported an error: {note.text.rstrip('.')}."


_WORDS: dict[type, Callable[[Any], str]] = {
    notes.StoreSettingsUnused: _store_settings_unused,
    notes.TokenizerNotStated: _tokenizer_not_stated,
    notes.ControlTokensAssumed: _control_tokens_assumed,
    notes.EndTokenUnusual: _end_token_unusual,
    notes.SpecialTokenMissing: _special_token_missing,
    notes.ContextBeyondTraining: _context_beyond_training,
    notes.FlashAttentionUnsupported: _flash_attention_unsupported,
    notes.LoadedWithError: _loaded_with_error,
}
