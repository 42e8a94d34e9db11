"""What the exit codes mean. The commands return them, and so does the app, which knows nothing of the commands."""

from __future__ import annotations

EXIT_OK = 0
EXIT_NO_RECOMMENDATION = 1
"""The run ended without a winner."""
EXIT_NOTHING_MEASURED = 1
"""``weighin fit`` could measure none of the models."""
EXIT_CHECK_FAILED = 1
"""``weighin doctor`` found something that does not work."""
EXIT_BAD_INPUT = 2
"""The input is wrong, or the app cannot start."""
EXIT_CANCELLED = 130
"""The user cancelled, as with Ctrl-C."""
