"""Install a bundle where weighin finds its files on a machine without a network.

Models from the other machine's hub cache go into the hub cache here, so that their hub names work too. Other models,
the plan, the data and the license texts go below weighin's data folder. Nothing is replaced, and importing again
changes nothing. Opens no connection.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from .. import paths
from ..gguf.header import check_file
from ..hub.cache import CachedFile, cached_file, check_room, free_bytes, locked, publish, storage_errors
from ..hub.client import never
from ..hub.progress import Meter, Report, silent
from ..models.local import hub_cache_dir
from ..plan.files import read_plan_as_written, write_plan
from ..plan.model import data_path, with_data_path
from ..safe_names import safe_name
from .copying import copy_file
from .create import ImportedBundle, verify_bundle
from .manifest import PLAN, BundleFile, Manifest


def install_bundle(
    folder: Path,
    *,
    report: Report = silent,
    cancelled: Callable[[], bool] = never,
    clock: Callable[[], float] = time.monotonic,
    disk_free_bytes: Callable[[Path], int] = free_bytes,
    env: Mapping[str, str] | None = None,
) -> ImportedBundle:
    """Verify a bundle, copy its files into place, and write the plan with their new paths.

    Raises:
        BundleError, ModelFileError: the bundle is incomplete, or has a file that is not a model.
        LocalStoreError, DiskFullError: the copy failed. It resumes the next time.
    """
    manifest = verify_bundle(folder, report=report, cancelled=cancelled, clock=clock)
    plan = read_plan_as_written(folder / PLAN)
    for candidate in plan.candidates:
        check_file(folder / candidate.path)
    cache_dir = hub_cache_dir(os.environ if env is None else env)
    identity = hashlib.sha256(msgspec.json.encode(manifest)).hexdigest()[:8]  # two bundles may have the same name
    home = paths.data_dir() / "bundles" / f"{safe_name(folder.resolve().name)}-{identity}"
    places = _places(manifest, cache_dir, home)
    meter = Meter(folder.name, sum(file.size_bytes for file in places), report, clock)
    missing: dict[Path, int] = {}
    for file, place in places.items():
        disk = cache_dir if isinstance(place, CachedFile) else paths.data_dir()
        here = place.blob.exists() if isinstance(place, CachedFile) else place.exists()
        missing[disk] = missing.get(disk, 0) + (0 if here else file.size_bytes)
    for disk, size_bytes in missing.items():
        variable = "HF_HUB_CACHE" if disk == cache_dir else "WEIGHIN_HOME"
        hint = f"Free some space, set {variable} to a folder on another disk, or use --in-place."
        check_room(disk, size_bytes, disk_free_bytes, subject=f"The bundle {folder}", hint=hint)
    found: dict[str, Path] = {}
    for file, place in places.items():
        source = folder / file.path
        if isinstance(place, CachedFile):
            found[file.path] = _into_cache(source, place, cancelled, meter)
        else:
            copy_file(source, place, expected_sha256=file.sha256, cancelled=cancelled, copied=meter.add)
            found[file.path] = place
    plan = msgspec.structs.replace(
        plan,
        candidates=tuple(msgspec.structs.replace(c, path=str(found[c.path])) for c in plan.candidates),
        suites=tuple(with_data_path(s, str(_placed(data_path(s), found))) if data_path(s) else s for s in plan.suites),
    )
    with storage_errors(home):
        write_plan(plan, home / PLAN)
    return ImportedBundle(
        folder=home,
        plan_path=home / PLAN,
        plan=plan,
        licenses=tuple(found[file.path] for file in manifest.files if file.kind == "license"),
        wheels=tuple((folder / file.path).resolve() for file in manifest.files if file.kind == "wheel"),
    )


def _placed(data: str, found: Mapping[str, Path]) -> Path:
    """The new path of a data file, or of the folder with a reference suite's files."""
    if data in found:
        return found[data]
    inside, place = next((path, place) for path, place in found.items() if path.startswith(f"{data}/"))
    return place.parents[inside.removeprefix(f"{data}/").count("/")]


def _places(manifest: Manifest, cache_dir: Path, home: Path) -> dict[BundleFile, CachedFile | Path]:
    """The target of each file. Wheels stay in the bundle, for pip."""
    models = [file for file in manifest.files if file.kind == "model"]
    first: dict[str, str] = {}  # the first part's hash names the folder of all parts
    for file in sorted(models, key=lambda file: file.path):
        first.setdefault(file.path.rpartition("/")[0], file.sha256)
    places: dict[BundleFile, CachedFile | Path] = {}
    for file in manifest.files:
        if file.kind == "model":
            origin = file.origin
            cached = (
                None if origin is None else cached_file(cache_dir, origin.repo, origin.commit, origin.file, file.sha256)
            )
            if cached is not None and _is_free(cached):
                places[file] = cached
            else:
                folder, _, name = file.path.rpartition("/")
                places[file] = paths.data_dir() / "models" / first[folder][:12] / name
        elif file.kind in {"data", "license"}:
            places[file] = home / file.path
    return places


def _is_free(place: CachedFile) -> bool:
    return not place.pointer.exists() or place.pointer.resolve() == place.blob.resolve()


def _into_cache(source: Path, place: CachedFile, cancelled: Callable[[], bool], meter: Meter) -> Path:
    with locked(place, sleep=time.sleep, cancelled=cancelled):
        copy_file(source, place.blob, expected_sha256=place.etag, cancelled=cancelled, copied=meter.add)
        with storage_errors(place.part):
            place.part.unlink(missing_ok=True)  # what an unfinished download of the same file left
        # A branch that the cache already knows keeps its commit.
        return publish(place, place.commit if place.ref("main").exists() else "main")
