"""Numbers in text, read exactly: one parser for allowed answers and for what a model writes.

``folding`` makes the ways to write a character one, ``written`` reads digits with their marks, ``scanner`` finds
numbers and what only looks like one, and ``choice`` picks the number that answers.
"""

from __future__ import annotations

from .choice import answer_number, only_number, parse_number
from .found import FoundNumber, Number
from .scanner import decimal_mark, find_numbers
from .written import Mark

__all__ = [
    "FoundNumber",
    "Mark",
    "Number",
    "answer_number",
    "decimal_mark",
    "find_numbers",
    "only_number",
    "parse_number",
]
