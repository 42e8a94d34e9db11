"""Widgets: they paint what they are given and know no run."""
