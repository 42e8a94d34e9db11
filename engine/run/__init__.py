"""Executing a run: rounds, the race, visits to candidates, consistency questions, resuming. Start at ``session``."""
