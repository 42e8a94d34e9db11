"""What the exit codes mean. The commands return them, and so does the app, which knows nothing of the commands."""

from __future__ import annotations

EXIT_NO_RECOMMENDATION = 1
"""The run ended without a winner."""
EXIT_BAD_INPUT = 2
"""The input is wrong, or the app cannot start."""
EXIT_CANCELLED = 130
"""The user cancelled, as with Ctrl-C."""
