"""Commands on bundles: create, verify, import."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from weighin.engine.bundle.create import ImportedBundle, build_wheels, create_bundle, import_bundle, verify_bundle
from weighin.engine.bundle.install import install_bundle
from weighin.engine.bundle.manifest import Manifest
from weighin.engine.bundle.notices import license_texts
from weighin.engine.errors import PlanError
from weighin.engine.hub.progress import DownloadEvent, DownloadProgressed
from weighin.engine.models.fetch import FetchProgress
from weighin.engine.plan.files import plan_table, read_plan
from weighin.engine.prepare.freeze import check_inputs, download_candidates
from weighin.engine.units import format_file_size

from ..options import BundleCreateOptions, BundleImportOptions, BundleVerifyOptions
from ..terminal import out, say
from .pull import DownloadProgress
from .query import print_json


@contextmanager
def _copy_progress(verb: str) -> Iterator[Callable[[DownloadEvent], None]]:
    """A report that shows the progress of a bundle's bytes on stderr."""
    with DownloadProgress(verb=verb) as progress:

        def report(event: DownloadEvent) -> None:
            if isinstance(event, DownloadProgressed):
                progress(
                    FetchProgress(
                        name=event.name,
                        state="downloading",
                        done_bytes=event.bytes_done,
                        total_bytes=event.bytes_total,
                        bytes_per_second=event.bytes_per_second,
                        seconds_left=event.seconds_left,
                    )
                )

        yield report


def create(options: BundleCreateOptions) -> None:
    """Write a bundle, after downloading the models that are not on this machine."""
    if options.wheels and options.wheels_from:
        raise PlanError("--wheels and --wheels-from exclude each other.", hint="Use one of them.")
    folder = Path(options.to).expanduser()
    with DownloadProgress() as downloads:
        plan = download_candidates(read_plan(Path(options.plan).expanduser()), report=downloads)
    check_inputs(plan)
    texts = license_texts(plan)
    with ExitStack() as stack:
        wheels = Path(options.wheels_from).expanduser() if options.wheels_from else None
        if options.wheels:
            wheels = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weighin-wheels-")))
            build_wheels(wheels, say=say)
        copying = stack.enter_context(_copy_progress("copying"))
        manifest = create_bundle(plan, folder, license_texts=texts, wheels=wheels, report=copying)
    if options.as_json:
        print_json({"folder": str(folder.resolve()), "manifest": manifest})
        return
    out(f"{folder}: {_summary(manifest)}")
    if wheels is not None:
        out(f"On the other machine: python -m pip install --no-index --find-links {folder.name}/wheels weighin")
    out(f"{'Then' if wheels is not None else 'On the other machine'}: weighin bundle import {folder.name}")


def verify(options: BundleVerifyOptions) -> None:
    """Compare every byte of a bundle with its checksums."""
    folder = Path(options.folder).expanduser()
    with _copy_progress("checking") as checking:
        manifest = verify_bundle(folder, report=checking)
    if options.as_json:
        print_json({"folder": str(folder.resolve()), "ok": True, "manifest": manifest})
    else:
        out(f"{options.folder} is complete and unchanged: {_summary(manifest)}")


def import_(options: BundleImportOptions) -> None:
    """Check a bundle and make its plan ready to run."""
    if options.to and options.in_place:
        raise PlanError("--to and --in-place exclude each other.", hint="Use one of them.")
    source = Path(options.folder).expanduser()
    with _copy_progress("checking and copying") as copying:
        if options.in_place:
            imported = import_bundle(source, report=copying)
        elif options.to:
            imported = import_bundle(source, to=Path(options.to).expanduser(), report=copying)
        else:
            imported = install_bundle(source, report=copying)
    command = f"weighin run {shlex.quote(str(imported.plan_path))}"
    if options.as_json:
        document = msgspec.to_builtins(imported, enc_hook=str)
        print_json(document | {"plan": plan_table(imported.plan), "command": command})
        return
    out("\n".join(_imported_lines(imported)))
    out(f"Run it: {command}")


def _imported_lines(imported: ImportedBundle) -> list[str]:
    lines = [f"{candidate.name} {candidate.quant}: {candidate.path}" for candidate in imported.plan.candidates]
    if imported.licenses:
        lines.append(f"Licenses: {imported.licenses[0].parent}")
    return lines


def _summary(manifest: Manifest) -> str:
    kinds = [file.kind for file in manifest.files]
    names = {"model": "model files", "data": "data files", "license": "license texts", "wheel": "wheels"}
    counts = [f"{kinds.count(kind)} {word}" for kind, word in names.items() if kind in kinds]
    return f"{', '.join(counts)}, {format_file_size(manifest.size_bytes)}"
