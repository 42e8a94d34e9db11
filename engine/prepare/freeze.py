"""From what the user named to a plan that can run: model files found, checked and hashed, suites opened.

Everything that can be wrong with the input is found here, before anything is loaded or stored.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from ..errors import NotEnoughMemoryError, PlanError
from ..gguf.files import file_sha256
from ..gguf.naming import model_name, without_extension
from ..gguf.scan import find_models
from ..hardware.cpu import usable_physical_cores
from ..hardware.memory import usable_memory
from ..models.fetch import FetchProgress, NotFetched, fetch_all
from ..models.fetch_text import PlainLines
from ..models.local import stored_at
from ..models.local_model import LocalModel
from ..models.references import is_store_name, parse, plan_reference
from ..models.resolve import LocalPath, resolve
from ..plan.checks import check_ids, check_plan
from ..plan.model import Candidate, FileSource, HubSource, OwnSuite, Plan, PlannedSuite, PromptStyle, data_path
from ..safe_names import is_repo_id
from ..sandbox.probe import require_sandbox
from ..tasks.items import Suite
from ..tasks.own.files import find_own_files, own_sha256
from ..tasks.reference.datasets import dataset_sha256
from ..tasks.spec import suite_specs
from ..units import GIB, format_memory
from ..utf8 import encoded
from .inputs import Inputs

Say = Callable[[str], None]

_MEMORY_SHARE = 0.8
"""Share of the available memory that candidates may fill if all stay loaded."""
_WEIGHT_OVERHEAD = 1.35
"""Loaded size over file size, with repacked weights and compute buffers; only decides whether all stay loaded."""


def download_models(names: Iterable[str], *, report: Callable[[FetchProgress], None]) -> tuple[str, ...]:
    """The path of each model, after downloading those that are not on this machine.

    A model of another program's store keeps its name there, such as ``ollama:tiny:latest``, because one file can be
    several models in Ollama. Blocks, so that nothing is downloaded while something is timed.

    Raises:
        HubError, ModelFileError: a name means nothing, or a download failed. What was downloaded is kept.
    """
    names = list(names)
    resolved = {name: resolve(parse(name)) for name in names}  # a typo in the last name is found before any download
    wanted = [name for name, each in resolved.items() if not isinstance(each, LocalPath)]
    paths = {
        name: each.stored.reference if each.stored is not None else str(each.path)
        for name, each in resolved.items()
        if isinstance(each, LocalPath)
    }
    for outcome in fetch_all(wanted, report=report) if wanted else ():
        if isinstance(outcome, NotFetched):
            raise outcome.error
        paths[outcome.name] = str(outcome.path)
    return tuple(paths[name] for name in names)


def download_candidates(plan: Plan, *, report: Callable[[FetchProgress], None]) -> Plan:
    """The plan with a path for every candidate, after downloading those that are not on this machine.

    Raises:
        HubError, ModelFileError: as ``download_models``.
    """
    named = {c.id: str(ref) for c in plan.candidates if (ref := plan_reference(c.path)) is not None}
    if not named:
        return plan
    files = dict(zip(named, map(_on_disk, download_models(named.values(), report=report)), strict=True))
    return msgspec.structs.replace(
        plan,
        candidates=tuple(
            msgspec.structs.replace(c, path=str(files[c.id].path), **_store_fields(files[c.id].stored))
            if c.id in files
            else c
            for c in plan.candidates
        ),
    )


def candidates_from_paths(
    paths: Iterable[str],
    *,
    prompt_style: PromptStyle = "auto",
    inputs: Inputs | None = None,
    say: Say = lambda _text: None,
) -> tuple[Candidate, ...]:
    """Make a candidate of every model among ``paths``, which are paths or names in another program's store.

    A folder stands for every model in it; ``say`` is called with a sentence for each file in it that is none. A split
    model is one candidate. ``inputs`` remembers the headers.

    Raises:
        ModelFileError: a file is missing, unreadable or not a usable GGUF.
        PlanError: a folder holds no model, or a file is named twice.
    """
    inputs = inputs or Inputs()
    candidates: list[Candidate] = []
    for name in paths:
        place = _on_disk(name)
        found = find_models(place.path, read=lambda file: inputs.header(_plan_path(file)))
        for sentence in found.skipped:
            say(f"Skipped: {sentence}")
        if not found.models:
            count = len(found.skipped)
            what = f"There is no model among the {count} files in {name}." if count else f"{name} has no .gguf file."
            raise PlanError(what, hint="Name a GGUF file or a folder that holds some.")
        candidates += [_candidate(file, place.stored, prompt_style, inputs) for file in found.models]
    seen: set[str] = set()
    for candidate in candidates:
        if candidate.path in seen:
            raise PlanError(f"{candidate.path} is named twice.", hint="Name each model once.")
        seen.add(candidate.path)
    return _with_unique_ids(candidates)


def _on_disk(name: str) -> LocalPath:
    """The file or folder that a path or the name of a store's model stands for."""
    resolved = resolve(parse(name)) if is_store_name(name) else None
    return resolved if isinstance(resolved, LocalPath) else LocalPath(Path(name).expanduser())


def _store_fields(stored: LocalModel | None) -> dict[str, Any]:
    return {"store": stored.reference, "store_unused": stored.unused} if stored is not None else {}


def _candidate(file: Path, stored: LocalModel | None, prompt_style: PromptStyle, inputs: Inputs) -> Candidate:
    path = _plan_path(file)
    header = inputs.header(path)
    stored = stored or stored_at(file)
    named = stored.name if stored is not None and stored.source == "ollama" else ""  # its file is named by a hash
    return Candidate(
        id=slug(named or without_extension(file.name)),
        path=path,
        name=named or display_name(file, header.quant),
        quant=header.quant,
        size_bytes=header.size_bytes,
        prompt_style=prompt_style,
        **_store_fields(stored),
    )


def _plan_path(file: Path) -> str:
    # Only the folder is resolved: a link in the hub's cache has the name and the neighbors that llama.cpp looks for.
    return str(file.parent.resolve() / file.name)


def display_name(file: Path, quant: str) -> str:
    """What people call the model: its file name without quant, split number and extension.

    ``general.name`` is often what a training script called its output, so it is not used.
    """
    stem = model_name(file.name)
    return re.sub(rf"[-._]{re.escape(quant)}$", "", stem, flags=re.IGNORECASE) if quant else stem


def slug(text: str) -> str:
    """``text`` in lower case, with single dashes in place of everything but letters, digits, ``.`` and ``_``."""
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-.") or "model"


def _with_unique_ids(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    unique: dict[str, Candidate] = {}
    for candidate in candidates:
        new_id = candidate.id
        number = 1
        while new_id in unique:
            number += 1
            new_id = f"{candidate.id}-{number}"
        unique[new_id] = msgspec.structs.replace(candidate, id=new_id)
    return tuple(unique.values())


class OpenedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen plan together with what was read to freeze it, so that the run reads nothing again."""

    plan: Plan
    suites: tuple[Suite, ...]
    """The plan's suites in their order, limited and shuffled."""


def freeze_plan(plan: Plan, *, inputs: Inputs | None = None, say: Say = lambda _text: None) -> OpenedRun:
    """Fill in everything that the run depends on: files, hashes, thread count, names, sizes.

    ``inputs`` holds what was read of the plan's files already. ``say`` is called before slow work (downloads, hashing
    large files). Blocks: call it in a thread where a screen must stay responsive.

    Raises:
        PlanError, ModelFileError, DatasetError, NotEnoughMemoryError, HubError: what is wrong, before anything starts.
    """
    inputs = inputs or Inputs()
    check_plan(plan, where="The plan")
    check_ids(plan, where="The plan")
    if not plan.candidates:
        raise PlanError("There is no model in the plan.", hint="Name one with --model FILE.gguf.")
    plan = download_candidates(plan, report=PlainLines(say))
    encoded(plan)  # before slow work: what cannot be stored cannot be run
    for candidate in plan.candidates:  # before hashing: a file that cannot be loaded need not be read
        _check_memory(candidate.path, inputs)
    candidates = tuple(_frozen_candidate(candidate, inputs, say) for candidate in plan.candidates)
    chosen = [_frozen_suite(suite, plan, inputs) for suite in plan.suites]
    threads = plan.settings.n_threads or usable_physical_cores()
    frozen = msgspec.structs.replace(
        plan,
        candidates=candidates,
        suites=tuple(choice for choice, _suite in chosen),
        settings=msgspec.structs.replace(plan.settings, n_threads=threads),
    )
    return OpenedRun(plan=frozen, suites=tuple(suite for _choice, suite in chosen))


def check_inputs(plan: Plan) -> None:
    """Read the header of every candidate and every item of every suite.

    Raises:
        ModelFileError, DatasetError, PlanError: what is wrong.
    """
    inputs = Inputs()
    for candidate in plan.candidates:
        inputs.header(candidate.path)
    for suite in plan.suites:
        inputs.suite(suite, plan)


def fit_together(candidates: Iterable[Candidate]) -> bool:
    """Whether all candidates can stay loaded at once in the memory that is free now."""
    needed = sum(candidate.size_bytes for candidate in candidates) * _WEIGHT_OVERHEAD
    return needed < usable_memory().available_bytes * _MEMORY_SHARE


def _check_memory(path: str, inputs: Inputs) -> None:
    size_bytes, usable_bytes = inputs.header(path).size_bytes, usable_memory().usable_bytes
    if size_bytes > usable_bytes:
        raise NotEnoughMemoryError(
            f"{Path(path).name} needs at least {format_memory(size_bytes)},"
            f" but this machine can use only {format_memory(usable_bytes)}.",
            hint="Leave it out or choose a smaller quant.",
        )


def _frozen_candidate(candidate: Candidate, inputs: Inputs, say: Say) -> Candidate:
    path = Path(candidate.path)
    header = inputs.header(candidate.path)
    if header.size_bytes > GIB:
        say(f"Hashing {path.name} …")
    digest = file_sha256(path)
    if candidate.sha256 and candidate.sha256 != digest:
        raise PlanError(
            f"{path} is not the file the plan was made with: its SHA-256 differs.",
            hint="Restore the file, or start a new run.",
        )
    return msgspec.structs.replace(
        candidate,
        name=candidate.name or display_name(path, header.quant),
        quant=candidate.quant or header.quant,
        size_bytes=header.size_bytes,
        sha256=digest,
    )


def _frozen_suite(suite: PlannedSuite, plan: Plan, inputs: Inputs) -> tuple[PlannedSuite, Suite]:
    if isinstance(suite, OwnSuite) and isinstance(suite.source, HubSource):
        # From here on it is this commit, whatever the branch does.
        source = msgspec.structs.replace(suite.source, revision=find_own_files(suite).commit)
        suite = msgspec.structs.replace(suite, source=source)
    # Opening a suite reveals every mistake in its data now, not in the middle of a run.
    opened = inputs.suite(suite, plan)
    if opened.spec.scorer == "code":
        require_sandbox()
    if isinstance(suite, OwnSuite):
        digest = own_sha256(find_own_files(suite))
    elif opened.spec.format:
        digest = dataset_sha256(opened.spec, folder=Path(suite.data) if suite.data else None)
    else:
        return suite, opened
    if suite.data_sha256 and suite.data_sha256 != digest:
        what = data_path(suite) or f"The data of {suite.name}"
        raise PlanError(f"{what} has changed since the run started.", hint="Restore the file, or start a new run.")
    return msgspec.structs.replace(suite, data_sha256=digest), opened


def own_suite(words: str, *, taken: Iterable[str] = ()) -> OwnSuite:
    """The user's own data as they name it: a file, a folder of files, or ``owner/name:pattern`` on the hub.

    A pattern such as ``data/test-*.parquet`` names files of a data set there, at ``owner/name@revision:pattern`` if
    need be. An existing path wins. The suite gets a name that is neither in ``taken`` nor a built-in one's.
    """
    path = os.path.abspath(os.path.expanduser(words))  # noqa: PTH100, PTH111  # pathlib's raise for some names
    head, colon, pattern = words.partition(":")
    repo, _, revision = head.partition("@")
    if colon and is_repo_id(repo) and not os.path.exists(path):  # noqa: PTH110
        suite = OwnSuite(name=repo.rpartition("/")[2], source=HubSource(repo=repo, pattern=pattern, revision=revision))
    else:
        suite = OwnSuite(name=Path(path).stem, source=FileSource(path=path))
    used = {*taken, *(spec.name for spec in suite_specs())}
    name, number = slug(suite.name), 2
    while name in used:
        name, number = f"{slug(suite.name)}-{number}", number + 1
    return msgspec.structs.replace(suite, name=name)
