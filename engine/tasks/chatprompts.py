"""Chat prompts that people really send, for measuring the latency a user feels."""

from __future__ import annotations

from functools import cache

from .tables import read_table


@cache
def chat_prompts() -> tuple[str, ...]:
    """Prompts from a short question to a page of text, short and long ones mixed."""
    table = read_table("chat-prompts", dict[str, tuple[dict[str, str], ...]])
    return tuple(prompt["text"].strip() for prompt in table["prompt"])
