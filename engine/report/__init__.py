"""Runs as text and files."""
