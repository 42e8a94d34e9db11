"""Why an answer could not be scored, in words."""

from __future__ import annotations

from ..events.failures import ScoringFailure, ScoringOutOfMemory, ScoringRaised, ScoringTimedOut
from ..units import format_memory


def failure_words(failure: ScoringFailure) -> str:
    """One failure in words, without a period."""
    if isinstance(failure, ScoringTimedOut):
        return f"scoring it takes more than {failure.limit_s:g} s"
    if isinstance(failure, ScoringOutOfMemory):
        return f"scoring it needs more than {format_memory(failure.limit_bytes)} of memory"
    if isinstance(failure, ScoringRaised):
        return f"the scorer failed: {failure.error.rstrip('.')}"
    return f"scoring it crashed ({failure.how})"
