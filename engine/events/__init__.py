"""What happens in a run, as typed facts, and how facts travel as JSON lines."""
