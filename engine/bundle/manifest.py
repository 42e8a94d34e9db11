"""A bundle's manifest, and whether a folder matches it. Opens no connection."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from ..files import read_file
from ..hub.cache import hash_file
from ..hub.client import cancelled_error, ignore_bytes, never
from ..hub.errors import BundleError
from ..safe_names import is_commit, is_repo_id, is_safe_path

MANIFEST = "bundle.json"
UNFINISHED = "bundle.unfinished"
PLAN = "plan.toml"
_MAX_MANIFEST_BYTES = 16 * 2**20
_SHOWN_PROBLEMS = 5
_LEFT_BY_SYSTEMS = {".ds_store", "thumbs.db", "desktop.ini"}
"""Files that file managers create when somebody opens the folder."""

Kind = Literal["model", "data", "plan", "license", "wheel", "note"]


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where on the hub a file was downloaded from, according to the cache of the machine that made the bundle."""

    repo: str
    commit: str
    file: str


class BundleFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file of a bundle."""

    path: str
    """Path inside the bundle, with forward slashes."""
    kind: Kind
    size_bytes: int
    sha256: str
    origin: Origin | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every file of a bundle except the manifest."""

    format: Literal[1] = 1
    files: tuple[BundleFile, ...]

    @property
    def size_bytes(self) -> int:
        """Total size of all files."""
        return sum(file.size_bytes for file in self.files)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a bundle and check its paths.

    Raises:
        BundleError: not a bundle, an unfinished one, or one with paths outside the folder.
    """
    path = folder / MANIFEST
    try:
        if stat.S_ISLNK(path.lstat().st_mode):
            raise BundleError(f"{path} is a link.", hint="Do not use this bundle.")
        manifest = msgspec.json.decode(read_file(path, max_bytes=_MAX_MANIFEST_BYTES), type=Manifest)
    except FileNotFoundError:
        if (folder / UNFINISHED).exists():
            raise BundleError(
                f"The bundle in {folder} is unfinished.", hint="Run `weighin bundle create` again; it resumes."
            ) from None
        raise BundleError(f"{folder} is not a bundle: it has no {MANIFEST}.", hint="Check the path.") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.", hint="Copy the bundle again.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"{path} is not a manifest that this version can read: {error}.") from None
    problems = path_problems(manifest)
    if problems:
        raise refused(f"The manifest {path}", problems, hint="Do not use this bundle.")
    return manifest


def path_problems(manifest: Manifest) -> tuple[str, ...]:
    """Paths that leave the folder or collide, invalid hashes, and a missing plan."""
    problems = []
    seen: set[str] = set()
    for file in manifest.files:
        if not is_safe_path(file.path) or file.path.lower() in {MANIFEST, UNFINISHED}:
            problems.append(f"{file.path[:120]!r} is not a path inside the bundle")
        elif file.path.lower() in seen:
            problems.append(f"{file.path} is listed twice")
        elif file.size_bytes < 0 or len(file.sha256) != 64 or not set(file.sha256) <= set("0123456789abcdef"):
            problems.append(f"{file.path} has no valid size and SHA-256")
        elif file.origin is not None and not _is_origin(file.origin):
            problems.append(f"{file.path} has an invalid origin on the hub")
        seen.add(file.path.lower())
    if not any(file.path == PLAN and file.kind == "plan" for file in manifest.files):
        problems.append(f"there is no {PLAN}")
    return tuple(problems)


def _is_origin(origin: Origin) -> bool:
    return is_repo_id(origin.repo) and is_commit(origin.commit) and is_safe_path(origin.file)


def content_problems(
    folder: Path,
    manifest: Manifest,
    *,
    cancelled: Callable[[], bool] = never,
    hashed: Callable[[int], None] = ignore_bytes,
) -> tuple[str, ...]:
    """Every file that is missing, altered or not listed. ``hashed`` is called with the size of each chunk."""
    there, problems = _walk(folder)
    listed = {file.path for file in manifest.files}
    problems += [f"{name} does not belong to the bundle" for name in sorted(there - listed - {MANIFEST, UNFINISHED})]
    for file in manifest.files:
        if file.path not in there:
            problems.append(f"{file.path} is missing")
            continue
        path = folder / file.path
        try:
            size = path.stat().st_size
            if size != file.size_bytes:
                problems.append(f"{file.path} has {size} bytes instead of {file.size_bytes}")
                continue
            digest = hashlib.sha256()
            hash_file(path, digest, cancelled=cancelled, subject="Checking the bundle", hashed=hashed)
        except OSError as error:
            problems.append(f"{file.path} cannot be read ({error.strerror})")
            continue
        if digest.hexdigest() != file.sha256:
            problems.append(f"{file.path} was altered or damaged: its SHA-256 differs")
    if cancelled():
        raise cancelled_error("Checking the bundle")
    return tuple(problems)


def _walk(folder: Path) -> tuple[set[str], list[str]]:
    """The plain files below ``folder``, and problems with everything else there."""
    problems = []
    files = set()

    def failed(error: OSError) -> None:
        problems.append(f"the folder {error.filename} cannot be read ({error.strerror})")

    for parent, children, names in os.walk(folder, onerror=failed):
        for name in [*children, *names]:
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            # A link can point anywhere, and copying the folder may lose it.
            if path.is_symlink():
                problems.append(f"{relative} is a link")
            elif name in names and not path.is_file():  # opening a pipe or a device could wait forever
                problems.append(f"{relative} is not a regular file")
            elif name in names and name.lower() not in _LEFT_BY_SYSTEMS and not name.startswith("._"):
                files.add(relative)
    return files, problems


def refused(what: str, problems: tuple[str, ...], *, hint: str) -> BundleError:
    """An error whose sentence has the first few problems, and whose ``problems`` has all."""
    shown = "; ".join(problems[:_SHOWN_PROBLEMS])
    more = f"; and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
    return BundleError(f"{what} is invalid: {shown}{more}.", problems=problems, hint=hint)
