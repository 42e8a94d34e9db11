"""Hollow models against the real files they stand for: speed and peak memory, alternating in one run.

Usage: python tests/benchmarks/hollow_vs_real.py [--rounds 3] [--threads 2] [--types Q4_1,Q8_0,…]

The real files are the sample model and its requantised versions.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from common import last_line, ratio_line

from weighin.engine.demo import sample_model
from weighin.engine.gguf.hollow import build_hollow
from weighin.engine.plan import Settings
from weighin.engine.supervisor import Worker
from weighin.engine.worker.protocol import LoadModel, MeasureSpeed, SpeedDone

TYPES = ("Q4_1", "Q8_0", "Q5_0", "Q4_0", "Q5_1", "Q4_K_M", "F16")


async def measure(path: Path, threads: int, logs: Path) -> dict[str, float]:
    """Medians of three repeats, and the peak memory, of a worker of its own."""
    worker = Worker("hollow", logs=logs)
    await worker.start()
    try:
        await worker.ask(LoadModel(path=str(path), settings=Settings(n_threads=threads)))
        found = {}
        for kind, n_tokens in (("prompt", 512), ("generation", 128)):
            rates = []
            for seed in range(3):
                done = await worker.ask(MeasureSpeed(kind=kind, n_tokens=n_tokens, seed=seed))
                assert isinstance(done, SpeedDone)
                rates.append(n_tokens / done.elapsed_s)
            found[kind] = statistics.median(rates)
            found["memory"] = float(done.peak_rss_bytes)
        return found
    finally:
        await worker.kill()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--types", default=",".join(TYPES))
    options = parser.parse_args()
    ratios: dict[str, list[float]] = {"prompt": [], "generation": [], "memory": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file_type in options.types.split(","):
            real, hollow = folder / f"real.{file_type}.gguf", folder / f"hollow.{file_type}.gguf"
            if file_type == "Q4_1":
                real.symlink_to(sample_model())
            else:
                command = ["-m", "weighin.engine.llama.quantize", str(sample_model()), str(real), file_type]
                subprocess.run([sys.executable, *command, str(options.threads)], check=True, capture_output=True)
            build_hollow(real, hollow)
            rows: dict[str, list[float]] = {kind: [] for kind in ratios}
            for number in range(options.rounds):
                both = {}
                for path in (real, hollow) if number % 2 else (hollow, real):
                    both[path] = asyncio.run(measure(path, options.threads, folder))
                for kind, values in rows.items():
                    values.append(both[hollow][kind] / both[real][kind])
            for kind, values in rows.items():
                ratios[kind].append(statistics.median(values))
            print(f"{file_type:<7}" + "  ".join(f"{kind} {statistics.median(v):.3f}" for kind, v in rows.items()))
            real.unlink()
            hollow.unlink()
    for kind, values in ratios.items():
        print(ratio_line(f"{kind} hollow / real", values))
    last_line({"benchmark": "hollow_vs_real", **{kind: statistics.median(values) for kind, values in ratios.items()}})


if __name__ == "__main__":
    main()
