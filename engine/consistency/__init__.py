"""Asking again in other ways, and how steady the answers are."""
