"""Commands on bundles: create, verify, import."""

from __future__ import annotations

import shlex
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click
import msgspec

from weighin.engine.bundle.create import ImportedBundle, create_bundle, import_bundle, verify_bundle
from weighin.engine.bundle.install import install_bundle
from weighin.engine.bundle.manifest import Manifest
from weighin.engine.bundle.notices import license_texts
from weighin.engine.errors import PlanError
from weighin.engine.hub.progress import DownloadEvent, DownloadProgressed
from weighin.engine.models.fetch import FetchProgress
from weighin.engine.models.fetch_text import size_text
from weighin.engine.plan.files import read_plan

from .pull import Progress, talk
from .query import print_json


class Copying:
    """Progress of a bundle's bytes on stderr."""

    def __init__(self, verb: str) -> None:
        self._progress = Progress(verb=verb)

    def __call__(self, event: DownloadEvent) -> None:
        """Show it."""
        if isinstance(event, DownloadProgressed):
            self._progress(
                FetchProgress(
                    name=event.name,
                    state="downloading",
                    done_bytes=event.bytes_done,
                    total_bytes=event.bytes_total,
                    bytes_per_second=event.bytes_per_second,
                    seconds_left=event.seconds_left,
                )
            )

    def __enter__(self) -> Copying:
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.clear()


def create(plan_file: str, to: str, *, wheels: bool, wheels_from: str | None, as_json: bool) -> None:
    """Write a bundle; models that are not here are downloaded first."""
    from weighin.engine.prepare.freeze import bring_candidates, check_inputs  # reads suites

    if wheels and wheels_from:
        raise PlanError("--wheels and --wheels-from exclude each other.", hint="Give one of them.")
    folder = Path(to).expanduser()
    downloads = Progress()
    try:
        plan = bring_candidates(read_plan(Path(plan_file).expanduser()), report=downloads)
    finally:
        downloads.clear()
    check_inputs(plan)
    texts = license_texts(plan)
    with ExitStack() as stack:
        gathered = Path(wheels_from).expanduser() if wheels_from else None
        if wheels:
            from weighin.engine.bundle.wheels import build_wheels

            gathered = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weighin-wheels-")))
            build_wheels(gathered, say=talk)
        copying = stack.enter_context(Copying("copying"))
        manifest = create_bundle(plan, folder, license_texts=texts, wheels=gathered, report=copying)
    if as_json:
        print_json({"folder": str(folder.resolve()), "manifest": manifest})
        return
    click.echo(f"{folder}: {_summary(manifest)}")
    if gathered is not None:
        click.echo(f"On the other machine: python -m pip install --no-index --find-links {folder.name}/wheels weighin")
    click.echo(f"{'Then' if gathered is not None else 'On the other machine'}: weighin bundle import {folder.name}")


def verify(folder: str, *, as_json: bool) -> None:
    """Every byte against the checksums."""
    with Copying("checking") as checking:
        manifest = verify_bundle(Path(folder).expanduser(), report=checking)
    if as_json:
        print_json({"folder": str(Path(folder).expanduser().resolve()), "ok": True, "manifest": manifest})
    else:
        click.echo(f"{folder} is whole: {_summary(manifest)}")


def import_(folder: str, *, to: str | None, in_place: bool, as_json: bool) -> None:
    """Check a bundle and make its plan ready to run."""
    if to and in_place:
        raise PlanError("--to and --in-place exclude each other.", hint="Give one of them.")
    source = Path(folder).expanduser()
    with Copying("checking and copying") as copying:
        if in_place:
            imported = import_bundle(source, report=copying)
        elif to:
            imported = import_bundle(source, to=Path(to).expanduser(), report=copying)
        else:
            imported = install_bundle(source, report=copying)
    command = f"weighin run {shlex.quote(str(imported.plan_path))}"
    if as_json:
        print_json(msgspec.to_builtins(imported, enc_hook=str) | {"command": command})
        return
    click.echo("\n".join(_imported_lines(imported)))
    click.echo(f"Run it: {command}")


def _imported_lines(imported: ImportedBundle) -> list[str]:
    lines = [f"{candidate.name} {candidate.quant}: {candidate.path}" for candidate in imported.plan.candidates]
    if imported.licenses:
        lines.append(f"Licenses: {imported.licenses[0].parent}")
    return lines


def _summary(manifest: Manifest) -> str:
    kinds = [file.kind for file in manifest.files]
    names = {"model": "model files", "data": "data files", "license": "license texts", "wheel": "wheels"}
    counts = [f"{kinds.count(kind)} {word}" for kind, word in names.items() if kind in kinds]
    return f"{', '.join(counts)}, {size_text(manifest.size_bytes)}"
