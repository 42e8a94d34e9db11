"""Few-shot choice prompts against one request for each choice, as lm-evaluation-harness asks a GGUF server.

Usage: python tests/benchmarks/one_request_per_choice.py [MODEL] [--subjects 2] [--items 16] [--threads 2]

Prompts are MMLU-shaped: five solved questions, the same for a subject, and four letters. One side scores a block as a
run does; the other decodes the whole prompt for every letter from an empty cache, with the same code and context.
Wanted: at least 15 times as fast, and the same letters chosen.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from common import last_line, ratio_line, with_worker
from shapes import mmlu_shaped, single_requests

from weighin.engine.prepare.demo import sample_model
from weighin.engine.tasks.requests import ChoiceRequest
from weighin.engine.worker.protocol import ChoicesScored, ScoreChoices
from weighin.engine.worker.supervisor import Worker


async def scored(worker: Worker, requests: list[ChoiceRequest]) -> ChoicesScored:
    done = await worker.ask(ScoreChoices(requests=tuple(requests)))
    assert isinstance(done, ChoicesScored)
    return done


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path, nargs="?", default=None)
    parser.add_argument("--subjects", type=int, default=2)
    parser.add_argument("--items", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    ratios: list[float] = []
    apart: list[float] = []
    same: list[bool] = []

    async def body(worker: Worker) -> None:
        subjects = mmlu_shaped(options.subjects, options.items, seed=1)
        await scored(worker, subjects[0][:2])  # opens the context
        for requests in subjects:
            together = await scored(worker, requests)
            elapsed_s = 0.0
            for request, result in zip(requests, together.answered, strict=True):
                alone = []
                for single in single_requests(request):
                    done = await scored(worker, [single])
                    elapsed_s += done.elapsed_s
                    alone.append(done.answered[0].log_likelihoods[0])
                likely = result.log_likelihoods
                same.append(max(range(4), key=alone.__getitem__) == max(range(4), key=likely.__getitem__))
                apart.extend(abs(a - b) for a, b in zip(alone, likely, strict=True))
            ratios.append(elapsed_s / together.elapsed_s)

    with_worker(options.model or sample_model(), options.threads, body)
    print(ratio_line("one request a choice / ours", ratios))
    print(f"same letter chosen in {statistics.mean(same):.1%} of {len(same)}; log-likelihoods differ by", end=" ")
    print(f"{statistics.median(apart):.3f} nats in the median, {max(apart):.3f} at most")
    last_line(
        {
            "benchmark": "one_request_per_choice",
            "speedup": statistics.median(ratios),
            "same_choice": statistics.mean(same),
            "largest_difference_nats": max(apart),
        }
    )


if __name__ == "__main__":
    main()
