"""Bundles: a folder with a plan and all its files, for a machine without a network.

``models/<candidate>/…``, ``data/…``, ``licenses/…``, ``wheels/…``, ``plan.toml`` with relative paths, ``README.txt``,
and ``bundle.json`` with the size and SHA-256 of each. The manifest is written last, so a folder with one is complete.
It protects against damage and mistakes, not against somebody who also rewrites the manifest: nothing is signed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import msgspec

from ..errors import DatasetError
from ..files import finished_name, joint_sha256, write_atomically
from ..gguf.files import split_parts
from ..gguf.naming import split_of
from ..hub.cache import cached_from, check_room, free_bytes, storage_errors
from ..hub.client import never
from ..hub.errors import BundleError, LocalStoreError
from ..hub.progress import Meter, Report, silent
from ..plan.files import plan_to_toml, read_plan, read_plan_as_written
from ..plan.model import BuiltInSuite, HubSource, OwnSuite, Plan, PlannedSuite, data_path, with_data_path
from ..safe_names import safe_name
from ..tasks.harness.items import harness_files
from ..tasks.harness.yaml import is_harness_task
from .copying import copy_file
from .items import BundleItem, data_items, suite_folder
from .manifest import (
    MANIFEST,
    PLAN,
    UNFINISHED,
    BundleFile,
    Kind,
    Manifest,
    Origin,
    content_problems,
    path_problems,
    read_manifest,
    refused,
)


class ImportedBundle(msgspec.Struct, frozen=True, kw_only=True):
    """A verified bundle, ready to run."""

    folder: Path
    plan_path: Path
    plan: Plan
    """With absolute paths into ``folder``."""
    licenses: tuple[Path, ...]
    wheels: tuple[Path, ...]
    """For ``pip install --no-index --find-links``."""


_README = "README.txt"
_OTHER_DISK = "Free some space, or choose a folder on another disk."


def create_bundle(
    plan: Plan,
    to: Path,
    *,
    license_texts: Mapping[str, str] | None = None,
    wheels: Path | None = None,
    report: Report = silent,
    cancelled: Callable[[], bool] = never,
    clock: Callable[[], float] = time.monotonic,
    disk_free_bytes: Callable[[Path], int] = free_bytes,
) -> Manifest:
    """Copy everything ``plan`` needs to ``to``. After an interruption, another call resumes.

    ``license_texts``: file name → text. ``wheels``: a folder with wheels.

    Raises:
        BundleError: ``to`` contains something else, or files have changed since the plan was made.
        LocalStoreError, DiskFullError, ModelFileError: a file cannot be read or written.
        UserCancelledError: cancelled. Copied files stay.
    """
    models, data = _model_items(plan), data_items(plan)
    items = [*(item for group in (*models, *data) for item in group), *_wheel_items(wheels)]
    texts = {f"licenses/{safe_name(name)}": text for name, text in (license_texts or {}).items()}
    planned = [item.path for item in items] + [*texts, PLAN, _README]
    twice = sorted({path for path in planned if [p.lower() for p in planned].count(path.lower()) > 1})
    if twice:
        raise BundleError(f"Two files would both become {twice[0]} in the bundle.", hint="Rename one.")
    _claim(to, planned)
    meter = Meter(to.name, sum(_size(item.source) for item in items), report, clock)
    there = sum(_size_or_zero(to / item.path) + _size_or_zero(to / f"{item.path}.part") for item in items)
    check_room(to, max(0, meter.bytes_total - there), disk_free_bytes, subject=f"The bundle {to}", hint=_OTHER_DISK)
    hashes = {
        item.path: copy_file(item.source, to / item.path, cancelled=cancelled, copied=meter.add) for item in items
    }
    packed = _packed_plan(plan, models, data, hashes)
    kinds: dict[str, Kind] = {item.path: item.kind for item in items}
    for path in texts:
        kinds[path] = "license"
    kinds[PLAN], kinds[_README] = "plan", "note"
    for path, text in [*texts.items(), (PLAN, plan_to_toml(packed)), (_README, _readme(wheels is not None))]:
        hashes[path] = _write(to / path, text.encode())
    origins = {item.path: _origin(item.source) if item.kind == "model" else item.origin for item in items}
    manifest = Manifest(
        files=tuple(
            BundleFile(
                path=path,
                kind=kinds[path],
                size_bytes=_size(to / path),
                sha256=hashes[path],
                origin=origins.get(path),
            )
            for path in sorted(hashes)
        )
    )
    problems = path_problems(manifest)
    if problems:
        raise refused(f"The bundle {to}", problems, hint="Rename the files.")
    _write(to / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    with storage_errors(to):
        (to / UNFINISHED).unlink(missing_ok=True)
    return manifest


def verify_bundle(
    folder: Path,
    *,
    report: Report = silent,
    cancelled: Callable[[], bool] = never,
    clock: Callable[[], float] = time.monotonic,
) -> Manifest:
    """Read every byte of a bundle and check it against the manifest. Opens no connection.

    Raises:
        BundleError: files are missing, altered, additional or unsafe; ``problems`` lists them all.
        UserCancelledError: cancelled.
    """
    manifest = read_manifest(folder)
    meter = Meter(folder.name, manifest.size_bytes, report, clock)
    problems = content_problems(folder, manifest, cancelled=cancelled, hashed=meter.add)
    if problems:
        raise refused(f"The bundle {folder}", problems, hint="Copy it again from where it was made.")
    _check_plan_paths(folder, manifest)
    return manifest


def import_bundle(
    folder: Path,
    *,
    to: Path | None = None,
    report: Report = silent,
    cancelled: Callable[[], bool] = never,
    clock: Callable[[], float] = time.monotonic,
    disk_free_bytes: Callable[[Path], int] = free_bytes,
) -> ImportedBundle:
    """Verify a bundle and make its plan ready to run, in place or copied to ``to`` (USB sticks are slow). No network.

    Raises:
        BundleError: the bundle is incomplete, or ``to`` contains something else.
        LocalStoreError, DiskFullError: the copy failed. It resumes the next time.
    """
    manifest = verify_bundle(folder, report=report, cancelled=cancelled, clock=clock)
    home = folder
    if to is not None:
        paths = [file.path for file in manifest.files]
        if (to / MANIFEST).exists() and read_manifest(to) == manifest:
            verify_bundle(to, report=report, cancelled=cancelled, clock=clock)
        else:
            _claim(to, paths)
            subject = f"The copy of the bundle in {to}"
            check_room(to, manifest.size_bytes, disk_free_bytes, subject=subject, hint=_OTHER_DISK)
            meter = Meter(to.name, manifest.size_bytes, report, clock)
            for file in manifest.files:
                copy_file(
                    folder / file.path,
                    to / file.path,
                    expected_sha256=file.sha256,
                    cancelled=cancelled,
                    copied=meter.add,
                )
            _write(to / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
            with storage_errors(to):
                (to / UNFINISHED).unlink(missing_ok=True)
        home = to
    home = home.resolve()
    return ImportedBundle(
        folder=home,
        plan_path=home / PLAN,
        plan=read_plan(home / PLAN),
        licenses=tuple(home / file.path for file in manifest.files if file.kind == "license"),
        wheels=tuple(home / file.path for file in manifest.files if file.kind == "wheel"),
    )


def own_requirement() -> str:
    """The requirement for pip: the folder that weighin was installed from, else its version on the index."""
    from importlib.metadata import distribution

    found = distribution("weighin")
    text = found.read_text("direct_url.json")
    url = str(msgspec.json.decode(text).get("url", "")) if text else ""
    if url.startswith("file:"):
        folder = Path(url2pathname(unquote(urlsplit(url).path)))
        if (folder / "pyproject.toml").is_file():
            return str(folder)
    return f"weighin=={found.version}"


def build_wheels(to: Path, *, requirement: str = "", say: Callable[[str], None] = lambda _text: None) -> None:
    """Fill ``to`` with wheels of ``requirement`` (weighin itself when empty) and its dependencies. Uses the network.

    Wheels fit this operating system, processor family and Python version. llama.cpp is compiled from source here, and
    a build for this processor may not run on an older one.

    Raises:
        BundleError: pip is missing or failed.
    """
    requirement = requirement or own_requirement()
    command = [sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check", "--wheel-dir", str(to), requirement]
    say(f"Building wheels of {requirement}. Compiling llama.cpp can take minutes …")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("[notice]")]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise BundleError(
            f"The wheels could not be built: {errors[-1].strip() if errors else f'pip ended with {done.returncode}'}",
            hint="Collect them yourself and pass their folder with --wheels-from.",
        )


def _origin(source: Path) -> Origin | None:
    cached = cached_from(source)
    return Origin(repo=cached.repo, commit=cached.commit, file=cached.name) if cached is not None else None


def _readme(with_wheels: bool) -> str:
    steps = ["python -m pip install --no-index --find-links wheels weighin"] if with_wheels else []
    steps += ["weighin bundle import ."]
    commands = "\n".join(f"    {step}" for step in steps)
    return f"""A weighin bundle: a comparison of language models with everything it needs.

On the machine without a network, in this folder:

{commands}

It prints the command that starts the comparison. The licenses folder has the known terms of the models.
bundle.json has the SHA-256 of every file; `weighin bundle verify .` checks them.
"""


def _model_items(plan: Plan) -> list[list[BundleItem]]:
    if not plan.candidates:
        raise BundleError("The plan has no candidates, so there is nothing to bundle.", hint="Add a model to it.")
    groups = []
    for candidate in plan.candidates:
        first = Path(candidate.path)
        split = split_of(first.name)
        sources = split_parts(first, split[2]) if split else [first]
        folder = f"models/{safe_name(candidate.id)}"
        names = [source.name if source.name.lower().endswith(".gguf") else f"{candidate.id}.gguf" for source in sources]
        groups.append([BundleItem(s, f"{folder}/{safe_name(n)}", "model") for s, n in zip(sources, names, strict=True)])
    return groups


def _wheel_items(wheels: Path | None) -> list[BundleItem]:
    if wheels is None:
        return []
    try:
        found = sorted(path for path in wheels.iterdir() if path.suffix == ".whl" and path.is_file())
    except OSError as error:
        raise LocalStoreError(
            f"The folder {wheels} cannot be read: {error.strerror}.", hint="Check the path."
        ) from None
    if not found:
        raise BundleError(f"There are no wheels in {wheels}.", hint="Run `pip wheel -w FOLDER weighin` to fill it.")
    return [BundleItem(path, f"wheels/{path.name}", "wheel") for path in found]


def _packed_plan(
    plan: Plan, models: list[list[BundleItem]], data: list[list[BundleItem]], hashes: Mapping[str, str]
) -> Plan:
    """The plan with paths inside the bundle and the hashes of the copied files."""
    candidates = []
    for candidate, items in zip(plan.candidates, models, strict=True):
        found = [hashes[item.path] for item in items]
        sha256 = joint_sha256(found)
        if candidate.sha256 and candidate.sha256 != sha256:
            raise BundleError(
                f"{candidate.path} is not the file that the plan was made with.", hint="Make the plan again."
            )
        # The other machine has the file, and not the store that it is from.
        candidates.append(msgspec.structs.replace(candidate, path=items[0].path, sha256=sha256, store=""))
    suites: list[PlannedSuite] = []
    for suite, files in zip(plan.suites, data, strict=True):
        if not files:
            suites.append(suite)
            continue
        whole = len(files) == 1 or is_harness_task(files[0].path)  # a task file names its data itself
        path = files[0].path if whole else files[0].path.rpartition("/")[0]
        if isinstance(suite, BuiltInSuite):
            suites.append(with_data_path(suite, suite_folder(files[0].path)))
            continue
        found = [hashes[item.path] for item in files]
        sha256 = joint_sha256(found)
        if suite.data_sha256 and suite.data_sha256 != sha256:
            what = data_path(suite) or f"The data of {suite.name}"
            raise BundleError(f"{what} changed since the plan was made.", hint="Make the plan again.")
        # In the bundle they are ordinary files. The manifest says where on the hub they came from.
        suites.append(with_data_path(msgspec.structs.replace(suite, data_sha256=sha256), path))
    return msgspec.structs.replace(plan, candidates=tuple(candidates), suites=tuple(suites))


def _check_plan_paths(folder: Path, manifest: Manifest) -> None:
    plan = read_plan_as_written(folder / PLAN)
    listed = {file.path for file in manifest.files}
    listed |= {suite_folder(path) for path in listed if path.startswith("data/")}
    named = [candidate.path for candidate in plan.candidates] + [
        path for suite in plan.suites if (path := data_path(suite))
    ]
    named += [s.source.repo for s in plan.suites if isinstance(s, OwnSuite) and isinstance(s.source, HubSource)]
    outside = [f"its plan names {path[:120]!r}" for path in named if path not in listed]
    for path in named:
        if path in listed and is_harness_task(path):
            outside += _outside_of_task(folder, path, listed)
    if outside:
        raise refused(f"The bundle {folder}", tuple(outside), hint="Do not use it.")


def _outside_of_task(folder: Path, path: str, listed: Collection[str]) -> list[str]:
    """The files that a task file of the bundle names and the bundle does not have."""
    try:
        files = harness_files(folder / path)
    except DatasetError as error:
        return [str(error)]
    inside = (Path(os.path.relpath(file, folder)).as_posix() for file in files)
    return [f"{path} names {name[:120]!r}" for name in inside if name not in listed]


def _claim(to: Path, planned: list[str]) -> None:
    """Take an empty folder, or one from an interrupted run. Never overwrites the user's files."""
    with storage_errors(to):
        if (to / MANIFEST).exists():
            raise BundleError(
                f"{to} already contains a finished bundle.", hint="Choose another folder, or delete this one."
            )
        to.mkdir(parents=True, exist_ok=True)
        ours = {UNFINISHED, MANIFEST, *planned, *(f"{path}.part" for path in planned)}
        present = {Path(p, name).relative_to(to).as_posix() for p, _, names in os.walk(to) for name in names}
        strange = sorted(name for name in present if finished_name(name) not in ours)
        if strange or (present and UNFINISHED not in present):
            raise BundleError(f"{to} is not empty: {(strange or sorted(present))[0]}.", hint="Choose an empty folder.")
        for name in present - ours:  # left by a process that was killed while it wrote a small file
            (to / name).unlink()
        (to / UNFINISHED).touch()


def _write(path: Path, data: bytes) -> str:
    """Write a small file atomically and return its SHA-256."""
    with storage_errors(path):
        write_atomically(path, data)
    return hashlib.sha256(data).hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise LocalStoreError(f"{path} cannot be read: {error.strerror}.", hint="Check that it still exists.") from None


def _size_or_zero(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
