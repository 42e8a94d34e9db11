"""``weighin doctor``: whether everything that a run needs works on this machine."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from weighin.engine import paths
from weighin.engine.errors import WeighinError
from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.plan.model import Settings
from weighin.engine.store.store import Store
from weighin.engine.worker.protocol import LoadModel, MeasureSpeed, SpeedDone
from weighin.engine.worker.supervisor import Worker

from ...exit_codes import EXIT_CHECK_FAILED, EXIT_OK
from ..options import JsonOptions
from ..terminal import out
from .query import print_json


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was checked."""

    what: str
    ok: bool
    detail: str


def check_up(options: JsonOptions) -> int:
    """Run all checks and print them; 0 when everything works, 1 otherwise."""
    checks = [
        _check("llama.cpp computes", _llama_cpp),
        _check("run database", _database),
        _check("log folder", _logs),
        _check("sample model", _sample_model),
    ]
    if options.as_json:
        print_json(checks)
    else:
        for check in checks:
            out(f"{'✓' if check.ok else '✗'} {check.what}: {check.detail}")
    return EXIT_OK if all(check.ok for check in checks) else EXIT_CHECK_FAILED


def _check(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what=what, ok=True, detail=look())
    except WeighinError as error:
        return Check(what=what, ok=False, detail=str(error))
    except OSError as error:
        return Check(what=what, ok=False, detail=f"{error}.")


def _llama_cpp() -> str:
    """Decode with a tiny quantized model in a real worker, which reveals builds that crash on this processor."""

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
                hint="This build of llama.cpp does not work on this processor. Rebuild it: CFLAGS=-U__AMX_INT8__"
                " CXXFLAGS=-U__AMX_INT8__ pip install --force-reinstall --no-cache-dir"
                " --no-binary llama-cpp-python llama-cpp-python",
            ) from None
    return "loaded and ran a tiny quantized model"


def _database() -> str:
    with Store.open(paths.store_path()) as store:
        return f"{len(store.runs())} runs in {store.path}"


def _logs() -> str:
    folder = paths.logs_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder):
        return str(folder)


def _sample_model() -> str:
    from weighin.engine.prepare.demo import sample_model

    return str(sample_model())
