"""Lists that stand as text in a cell: as JSON, as Python writes them, or as NumPy prints them.

pandas and datasets write lists into CSV files with ``str``. That loses nothing for Python's lists; NumPy leaves out the
commas, and shortens long ones with dots. Python would read ``['a' 'b']`` as one text, hence a reader of our own.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

MAX_CHARACTERS = 1_000_000
_MAX_DEPTH = 20
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>[bu]?'(?:[^'\\]|\\.)*'|[bu]?"(?:[^"\\]|\\.)*")
      | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<word>[A-Za-z_]\w*)
      | (?P<mark>[\[\](){},:=])
      | (?P<dots>\.\.\.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"None": None, "null": None, "True": True, "False": False, "true": True, "false": False, "nan": None}
_CLOSING = {"[": "]", "(": ")", "{": "}"}


class UnclearListError(Exception):
    """The text is a list that can be read in two ways; the message says why."""


def read_literal(text: str) -> Any:
    """The list or object that ``text`` spells; None when it is something else.

    Raises:
        UnclearListError: it was shortened, or some of its commas are missing.
    """
    text = text.strip()
    if text[:1] + text[-1:] not in ("[]", "()", "{}") or not 2 < len(text) <= MAX_CHARACTERS:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        reader = _Reader(text)
        value = reader.value(0)
    except _NoLiteralError:
        return None
    if not reader.is_done() or (text[0] == "(" and not all(isinstance(each, str) for each in value)):
        return None  # (3, 4) is a point rather than a list
    return value


class _NoLiteralError(Exception):
    pass


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def is_done(self) -> bool:
        return not self._text[self._at :].strip()

    def value(self, depth: int) -> Any:
        kind, token = self._take()
        if depth > _MAX_DEPTH:
            raise _NoLiteralError
        if kind == "text":
            return _unquoted(token)
        if kind == "number":
            return float(token) if re.search(r"[.eE]", token) else int(token)
        if kind == "word":
            return self._word(token, depth)
        if token in ("[", "("):
            return self._entries(_CLOSING[token], depth)
        if token == "{":
            return self._object(depth)
        raise _NoLiteralError

    def _word(self, word: str, depth: int) -> Any:
        if word != "array":
            if word not in _WORDS:
                raise _NoLiteralError
            return _WORDS[word]
        # array(['a', 'b'], dtype=object)
        self._expect("(")
        value = self.value(depth + 1)
        while self._take()[1] != ")":
            pass
        return value

    def _entries(self, closing: str, depth: int) -> list[Any]:
        entries: list[Any] = []
        commas = gaps = 0
        while self._peek() != closing:
            if self._peek() == "...":
                raise UnclearListError("a list was shortened with dots when it was written")
            entries.append(self.value(depth + 1))
            if self._peek() == ",":
                self._take()
                commas += 1
            elif self._peek() != closing:
                gaps += 1
        self._take()
        if commas and gaps:
            raise UnclearListError("a list has commas between some of its entries only")
        return entries

    def _object(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while self._peek() != "}":
            name = self.value(depth + 1)
            self._expect(":")
            made[str(name)] = self.value(depth + 1)
            if self._peek() != "}":
                self._expect(",")
        self._take()
        return made

    def _expect(self, mark: str) -> None:
        if self._take()[1] != mark:
            raise _NoLiteralError

    def _peek(self) -> str:
        at = self._at
        token = self._take()[1]
        self._at = at
        return token

    def _take(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self._at)
        if not found or not found.lastgroup:
            raise _NoLiteralError
        self._at = found.end()
        return found.lastgroup, found[found.lastgroup]


def _unquoted(token: str) -> str:
    try:
        value = ast.literal_eval(token)
    except (ValueError, SyntaxError):
        raise _NoLiteralError from None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def split_choices(text: str) -> list[str]:
    r"""Choices separated by vertical bars; ``\|`` is a bar inside a choice.

    Raises:
        UnclearListError: a bar seems to stand inside a choice.
    """
    pieces = [piece.strip().replace("\\|", "|") for piece in re.split(r"(?<!\\)\|", text)]
    broken = next((piece for piece in pieces if not _is_balanced(piece)), None)
    if broken is not None and (_is_balanced(text) or "" in pieces):
        raise UnclearListError(
            f"a | seems to stand inside a choice, because {broken[:40]!r} is only a part; write it as \\|, or write the"
            ' choices as a list such as ["a", "b"], or give each a column of its own'
        )
    return pieces


def _is_balanced(text: str) -> bool:
    # An interval such as [0, 1) closes another bracket than it opens.
    return (
        sum(map(text.count, "([{“«")) == sum(map(text.count, ")]}”»"))
        and text.count('"') % 2 == 0
        and text.count("$") % 2 == 0
    )
