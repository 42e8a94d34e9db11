"""What can be stored and sent: text in UTF-8. Names of files may be other bytes, which Python keeps as surrogates."""

from __future__ import annotations

import msgspec

from .errors import WeighinError
from .visible import visible


def encoded(value: object) -> bytes:
    """``value`` as JSON.

    Raises:
        WeighinError: a name in it has bytes that are no UTF-8; the sentence shows it.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise WeighinError(
            f"The name {visible(str(error.object))} has bytes that are no text in UTF-8, so it cannot be stored.",
            hint="Rename it.",
        ) from None
