"""Real chat prompts for measuring latency as a user feels it."""

from __future__ import annotations

from functools import cache

from ..toml import loads


@cache
def chat_prompts() -> tuple[str, ...]:
    """From a short question to a page of text, shortest and longest mixed."""
    from weighin.assets import asset

    table = loads(asset("tasks", "chat-prompts.toml").read_text(encoding="utf-8"))
    return tuple(prompt["text"].strip() for prompt in table["prompt"])
