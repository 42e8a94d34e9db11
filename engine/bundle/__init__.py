"""Bundles: everything a box without a network needs, in one folder."""
