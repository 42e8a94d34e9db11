"""What the exit codes of the command line mean."""

from __future__ import annotations

EXIT_NO_RECOMMENDATION = 1


EXIT_BAD_INPUT = 2


EXIT_CANCELLED = 130
