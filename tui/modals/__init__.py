"""Screens on top of others: they ask or tell one thing."""
