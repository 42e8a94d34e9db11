"""Whether a license allows a use. Reasons quote the terms, and unknown is never allowed. Not legal advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from .entries import CatalogModel
from .licenses import Cap, License, Purpose, Region, Term


class StatedUse(msgspec.Struct, frozen=True):
    purpose: Purpose = "commercial"
    """``commercial``: in or for a product or service; ``internal``: inside a business; ``research``: not for profit."""
    monthly_users: int | None = None
    annual_revenue_usd: int | None = None
    redistribute: bool = False
    train_on_outputs: bool = False
    osi_required: bool = False
    gated_ok: bool = True
    region: str | None = None
    """``EU``, ``UK``, ``KR``, ``US`` and so on; None when not stated."""


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
_PURPOSES: tuple[Purpose, ...] = ("research", "internal", "commercial")  # each one includes those before it


def severity(verdict: Verdict) -> int:
    """0 for allowed, 1 for allowed if, 2 for unknown, 3 for not allowed."""
    return (Allowed, AllowedIf, Unknown, NotAllowed).index(type(verdict))


def verdict_word(verdict: Verdict) -> str:
    """The verdict in one or two words."""
    return ("allowed", "allowed if", "unknown", "not allowed")[severity(verdict)]


def reasons_of(verdict: Verdict) -> tuple[str, ...]:
    """The reasons, or the conditions where the verdict is "allowed if"."""
    return verdict.conditions if isinstance(verdict, AllowedIf) else verdict.reasons


class _Findings:
    def __init__(self) -> None:
        self.no: list[str] = []
        self.unknown: list[str] = []
        self.conditions: list[str] = []
        self.yes: list[str] = []

    def term(self, name: str, what: str, term: Term | None) -> None:
        """Add a term. One that nobody has read is unknown."""
        if term is None:
            self.unknown.append(f"{name}: the terms for {what} are unknown")
            return
        line = f"{name} {term.clause}: {term.text}"
        {"yes": self.yes, "no": self.no, "conditional": self.conditions}[term.value].append(line)

    def cap(self, name: str, stated: int | None, cap: Cap | None) -> None:
        """Add a cap, which is a condition until the user states a number."""
        if cap is None:
            return
        line = f"{name} {cap.clause}: {cap.text}"
        if stated is None:
            self.conditions.append(line)
        elif cap.excludes(stated):
            self.no.append(f"{line} (you stated {stated:,})")

    def region(self, name: str, stated: str | None, region: Region | None) -> None:
        """Add a limit on where the model is used, which is a condition until the user states a region."""
        if region is None:
            return
        region_code = (stated or "").strip().upper()
        region_code = "EU" if region_code in _EU else {"GB": "UK"}.get(region_code, region_code)
        if region_code in region.blocked:
            self.no.append(f"{name} {region.clause}: {region.text}")
        elif not region_code:
            self.conditions.append(f"{name} {region.clause}: {region.text}")

    def verdict(self) -> Verdict:
        """One answer. What is forbidden counts before what is unknown, and that before conditions."""
        if self.no:
            return NotAllowed(tuple(dict.fromkeys(self.no)))
        if self.unknown:
            return Unknown(tuple(dict.fromkeys(self.unknown)))
        if self.conditions:
            return AllowedIf(tuple(dict.fromkeys(self.conditions)))
        return Allowed(tuple(dict.fromkeys(self.yes)) or ("nothing in the license limits this use",))


def license_verdict(
    license_ids: Sequence[str], use: StatedUse, licenses: Mapping[str, License], conditions: Sequence[str] = ()
) -> Verdict:
    """The strictest answer of all licenses that a model carries; a fine-tune also carries its base's license.

    ``conditions`` are added to what the user must do; they never loosen the answer.
    """
    findings = _Findings()
    findings.conditions += conditions
    if not license_ids:
        findings.unknown.append("no license is stated")
    for key in license_ids:
        terms = licenses.get(key)
        if terms is None:
            findings.unknown.append(f"license {key!r} is not in the catalog, so its terms are unknown")
        else:
            _judge(terms, use, findings)
    return findings.verdict()


def model_verdict(model: CatalogModel, use: StatedUse, licenses: Mapping[str, License]) -> Verdict:
    """Like ``license_verdict``, and it also checks for a gate before the files on the hub."""
    verdict = license_verdict(model.licenses, use, licenses)
    if use.gated_ok:
        return verdict
    if model.gated is None:
        return verdict if isinstance(verdict, NotAllowed) else Unknown(("it is unknown whether the files are gated",))
    if model.gated.value:
        gate = f"gated: you must accept terms at huggingface.co/{model.repo}"
        return NotAllowed((*(verdict.reasons if isinstance(verdict, NotAllowed) else ()), gate))
    return verdict


def _judge(terms: License, use: StatedUse, findings: _Findings) -> None:
    name = terms.name
    if use.osi_required and not terms.osi_approved:
        findings.no.append(f"{name} is not OSI-approved")
    findings.term(name, f"{use.purpose} use", _use_term(terms, use.purpose))
    if terms.acceptable_use:
        policy = terms.acceptable_use
        findings.conditions.append(f"{name} {policy.clause}: {policy.text} ({policy.url})")
    if terms.attribution and (use.purpose == "commercial" or use.redistribute):
        findings.term(name, "attribution", terms.attribution)
    if use.redistribute:
        findings.term(name, "redistribution", terms.redistribute)
        if terms.naming:
            findings.term(name, "naming", terms.naming)
    if use.train_on_outputs:
        findings.term(name, "training on outputs", terms.train)
    if use.purpose != "research":
        findings.cap(name, use.annual_revenue_usd, terms.revenue_cap)
    findings.cap(name, use.monthly_users, terms.user_cap)
    findings.region(name, use.region, terms.region)


def _use_term(terms: License, purpose: Purpose) -> Term | None:
    """The term for a use. If nobody has read it, a narrower use that is not allowed rules out the wider one."""
    stated = terms.use(purpose)
    if stated is not None:
        return stated
    narrower = _PURPOSES[: _PURPOSES.index(purpose)]
    return next((term for name in narrower if (term := terms.use(name)) and term.value == "no"), None)
