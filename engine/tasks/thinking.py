"""Separates the thinking of reasoning models from their answers, by the markers of the common model families."""

from __future__ import annotations

import re

import msgspec


class Thinking(msgspec.Struct, frozen=True, kw_only=True):
    """An output without its thinking."""

    answer: str
    """The rest, trimmed where thinking was removed. The output unchanged where there was none."""
    n_thinking_characters: int = 0
    """Characters of thinking removed, not counting markers."""
    closed: bool = True
    """False when the output ended inside a thinking block: the answer never came, usually for lack of tokens."""


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
"""How a block begins and ends in Qwen, DeepSeek, SmolLM, Seed, Mistral (``[THINK]``), Cohere, Gemma and Kimi."""

_OPEN = re.compile("|".join(f"(?P<o{place}>{opening})" for place, (opening, _) in enumerate(_PAIRS)))
_CLOSE = [re.compile(closing) for _, closing in _PAIRS]
_CHANNEL = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>(?P<name>\w+)(?:[^<]|<\|constrain\|>){0,200}<\|message\|>"
)
_MESSAGE_END = re.compile(r"<\|(?:end|return|call)\|>|(?=<\|start\|>|<\|channel\|>)")
_PROMPT_OPENS_BLOCK = re.compile(rf"(?:{'|'.join(opening for opening, _ in _PAIRS)})\Z")
_PROMPT_OPENS_CHANNEL = re.compile(rf"<\|channel\|>(?:{'|'.join(_CHANNELS)})<\|message\|>\Z")
_LONGEST_MARKER = 64
_SOLUTION = re.compile(r"<\|(?:begin_of_solution|end_of_solution|START_RESPONSE|END_RESPONSE)\|>")


def strip_thinking(text: str, *, prompt: str = "") -> Thinking:
    """The answer in ``text``, the output for ``prompt``, and how much thinking was removed.

    Understands ``<think>…</think>`` and similar tags, ``[THINK]…[/THINK]`` and the channels of gpt-oss
    (``<|channel|>analysis<|message|>…<|end|>``, where the ``final`` channel is the answer). A closing tag without an
    opening one ends a block that began at the start, because many templates end the prompt with the opening tag. After
    such a prompt, an output that never closes the block is all thinking. An answer that talks about the markers is
    treated like one that uses them.
    """
    opened_channel = _PROMPT_OPENS_CHANNEL.search(_tail(prompt))
    if opened_channel and not _CHANNEL.match(text.lstrip()):
        return _strip_channels(opened_channel[0] + text)
    if _CHANNEL.search(text):
        return _strip_channels(text)
    rest, n_thinking = _strip_unopened(text)
    if ends_inside_thinking(prompt) and rest is None and not _OPEN.match(text.lstrip()):
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


def ends_inside_thinking(prompt: str) -> bool:
    """Whether the prompt ends with the opening marker of a thinking block, as many chat templates do."""
    tail = _tail(prompt)
    return _PROMPT_OPENS_BLOCK.search(tail) is not None or _PROMPT_OPENS_CHANNEL.search(tail) is not None


def _tail(prompt: str) -> str:
    return prompt.rstrip()[-_LONGEST_MARKER:]


def _strip_unopened(text: str) -> tuple[str | None, int]:
    """The text after a closing marker that no opening one precedes, and the number of characters before the marker."""
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
