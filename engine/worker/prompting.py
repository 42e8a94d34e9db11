"""How one model is prompted: its chat template or plain text, and the tokens of both."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import ModelFileError
from ..events import notes
from ..events.notes import Note
from ..llama.model import Model
from ..llama.probe import SHAPES, Form, Prompter, Shape
from ..llama.template import ChatTemplate, TemplateError
from ..plan.model import PromptStyle
from ..tasks.requests import Message

_TOKEN_IDS = {
    "unk_token": "tokenizer.ggml.unknown_token_id",
    "pad_token": "tokenizer.ggml.padding_token_id",
    "sep_token": "tokenizer.ggml.seperator_token_id",  # as GGUF spells it
    "cls_token": "tokenizer.ggml.cls_token_id",
    "mask_token": "tokenizer.ggml.mask_token_id",
}

_WHITE_SPACE = re.compile(r"\s+")  # templates trim messages


@dataclass(frozen=True)
class Prompt:
    """What the model sees."""

    text: str
    tokens: list[int]
    bos: str = ""
    """The start token before ``text`` if the tokenizer added it."""
    n_cut: int = 0
    """Tokens that were cut off at the beginning."""


class Prompting:
    """Makes a model's prompts. Its template is probed once, before anything is measured."""

    def __init__(
        self, model: Model, style: PromptStyle, needs: Sequence[Shape], notice: Callable[[Note], None]
    ) -> None:
        """``needs`` are the shapes of the chats that the run will ask; ``notice`` is told what is odd about them.

        Raises:
            ModelFileError: the model has no template where one is wanted, or its template cannot show what the run
                asks.
        """
        self._model = model
        self._bos = model.special_text(model.bos)
        self._notice = notice
        self._loses_text = False
        source = model.chat_template
        if source is None and style == "chat":
            raise ModelFileError(f"{model.path} has no chat template.", hint="Use the prompt style plain or auto.")
        self._prompter = None if source is None or style == "plain" else self._probed(source, style, needs)
        self.template_sha256 = hashlib.sha256((source or "").encode()).hexdigest() if self._prompter else ""
        """SHA-256 of the template; empty for plain prompts."""

    @property
    def style(self) -> Literal["chat", "plain"]:
        """How chats are asked."""
        return "chat" if self._prompter else "plain"

    def prompt(self, plain: str, messages: Sequence[Message], style: PromptStyle) -> Prompt:
        """``messages`` in the chat template, or ``plain`` without one."""
        model = self._model
        if self._prompter is None or style == "plain":
            tokens = model.tokenize(plain) or [max(model.bos, model.eos, 0)]
            return Prompt(plain, tokens, model.added_start(tokens))
        text = self._prompter.render([{"role": m.role, "content": m.content} for m in messages])
        self._look_for_lost_text(text, messages)
        # A template may write BOS itself; a second one would change the answers.
        while self._bos and text.startswith(self._bos * 2):
            text = text[len(self._bos) :]
        adds = not (self._bos and text.lstrip().startswith(self._bos))
        tokens = model.tokenize(text, add_bos=adds, parse_special=True)
        return Prompt(text, tokens, model.added_start(tokens) if adds else "")

    def _look_for_lost_text(self, text: str, messages: Sequence[Message]) -> None:
        """The probe's conversation is short: only a real one shows that a template shortens messages or drops turns."""
        roles = [message.role for message in messages]
        if self._loses_text or self._prompter is None or self._prompter.alters_text(roles):
            return
        seen = _WHITE_SPACE.sub("", text)
        if not all(_WHITE_SPACE.sub("", message.content) in seen for message in messages):
            self._loses_text = True
            self._notice(notes.MessagePartsLost())

    def _probed(self, source: str, style: PromptStyle, needs: Sequence[Shape]) -> Prompter | None:
        """None where the template cannot be used and nothing but the latency of plain prompts depends on it."""
        try:
            prompter = Prompter(ChatTemplate(source, tokens=self._special_tokens()))
        except TemplateError as error:
            self._unusable(error.what, style, needs)
            return None
        for shape in needs or SHAPES[:1]:
            form = prompter.forms[shape]
            if isinstance(form, str):
                self._unusable(f"The model's chat template {form}.", style, needs)
                return None
            self._tell(form)
        if self._bos and prompter.render([{"role": "user", "content": "?"}]).startswith(self._bos * 2):
            self._notice(notes.StartTokenRepeated(token=self._bos))
        if needs:
            limits = ((s, f) for s, f in prompter.forms.items() if s not in needs and isinstance(f, str))
            for shape, reason in limits:
                self._notice(notes.ChatShapeUnsupported(shape=shape, reason=reason))
                break
        return prompter

    def _unusable(self, what: str, style: PromptStyle, needs: Sequence[Shape]) -> None:
        """Refuse the model if anything has to be asked as a chat."""
        if needs or style == "chat":
            raise ModelFileError(
                f"{Path(self._model.path).name} cannot be asked as a chat. {what}",
                hint="Use another file of this model, or ask it with the prompt style plain.",
            )
        self._notice(notes.ChatTemplateUnusable(reason=what))

    def _tell(self, form: Form) -> None:
        if form.typed:
            self._notice(notes.ContentSentInParts())
        if form.folds_system:
            self._notice(notes.SystemMovedIntoUser())
        if form.alters_text:
            self._notice(notes.MessagesAltered())
        if not form.opens_answer:
            self._notice(notes.AnswerNotOpened())
        if form.ending is not None:
            before, after = form.ending
            if before.startswith(after):
                self._notice(notes.EndTokenCutOff(token=before[len(after) :].strip()))
            else:
                self._notice(notes.AnswerOpened(header=after.removeprefix(before.rstrip()).strip()))

    def _special_tokens(self) -> dict[str, str]:
        """By transformers' names; those the model lacks are undefined in its template, as they are there."""
        model = self._model
        tokens = {"bos_token": self._bos, "eos_token": model.special_text(model.eos)}
        for name, key in _TOKEN_IDS.items():
            number = model.metadata(key)
            if number is not None and number.isdigit() and int(number) < model.n_vocab:
                tokens[name] = model.special_text(int(number))
        return tokens
