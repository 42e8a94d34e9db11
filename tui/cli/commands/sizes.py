"""Memory limits as options state them."""

from __future__ import annotations

from weighin.engine.units import GIB, MIB, parse_size


def memory_limit_bytes(text: str | None, option: str) -> int | None:
    """Bytes in ``4G``, ``4 GiB`` or ``512M``. A bare number below 1,048,576 is GiB, a larger one is bytes.

    Raises:
        UnitError: ``text`` is not a size.
    """
    if text is None:
        return None
    size_bytes = parse_size(text, what=option)
    is_bare = text.strip().replace(".", "", 1).isdigit()
    return size_bytes if not is_bare or size_bytes >= MIB else round(float(text) * GIB)
