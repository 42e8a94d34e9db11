"""``weighin doctor``: does everything that a run needs work on this machine?"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from weighin.engine import paths
from weighin.engine.errors import WeighinError
from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.plan.model import Settings
from weighin.engine.store.store import Store
from weighin.engine.worker.protocol import LoadModel, MeasureSpeed, SpeedDone
from weighin.engine.worker.supervisor import Worker

from .query import print_json


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at."""

    what: str
    ok: bool
    detail: str


def check_up(*, as_json: bool) -> int:
    """Look at everything, print what was found; 0 when all is well, 1 otherwise."""
    checks = (
        ("llama.cpp computes", _computes),
        ("run database", _database),
        ("log folder", _logs),
        ("sample model", _sample),
    )
    findings = [_look(what, check) for what, check in checks]
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            click.echo(f"{'✓' if finding.ok else '✗'} {finding.what}: {finding.detail}")
    return 0 if all(finding.ok for finding in findings) else 1


def _look(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what=what, ok=True, detail=check())
    except WeighinError as error:
        return Finding(what=what, ok=False, detail=str(error))
    except OSError as error:
        return Finding(what=what, ok=False, detail=f"{error}.")


def _computes() -> str:
    """Decode with a tiny quantised model in a real worker: finds builds that crash on this processor."""

    async def body(model: Path) -> float:
        worker = Worker("doctor", logs=paths.logs_dir())
        await worker.start()
        try:
            await worker.ask(LoadModel(path=str(model), settings=Settings(n_ctx=512)))
            done = await worker.ask(MeasureSpeed(kind="prompt", n_tokens=256))
            assert isinstance(done, SpeedDone)
            return 256 / done.elapsed_s
        finally:
            await worker.stop()

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "tiny.gguf"
        write_tiny_model(model, weights="Q4_0")
        try:
            asyncio.run(body(model))
        except WeighinError as error:
            raise WeighinError(
                error.what,
                hint="This build of llama.cpp does not work on this processor. Build it again: CFLAGS=-U__AMX_INT8__"
                " CXXFLAGS=-U__AMX_INT8__ pip install --force-reinstall --no-cache-dir"
                " --no-binary llama-cpp-python llama-cpp-python",
            ) from None
    return "a tiny quantised model was loaded and run"


def _database() -> str:
    with Store.open(paths.store_path()) as store:
        return f"{len(store.runs())} runs in {store.path}"


def _logs() -> str:
    folder = paths.logs_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder):
        return str(folder)


def _sample() -> str:
    from weighin.engine.prepare.demo import sample_model

    return str(sample_model())
