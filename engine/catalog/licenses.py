"""Licenses as structured terms, and the way from a tag in a file or on the hub to one of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ..errors import WeighinError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class LicenseFileError(WeighinError):
    """licenses.toml cannot be used as written."""


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: str
    """"yes", "no" or "conditional"."""
    clause: str
    text: str

    def __post_init__(self) -> None:
        if self.value not in ("yes", "no", "conditional"):
            raise ValueError(f"a term is yes, no or conditional, not {self.value!r}")


class Cap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    clause: str
    text: str


class License(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Terms that nobody has read are None; a verdict that needs one is unknown."""

    name: str
    spdx: str
    osi_approved: bool
    source: str
    aliases: tuple[str, ...] = ()
    aup: str | None = None
    commercial: Term | None = None
    internal: Term | None = None
    """Use inside a business, where it differs from ``commercial``."""
    redistribute: Term | None = None
    train: Term | None = None
    """Use of outputs to train other models."""
    user_cap: Cap | None = None
    revenue_cap: Cap | None = None
    blocked_regions: tuple[str, ...] = ()
    region_note: str | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    license: dict[str, License]


def load_licenses(path: Path) -> dict[str, License]:
    """Licenses by our id. Raises LicenseFileError."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).license
    except (OSError, UnicodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise LicenseFileError(f"{path.name} cannot be used: {error}.", hint="Correct the file.") from error


def license_id(tag: str, licenses: Mapping[str, License]) -> str | None:
    """Our id for a ``general.license`` value or a hub tag (``license:apache-2.0``); None when unknown."""
    wanted = tag.strip().lower().removeprefix("license:")
    for key, terms in licenses.items():
        if wanted in (key, terms.spdx.lower(), terms.name.lower(), *terms.aliases):
            return key
    return None
