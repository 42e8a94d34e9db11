"""Agreement with lm-evaluation-harness on ARC-Easy, item by item.

Usage: python tests/benchmarks/arc_agreement.py REFERENCE.json [MODEL] [--threads 2] [--limit N]

REFERENCE.json holds ``tasks.arc_easy``: rows with ``context``, ``continuations``, ``loglikelihoods``, ``target``.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from common import last_line, with_worker

from weighin.engine.prepare.demo import sample_model
from weighin.engine.run.steps import CHOICE_BLOCK_ITEMS
from weighin.engine.tasks.requests import ChoiceRequest, ChoiceResult
from weighin.engine.worker.protocol import ChoicesScored, ScoreChoices
from weighin.engine.worker.supervisor import Worker


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("reference", type=Path)
    parser.add_argument("model", type=Path, nargs="?", default=None)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, default=0)
    options = parser.parse_args()
    rows = json.loads(options.reference.read_text())["tasks"]["arc_easy"][: options.limit or None]
    requests = [
        ChoiceRequest(item=str(row["doc_id"]), contexts=(row["context"],), continuations=tuple(row["continuations"]))
        for row in rows
    ]

    async def body(worker: Worker) -> list[ChoiceResult]:
        results: list[ChoiceResult] = []
        for start in range(0, len(requests), CHOICE_BLOCK_ITEMS):
            done = await worker.ask(ScoreChoices(requests=tuple(requests[start : start + CHOICE_BLOCK_ITEMS])))
            assert isinstance(done, ChoicesScored)
            results += done.answered
        return results

    results = with_worker(options.model or sample_model(), options.threads, body)
    sums = {"acc": 0.0, "acc_norm": 0.0, "ref_acc": 0.0, "ref_acc_norm": 0.0, "same": 0.0, "same_norm": 0.0}
    differences = []
    for row, result in zip(rows, results, strict=True):
        lengths = [len(text) - 1 for text in row["continuations"]]  # characters without the leading space
        picks = []
        for values in (result.log_likelihoods, row["loglikelihoods"]):
            per_character = [value / length for value, length in zip(values, lengths, strict=True)]
            picks += [max(range(len(lengths)), key=each.__getitem__) for each in (values, per_character)]
        ours, ours_norm, theirs, theirs_norm = picks
        sums["acc"] += ours == row["target"]
        sums["acc_norm"] += ours_norm == row["target"]
        sums["ref_acc"] += theirs == row["target"]
        sums["ref_acc_norm"] += theirs_norm == row["target"]
        sums["same"] += ours == theirs
        sums["same_norm"] += ours_norm == theirs_norm
        differences += [abs(a - b) for a, b in zip(result.log_likelihoods, row["loglikelihoods"], strict=True)]
    shares = {name: value / len(rows) for name, value in sums.items()}
    for name, value in shares.items():
        print(f"{name:<13} {value:.4f}")
    median = statistics.median(differences)
    print(f"log-likelihoods differ by {median:.4f} nats (median), {max(differences):.3f} at most")
    last_line({"benchmark": "arc_agreement", "items": len(rows), **shares})


if __name__ == "__main__":
    main()
