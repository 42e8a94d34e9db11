"""Our scoring of HellaSwag-shaped items against ``llama-perplexity --hellaswag`` of the same llama.cpp, alternating.

Usage: python tests/benchmarks/hellaswag_vs_llama_perplexity.py LLAMA_PERPLEXITY [MODEL] [--items 96] [--rounds 3]

Both score the same items; what counts is the ratio of items a second within a round. From the tool's wall time that of
a run with few items is taken off: loading and warming up. Wanted: at least 1. Log-likelihoods are averaged over tokens,
as the tool does it; both accuracies are printed, and as the items make no sense, both are near 25 %.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from common import last_line, ratio_line, with_worker
from shapes import hellaswag_shaped

from weighin.engine.prepare.demo import sample_model
from weighin.engine.run.steps import CHOICE_BLOCK_ITEMS
from weighin.engine.tasks.requests import ChoiceRequest
from weighin.engine.worker.protocol import ChoicesScored, ScoreChoices
from weighin.engine.worker.supervisor import Worker

Items = list[tuple[str, tuple[str, ...], int]]
_FEW = 4


def theirs(binary: Path, model: Path, items: Items, threads: int) -> tuple[float, float]:
    """Seconds of a whole run of the tool, and the accuracy it found."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "items.txt"
        lines = [line for context, endings, gold in items for line in (context, str(gold), *endings)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [str(binary), "-m", str(model), "-f", str(file), "--hellaswag", "--hellaswag-tasks", str(len(items))]
        started = time.perf_counter()
        done = subprocess.run(
            [*command, "-t", str(threads), "-b", "2048", "-ub", "512"], check=True, capture_output=True, text=True
        )
        elapsed_s = time.perf_counter() - started
    found = re.findall(rf"^{len(items)}\s+([\d.]+)%", done.stdout + done.stderr, re.MULTILINE)
    return elapsed_s, float(found[-1]) / 100


async def ours(worker: Worker, items: Items) -> tuple[float, float]:
    """Seconds of scoring, and the accuracy by likelihood a token."""
    elapsed_s, right = 0.0, 0
    for start in range(0, len(items), CHOICE_BLOCK_ITEMS):
        block = items[start : start + CHOICE_BLOCK_ITEMS]
        requests = tuple(
            ChoiceRequest(item=str(n), contexts=(context,), continuations=tuple(f" {ending}" for ending in endings))
            for n, (context, endings, _gold) in enumerate(block)
        )
        done = await worker.ask(ScoreChoices(requests=requests))
        assert isinstance(done, ChoicesScored)
        elapsed_s += done.elapsed_s
        for result, (_context, _endings, gold) in zip(done.answered, block, strict=True):
            rates = [ll / n for ll, n in zip(result.log_likelihoods, result.n_tokens, strict=True)]
            right += max(range(len(rates)), key=rates.__getitem__) == gold
    return elapsed_s, right / len(items)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("llama_perplexity", type=Path)
    parser.add_argument("model", type=Path, nargs="?", default=None)
    parser.add_argument("--items", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    model = options.model or sample_model()
    items = hellaswag_shaped(options.items, seed=1)
    ratios: list[float] = []
    accuracies: list[tuple[float, float]] = []

    async def body(worker: Worker) -> None:
        await ours(worker, items[:_FEW])  # opens the context
        for number in range(options.rounds):
            before = await ours(worker, items) if number % 2 else None
            few_s, _ = theirs(options.llama_perplexity, model, items[:_FEW], options.threads)
            all_s, their_accuracy = theirs(options.llama_perplexity, model, items, options.threads)
            our_s, our_accuracy = before or await ours(worker, items)
            per_item_s = (all_s - few_s) / (len(items) - _FEW)
            ratios.append(per_item_s / (our_s / len(items)))
            accuracies.append((our_accuracy, their_accuracy))

    with_worker(model, options.threads, body)
    print(ratio_line("items a second / the tool's", ratios))
    print("accuracy, ours and the tool's: " + ", ".join(f"{a:.1%} {b:.1%}" for a, b in accuracies))
    last_line({"benchmark": "hellaswag_vs_llama_perplexity", "ratio": statistics.median(ratios)})


if __name__ == "__main__":
    main()
