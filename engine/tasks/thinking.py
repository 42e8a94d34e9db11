"""Reasoning models' think blocks, told apart from the answer."""

from __future__ import annotations

import re

import msgspec


class Thinking(msgspec.Struct, frozen=True, kw_only=True):
    """An output without its thinking."""

    answer: str
    """What is left for the user, trimmed where thinking was removed; the output unchanged where there was none."""
    n_thinking_characters: int = 0
    """Characters of thinking removed, markers not counted."""
    closed: bool = True
    """False when the output ended inside a think block: the answer never came, mostly for lack of tokens."""


_TAGS = ("think", "thinking", "thought", "reasoning", "seed:think")
_CHANNELS = ("analysis", "commentary")

_PAIRS: tuple[tuple[str, str], ...] = (
    *((rf"<{tag}>", rf"</{tag}>") for tag in _TAGS),
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    (r"<unused94>(?:thought\b)?", r"<unused95>"),
    (r"◁think▷", r"◁/think▷"),
)
"""How a block begins and ends, for Qwen, DeepSeek, SmolLM, Mistral (``[THINK]``), Cohere, Gemma and Kimi."""

_OPEN = re.compile("|".join(f"(?P<o{place}>{opening})" for place, (opening, _) in enumerate(_PAIRS)))
_CLOSE = [re.compile(closing) for _, closing in _PAIRS]
_CHANNEL = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>(?P<name>\w+)(?:[^<]|<\|constrain\|>){0,200}<\|message\|>"
)
_MESSAGE_END = re.compile(r"<\|(?:end|return|call)\|>|(?=<\|start\|>|<\|channel\|>)")
_SOLUTION = re.compile(r"<\|(?:begin_of_solution|end_of_solution|START_RESPONSE|END_RESPONSE)\|>")


def strip_thinking(text: str, *, begins_inside: bool = False) -> Thinking:
    """The answer in ``text``, and how much thinking stood before or between it.

    Understands ``<think>…</think>`` and its kin, ``[THINK]…[/THINK]`` and the channels of gpt-oss
    (``<|channel|>analysis<|message|>…<|end|>``, where the ``final`` channel is the answer). A closing tag without an
    opening one ends a block that began at the start: many templates put ``<think>`` into the prompt. When such a
    prompt was sent (``begins_inside``) and nothing closes the block, all of the output is thinking. An answer that
    speaks of the markers themselves cannot be told from one that uses them.
    """
    if _CHANNEL.search(text):
        return _strip_channels(text)
    rest, n_thinking = _strip_unopened(text)
    if begins_inside and rest is None and not _OPEN.match(text.lstrip()):
        return Thinking(answer="", n_thinking_characters=len(text), closed=False)
    pieces, closed, at = [], True, 0
    body = text if rest is None else rest
    while opening := _OPEN.search(body, at):
        pieces.append(body[at : opening.start()])
        # lastgroup names the pair, o0, o1, …
        closing = _CLOSE[int(str(opening.lastgroup)[1:])].search(body, opening.end())
        n_thinking += (closing.start() if closing else len(body)) - opening.end()
        closed, at = closing is not None, closing.end() if closing else len(body)
    pieces.append(body[at:])
    if rest is None and len(pieces) == 1:
        return Thinking(answer=text)
    return Thinking(answer=_tidy("".join(pieces)), n_thinking_characters=n_thinking, closed=closed)


def _strip_unopened(text: str) -> tuple[str | None, int]:
    """The text after a closing marker with no opening one before it, and the characters before it; None when none."""
    for closing, (opening, _) in zip(_CLOSE, _PAIRS, strict=True):
        end = closing.search(text)
        if end and not re.search(opening, text[: end.start()]):
            return text[end.end() :], end.start()
    return None, 0


def _strip_channels(text: str) -> Thinking:
    answer, n_thinking, at, closed = [], 0, 0, True
    while message := _CHANNEL.search(text, at):
        answer.append(text[at : message.start()])
        end = _MESSAGE_END.search(text, message.end())
        stop = end.start() if end else len(text)
        if message["name"] in _CHANNELS:
            n_thinking += stop - message.end()
            closed = end is not None
        else:
            answer.append(text[message.end() : stop])
            closed = True
        at = end.end() if end else len(text)
    answer.append(text[at:])
    return Thinking(answer=_tidy("".join(answer)), n_thinking_characters=n_thinking, closed=closed)


def _tidy(answer: str) -> str:
    return _SOLUTION.sub("", answer).strip()
