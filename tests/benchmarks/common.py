"""What the benchmark scripts share: a worker to ask, and medians of ratios."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from weighin.engine.plan.model import Settings
from weighin.engine.worker.protocol import LoadModel
from weighin.engine.worker.supervisor import Worker

T = TypeVar("T")


def with_worker(model: Path, n_threads: int, body: Callable[[Worker], Awaitable[T]]) -> T:
    """Run ``body`` with a worker that has ``model`` loaded."""

    async def main() -> T:
        with tempfile.TemporaryDirectory() as logs:
            worker = Worker("benchmark", logs=Path(logs))
            await worker.start()
            try:
                await worker.ask(LoadModel(path=str(model), settings=Settings(n_threads=n_threads)))
                return await body(worker)
            finally:
                await worker.stop()

    return asyncio.run(main())


def ratio_line(name: str, ratios: Sequence[float]) -> str:
    """Median, least and largest of some ratios, for people."""
    return (
        f"{name:<28} median {statistics.median(ratios):.3f}  [{min(ratios):.3f} … {max(ratios):.3f}]  n={len(ratios)}"
    )


def last_line(document: dict[str, Any]) -> None:
    """The machine-readable result, the last line of every benchmark."""
    sys.stdout.flush()
    print(json.dumps(document))
