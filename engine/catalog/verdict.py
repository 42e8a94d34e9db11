"""May this model be used that way? Reasons quote the term; unknown is never allowed. No legal advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from .licenses import License, Term
from .models import CatalogModel


class StatedUse(msgspec.Struct, frozen=True):
    purpose: Literal["commercial", "internal", "research"] = "commercial"
    monthly_users: int | None = None
    annual_revenue_usd: int | None = None
    redistribute: bool = False
    train_on_outputs: bool = False
    osi_required: bool = False
    gated_ok: bool = True
    region: str | None = None
    """"EU", "UK", "KR", "US", …; None when not stated."""


class Allowed(msgspec.Struct, frozen=True, tag="allowed"):
    reasons: tuple[str, ...]


class AllowedIf(msgspec.Struct, frozen=True, tag="allowed-if"):
    conditions: tuple[str, ...]


class NotAllowed(msgspec.Struct, frozen=True, tag="not-allowed"):
    reasons: tuple[str, ...]


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    reasons: tuple[str, ...]


Verdict = Allowed | AllowedIf | NotAllowed | Unknown

_EU = frozenset(
    {"EU", "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT"}
    | {"LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"}
)


class _Findings:
    """What the terms said so far, before one verdict is made of it."""

    def __init__(self) -> None:
        self.no: list[str] = []
        self.unknown: list[str] = []
        self.conditions: list[str] = []
        self.yes: list[str] = []

    def term(self, name: str, what: str, term: Term | None) -> None:
        if term is None:
            self.unknown.append(f"{name}: the terms for {what} are not known")
            return
        line = f"{name} {term.clause}: {term.text}"
        {"yes": self.yes, "no": self.no, "conditional": self.conditions}[term.value].append(line)


def license_verdict(license_ids: Sequence[str], use: StatedUse, licenses: Mapping[str, License]) -> Verdict:
    """The strictest answer of all licenses that a model carries: a fine-tune also carries its base's."""
    found = _Findings()
    if not license_ids:
        found.unknown.append("no license is stated")
    for key in license_ids:
        terms = licenses.get(key)
        if terms is None:
            found.unknown.append(f"license {key!r} is not in the catalog")
        else:
            _judge(terms, use, found)
    if found.no:
        return NotAllowed(tuple(found.no))
    if found.unknown:
        return Unknown(tuple(found.unknown))
    if found.conditions:
        return AllowedIf(tuple(dict.fromkeys(found.conditions)))
    return Allowed(tuple(found.yes) or ("nothing in the license limits this use",))


def model_verdict(model: CatalogModel, use: StatedUse, licenses: Mapping[str, License]) -> Verdict:
    """As ``license_verdict``, plus the gate that the hub puts before the files."""
    verdict = license_verdict(model.licenses, use, licenses)
    if use.gated_ok:
        return verdict
    if model.gated is None:
        return verdict if isinstance(verdict, NotAllowed) else Unknown(("whether the files are gated is not known",))
    if model.gated.value:
        gate = f"gated: terms must be accepted at huggingface.co/{model.repo}"
        earlier = verdict.reasons if isinstance(verdict, NotAllowed) else ()
        return NotAllowed((*earlier, gate))
    return verdict


def _judge(terms: License, use: StatedUse, found: _Findings) -> None:
    name = terms.name
    if use.osi_required and not terms.osi_approved:
        found.no.append(f"{name} is not OSI-approved")
    if use.purpose == "commercial":
        found.term(name, "commercial use", terms.commercial)
    elif use.purpose == "internal":
        found.term(name, "internal use", terms.internal or terms.commercial)
    elif terms.commercial is None:
        found.unknown.append(f"{name}: the terms for research use are not known")
    if use.redistribute:
        found.term(name, "redistribution", terms.redistribute)
    if use.train_on_outputs:
        found.term(name, "training on outputs", terms.train)
    if use.purpose != "research" and terms.revenue_cap:
        _cap(
            name,
            use.annual_revenue_usd,
            terms.revenue_cap.number,
            terms.revenue_cap.clause,
            terms.revenue_cap.text,
            found,
        )
    if terms.user_cap:
        _cap(name, use.monthly_users, terms.user_cap.number, terms.user_cap.clause, terms.user_cap.text, found)
    if terms.blocked_regions:
        region = "EU" if (use.region or "").upper() in _EU else (use.region or "").upper()
        region = {"GB": "UK"}.get(region, region)
        if region in terms.blocked_regions:
            found.no.append(f"{name}: {terms.region_note}")
        elif not region:
            found.conditions.append(f"{name}: {terms.region_note}")


def _cap(name: str, stated: int | None, limit: int, clause: str, text: str, found: _Findings) -> None:
    line = f"{name} {clause}: {text}"
    if stated is None:
        found.conditions.append(line)
    elif stated > limit:
        found.no.append(f"{line}; you stated {stated:,}")
