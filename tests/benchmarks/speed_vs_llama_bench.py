"""Our pp512 and tg128 against llama-bench of the same llama.cpp, alternating on one machine.

Usage: python tests/benchmarks/speed_vs_llama_bench.py LLAMA_BENCH [MODEL] [--rounds 8] [--threads 2]

Each round runs llama-bench once and our worker once, in turning order; what counts is the ratio within a round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from pathlib import Path
from typing import Literal

from common import last_line, ratio_line, with_worker

from weighin.engine.prepare.demo import sample_model
from weighin.engine.worker.protocol import MeasureSpeed, SpeedDone
from weighin.engine.worker.supervisor import Worker


def llama_bench(binary: Path, model: Path, threads: int) -> tuple[float, float]:
    """Median pp512 and tg128 of three repetitions, in tokens per second."""
    command = [str(binary), "-m", str(model), "-p", "512", "-n", "128", "-r", "3", "-t", str(threads), "-o", "json"]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    speeds = {(row["n_prompt"], row["n_gen"]): statistics.median(row["samples_ts"]) for row in rows}
    return speeds[512, 0], speeds[0, 128]


async def ours(worker: Worker, seed: int) -> tuple[float, float]:
    """The same by our worker."""
    found = []
    kinds: tuple[tuple[Literal["prompt", "generation"], int], ...] = (("prompt", 512), ("generation", 128))
    for kind, n_tokens in kinds:
        rates = []
        for repeat in range(3):
            done = await worker.ask(MeasureSpeed(kind=kind, n_tokens=n_tokens, seed=seed + repeat))
            assert isinstance(done, SpeedDone)
            rates.append(n_tokens / done.elapsed_s)
        found.append(statistics.median(rates))
    return found[0], found[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("llama_bench", type=Path)
    parser.add_argument("model", type=Path, nargs="?", default=None)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    model = options.model or sample_model()
    prompt: list[float] = []
    generation: list[float] = []

    async def body(worker: Worker) -> None:
        for number in range(options.rounds):
            if number % 2:
                theirs = llama_bench(options.llama_bench, model, options.threads)
                mine = await ours(worker, number)
            else:
                mine = await ours(worker, number)
                theirs = llama_bench(options.llama_bench, model, options.threads)
            prompt.append(mine[0] / theirs[0])
            generation.append(mine[1] / theirs[1])
            print(f"round {number + 1}: pp512 {mine[0]:.0f} / {theirs[0]:.0f}  tg128 {mine[1]:.1f} / {theirs[1]:.1f}")

    with_worker(model, options.threads, body)
    print(ratio_line("pp512 weighin / llama-bench", prompt))
    print(ratio_line("tg128 weighin / llama-bench", generation))
    last_line(
        {
            "benchmark": "speed_vs_llama_bench",
            "pp512_ratio": statistics.median(prompt),
            "tg128_ratio": statistics.median(generation),
        }
    )


if __name__ == "__main__":
    main()
