"""Warnings of a verdict about candidates that were not asked alike."""

from __future__ import annotations

from collections.abc import Iterable

from ..events.run import DOES_NOT_FIT, ModelLoaded
from . import wording
from .findings import Findings


def asked_differently(findings: Findings) -> Iterable[str]:
    """Candidates that answered chats in different ways: as chat and as plain text, or siblings with other templates."""
    loaded = {
        name: summary.loaded
        for name, summary in findings.summaries.items()
        if summary.loaded is not None
        and any(not answer.options and answer.stop != DOES_NOT_FIT for answer in summary.answers.values())
    }
    chat = [findings.names[name] for name, facts in loaded.items() if facts.prompt_style == "chat"]
    plain = [findings.names[name] for name, facts in loaded.items() if facts.prompt_style == "plain"]
    if chat and plain:
        others = chat[0] if len(chat) == 1 else "the others"
        were = "was" if len(plain) == 1 else "were"
        yield (
            f"{wording.listed(plain)} {were} asked as plain text, {others} as a chat, so differences in written answers"
            " may come from the way of asking. --prompt-style plain asks all alike."
        )
    for siblings in _by_model(findings, loaded):
        if len({loaded[name].chat_template_sha256 for name in siblings}) > 1:
            names = wording.listed([findings.names[name] for name in siblings])
            yield f"{names} are one model with different chat templates, so they were not asked alike."


def _by_model(findings: Findings, loaded: dict[str, ModelLoaded]) -> Iterable[list[str]]:
    """Candidates in chat that are quants of one model, by its name."""
    models: dict[str, list[str]] = {}
    for candidate in findings.plan.candidates:
        if candidate.id in loaded and loaded[candidate.id].prompt_style == "chat":
            models.setdefault(candidate.name, []).append(candidate.id)
    return (ids for ids in models.values() if len(ids) > 1)
