"""Reads what this machine has, and whether something else is using it."""
