"""One item being answered in one sequence: what it wrote, where its answer begins, and why it ends."""

from __future__ import annotations

import codecs
import time

from ..llama.context import Context
from ..llama.model import Model
from ..tasks.requests import Ending, GenerateRequest, GenerateResult
from ..tasks.thinking import AnswerReader, is_marker
from .prompting import Prompt

MAX_LEAD_TOKENS = 32
"""Tokens before the answer that are neither thinking nor can be seen: line breaks, headers of messages."""


class Lane:
    """One item being answered in one sequence.

    The request's stop strings and ``max_tokens`` are about the answer; thinking has a budget of its own.
    """

    def __init__(
        self,
        index: int,
        request: GenerateRequest,
        prompt: Prompt,
        sequence: int,
        *,
        max_thinking_tokens: int = 0,
    ) -> None:
        """``max_thinking_tokens`` 0 lets thinking fill the context."""
        self.index = index
        self.request = request
        self.prompt = prompt
        self.tokens = prompt.tokens
        self.sequence = sequence
        self.position = len(prompt.tokens)
        self.output: list[int] = []
        self.stop: Ending = ""
        self.started = time.perf_counter()
        self.place = -1
        """Batch index of the logits that choose its next token."""
        self.n_answer_tokens = 0
        self._n_thinking_tokens = self._n_lead_tokens = 0
        self._max_thinking_tokens = max_thinking_tokens
        self._reader = AnswerReader(prompt.text, stops=request.stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def n_other_tokens(self) -> int:
        """Tokens written that are not the answer's."""
        return len(self.output) - self.n_answer_tokens

    def take(self, token: int, context: Context) -> bool:
        """Add the next token; whether the item is finished."""
        model = context.model
        if model.is_end(token) and not self._reader.closes(_special(model, token)):
            self.stop = "end of text"
            return True
        self.output.append(token)
        self._reader.feed(self._decoder.decode(_visible(model, token)))
        self.stop = self._ending(context.spec.n_ctx)
        return bool(self.stop)

    def _ending(self, n_ctx: int) -> Ending:
        reader = self._reader
        if reader.stopped_at >= 0:
            return "stop string"
        if reader.answering or reader.plain:
            self.n_answer_tokens = len(self.output) if reader.plain else self.n_answer_tokens + 1
            if self.n_answer_tokens >= self.request.max_tokens:
                return "length"
        elif reader.thinking:
            self._n_thinking_tokens += 1
            if self._n_thinking_tokens == self._max_thinking_tokens:
                return "thinking budget"
        else:
            self._n_lead_tokens += 1
            if self._n_lead_tokens >= MAX_LEAD_TOKENS:
                return "length"
        # The next step would put this token into the cache.
        return "context full" if len(self.tokens) + len(self.output) > n_ctx else ""

    def result(self, elapsed_s: float | None = None) -> GenerateResult:
        """The finished answer; by default its duration is the time since it started."""
        reader = self._reader
        reader.feed(self._decoder.decode(b"", final=True))
        reader.finish()  # the end was held back as the possible beginning of a marker
        stopped = reader.stopped_at >= 0
        return GenerateResult(
            item=self.request.item,
            prompt=self.prompt.text,
            bos=self.prompt.bos,
            n_cut_tokens=self.prompt.n_cut,
            text=reader.text[: reader.stopped_at] if stopped else reader.text,
            n_prompt_tokens=len(self.tokens),
            n_output_tokens=len(self.output),
            stop="stop string" if stopped else self.stop,
            elapsed_s=time.perf_counter() - self.started if elapsed_s is None else elapsed_s,
        )


def _visible(model: Model, token: int) -> bytes:
    """The token's part of the output. Control tokens have none, unless they mark thinking."""
    piece = model.piece(token)
    if piece:
        return piece
    marker = _special(model, token)
    return marker.encode() if is_marker(marker) else b""


def _special(model: Model, token: int) -> str:
    return model.piece(token, special=True).decode("utf-8", "replace")
