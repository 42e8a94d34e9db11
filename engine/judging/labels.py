"""What people call a candidate. Apart from the sentences, so that tables and screens need nothing else."""

from __future__ import annotations

from ..plan.model import Candidate, Plan


def label(candidate: Candidate) -> str:
    """Name and quant, such as ``Qwen3 1.7B Q4_K_M``."""
    return f"{candidate.name} {candidate.quant}".strip()


def labels(plan: Plan) -> dict[str, str]:
    """The label of every candidate of a plan, by id."""
    return {candidate.id: label(candidate) for candidate in plan.candidates}
