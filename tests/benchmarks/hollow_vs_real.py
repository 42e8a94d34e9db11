"""Hollow models against the real files they stand for: speed and peak memory, alternating in one run.

Usage: python tests/benchmarks/hollow_vs_real.py [--loads 3] [--rounds 3] [--threads 2] [--types Q4_1,Q8_0,…]

The real files are the sample model and its requantised versions. Beside each a copy of it runs, byte for byte the same:
which pages of memory a file happens to lie in made two copies of one file differ by up to 6 %, so one load of one
file tells nothing finer. Every load therefore writes all three files anew, and each is the first to be written and
loaded in turn. The copy's row is what no difference between files looks like.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from common import last_line, ratio_line

from weighin.engine.gguf.hollow import build_hollow
from weighin.engine.plan.model import Settings
from weighin.engine.prepare.demo import sample_model
from weighin.engine.worker.protocol import LoadModel, MeasureSpeed, SpeedDone
from weighin.engine.worker.supervisor import Worker

Kind = Literal["prompt", "generation"]
TOKENS: dict[Kind, int] = {"prompt": 512, "generation": 128}
TYPES = ("Q4_1", "Q8_0", "Q5_0", "Q4_0", "Q5_1", "Q4_K_M", "F16")
ROLES = ("real", "hollow", "copy")
Ratios = dict[str, dict[str, list[float]]]
"""Role -> what was measured -> role over real, above 1 where it is faster or takes more memory."""


async def compare(files: dict[str, Path], rounds: int, threads: int, logs: Path) -> Ratios:
    """One load of each file, in the order given; they take turns at every repeat, in alternating order."""
    workers = {role: Worker(role, logs=logs) for role in files}
    try:
        for role, worker in workers.items():
            await worker.start()
            await worker.ask(LoadModel(path=str(files[role]), settings=Settings(n_threads=threads)))
        ratios = no_ratios()
        peaks: dict[str, int] = {}
        for number in range(-1, rounds):  # the first is a warm-up
            for kind, n_tokens in TOKENS.items():
                elapsed_s: dict[str, float] = {}
                for role in files if number % 2 else reversed(files):
                    done = await workers[role].ask(MeasureSpeed(kind=kind, n_tokens=n_tokens, seed=max(0, number)))
                    assert isinstance(done, SpeedDone)
                    elapsed_s[role], peaks[role] = done.elapsed_s, done.peak_rss_bytes
                if number >= 0:
                    for role in files:
                        ratios[role][kind].append(elapsed_s["real"] / elapsed_s[role])
        for role in files:
            ratios[role]["memory"].append(peaks[role] / peaks["real"])
        return ratios
    finally:
        for worker in workers.values():
            await worker.kill()


def no_ratios() -> Ratios:
    return {role: {what: [] for what in (*TOKENS, "memory")} for role in ROLES}


def write_anew(model: Path, folder: Path, order: Sequence[str]) -> dict[str, Path]:
    """The three files, written in ``order``."""
    files = {role: folder / f"{role}.gguf" for role in order}
    for role, file in files.items():
        file.unlink(missing_ok=True)
        if role == "hollow":
            build_hollow(model, file)
        else:
            shutil.copyfile(model, file)
    return files


def quantised(file_type: str, folder: Path, threads: int) -> Path:
    """The sample model in ``file_type``."""
    if file_type == "Q4_1":
        return sample_model()
    to = folder / f"model.{file_type}.gguf"
    command = [sys.executable, "-m", "weighin.engine.llama.quantize", str(sample_model()), str(to), file_type]
    subprocess.run([*command, str(threads)], check=True, capture_output=True)
    return to


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loads", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--types", default=",".join(TYPES))
    options = parser.parse_args()
    medians = no_ratios()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file_type in options.types.split(","):
            model = quantised(file_type, folder, options.threads)
            found = no_ratios()
            for load in range(options.loads):
                first = load % len(ROLES)
                files = write_anew(model, folder, ROLES[first:] + ROLES[:first])
                ratios = asyncio.run(compare(files, options.rounds, options.threads, folder))
                for role, rows in ratios.items():
                    for what, values in rows.items():
                        found[role][what] += values
            row = f"{file_type:<7}"
            for role in ("hollow", "copy"):
                for what, values in found[role].items():
                    medians[role][what].append(statistics.median(values))
                row += f"  {role}: " + ", ".join(f"{what} {values[-1]:.3f}" for what, values in medians[role].items())
            print(row, flush=True)
            if model.parent == folder:
                model.unlink()
    for role in ("hollow", "copy"):
        for what, values in medians[role].items():
            print(ratio_line(f"{what}, {role} / real", values))
    last_line(
        {
            "benchmark": "hollow_vs_real",
            **{what: statistics.median(values) for what, values in medians["hollow"].items()},
        }
    )


if __name__ == "__main__":
    main()
