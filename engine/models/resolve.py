"""What a model name stands for: a path on this machine, a model on the hub, or a catalog entry.

``parse`` decides the kind of name, ``resolve`` finds what it stands for without sending anything, and ``find_on_hub``
asks the hub which file that is. Files that the hub's cache already has are taken from there without asking the hub.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from ..catalog.entries import Catalog, CatalogError, CatalogModel, no_such_model
from ..catalog.licenses import license_id
from ..catalog.loading import load_catalog
from ..catalog.report import LicenseReport, entry_report, file_report, license_id_report
from ..catalog.verdict import StatedUse
from ..gguf.header import read_model_file
from ..gguf.naming import DEFAULT_QUANT, QUANT_PREFERENCE
from ..gguf.scan import find_models
from ..hub.cache import cached_from
from ..hub.client import Hub, is_offline
from ..hub.errors import (
    HubError,
    HubNotFoundError,
    LocalStoreError,
    ModelReferenceError,
    NoConnectionError,
    StalledError,
    UnknownModelError,
    offline_error,
)
from ..hub.listing import HubFile, HubModel, HubRepo, access_problem, group_files, list_repo
from ..hub.offline import broken_links, cached_repos
from ..suggest import did_you_mean
from ..units import format_file_size
from .local import find_lm_studio, find_local_models
from .local_model import LocalModel
from .ollama import find_ollama, named_in_ollama
from .references import CatalogRef, HubRef, ModelRef, PathRef, RepoFileRef, RepoQuantRef, RepoRef, StoreRef, parse


class LocalPath(msgspec.Struct, frozen=True):
    """A file or folder on this machine. A file's license is in its header and beside it."""

    path: Path
    repo: str = ""
    """Repo on the hub that the file was downloaded from; empty when unknown."""
    stored: LocalModel | None = None
    """The model of another program's store, when it was named as one."""

    @property
    def title(self) -> str:
        """The name to show instead of the file's, which is a hash in Ollama's store; empty for other files."""
        return self.stored.name if self.stored is not None and self.stored.source == "ollama" else ""


class RemoteModel(msgspec.Struct, frozen=True):
    """A model on the hub, perhaps in its cache already."""

    ref: HubRef
    entry: CatalogModel | None
    """The catalog's entry for the repo, with its licenses; None when the catalog does not have it."""


class CatalogEntry(msgspec.Struct, frozen=True):
    """A model of the catalog, with its licenses and the repos that have its files."""

    ref: CatalogRef
    entry: CatalogModel


Resolved: TypeAlias = LocalPath | RemoteModel | CatalogEntry


class HubChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One model of one repo, with what the user should know about the choice."""

    repo: HubRepo
    model: HubModel
    note: str = ""
    """What was decided for the user, such as the quant; empty when nothing was."""
    cached: bool = False
    """It is in the cache, and the hub was not asked."""


def resolve(ref: ModelRef, *, env: Mapping[str, str] | None = None) -> Resolved:
    """What ``ref`` stands for. Sends nothing.

    A bare name is the catalog's if the catalog has it, else that of the one model in a store on this machine.
    ``env`` replaces the environment that says where the stores are.

    Raises:
        UnknownModelError: no model has that name; the hint suggests one that is close.
        ModelReferenceError: several models have that name, or the one that has it cannot be used.
    """
    if isinstance(ref, PathRef):
        cached = cached_from(ref.path)
        return LocalPath(ref.path, cached.repo if cached is not None else "")
    if isinstance(ref, StoreRef):
        return _local(_in_store(ref, env))
    catalog = load_catalog()
    if not isinstance(ref, CatalogRef):
        return RemoteModel(ref, catalog.get(ref.repo))
    entry = catalog.get(ref.name)
    if entry is not None:
        return CatalogEntry(ref, entry)
    return _local(_in_any_store(ref, [model.id for model in catalog.models], env))


def find_on_hub(hub: Hub, ref: HubRef | CatalogRef, *, newest: bool = False) -> HubChoice:
    """The model that ``ref`` stands for, from the cache or by listing the repo on the hub.

    ``newest`` lists the repo even if the cache has the model.

    Raises:
        HubError: no such repo, file or quant; a gated repo, with its page; no connection; offline and not cached.
    """
    choices = tuple(_repo_refs(ref))
    for choice in choices if not newest or is_offline() else ():
        found = _cached(hub, choice, settle=is_offline())
        if found is not None:
            return found
    if is_offline():
        raise _broken_error(hub, choices) or offline_error(str(ref))
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
            note = f"{error.what} Using {found.model.name}, which is on this machine."
            return msgspec.structs.replace(found, note=note)
        except HubNotFoundError as error:
            troubles.append(_with_catalog_hint(error, choice.repo))
            continue
        if problem is None:
            notes = (_passed_over(troubles, repo), _differs(ref, repo, model), _quant_note(repo, model, choice))
            return HubChoice(repo=repo, model=model, note=" ".join(note for note in notes if note))
        troubles.append(problem)
    raise troubles[0]


def catalog_entry(repo: HubRepo) -> CatalogModel | None:
    """The catalog's model for a repo, by the repo's name or by the base models that it states."""
    catalog = load_catalog()
    for name in (repo.repo, *repo.base_models):
        try:
            return catalog.find(name)
        except CatalogError:
            continue
    return None


def license_note(repo: HubRepo) -> str:
    """One line about the license: the catalog's terms, or the uploader's tag when the catalog has none."""
    model = catalog_entry(repo)
    if model is not None:
        licenses = load_catalog().licenses
        names = " + ".join(licenses[key].name if key in licenses else key for key in model.licenses)
        return f"{names or 'unknown'}; what it allows: weighin license {model.id}"
    if repo.license:
        return f"{repo.license}, according to the uploader; for the terms, see {repo.page}"
    return f"not stated; see {repo.page}"


def choose(repo: HubRepo, ref: HubRef) -> HubModel:
    """The one model that ``ref`` stands for.

    Raises:
        HubNotFoundError: there is none, or more than one. The hint lists the choices.
    """
    if not repo.models:
        detail = f" ({repo.incomplete[0]} has missing parts)" if repo.incomplete else ""
        raise HubNotFoundError(f"{repo.repo} has no GGUF model{detail}.", hint="Search for a repo that ends in -GGUF.")
    if isinstance(ref, RepoFileRef):
        for model in repo.models:
            if any(ref.file == part.name for part in model.parts):
                return model
        same = [m for m in repo.models if any(ref.file == part.name.rsplit("/", 1)[-1] for part in m.parts)]
        if len(same) == 1:
            return same[0]
        raise HubNotFoundError(f"{repo.repo} has no complete model {ref.file}.", hint=_there_is(repo.models, "name"))
    if isinstance(ref, RepoQuantRef):
        fitting = [model for model in repo.models if model.quant.upper() == ref.quant]
        if not fitting:
            raise HubNotFoundError(f"{repo.repo} has no {ref.quant}.", hint=_there_is(repo.models, "quant"))
        return _only(repo, fitting, ref.quant)
    if len(repo.models) == 1:
        return repo.models[0]
    for quant in QUANT_PREFERENCE:
        fitting = [model for model in repo.models if model.quant == quant]
        if fitting:
            return _only(repo, fitting, quant)
    raise HubNotFoundError(f"{repo.repo} has several models.", hint=_there_is(repo.models, "name"))


def license_report(text: str, use: StatedUse, catalog: Catalog) -> LicenseReport:
    """The verdict on ``text``: a model name in any form, or a license's name, id or link. Sends nothing.

    Raises:
        ModelFileError: the file cannot be read.
        HubError: no model and no license has that name, or the catalog does not have the repo.
    """
    key = license_id(text, catalog.licenses)
    if key is not None:
        return license_id_report(key, use, catalog)
    ref = parse(text)
    try:
        resolved = resolve(ref)
    except UnknownModelError as error:
        known = [*(model.id for model in catalog.models), *catalog.licenses]
        hint = did_you_mean(str(ref), known, otherwise=error.hint) if isinstance(ref, CatalogRef) else ""
        raise UnknownModelError(error.what, hint=hint or error.hint) from None
    if isinstance(resolved, LocalPath):
        return file_report(_one_file(resolved.path), use, catalog, repo=resolved.repo)
    if resolved.entry is None:
        raise HubNotFoundError(
            f"The catalog does not have {resolved.ref.repo}, so its license is not known.",
            hint=f"Download it first: weighin pull {resolved.ref}",
        )
    return entry_report(resolved.entry, use, catalog)


def _one_file(path: Path) -> Path:
    """The file at ``path``, or the only model of a folder.

    Raises:
        ModelReferenceError: the folder has no model, or several.
    """
    found = find_models(path, read=read_model_file).models
    if len(found) == 1:
        return found[0]
    if not found:
        raise ModelReferenceError(f"There is no model in {path}.", hint="Name a GGUF file.")
    named = ", ".join(file.name for file in found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    raise ModelReferenceError(f"{path} has {len(found)} models.", hint=f"Name one of its files: {named}.")


def _repo_refs(ref: HubRef | CatalogRef) -> Iterator[HubRef]:
    """The repos to look in, the best first. A catalog model may have several."""
    if not isinstance(ref, CatalogRef):
        yield ref
        return
    model = load_catalog().find(ref.name)
    if not model.gguf:
        raise HubNotFoundError(
            f"The catalog has no GGUF files of {model.id}.", hint="Name a repo that has them: owner/repo:Q4_K_M."
        )
    for row in model.gguf:
        yield RepoQuantRef(row.repo, ref.quant) if ref.quant else RepoRef(row.repo)


def _cached(hub: Hub, ref: HubRef, *, settle: bool) -> HubChoice | None:
    """The cached model for ``ref``. Without a quant in ``ref``, only the default one counts, or any if ``settle``."""
    for repo in cached_repos(hub, ref.repo):
        try:
            model = choose(repo, ref)
        except HubNotFoundError:
            continue
        if isinstance(ref, RepoRef) and not settle and model.quant != DEFAULT_QUANT:
            continue
        note = f"Using {model.quant or model.name}, which is on this machine." if isinstance(ref, RepoRef) else ""
        return HubChoice(repo=repo, model=model, note=note, cached=True)
    return None


def _broken_error(hub: Hub, choices: Sequence[HubRef]) -> LocalStoreError | None:
    """The error for a model whose file in the cache is a link to nothing; None when there is no such link."""
    for choice in choices:
        links = broken_links(hub, choice.repo)
        models, _incomplete = group_files([HubFile(name, 0, "", "") for name in links])
        for model in models:
            if (
                isinstance(choice, RepoRef)
                or (isinstance(choice, RepoQuantRef) and model.quant.upper() == choice.quant)
                or (isinstance(choice, RepoFileRef) and choice.file in (model.name, model.name.rsplit("/", 1)[-1]))
            ):
                return LocalStoreError(
                    f"{links[model.name]} is a broken link.", hint="Put back the file that it links to, or go online."
                )
    return None


def _passed_over(troubles: Sequence[HubError], repo: HubRepo) -> str:
    """Why repos that the catalog names first were not used; empty when the first one was."""
    return f"{' '.join(error.what for error in troubles)} Using {repo.repo} instead." if troubles else ""


def _differs(ref: HubRef | CatalogRef, repo: HubRepo, model: HubModel) -> str:
    """How the files on the hub differ from those that the catalog names; empty when they do not."""
    entry = load_catalog().get(ref.name) if isinstance(ref, CatalogRef) else None
    row = next((row for row in entry.gguf if row.repo.lower() == repo.repo.lower()), None) if entry else None
    if row is None or not model.quant:
        return ""
    quant = next((name for name in row.quants if name.upper() == model.quant.upper()), model.quant)
    expected = row.file_names(quant)
    found = [part.name.rsplit("/", 1)[-1] for part in model.parts]
    if [name.lower() for name in found] == [name.lower() for name in expected]:
        return ""
    parts = f" in {len(found)} parts" if len(found) > 1 else ""
    return f"The catalog names {expected[0]}; the hub has {found[0]}{parts}, which is used."


def _quant_note(repo: HubRepo, model: HubModel, ref: HubRef) -> str:
    if not isinstance(ref, RepoRef) or len(repo.models) == 1:
        return ""
    others = [f"{m.quant or m.name} ({format_file_size(m.size_bytes)})" for m in repo.models if m != model]
    more = f" and {len(others) - 8} more" if len(others) > 8 else ""
    return (
        f"{repo.repo} has {len(repo.models)} models; using {model.quant or model.name}"
        f" ({format_file_size(model.size_bytes)}). The others: {', '.join(others[:8])}{more}."
    )


def _with_catalog_hint(error: HubNotFoundError, repo: str) -> HubNotFoundError:
    """The same error with a hint, for a base repo whose GGUF files are in another repo."""
    try:
        model = load_catalog().find(repo)
    except CatalogError:
        return error
    if model.repo.lower() != repo.lower() or not model.gguf:
        return error
    return HubNotFoundError(error.what, hint=f"Its GGUF files: weighin pull {model.id}")


def _local(model: LocalModel) -> LocalPath:
    return LocalPath(model.path, stored=model if model.key else None)


def _in_store(ref: StoreRef, env: Mapping[str, str] | None) -> LocalModel:
    env = os.environ if env is None else env
    models = find_ollama(env=env) if ref.store == "ollama" else find_lm_studio(env=env)
    named = _named(models, ref.name)
    if named:
        return _usable(named, str(ref))
    known = [f"{ref.store}:{model.name}" for model in models]
    raise UnknownModelError(
        no_such_model(str(ref)),
        hint=did_you_mean(str(ref), known, otherwise="`weighin local` lists the models on this machine."),
    )


def _in_any_store(ref: CatalogRef, catalog_names: list[str], env: Mapping[str, str] | None) -> LocalModel:
    models = find_local_models(env=env)
    named = _named(models, str(ref))
    if named:
        return _usable(named, str(ref))
    known = [*catalog_names, *(model.name for model in models)]
    otherwise = "`weighin models` and `weighin local` list the names."
    raise UnknownModelError(no_such_model(str(ref)), hint=did_you_mean(ref.name, known, otherwise=otherwise))


def _named(models: tuple[LocalModel, ...], name: str) -> list[LocalModel]:
    wanted = name.lower()
    others = [m for m in models if m.source != "ollama" and wanted in (m.name.lower(), m.key.lower())]
    return named_in_ollama(models, name) + others


def _usable(named: list[LocalModel], text: str) -> LocalModel:
    if len(named) > 1:
        paths = ", ".join(str(model.path) for model in named[:4])
        raise ModelReferenceError(f"{len(named)} models here are named {text!r}.", hint=f"Name the file: {paths}.")
    if named[0].problem is not None:
        raise ModelReferenceError(f"{text} cannot be used: {named[0].problem}", hint="`weighin local` shows its file.")
    return named[0]


def _only(repo: HubRepo, fitting: Sequence[HubModel], quant: str) -> HubModel:
    if len(fitting) > 1:
        names = ", ".join(f"{repo.repo}:{model.name}" for model in fitting[:4])
        raise HubNotFoundError(f"{repo.repo} has {len(fitting)} models in {quant}.", hint=f"Name the file: {names}.")
    return fitting[0]


def _there_is(models: Sequence[HubModel], field: Literal["name", "quant"]) -> str:
    names = list(dict.fromkeys((model.quant or model.name) if field == "quant" else model.name for model in models))
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"It has {', '.join(names[:20])}{more}."
