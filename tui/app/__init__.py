"""The Textual app: what it owns, its keys, modes and themes."""
