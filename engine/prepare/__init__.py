"""From what the user said to a frozen plan."""
