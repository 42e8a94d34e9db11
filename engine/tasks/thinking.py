"""Separates the thinking of reasoning models from their answers, by the markers of every family llama.cpp knows.

One reader serves both the worker, which gets an output token by token and must know where the answer begins before it
may look for stop strings, and scoring, which gets the whole output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from .leads import are_leads


class Thinking(msgspec.Struct, frozen=True, kw_only=True):
    """An output without its thinking."""

    answer: str
    """The rest, trimmed where thinking was removed. The output unchanged where there was none."""
    n_thinking_characters: int = 0
    """Characters of thinking removed, not counting markers."""
    closed: bool = True
    """False when the output ended inside a thinking block: the answer never came, usually for lack of tokens."""


# The table

_TAGS = ("think", "thinking", "thought", "reasoning", "seed:think", "mm:think", "think:opensource")
_WORDS = ("think", "thinking", "thought", "reasoning")
_MESSAGE_ENDS = frozenset({"<|end|>", "<|return|>", "<|call|>", "<|eom|>", "<|eot|>"})

_BLOCKS: dict[str, frozenset[str]] = {
    # Qwen, DeepSeek, SmolLM, Nemotron, Granite, GLM, MiniMax, LFM, Phi, EXAONE, Hunyuan, Seed and most others
    **{f"<{tag}>": frozenset({f"</{tag}>"}) for tag in _TAGS},
    **{f"<|begin_of_{word}|>": frozenset({f"<|end_of_{word}|>"}) for word in _WORDS},  # OpenThinker
    **{f"<|{word}_start|>": frozenset({f"<|{word}_end|>"}) for word in _WORDS},
    "[THINK]": frozenset({"[/THINK]"}),  # Magistral, Ministral
    "<|START_THINKING|>": frozenset({"<|END_THINKING|>"}),  # Command R7B, Command A, North
    "<|channel>": frozenset({"<channel|>"}),  # Gemma 4
    "<unused94>": frozenset({"<unused95>"}),  # MedGemma
    "◁think▷": frozenset({"◁/think▷"}),  # Kimi VL
    "<|open|>think<|sep|>": frozenset({"<|close|>think<|sep|>"}),  # Kimi K3
    "<|inner_prefix|>": frozenset({"<|inner_suffix|>"}),  # Apertus
    "<|think|>": frozenset({"<|end|>", "<|content|>", "<|/think|>", "</think>"}),  # Solar
}
"""What opens a block of thinking, and what closes it."""
_WORDED: tuple[tuple[str, str], ...] = (
    ("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]"),  # Apriel
    ("Here is my thought process:", "Here is my response:"),  # Granite 3.2
    ("Here's my thought process:", "Here is my response:"),
)
"""Blocks in plain words. They count at the start of the answer, and only if the prompt asks for the closing words."""
_LABEL = re.compile(r"thought\b")
"""Names the block behind Gemma's opening markers."""
_HEADS = frozenset({"<|start|>", "<|channel|>"})
"""Begin the header of a message (gpt-oss, Muse); its end is ``<|message|>``."""
_HEADER = re.compile(r"[\w .=:/-]{0,200}")
_THINKING_HEADER = re.compile(r"\b(?:analysis|commentary)\b|\bto=(?!user\b)")
"""In the channel for analysis or tools, or not addressed to the user."""
_DROPPED = frozenset(
    {
        *(f"<|{edge}_of_{what}|>" for edge in ("begin", "end") for what in ("solution", "box")),
        *(f"<|{edge}_{what}|>" for edge in ("START", "END") for what in ("RESPONSE", "TEXT")),
        *(f"<|{edge}|>response<|sep|>" for edge in ("open", "close")),
        '<|open|>message role="assistant"<|sep|>',
        "<|close|>message<|sep|>",
        "<|begin|>assistant",
        "<|content|>",
        "<|message|>",
        "<|constrain|>",
        "[BEGIN FINAL RESPONSE]",
        "[END FINAL RESPONSE]",
        *_MESSAGE_ENDS,
    }
)
"""Marks that surround answers and are no part of them."""
_WRAPPERS = {"<response>": "</response>", "<answer>": "</answer>"}
"""Tags around the whole answer after thinking (Granite, Hunyuan), unless the prompt asks for them."""
_ROLES = ("assistant\n", "model\n")
"""The header that a model writes itself after a template that does not open its turn; its marks are no text."""
_TURN_END = re.compile(
    r"(?:<\|im_end\|>|<\|eot_id\|>|<\|eot\|>|<\|end\|>|<\|endoftext\|>|<\|end_of_text\|>|<\|END_OF_TURN_TOKEN\|>"
    r"|<end_of_turn>|<turn\|>|<｜end▁of▁sentence｜>|</s>|<eos>|\[/INST\])\Z"
)
_CLOSING = frozenset().union(*(ends for ends in _BLOCKS.values())) - _MESSAGE_ENDS - _DROPPED
_PROMPT_HEADER = re.compile(
    r"(?:<\|start\|>|<\|channel\|>)(?P<header>[\w .=:/-]*(?:<\|channel\|>[\w .=:/-]*)?)(?P<message><\|message\|>)?\Z"
)
_NO_BLANK = re.compile(r"[^\s\u00ad\u200b-\u200f\u2060\ufeff]")
"""Characters that can be seen: an answer has begun with the first of them."""
_PROMPT_TAIL = 240

_FIXED = frozenset({*_BLOCKS, *_CLOSING, *_HEADS, *_DROPPED})
_MARKER_TOKENS = frozenset(
    {
        *_FIXED,
        *(part for marker in _FIXED for part in re.findall(r"<\|[^|<>]+\|>", marker)),
        "<response>",
        "</response>",
    }
)


def is_marker(token: str) -> bool:
    """Whether a token is part of a marker, so that it belongs to the output even where it is a control token."""
    return token.strip() in _MARKER_TOKENS


@dataclass(frozen=True)
class _Lexer:
    markers: re.Pattern[str]
    beginnings: frozenset[str]
    """Every proper beginning of a marker."""
    first: re.Pattern[str]
    longest: int

    def n_held(self, text: str, start: int) -> int:
        """How many characters at the end of ``text`` may turn out to be the beginning of a marker."""
        start = max(start, len(text) - self.longest + 1)
        for match in self.first.finditer(text, start):
            if text[match.start() :] in self.beginnings:
                return len(text) - match.start()
        return 0


@lru_cache(maxsize=64)
def _lexer(more: tuple[str, ...] = ()) -> _Lexer:
    markers = sorted({*_FIXED, *more}, key=len, reverse=True)
    return _Lexer(
        markers=re.compile("|".join(map(re.escape, markers))),
        beginnings=frozenset(marker[:n] for marker in markers for n in range(1, len(marker))),
        first=re.compile("[" + re.escape("".join(sorted({marker[0] for marker in markers}))) + "]"),
        longest=len(markers[0]),
    )


def is_blank(text: str) -> bool:
    """Whether nothing in ``text`` can be seen."""
    return _NO_BLANK.search(text) is None


def may_think(chat_template: str) -> bool:
    """Whether a chat template speaks of thinking, so that answers may need more room than they have tokens."""
    return any(marker in chat_template for marker in (*_BLOCKS, *_CLOSING, "<|channel|>"))


class AnswerReader:
    """Reads an output piece by piece and knows what of it is the answer.

    It understands blocks (``<think>…</think>``), the messages of gpt-oss (``<|channel|>analysis<|message|>…<|end|>``,
    where the ``final`` channel is the answer), and blocks in plain words. A closing marker without an opening one ends
    a block that began at the start. After a prompt that opened a block, an output that never closes it is all thinking.
    An answer that talks about the markers is treated like one that uses them.
    """

    def __init__(self, prompt: str = "", *, stops: Iterable[str] = ()) -> None:
        """``stops`` end the answer. They count only once the answer holds something that can be seen."""
        self.text = ""
        """The output so far."""
        self.stopped_at = -1
        """Where the first stop string begins in ``text``; -1 if there is none."""
        self._stops = tuple(stop for stop in stops if stop)
        self._longest_stop = max(map(len, self._stops), default=0)
        self._at = 0
        """Everything before is settled."""
        self._answer: list[tuple[int, int]] = []
        """Where the answer's parts begin and end in ``text``."""
        self._begun = -1
        """Place of the answer's first character that can be seen."""
        self._n_thinking = 0
        self._block = -1
        """Where the block that is open began."""
        self._ends: frozenset[str] = frozenset()
        """What closes it."""
        self._by_prompt = False
        """Whether the prompt opened it."""
        self._header = -1
        """Where the header that is open began."""
        self._header_text = ""
        """What the prompt wrote of it."""
        self._was_thinking = False
        self._removed = False
        self._wrapped_by = ""
        self._begin(prompt)

    # For the worker

    @property
    def thinking(self) -> bool:
        """Whether a block of thinking is open."""
        return self._block >= 0

    @property
    def answering(self) -> bool:
        """Whether the answer has begun and goes on."""
        return self._begun >= 0 and self._block < 0

    @property
    def plain(self) -> bool:
        """Whether nothing but the answer was written so far, and the end cannot be part of a marker before it."""
        marked = self._removed or self._header >= 0 or (self._begun < 0 and self._at < len(self.text))
        return not marked

    def closes(self, marker: str) -> bool:
        """Whether ``marker`` would close the block that is open."""
        return self._block >= 0 and marker in self._ends

    def feed(self, piece: str) -> None:
        """Read the next piece."""
        self.text += piece
        self._read(final=False)

    def finish(self) -> Thinking:
        """What was read, with nothing more to come."""
        self._read(final=True)
        if self._header >= 0:  # it never became a message
            self._give_up_header(len(self.text))
        closed, n_thinking = self._block < 0, self._n_thinking
        if not closed:
            n_thinking += self._n_in_block(len(self.text))
        answer = "".join(self.text[start:end] for start, end in self._answer)
        if not self._removed and closed:
            return Thinking(answer=answer)
        return Thinking(answer=answer.strip(), n_thinking_characters=n_thinking, closed=closed)

    # The prompt

    def _begin(self, prompt: str) -> None:
        tail = prompt.rstrip()[-_PROMPT_TAIL:]
        worded = {opening: closing for opening, closing in _WORDED if closing.rstrip(":") in prompt}
        self._worded = worded
        asks_both = "<think></think>" in prompt and "<response></response>" in prompt  # Granite 3.3
        self._wrappers = {o: c for o, c in _WRAPPERS.items() if o not in prompt or (asks_both and o == "<response>")}
        recipient = ("all\n",) if tail.endswith(">>>") else ()  # Functionary: to whom the message goes
        self._roles = _ROLES if _TURN_END.search(tail) else recipient
        more = {*worded, *worded.values(), *self._wrappers, *self._wrappers.values(), *self._roles}
        self._lexer = _lexer(tuple(sorted(more)))
        self._closed_before = tail.endswith(tuple(_CLOSING))
        if header := _PROMPT_HEADER.search(tail):
            self._header_text = header["header"]
            if header["message"] is None:
                self._header = 0
            else:
                self._open_message(0)
            return
        for opening, ends in (*_BLOCKS.items(), *((o, frozenset({c})) for o, c in worded.items())):
            if tail.endswith(opening) or (tail.endswith("thought") and tail[:-7].rstrip().endswith(opening)):
                self._open_block(0, ends)
                self._by_prompt = True
                return

    # Reading

    def _read(self, *, final: bool) -> None:
        text = self.text
        while self.stopped_at < 0 and (marker := self._lexer.markers.search(text, self._at)):
            self._plain(marker.start())
            if self.stopped_at < 0:
                self._marker(marker[0], marker.start(), marker.end())
                self._at = marker.end()
        if self.stopped_at < 0:
            self._plain(len(text) if final else len(text) - self._lexer.n_held(text, self._at))

    def _plain(self, end: int) -> None:
        """Take text up to ``end`` that holds no marker."""
        if end <= self._at:
            return
        if self._header >= 0:
            if not _HEADER.fullmatch(self.text, self._at, end) or end - self._header > 300:
                self._give_up_header(end)
        elif self._block < 0:
            self._add(self._at, end)
        self._at = end

    def _marker(self, marker: str, start: int, end: int) -> None:
        if self._header >= 0 and marker not in ("<|message|>", "<|constrain|>", *_HEADS):
            self._give_up_header(start)
        if self._block >= 0:
            self._marker_in_block(marker, start, end)
        elif self._header >= 0 and marker not in _HEADS:
            if marker == "<|message|>":
                self._header_text += self.text[self._header : start]
                self._open_message(end)
        elif marker in _HEADS:
            self._header, self._header_text, self._removed = end, "", True
        elif marker in _BLOCKS:
            self._open_block(end, _BLOCKS[marker])
        elif marker in self._worded and self._begun < 0:
            self._open_block(end, frozenset({self._worded[marker]}))
        elif marker in _CLOSING or marker in self._worded.values() or marker == "[BEGIN FINAL RESPONSE]":
            self._closing_alone(start)
        elif marker in self._roles and self._begun < 0:
            self._removed = True
        elif marker in self._wrappers and self._was_thinking and self._begun < 0:
            self._wrapped_by = self._wrappers[marker]
        elif marker not in _DROPPED and marker != self._wrapped_by:
            self._add(start, end)
        else:
            self._removed = True

    def _marker_in_block(self, marker: str, start: int, end: int) -> None:
        blank = not self.text[self._block : start].strip()
        if marker in self._ends:
            self._close_block(start)
        elif marker in _HEADS and self._ends is _MESSAGE_ENDS:
            self._close_block(start)
            self._header, self._header_text = end, ""
        elif blank and marker in _BLOCKS and (self._by_prompt or _BLOCKS[marker] == self._ends):
            # Some models open it a second time.
            self._block, self._ends = end, self._ends | _BLOCKS[marker]

    def _open_block(self, at: int, ends: frozenset[str]) -> None:
        self._block, self._ends, self._by_prompt = at, ends, False
        self._was_thinking = self._removed = True

    def _close_block(self, at: int) -> None:
        self._n_thinking += self._n_in_block(at)
        self._block = -1

    def _n_in_block(self, end: int) -> int:
        label = _LABEL.match(self.text, self._block, end) if self._ends & {"<channel|>", "<unused95>"} else None
        return end - self._block - (label.end() - label.start() if label else 0)

    def _open_message(self, at: int) -> None:
        thinks = _THINKING_HEADER.search(self._header_text)
        self._header, self._header_text, self._removed = -1, "", True
        if thinks:
            self._open_block(at, _MESSAGE_ENDS)

    def _give_up_header(self, end: int) -> None:
        start, self._header = self._header, -1
        if self.text[start:end].strip() not in ("", "assistant"):
            self._add(start, end)

    def _closing_alone(self, start: int) -> None:
        """Nothing opened the block: all before was thinking, unless thinking was over before the output began."""
        self._removed = True
        if not self._was_thinking and not self._closed_before:
            self._n_thinking, self._answer, self._begun, self._was_thinking = start, [], -1, True

    def _add(self, start: int, end: int) -> None:
        """Take a part of the answer, and look for a stop string that ends in it."""
        if self._answer and self._answer[-1][1] == start:
            self._answer[-1] = (self._answer[-1][0], end)
        else:
            self._answer.append((start, end))
        if self._begun < 0:
            seen = _NO_BLANK.search(self.text, start, end)
            if seen is None:
                return
            self._begun = seen.start()
        if not self._stops:
            return
        earliest = max(self._answer[-1][0], self._begun + 1, start - self._longest_stop + 1)
        places = [place for stop in self._stops if (place := self._find(stop, earliest, end)) >= 0]
        if places:
            self.stopped_at = min(places)
            self._answer[-1] = (self._answer[-1][0], self.stopped_at)

    def _find(self, stop: str, start: int, end: int) -> int:
        """Where a stop string ends the answer; -1 if nowhere. White space ends none while only leads were written."""
        place = self.text.find(stop, start, end)
        while place >= 0 and stop.isspace() and are_leads(self._answer_before(place)):
            place = self.text.find(stop, place + 1, end)
        return place

    def _answer_before(self, place: int) -> str:
        return "".join(self.text[max(start, self._begun) : min(end, place)] for start, end in self._answer)


def strip_thinking(text: str, *, prompt: str = "") -> Thinking:
    """The answer in ``text``, the output for ``prompt``, and how much thinking was removed; see ``AnswerReader``."""
    reader = AnswerReader(prompt)
    reader.feed(text)
    return reader.finish()
