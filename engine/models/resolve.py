"""What MODEL means: a file on this machine, or one model of one repo on the hub.

The order: an existing path; ``ollama:NAME`` and ``lm-studio:NAME``; ``owner/repo…`` is always the hub; a bare name is
the catalog's if the catalog knows it, else a model of a store here if exactly one has that name. What the hub's cache
holds already is taken from there without asking the hub.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from ..catalog.entries import CatalogError, CatalogModel
from ..catalog.loading import load_catalog
from ..gguf.naming import DEFAULT_QUANT
from ..hub.client import Hub, is_offline
from ..hub.errors import HubError, HubNotFoundError, ModelReferenceError, NoConnectionError, StalledError, offline_error
from ..hub.listing import HubModel, HubRepo, access_problem, list_repo
from ..hub.offline import cached_repos
from .choose import choose
from .local import LocalModel, find_local_models
from .references import STORE_PREFIXES, CatalogRef, PathRef, RepoFileRef, RepoQuantRef, RepoRef, parse_reference

HubRef: TypeAlias = RepoRef | RepoQuantRef | RepoFileRef | CatalogRef


class HubChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One model of one repo, with what the user should know about the choice."""

    repo: HubRepo
    model: HubModel
    note: str = ""
    """What was decided for the user, such as the quant; empty when nothing was."""
    cached: bool = False
    """It was found in the cache, and the hub was not asked."""


def locate(text: str, *, env: Mapping[str, str] | None = None) -> Path | HubRef:
    """A path when ``text`` names something on this machine, else what to ask the hub for. Sends nothing.

    Raises:
        ModelReferenceError: it names nothing; near names are in the hint.
    """
    store, colon, name = text.strip().partition(":")
    if colon and store.lower() in STORE_PREFIXES:
        return _in_store(store.lower(), name, env)
    ref = parse_reference(text)
    if isinstance(ref, PathRef):
        return ref.path
    if not isinstance(ref, CatalogRef):
        return ref
    catalog = load_catalog()
    try:
        catalog.find(ref.name)
    except CatalogError:
        return _in_any_store(text.strip(), ref, [model.id for model in catalog.models], env)
    return ref


def find_on_hub(hub: Hub, ref: HubRef, *, newest: bool = False) -> HubChoice:
    """The model that ``ref`` means, from the cache or by asking the hub for its list; ``newest`` always asks.

    Raises:
        HubError: no such repo, file or quant; gated, with the page; no connection; offline and not here.
    """
    choices = tuple(_repo_refs(ref))
    for choice in choices if not newest or is_offline() else ():
        found = _cached(hub, choice, settle=is_offline())
        if found is not None:
            return found
    if is_offline():
        raise offline_error(written(ref))
    troubles: list[HubError] = []
    for choice in choices:
        try:
            repo = list_repo(hub, choice.repo)
            model = choose(repo, choice)
            problem = access_problem(hub, repo)
        except (NoConnectionError, StalledError) as error:
            found = _cached(hub, choice, settle=True)
            if found is None:
                raise
            note = f"{error.what} Taking {found.model.name}, which is here."
            return msgspec.structs.replace(found, note=note)
        except HubNotFoundError as error:
            troubles.append(_with_catalog_hint(error, choice.repo))
            continue
        if problem is None:
            return HubChoice(repo=repo, model=model, note=_quant_note(repo, model, choice))
        troubles.append(problem)
    raise troubles[0]


def written(ref: HubRef) -> str:
    """The reference as a user writes it."""
    if isinstance(ref, CatalogRef):
        return f"{ref.name}:{ref.quant}" if ref.quant else ref.name
    if isinstance(ref, RepoFileRef):
        return f"{ref.repo}:{ref.file}"
    return f"{ref.repo}:{ref.quant}" if isinstance(ref, RepoQuantRef) else ref.repo


def catalog_entry(repo: HubRepo) -> CatalogModel | None:
    """The catalog's model that this repo holds, by its own name or by the base it says it was made from."""
    catalog = load_catalog()
    for name in (repo.repo, *repo.base_models):
        try:
            return catalog.find(name)
        except CatalogError:
            continue
    return None


def license_note(repo: HubRepo) -> str:
    """One line about the license: the catalog's terms, or the uploader's word when the catalog has none."""
    model = catalog_entry(repo)
    if model is not None:
        licenses = load_catalog().licenses
        names = " + ".join(licenses[key].name if key in licenses else key for key in model.licenses)
        return f"{names or 'unknown'}; what it allows: weighin license {model.id}"
    if repo.license:
        return f"{repo.license}, as the uploader says; the model's own terms are on {repo.page}"
    return f"not stated; see {repo.page}"


def _repo_refs(ref: HubRef) -> Iterator[RepoRef | RepoQuantRef | RepoFileRef]:
    """What to look for, the best first; a catalog model may have several repos."""
    if not isinstance(ref, CatalogRef):
        yield ref
        return
    model = load_catalog().find(ref.name)
    if not model.gguf:
        raise HubNotFoundError(
            f"The catalog knows no GGUF files of {model.id}.", hint="Name a repo that has some: owner/repo:Q4_K_M."
        )
    for row in model.gguf:
        yield RepoQuantRef(row.repo, ref.quant) if ref.quant else RepoRef(row.repo)


def _cached(hub: Hub, ref: RepoRef | RepoQuantRef | RepoFileRef, *, settle: bool) -> HubChoice | None:
    """What the cache has for ``ref``. Where no quant was named, only the usual one counts unless ``settle``."""
    for repo in cached_repos(hub, ref.repo):
        try:
            model = choose(repo, ref)
        except HubNotFoundError:
            continue
        if isinstance(ref, RepoRef) and not settle and model.quant != DEFAULT_QUANT:
            continue
        note = f"Taking {model.quant or model.name}, which is here." if isinstance(ref, RepoRef) else ""
        return HubChoice(repo=repo, model=model, note=note, cached=True)
    return None


def _quant_note(repo: HubRepo, model: HubModel, ref: RepoRef | RepoQuantRef | RepoFileRef) -> str:
    if not isinstance(ref, RepoRef) or len(repo.models) == 1:
        return ""
    others = [f"{m.quant or m.name} ({m.size_bytes / 1e9:.2f} GB)" for m in repo.models if m != model]
    more = f" and {len(others) - 8} more" if len(others) > 8 else ""
    return (
        f"{repo.repo} holds {len(repo.models)} models; taking {model.quant or model.name}"
        f" ({model.size_bytes / 1e9:.2f} GB). There is also: {', '.join(others[:8])}{more}."
    )


def _with_catalog_hint(error: HubNotFoundError, repo: str) -> HubNotFoundError:
    """The base repo of a catalog model holds no GGUF; the catalog knows who has one."""
    try:
        model = load_catalog().find(repo)
    except CatalogError:
        return error
    if model.repo.lower() != repo.lower() or not model.gguf:
        return error
    return HubNotFoundError(error.what, hint=f"Its GGUF files: weighin pull {model.id}")


def _in_store(store: str, name: str, env: Mapping[str, str] | None) -> Path:
    there = [model for model in find_local_models(env=env) if model.source == store]
    named = _named(there, name)
    if named:
        return _one(named, f"{store}:{name}")
    near = difflib.get_close_matches(name, [model.name for model in there], n=3, cutoff=0.5)
    hint = f"Did you mean {', '.join(near)}?" if near else "`weighin local` lists what is here."
    raise ModelReferenceError(f"{store} has no model {name!r} on this machine.", hint=hint)


def _in_any_store(text: str, ref: CatalogRef, known: list[str], env: Mapping[str, str] | None) -> Path:
    there = find_local_models(env=env)
    named = _named(there, text)
    if named:
        return _one(named, text)
    near = difflib.get_close_matches(ref.name.lower(), known, n=3, cutoff=0.5)
    near += difflib.get_close_matches(text, [model.name for model in there], n=2, cutoff=0.6)
    hint = f"Did you mean {', '.join(near)}?" if near else "`weighin models` and `weighin local` list the names."
    raise ModelReferenceError(f"No model is called {text!r}.", hint=hint)


def _named(models: list[LocalModel] | tuple[LocalModel, ...], name: str) -> list[LocalModel]:
    wanted = {name.lower(), f"{name.lower()}:latest"}
    return [model for model in models if model.name.lower() in wanted]


def _one(named: list[LocalModel], text: str) -> Path:
    if len(named) > 1:
        paths = ", ".join(str(model.path) for model in named[:4])
        raise ModelReferenceError(f"{len(named)} models here are called {text!r}.", hint=f"Name the file: {paths}.")
    if named[0].problem is not None:
        raise ModelReferenceError(f"{text} cannot be used: {named[0].problem}", hint="`weighin local` shows its file.")
    return named[0].path
