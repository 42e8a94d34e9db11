"""Which licenses a model really carries.

Its own license text counts before any tag, and the licenses of its base models always apply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from ..gguf.naming import is_quant, split_of, without_quant
from .entries import Catalog, CatalogModel
from .licenses import license_id, recognize_text

_TEXT_NAMES = re.compile(r"(licen[sc]e|copying)([-_.].*)?", re.IGNORECASE)
_TEXT_SUFFIXES = ("", ".txt", ".md", ".rst")
_MAX_TEXT_BYTES = 2**20
_SEPARATORS = ("-", ".", "_")
_HUB_LINK = re.compile(r"https?://(?:www\.)?huggingface\.co/([\w.-]+/[\w.-]+)", re.IGNORECASE)
_SAYS_NOTHING = frozenset({"", "other", "unknown", "none", "unlicensed", "custom"})


class Clues(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about a model's license before it is judged."""

    text: str = ""
    """Text of the LICENSE file in the repo or beside the model file."""
    text_name: str = "LICENSE"
    header: Mapping[str, object] = {}
    """A GGUF file's metadata; only ``general.*`` keys count."""
    tags: Sequence[str] = ()
    """Tags on the hub: ``license:mit``, ``license_name:…``, ``license_link:…``, ``base_model:owner/name``."""
    repo: str = ""
    """``owner/name`` on the hub; empty when unknown."""
    file_name: str = ""
    notes: tuple[str, ...] = ()
    """What was ignored, and why."""


class EffectiveLicense(msgspec.Struct, frozen=True, kw_only=True):
    licenses: tuple[str, ...]
    """License ids, the model's own first. Anything else stands for a license that the catalog does not describe."""
    decided_by: str
    """Where the licenses were read, such as "from the file's header"; empty when none is stated."""
    conditions: tuple[str, ...] = ()
    """Assumptions behind the answer that could be wrong."""
    notes: tuple[str, ...] = ()


def effective_license(clues: Clues, catalog: Catalog) -> EffectiveLicense:
    """The licenses that bind users of the model.

    A LICENSE text wins over the header, the header over tags on the hub, and tags over a catalog entry found by file
    name. The licenses that the catalog lists for the same repo are added unless a text decided. The license of every
    base model is always added: a tag cannot remove the base's terms.
    """
    known = catalog.get(clues.repo) if clues.repo else None
    own, decided_by, conditions = _own(clues, known, catalog)
    bases = [*_header_bases(clues.header), *_tag_bases(clues.tags)]
    inherited: list[str] = []
    for base in bases:
        inherited += _base_licenses(base, clues, catalog)
    if known is not None:
        inherited += known.licenses[1:] if clues.text else known.licenses
    licenses = tuple(dict.fromkeys([*own, *inherited]))
    notes = list(clues.notes)
    more = [key for key in licenses if key not in own]
    if more:
        whose = ", ".join(dict.fromkeys(bases)) or (known.repo if known else "")
        notes.append(f"{', '.join(more)} comes from {whose}: a fine-tune also carries the license of its base.")
    return EffectiveLicense(licenses=licenses, decided_by=decided_by, conditions=conditions, notes=tuple(notes))


def clues_of_file(path: Path, header: Mapping[str, object], repo: str = "") -> Clues:
    """Clues from a GGUF file: its metadata, and the LICENSE beside it unless the folder holds other models."""
    notes: list[str] = []
    text, text_name = "", ""
    license_file = _license_beside(path)
    if license_file is not None:
        models = {without_quant(other.name).lower() for other in path.parent.glob("*.gguf")}
        if len(models) > 1:
            notes.append(
                f"{license_file.name} beside the file was ignored, because the folder holds {len(models)} models."
            )
        else:
            text, text_name = license_file.read_text(encoding="utf-8", errors="replace"), license_file.name
    return Clues(text=text, text_name=text_name, header=header, repo=repo, file_name=path.name, notes=tuple(notes))


def model_by_file_name(name: str, catalog: Catalog) -> CatalogModel | None:
    """The catalog model whose GGUF files have this name, in any quant; None when there is none."""
    split = split_of(name)
    wanted = (f"{split[0]}.gguf" if split else name).lower()
    for model in catalog.models:
        for repo in model.gguf:
            start, _quant, end = repo.pattern.lower().partition("{quant}")
            stem = start.rstrip("-._")
            if not (stem and wanted.startswith(stem) and wanted.endswith(end)):
                continue
            between = wanted[len(stem) : len(wanted) - len(end)]
            if between[:1] in _SEPARATORS and is_quant(between[1:].removeprefix("i1-")):
                return model
    return None


def _own(clues: Clues, known: CatalogModel | None, catalog: Catalog) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    if clues.text.strip():
        recognized = recognize_text(clues.text, catalog.licenses)
        return recognized or (f"the text of {clues.text_name}",), f"from the model's own {clues.text_name}", ()
    stated = [_words(clues.header.get(f"general.license{end}", "")) for end in ("", ".name", ".link")]
    own = _stated(stated, catalog)
    if own:
        return own, "from the file's header", ()
    tags = [_after(clues.tags, prefix) for prefix in ("license:", "license_name:", "license_link:")]
    own = _stated(tags, catalog)
    if own:
        return own, "from its tags on the hub", ()
    if known is not None:
        return known.licenses, f"from the catalog entry for {known.repo}", ()
    named = model_by_file_name(clues.file_name, catalog)
    if named is not None:
        condition = f"the file is {named.repo}, as its name says, but neither its header nor a LICENSE file confirms it"
        return named.licenses, "from the catalog entry that matches its file name", (condition,)
    return (), "", ()


def _words(value: object) -> str:
    """A header's value as text. Of a list, which some write for two licenses, only the length is kept."""
    length = getattr(value, "length", None)
    return str(value) if length is None else f"a list of {length} licenses" if length else ""


def _stated(words: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    """Ids for a license, its name and its link.

    License and name both count, known or not: an unknown name may stand for other terms than the id beside it. A link
    counts if it is known, or if there is nothing else.
    """
    ids: list[str] = []
    for word in words[:2]:
        name = word.strip().removeprefix("license:")
        if name.lower() not in _SAYS_NOTHING:
            ids.append(license_id(name, catalog.licenses) or name)
    link = words[2].strip()
    repo = _HUB_LINK.match(link)
    model = catalog.get(repo[1]) if repo else None
    linked = license_id(link, catalog.licenses) if link else None
    if linked or model:
        ids += [linked] if linked else model.licenses if model else ()
    elif link and not ids:
        ids.append(link)
    return tuple(dict.fromkeys(ids))


def _after(tags: Sequence[str], prefix: str) -> str:
    return next((tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)), "")


def _header_bases(header: Mapping[str, object]) -> list[str]:
    count = header.get("general.base_model.count")
    bases = []
    for number in range(min(count, 16) if isinstance(count, int) else 0):
        start = f"general.base_model.{number}."
        link = _HUB_LINK.match(str(header.get(f"{start}repo_url", "")))
        name = str(header.get(f"{start}name", "")).strip()
        if link:
            bases.append(link[1])
        elif name:
            owner = str(header.get(f"{start}organization", "")).strip()
            bases.append("/".join(part.replace(" ", "-") for part in (owner, name) if part))
    return bases


def _tag_bases(tags: Sequence[str]) -> list[str]:
    named = [tag.removeprefix("base_model:").rsplit(":", 1)[-1] for tag in tags if tag.startswith("base_model:")]
    return list(dict.fromkeys(named))


def _base_licenses(base: str, clues: Clues, catalog: Catalog) -> tuple[str, ...]:
    model = catalog.get(base)
    if model is not None:
        return model.licenses
    key = catalog.base_license(base)
    if key is not None:
        return (key,)
    # A publisher who fine-tunes their own model may put it under a new license.
    owner = letters(base.partition("/")[0])
    publishers = (clues.repo.partition("/")[0], str(clues.header.get("general.organization", "")))
    if "/" in base and owner in {letters(name) for name in publishers}:
        return ()
    return (f"license of {base}",)


def _license_beside(path: Path) -> Path | None:
    try:
        near = sorted(
            file
            for file in path.parent.iterdir()
            if _TEXT_NAMES.fullmatch(file.name)
            and file.suffix.lower() in _TEXT_SUFFIXES
            and file.is_file()
            and file.stat().st_size <= _MAX_TEXT_BYTES
        )
    except OSError:
        return None
    return near[0] if near else None


def letters(name: str) -> str:
    """``name`` reduced to its lower-case letters and digits, for comparisons."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
