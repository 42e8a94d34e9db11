"""From the bytes of a file to its text: the encoding is what the file states, UTF-8, or found out from its letters."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import msgspec

from ...errors import DatasetError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks, the longer ones first, because one begins like another."""
_LANGUAGES = (
    "äöüÄÖÜß",
    "àâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜ",
    "áéíóúüñÁÉÍÓÚÜÑ",
    "àèéìíîòóùúÀÈÉÌÍÎÒÓÙÚ",
    "áâãàçéêíóôõúÁÂÃÀÇÉÊÍÓÔÕÚ",
    "åäöæøéÅÄÖÆØÉ",
    "áàäéèëíïóòöúüÁÀÄÉÈËÍÏÓÒÖÚÜ",
)
"""Letters beyond ASCII of German, French, Spanish, Italian, Portuguese, the Nordic languages and Dutch."""
_LETTER = re.compile(r"[À-ÖØ-öø-ÿŒœŸŠšŽžƒ]")
_SYMBOLS = frozenset("’‘“”„‚–—…€£¥¢«»‹›°§©®™·•¡¿²³½¼¾±µ×÷ªº\xa0")
_ALONE = frozenset("àéèóêôÀÉÈÓáÁ")
"""Letters that are words."""


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """A file's text and its encoding."""

    text: str
    encoding: str = ""
    """Empty for UTF-8."""
    is_guess: bool = False
    """The file does not state its encoding, and its letters suggest this one."""


def decode(content: bytes, path: Path, encoding: str = "") -> Decoded:
    """The text of a file, without a byte order mark.

    ``encoding`` is what the user says. Without it, a byte order mark decides, then UTF-8 if the bytes are that, then
    UTF-16 by its zero bytes, then Windows-1252 if every letter in the file belongs to one language that is written with
    it, and nothing looks like another encoding.

    Raises:
        DatasetError: the encoding cannot be told, or the bytes are not in the stated one.
    """
    if encoding:
        return _stated(content, path, encoding)
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _marked(content[len(mark) :], path, name)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _guessed(content, path, error.start)
    if wide := _unmarked_utf16(content):
        return Decoded(text=content.decode(wide), encoding=wide, is_guess=True)
    return Decoded(text=text)


def _stated(content: bytes, path: Path, encoding: str) -> Decoded:
    try:
        codec = codecs.lookup(encoding)
        text = str(content, codec.name)  # codecs such as rot13 make no text of bytes, and are refused here
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path} is not {encoding} text (byte {error.start}).",
            hint="Give its encoding with --reading encoding=NAME.",
        ) from None
    except (LookupError, ValueError, UnicodeError):
        raise DatasetError(
            f"There is no text encoding {encoding[:40]!r}.", hint="Examples are utf-8, utf-16, cp1252 and shift_jis."
        ) from None
    return Decoded(text=text.removeprefix("\ufeff"), encoding="" if codec.name == "utf-8" else codec.name)


def _marked(content: bytes, path: Path, name: str) -> Decoded:
    try:
        return Decoded(text=content.decode(name), encoding="" if name == "utf-8" else name)
    except UnicodeDecodeError as error:
        shown = name[:6].upper().removesuffix("-")
        raise DatasetError(
            f"{path} begins as UTF text does but is not {shown} text (byte {error.start}).",
            hint="Save it as UTF-8, or give its encoding with --reading encoding=NAME.",
        ) from None


def _unmarked_utf16(content: bytes) -> str:
    """The UTF-16 that ASCII letters with a zero byte each suggest; empty for none."""
    head = content[:4096]
    if len(content) % 2 or len(head) < 4:
        return ""
    low, high = head[0::2], head[1::2]
    for name, zeros, others in (("utf-16-le", high, low), ("utf-16-be", low, high)):
        if zeros.count(0) > 0.7 * len(zeros) and others.count(0) == 0:
            try:
                content.decode(name)
            except UnicodeDecodeError:
                return ""
            return name
    return ""


def _guessed(content: bytes, path: Path, first_byte: int) -> Decoded:
    if wide := _unmarked_utf16(content):
        return Decoded(text=content.decode(wide), encoding=wide, is_guess=True)
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    if not text or not _looks_western(text):
        raise DatasetError(
            f"{path} is not UTF-8 text (byte {first_byte}), and weighin cannot tell its encoding.",
            hint="Save it as UTF-8, or give its encoding, such as --reading encoding=cp1252.",
        )
    return Decoded(text=text, encoding="cp1252", is_guess=True)


def _looks_western(text: str) -> bool:
    """Whether bytes beyond ASCII make sense as Windows-1252.

    Cyrillic, Greek and East Asian text has long runs of such bytes; Central European text and that of old Macs gets
    symbols inside words, or letters that no one language has together.
    """
    runs = re.finditer(r"[^\x00-\x7f]+", text)
    letters: set[str] = set()
    for run in runs:
        part = run[0]
        before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
        inside = (before.isalpha(), after.isalpha())
        found = _LETTER.findall(part)
        letters.update(found)
        if any(not _LETTER.match(each) and each not in _SYMBOLS for each in part) or len(part) > 4 or len(found) > 2:
            return False
        if all(inside) and any(each in _SYMBOLS and each not in "’·–—" for each in part):
            return False
        if found and not any(inside) and not (len(found) == 1 and found[0] in _ALONE):
            return False
    return any(letters <= set(language) for language in _LANGUAGES)
