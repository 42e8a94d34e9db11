"""Whether the candidates of a plan will be asked alike, as far as their headers say."""

from __future__ import annotations

from collections.abc import Sequence

from ..plan.model import Candidate, Plan, label
from ..tasks.items import Suite
from .inputs import Inputs


def asked_differently(plan: Plan, suites: Sequence[Suite], inputs: Inputs) -> tuple[str, ...]:
    """A sentence for each difference: chat and plain text side by side, and quants of a model with other templates.

    Raises:
        ModelFileError: a header cannot be read.
    """
    if not any(suite.spec.kind == "generate" and suite.spec.prompt_style != "plain" for suite in suites):
        return ()
    templates = {c.id: _template(c, inputs) for c in plan.candidates}
    plain = [label(c) for c in plan.candidates if templates[c.id] is None]
    chat = [c for c in plan.candidates if templates[c.id] is not None]
    found = []
    if plain and chat:
        are, have = ("is", "has") if len(plain) == 1 else ("are", "have")
        found.append(
            f"{', '.join(plain)} {have} no chat template and {are} asked as plain text, the others as a chat;"
            " --prompt-style plain asks all alike."
        )
    for name in dict.fromkeys(c.name for c in chat):
        siblings = [c for c in chat if c.name == name]
        if len({templates[c.id] for c in siblings}) > 1:
            found.append(
                f"{', '.join(map(label, siblings))} have different chat templates, so they are not asked alike."
            )
    return tuple(found)


def _template(candidate: Candidate, inputs: Inputs) -> str | None:
    """The template that the candidate is asked with; None for plain text."""
    source = inputs.header(candidate.path).metadata.get("tokenizer.chat_template")
    return None if candidate.prompt_style == "plain" or not isinstance(source, str) else source
