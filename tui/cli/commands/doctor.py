"""``weighin doctor``: whether everything that a run needs works on this machine."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from weighin.engine import paths
from weighin.engine.errors import WeighinError
from weighin.engine.files import make_private
from weighin.engine.gguf.tiny import WeightType, write_tiny_model
from weighin.engine.plan.model import Settings
from weighin.engine.store.store import Store
from weighin.engine.worker.protocol import LoadModel, MeasureSpeed
from weighin.engine.worker.supervisor import Worker, WorkerLostError

from ...exit_codes import EXIT_CHECK_FAILED, EXIT_OK
from ..options import JsonOptions
from ..terminal import out
from .query import print_json

_REBUILD = "pip install --force-reinstall --no-cache-dir --no-binary llama-cpp-python llama-cpp-python"


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
    try:
        _compute("Q4_0")
    except WorkerLostError as error:
        hint = crash_advice(error, unquantized_works=_unquantized_works, features=_build_features)
        raise WeighinError(error.what, hint=f"{hint} {error.hint}".strip()) from None
    return "loaded and ran a tiny quantized model"


def _compute(weights: WeightType) -> None:
    async def body(model: Path) -> None:
        worker = Worker("doctor", logs=paths.logs_dir())
        await worker.start()
        try:
            await worker.ask(LoadModel(path=str(model), settings=Settings(n_ctx=512)))
            await worker.ask(MeasureSpeed(kind="prompt", n_tokens=256))
        finally:
            await worker.stop()

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "tiny.gguf"
        write_tiny_model(model, weights=weights)
        asyncio.run(body(model))


def _unquantized_works() -> bool:
    try:
        _compute("F32")
    except WeighinError:
        return False
    return True


def _build_features() -> tuple[str, ...]:
    from weighin.engine.prepare.machine import ask_llama

    build, _problem = ask_llama()
    return build.features if build is not None else ()


def crash_advice(
    error: WorkerLostError, *, unquantized_works: Callable[[], bool], features: Callable[[], tuple[str, ...]]
) -> str:
    """What to do about a worker that died with a sound model, as far as the evidence goes; empty without any.

    AMX is only blamed where it can be at fault: it is compiled in, and only quantized models crash, because llama.cpp
    uses AMX for nothing else.
    """
    if error.failure != "aborted":
        return ""
    if error.signal_name == "SIGILL":
        return f"This build of llama.cpp uses instructions that this processor lacks. Build it here: {_REBUILD}"
    if not error.signal_name:
        return f"Install it again: {_REBUILD}"
    if not unquantized_works():
        return (
            "It also crashes without quantized weights, so neither the file nor AMX is the cause. It may be another"
            f" version of a library, such as CUDA or OpenMP. Install llama-cpp-python again: {_REBUILD}"
        )
    if "AMX_INT8" in features():
        flag = "-U__AMX_INT8__"
        without = f"CFLAGS={flag} CXXFLAGS={flag} {_REBUILD}"
        return f"Only quantized weights crash, and this build uses AMX. Build it without: {without}"
    return f"Only quantized weights crash. Build llama.cpp here: {_REBUILD}"


def _database() -> str:
    with Store.open(paths.store_path()) as store:
        return f"{len(store.runs())} runs in {store.path}"


def _logs() -> str:
    folder = paths.logs_dir()
    make_private(folder)
    with tempfile.NamedTemporaryFile(dir=folder):
        return str(folder)


def _sample_model() -> str:
    from weighin.engine.prepare.demo import sample_model

    return str(sample_model())
