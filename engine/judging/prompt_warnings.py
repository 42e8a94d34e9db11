"""Warnings of a verdict about prompts: items that did not fit, and candidates that were not asked alike."""

from __future__ import annotations

from collections.abc import Iterable

from ..events.run import DOES_NOT_FIT, ModelLoaded
from . import wording
from .findings import Findings


def too_long(findings: Findings) -> Iterable[str]:
    """How many items each candidate could not be asked, or only in part."""
    for name, summary in findings.summaries.items():
        total = len(summary.answers)
        missed = sum(answer.stop == DOES_NOT_FIT for answer in summary.answers.values())
        if missed:
            counts = "counts" if missed == 1 else "count"
            yield (
                f"{findings.names[name]}: {missed} of {total} items {'does' if missed == 1 else 'do'} not fit its"
                f" context, so {'it was' if missed == 1 else 'they were'} not asked and {counts} as wrong."
            )
        cut = [answer.n_cut_tokens for answer in summary.answers.values() if answer.n_cut_tokens]
        if cut:
            lost = "1 prompt lost its" if len(cut) == 1 else f"{len(cut)} of {total} prompts lost their"
            yield (
                f"{findings.names[name]}: {lost} beginning, up to {max(cut):,} tokens, because the plan wants long ones"
                " cut."
            )


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
        were = "was" if len(plain) == 1 else "were"
        yield (
            f"{wording.listed(plain)} {were} asked as plain text, {wording.listed(chat)} as a chat, so differences in"
            " written answers may come from the way of asking. --prompt-style plain asks all alike."
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
