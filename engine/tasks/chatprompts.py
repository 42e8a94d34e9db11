"""Chat prompts that people really send, for measuring the latency a user feels."""

from __future__ import annotations

from functools import cache

from weighin.assets import asset

from ..toml import loads


@cache
def chat_prompts() -> tuple[str, ...]:
    """Prompts from a short question to a page of text, short and long ones mixed."""
    table = loads(asset("tasks", "chat-prompts.toml").read_text(encoding="utf-8"))
    return tuple(prompt["text"].strip() for prompt in table["prompt"])
