"""Events as JSON lines: in the store, on the command line and in recorded runs."""

from __future__ import annotations

import msgspec

from ..errors import WeighinError
from .run import Event

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class WireError(WeighinError):
    """A line that is not an event."""


def encode_event(event: Event) -> bytes:
    """One JSON object without a line end; its ``event`` key names the type."""
    return _encoder.encode(event)


def decode_event(line: bytes | str) -> Event:
    """The event in ``line``.

    Raises:
        WireError: it is not JSON, or not an event that this version knows.
    """
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"This line is not an event: {error}.") from None
