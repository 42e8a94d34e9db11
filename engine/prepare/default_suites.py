"""The suites that are asked when the user names none. Apart from ``draft`` and ``demo``, which both need them."""

DEFAULT_SUITES = ("everyday-choice", "read-and-extract")
"""A choice suite and a generate suite that need no download: what the wizard and the demo ask."""
DEFAULT_SUITE = DEFAULT_SUITES[0]
"""What ``weighin run`` asks."""
