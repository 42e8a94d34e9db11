"""Licenses as structured terms, and the names that files and hubs use for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from ..errors import WeighinError
from ..toml import TOMLDecodeError, loads

_COPYRIGHT_LINE = re.compile(
    r"^\W*(?:copyright\s*)?(?:\(c\)|©|(?<=copyright )\d)[^\n]{0,120}$", re.IGNORECASE | re.MULTILINE
)

Purpose = Literal["commercial", "internal", "research"]
_STRICTNESS = {"yes": 0, "conditional": 1, "no": 2}


class LicenseFileError(WeighinError):
    """licenses.toml cannot be used as written."""


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: Literal["yes", "no", "conditional"]
    """``conditional``: allowed if what the text says is done."""
    clause: str
    text: str
    source: str = ""
    """Where it was read; the license's own source if the file names none."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Uses that the license excludes for everybody, whatever the purpose."""

    clause: str
    text: str
    url: str
    source: str = ""


class Cap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    clause: str
    text: str
    inclusive: bool = False
    """The number itself is already too much."""
    source: str = ""

    def excludes(self, stated: int) -> bool:
        """Whether a stated number exceeds the cap."""
        return stated >= self.number if self.inclusive else stated > self.number


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    blocked: tuple[str, ...]
    """``EU``, ``UK``, ``KR`` and so on."""
    clause: str
    text: str
    source: str = ""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What else a license says. It is shown and never judged."""

    clause: str
    text: str
    source: str = ""


class License(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Terms that nobody has read are None; a verdict that needs one of them is unknown."""

    name: str
    spdx: str
    osi_approved: bool
    source: str
    titles: tuple[str, ...] = ()
    """How a line of its text starts."""
    marks: tuple[str, ...] = ()
    """Words that its text holds besides a title, where the title alone may stand for other terms."""
    extends: str = ""
    """License id of the text that this one repeats and adds to."""
    max_words: int | None = None
    """Words in the longest text that is this license alone, without lines that state a copyright; None if additions
    could not loosen the terms."""
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    commercial: Term | None = None
    internal: Term | None = None
    """Use inside a business; None if ``commercial`` covers it."""
    research: Term | None = None
    """Non-commercial research, evaluation and personal use; None if a wider use covers it."""
    acceptable_use: Policy | None = None
    attribution: Term | None = None
    redistribute: Term | None = None
    naming: Term | None = None
    train: Term | None = None
    """Training other models on outputs."""
    user_cap: Cap | None = None
    revenue_cap: Cap | None = None
    region: Region | None = None
    notes: tuple[Statement, ...] = ()

    def __post_init__(self) -> None:
        stated = [term for term in (self.research, self.internal, self.commercial) if term is not None]
        strictness = [_STRICTNESS[term.value] for term in stated]
        if strictness != sorted(strictness):
            raise ValueError(f"{self.name} allows a wider use more freely than a narrower one")

    def use(self, purpose: Purpose) -> Term | None:
        """The term for a purpose. A wider use that is allowed covers narrower ones."""
        if purpose == "commercial":
            return self.commercial
        if purpose == "internal":
            return self.internal or self.commercial
        wider = self.internal or self.commercial
        return self.research or (wider if wider is not None and wider.value != "no" else None)


class LicenseBook(msgspec.Struct, frozen=True):
    licenses: dict[str, License]
    bases: dict[str, str] = {}
    """Prefix of a base model's repo name, in lower case, to license id."""

    def base_license(self, repo: str) -> str | None:
        """License id of the base model ``owner/name``, by the longest known prefix; None when unknown."""
        wanted = repo.strip().lower()
        known = [start for start in self.bases if wanted.startswith(start)]
        return self.bases[max(known, key=len)] if known else None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    license: dict[str, License]
    base: dict[str, str] = {}


def read_licenses(path: Path) -> LicenseBook:
    """Read the licenses and what fine-tunes inherit. Raises LicenseFileError."""
    try:
        file = msgspec.convert(loads(path.read_text(encoding="utf-8")), _File)
    except (OSError, UnicodeError, TOMLDecodeError, msgspec.ValidationError) as error:
        raise LicenseFileError(f"{path.name} cannot be used: {error}.", hint="Correct the file.") from error
    licenses = {key: _with_sources(terms) for key, terms in file.license.items()}
    owners: dict[str, str] = {}
    for key, terms in licenses.items():
        for name in {_plain(n) for n in _names(key, terms)} | {_plain_link(link) for link in terms.links}:
            if owners.setdefault(name, key) != key:
                raise LicenseFileError(
                    f"{path.name} gives the name {name!r} to both {owners[name]} and {key}.", hint="Correct the file."
                )
    return LicenseBook(licenses, {start.lower(): key for start, key in file.base.items()})


def license_id(tag: str, licenses: Mapping[str, License]) -> str | None:
    """The catalog's id for a license's name or link, or a hub tag such as ``license:apache-2.0``.

    None when unknown, as ``other`` is.
    """
    wanted, link = _plain(tag.strip().removeprefix("license:")), _plain_link(tag)
    for key, terms in licenses.items():
        if wanted in {_plain(name) for name in _names(key, terms)} or link in {_plain_link(at) for at in terms.links}:
            return key
    return None


def recognize_text(text: str, licenses: Mapping[str, License]) -> tuple[str, ...]:
    """Ids of the licenses whose titles start a line of a LICENSE file, in order of appearance.

    Empty when there is none, or when the text is longer than a permissive license alone: the addition may limit it, and
    nobody has read it.
    """
    positions: dict[str, int] = {}
    for key, terms in licenses.items():
        places = [match.start() for title in terms.titles if (match := _title_pattern(title).search(text))]
        if places and all(mark in text for mark in terms.marks):
            positions[key] = min(places)
    for repeated in {licenses[key].extends for key in positions}:
        positions.pop(repeated, None)
    n_words = len(_COPYRIGHT_LINE.sub("", text).split())
    if len(positions) == 1:
        longest = licenses[next(iter(positions))].max_words
        if longest is not None and n_words > longest:
            return ()
    return tuple(sorted(positions, key=lambda key: positions[key]))


def _title_pattern(title: str) -> re.Pattern[str]:
    spaced = r"\s+".join(re.escape(word) for word in title.split())
    return re.compile(rf"^[\s#*=\"“]*{spaced}(?!\w)", re.IGNORECASE | re.MULTILINE)


def _names(key: str, terms: License) -> tuple[str, ...]:
    return (key, terms.spdx, terms.name, *terms.aliases)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.strip().lower())


def _plain_link(link: str) -> str:
    bare = re.sub(r"^https?://(www\.)?", "", link.strip().lower())
    return bare.rstrip("/").replace("/resolve/", "/blob/").replace("/raw/", "/blob/")


def _with_sources(terms: License) -> License:
    changes: dict[str, object] = {}
    for name in terms.__struct_fields__:
        value = getattr(terms, name)
        if isinstance(value, Term | Policy | Cap | Region) and not value.source:
            changes[name] = msgspec.structs.replace(value, source=terms.source)
    changes["notes"] = tuple(
        note if note.source else msgspec.structs.replace(note, source=terms.source) for note in terms.notes
    )
    return msgspec.structs.replace(terms, **changes)
