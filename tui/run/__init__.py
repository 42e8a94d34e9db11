"""The state of one run as the screens see it, built from its events."""
