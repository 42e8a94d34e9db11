"""The shortened protocol of ``weighin fit`` against the ordinary one, on the same hollow models, alternating.

Usage: python tests/benchmarks/fit_against_protocol.py [MODEL…] [--context 2048] [--rounds 2]

MODEL is a catalog name, by default three of different shapes. The ordinary protocol is pp512, tg64, generation after
the cache has really been filled, and the peak of memory after all that. What ``fit`` extrapolates is held against what
was measured.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import msgspec
from common import last_line, ratio_line

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.fit.measure import measure_fit
from weighin.engine.fit.results import Fit
from weighin.engine.fit.shape import vocabulary_bytes
from weighin.engine.fit.source import CatalogSource
from weighin.engine.plan.model import Settings
from weighin.engine.worker.protocol import LoadModel, MeasureSpeed, SpeedDone
from weighin.engine.worker.supervisor import Worker

MODELS = ("smollm2-135m-instruct", "llama-3.2-1b-instruct", "gemma-3-1b-it")
N_PROMPT, N_GENERATE, N_DEEP = 512, 64, 16


async def ordinary(source: CatalogSource, settings: Settings, depth: int) -> Fit:
    """The same figures without any short cut."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with source.open(folder) as (path, label):
            worker = Worker("ordinary", logs=folder)
            await worker.start()
            try:
                await worker.ask(LoadModel(path=str(path), settings=settings, prompt_style="plain"))

                async def rate(command: MeasureSpeed, repeats: int) -> tuple[float, int]:
                    done = [await worker.ask(msgspec.structs.replace(command, seed=seed)) for seed in range(repeats)]
                    reports = [report for report in done if isinstance(report, SpeedDone)]
                    elapsed_s = statistics.median(report.elapsed_s for report in reports)
                    return command.n_tokens / elapsed_s, max(report.peak_rss_bytes for report in reports)

                prompt, _ = await rate(MeasureSpeed(kind="prompt", n_tokens=N_PROMPT), 3)
                generation, _ = await rate(MeasureSpeed(kind="generation", n_tokens=N_GENERATE), 3)
                deep, peak = await rate(MeasureSpeed(kind="generation", n_tokens=N_DEEP, depth=depth), 1)
            finally:
                await worker.kill()
    return Fit(
        name=source.name,
        size_bytes=source.size_bytes(),
        n_ctx=settings.n_ctx,
        label=label,
        prompt_tokens_per_second=prompt,
        generation_tokens_per_second=generation,
        deep_tokens_per_second=deep,
        depth_tokens=depth,
        memory_bytes=peak + vocabulary_bytes(source.model),
    )


def ratios(short: Fit, whole: Fit) -> dict[str, float]:
    """Short over ordinary."""
    return {
        name: getattr(short, field) / getattr(whole, field)
        for name, field in (
            ("prompt", "prompt_tokens_per_second"),
            ("generation", "generation_tokens_per_second"),
            ("generation at depth", "deep_tokens_per_second"),
            ("memory", "memory_bytes"),
        )
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    settings = Settings(n_ctx=options.context, n_threads=options.threads)
    catalog = load_catalog()
    found: dict[str, list[float]] = {}
    for name in options.models:
        source = CatalogSource(catalog.find(name), "Q4_K_M")
        own: dict[str, list[float]] = {}
        seconds = []
        for number in range(options.rounds):
            whole = asyncio.run(ordinary(source, settings, settings.n_ctx - N_DEEP)) if number % 2 else None
            started = time.perf_counter()
            short = asyncio.run(measure_fit(source, settings, refresh=True))
            seconds.append(time.perf_counter() - started)
            whole = whole or asyncio.run(ordinary(source, settings, settings.n_ctx - N_DEEP))
            for what, ratio in ratios(short, whole).items():
                own.setdefault(what, []).append(ratio)
        row = "  ".join(f"{what} {statistics.median(values):.3f}" for what, values in own.items())
        print(f"{name:<24} {statistics.median(seconds):5.1f} s  {row}", flush=True)
        for what, values in own.items():
            found.setdefault(what, []).extend(values)
    for what, values in found.items():
        print(ratio_line(f"{what}, short / ordinary", values))
    last_line(
        {"benchmark": "fit_against_protocol", **{what: statistics.median(values) for what, values in found.items()}}
    )


if __name__ == "__main__":
    main()
