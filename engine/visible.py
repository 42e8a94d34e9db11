"""Text from others (models, data, headers, file names) made safe to show: nothing in it moves a cursor or hides.

Every line that the command line prints goes through here, and every name and answer that a screen shows.
"""

from __future__ import annotations

import re
import unicodedata

# Control characters; line and paragraph separators; what reorders text for the eye; halves of UTF-16 pairs.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSAFE_IN_LINES = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def visible(text: str) -> str:
    """The text as one line: a control character as its picture (``␛``, ``␊``), others as ``\\x9b`` or ``\\u202e``.

    A byte of a file name that is no text, which Python keeps as a surrogate, becomes ``\\xff``. A tab is a space.
    """
    return _UNSAFE.sub(_shown, text)


def visible_lines(text: str) -> str:
    """The same with the line breaks kept, for text that may have several lines."""
    return _UNSAFE_IN_LINES.sub(_shown, text.replace("\r\n", "\n"))


def cells(text: str) -> int:
    """How many columns of a terminal the text takes: two for Chinese and most emoji, none for what combines."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x09:
        return " "
    if code < 0x20 or code == 0x7F:
        return "␡" if code == 0x7F else chr(0x2400 + code)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
