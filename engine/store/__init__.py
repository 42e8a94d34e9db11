"""Runs and what happened in them, in one SQLite file."""
