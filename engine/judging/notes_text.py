"""Notes about candidates in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..events import notes
from ..events.notes import Note

_TOKENS_NAMED = 3


def note_text(note: Note) -> str:
    """One sentence with a period. It follows a name and a colon, or several names: hence lower case and no "its"."""
    return _WORDS[type(note)](note)


def _store_settings_unused(note: notes.StoreSettingsUnused) -> str:
    parameters = [part.removeprefix("parameter ") for part in note.parts if part.startswith("parameter ")]
    parts = [part for part in note.parts if not part.startswith("parameter ")]
    if parameters:
        parts.append(f"parameters ({', '.join(parameters)})")
    named = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"measured without Ollama's own {named}, so answers in Ollama can differ."


def _tokenizer_not_stated(_note: notes.TokenizerNotStated) -> str:
    return (
        "the file does not state its pre-tokenizer, so llama.cpp uses a default one, and answers may be bad because of"
        " it. Look for a newer conversion."
    )


def _control_tokens_assumed(note: notes.ControlTokensAssumed) -> str:
    if len(note.tokens) == 1:
        return f"llama.cpp treats {note.tokens[0]} as a control token, although the file calls it ordinary text."
    named, more = note.tokens[:_TOKENS_NAMED], len(note.tokens) - _TOKENS_NAMED
    listed = f"{', '.join(named)} and {more} more" if more > 0 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"llama.cpp treats {listed} as control tokens, although the file calls them ordinary text."


def _end_token_unusual(note: notes.EndTokenUnusual) -> str:
    return f"the file names an unusual {note.token.upper()} token, so answers may end early or run on. Look at a few."


def _special_token_missing(note: notes.SpecialTokenMissing) -> str:
    return f"the {note.token.upper()} token of the file is not in its vocabulary, so llama.cpp uses its own default."


def _context_beyond_training(note: notes.ContextBeyondTraining) -> str:
    return (
        f"the context of {note.n_ctx:,} tokens is longer than the {note.n_ctx_train:,} of the training; answers"
        " to longer prompts may be poor."
    )


def _flash_attention_unsupported(_note: notes.FlashAttentionUnsupported) -> str:
    return "runs without flash attention, which llama.cpp does not support here."


def _loaded_with_error(note: notes.LoadedWithError) -> str:
    return f"llama.cpp loaded the file, but reported an error: {note.text.rstrip('.')}."


def _content_sent_in_parts(_note: notes.ContentSentInParts) -> str:
    return "the chat template wants messages as lists of parts, so they are sent that way."


def _system_moved(_note: notes.SystemMovedIntoUser) -> str:
    return "the chat template takes no system message, so its text is put at the start of the first user message."


def _answer_opened(note: notes.AnswerOpened) -> str:
    return f"the chat template does not begin the assistant's turn, so {note.header!r} was added to every prompt."


def _answer_not_opened(_note: notes.AnswerNotOpened) -> str:
    return "the chat template does not begin the assistant's turn, so answers may begin with a header."


def _end_token_cut_off(note: notes.EndTokenCutOff) -> str:
    return f"the chat template ends prompts with the end token {note.token}, which is removed."


def _start_token_repeated(note: notes.StartTokenRepeated) -> str:
    return f"the chat template writes {note.token} more than once at the start, and one is kept."


def _messages_altered(_note: notes.MessagesAltered) -> str:
    return "the chat template changes the text of messages, for example by escaping it. Look at a prompt."


def _message_parts_lost(_note: notes.MessagePartsLost) -> str:
    return "the chat template leaves out part of the text in at least one prompt, so answers to it may be wrong."


def _chat_shape_unsupported(note: notes.ChatShapeUnsupported) -> str:
    what = "worked examples" if "examples" in note.shape else "a system message"
    return f"given {what}, the chat template {note.reason}. No prompt of this run has any."


def _chat_template_unusable(note: notes.ChatTemplateUnusable) -> str:
    return f"the chat template is not used, and chat latency is timed with plain prompts. {note.reason}"


def _context_raised(note: notes.ContextRaised) -> str:
    return (
        f"{_prompts(note.items, note.longest_tokens)} not fit the context of {note.n_ctx:,} with an answer, so"
        f" {note.raised_to:,} are used there. Memory and speed are measured at {note.n_ctx:,}."
    )


def _prompts_too_long(note: notes.PromptsTooLong) -> str:
    counts = "it counts" if note.items == 1 else "they count"
    return (
        f"{_prompts(note.items, note.longest_tokens)} not fit the longest possible context, {note.n_ctx:,}, with an"
        f" answer, so {counts} as wrong."
    )


def _prompts_cut(note: notes.PromptsCut) -> str:
    its = "its beginning is" if note.items == 1 else "their beginnings are"
    return (
        f"{_prompts(note.items, note.longest_tokens)} not fit the context of {note.n_ctx:,} with an answer, so {its}"
        " cut off."
    )


def _tried_again(note: notes.TriedAgain) -> str:
    return f"failed and was tried again (attempt {note.attempt})."


def _prompts(count: int, longest_tokens: int) -> str:
    """The subject of a sentence, with the verb that ``not fit`` follows."""
    if count == 1:
        return f"1 prompt of {longest_tokens:,} tokens does"
    return f"{count:,} prompts of up to {longest_tokens:,} tokens do"


_WORDS: dict[type, Callable[[Any], str]] = {
    notes.StoreSettingsUnused: _store_settings_unused,
    notes.TokenizerNotStated: _tokenizer_not_stated,
    notes.ControlTokensAssumed: _control_tokens_assumed,
    notes.EndTokenUnusual: _end_token_unusual,
    notes.SpecialTokenMissing: _special_token_missing,
    notes.ContextBeyondTraining: _context_beyond_training,
    notes.FlashAttentionUnsupported: _flash_attention_unsupported,
    notes.LoadedWithError: _loaded_with_error,
    notes.ContentSentInParts: _content_sent_in_parts,
    notes.SystemMovedIntoUser: _system_moved,
    notes.AnswerOpened: _answer_opened,
    notes.AnswerNotOpened: _answer_not_opened,
    notes.EndTokenCutOff: _end_token_cut_off,
    notes.StartTokenRepeated: _start_token_repeated,
    notes.MessagesAltered: _messages_altered,
    notes.MessagePartsLost: _message_parts_lost,
    notes.ChatShapeUnsupported: _chat_shape_unsupported,
    notes.ChatTemplateUnusable: _chat_template_unusable,
    notes.ContextRaised: _context_raised,
    notes.PromptsTooLong: _prompts_too_long,
    notes.PromptsCut: _prompts_cut,
    notes.TriedAgain: _tried_again,
}
