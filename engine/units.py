"""Sizes, counts and durations: read from what people type, and written for people.

Memory is in GiB (2**30 bytes), as system monitors show it. File sizes are in GB (10**9 bytes), as hubs show them.
"""

from __future__ import annotations

import re

from .errors import WeighinError

GIB = 2**30
MIB = 2**20
GB = 10**9
MB = 10**6

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:([KMGT])(i?B)?|B)?\s*", re.IGNORECASE)
_SCALE_WORD = re.compile(r"\s*(thousand|million|billion)\s*$")
_COUNT = re.compile(r"(\d{1,3}(?:[,_ ]\d{3})+|\d+(?:\.\d+)?)\s*([kmb]?)", re.ASCII)
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?\s*", re.IGNORECASE)


class UnitError(WeighinError):
    """A size, count or duration that cannot be read."""


def parse_size(text: str, *, what: str) -> int:
    """Bytes in ``4G``, ``4 GiB``, ``4GB``, ``512M`` or a bare number of bytes.

    ``G`` and ``GiB`` are 2**30 bytes, because people who type ``4G`` mean memory; ``GB`` is 10**9 bytes. ``what`` names
    the option or field in the error.

    Raises:
        UnitError: ``text`` is not a size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UnitError(f"{what} is {text!r}, which is not a size.", hint="Write it as 4GiB, 4G or 512M.")
    base = 1000 if (match[3] or "").upper() == "B" else 1024
    power: int = " KMGT".index((match[2] or " ").upper())
    return round(float(match[1]) * float(base**power))


def parse_count(text: str, *, what: str, unit: str = "parameters") -> int:
    """A whole number in ``1.7B``, ``135M``, ``700k``, ``1.5 million``, ``1,000`` or ``1200``.

    ``what`` and ``unit`` name the option and what it counts in the error.

    Raises:
        UnitError: ``text`` is not a count.
    """
    bare = _SCALE_WORD.sub(lambda match: match[1][0].replace("t", "k"), text.strip().lower())
    match = _COUNT.fullmatch(bare)
    if match is None:
        raise UnitError(
            f"{what} is {text!r}, which is not a number of {unit}.", hint="Write it as 1.7B, 5M, 700k or 1,000."
        )
    whole, _point, decimals = re.sub(r"[,_ ]", "", match[1]).partition(".")
    # In integers: floats would lose the last digits.
    scaled: int = int(whole + decimals) * 1000 ** " kmb".index(match[2] or " ")
    divisor: int = 10 ** len(decimals)
    return scaled // divisor


def parse_duration(text: str, *, what: str) -> float:
    """Seconds in ``90s``, ``15m``, ``2h``, ``500ms`` or a bare number of seconds.

    Raises:
        UnitError: ``text`` is not a duration.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise UnitError(f"{what} is {text!r}, which is not a duration.", hint="Write it as 90s, 15m, 2h or 500ms.")
    return float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}[(match[2] or "s").lower()]


def gib(size_bytes: float) -> float:
    """Bytes as GiB, for columns of memory."""
    return size_bytes / GIB


def gb(size_bytes: float) -> float:
    """Bytes as GB, for columns of file sizes."""
    return size_bytes / GB


def format_memory(size_bytes: float) -> str:
    """Memory in words, such as ``8 GiB``, ``4.6 GiB`` or ``271 MiB``."""
    if size_bytes < 0.95 * GIB:
        return f"{size_bytes / MIB:.0f} MiB"
    return f"{_short(size_bytes / GIB)} GiB"


def format_file_size(size_bytes: float) -> str:
    """A file's size in words, such as ``2.39 GB`` or ``98.5 MB``."""
    if size_bytes < 0.95 * GB:
        return f"{_short(size_bytes / MB)} MB"
    return f"{size_bytes / GB:.2f} GB"


def format_transfer_rate(bytes_per_second: float) -> str:
    """The speed of a download, such as ``12.3 MB/s``."""
    return f"{bytes_per_second / MB:.1f} MB/s"


def format_parameters(count: float) -> str:
    """A number of parameters, such as ``1.24B``."""
    return f"{count / 1e9:.2f}B"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
