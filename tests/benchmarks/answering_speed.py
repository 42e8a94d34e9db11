"""How near answering comes to raw speed.

Choice suites: unique prompt tokens a second against pp512, alternating. Generation: 16 items at once against one at a
time, tokens a second.

Usage: python tests/benchmarks/answering_speed.py [MODEL] [--data ARC.jsonl] [--threads 2]
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from common import last_line, ratio_line, with_worker

from weighin.engine.plan.model import BuiltInSuite, FileSource, OwnSuite
from weighin.engine.prepare.demo import sample_model
from weighin.engine.run.steps import CHOICE_BLOCK_ITEMS
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.requests import ChoiceRequest, GenerateRequest, build_request
from weighin.engine.worker.protocol import ChoicesScored, Generate, Generated, MeasureSpeed, ScoreChoices, SpeedDone
from weighin.engine.worker.supervisor import Worker


async def pp512(worker: Worker, seed: int) -> float:
    done = await worker.ask(MeasureSpeed(kind="prompt", n_tokens=512, seed=seed))
    assert isinstance(done, SpeedDone)
    return 512 / done.elapsed_s


async def choices(worker: Worker, requests: list[ChoiceRequest]) -> float:
    done = await worker.ask(ScoreChoices(requests=tuple(requests)))
    assert isinstance(done, ChoicesScored)
    return done.n_unique_prompt_tokens / done.elapsed_s


async def generation(worker: Worker, requests: list[GenerateRequest], n_parallel: int) -> float:
    done = await worker.ask(Generate(requests=tuple(requests), n_parallel=n_parallel))
    assert isinstance(done, Generated)
    return done.n_output_tokens / done.elapsed_s


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path, nargs="?", default=None)
    parser.add_argument("--data", type=Path, help="a choice file of your own instead of everyday-choice")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    model = options.model or sample_model()
    chosen = (
        OwnSuite(name="data", source=FileSource(path=str(options.data)))
        if options.data
        else BuiltInSuite(name="everyday-choice")
    )
    suite = open_suite(chosen, seed=1, limit=0)
    asked = [build_request(suite.spec, item) for item in suite.items]
    rows = [request for request in asked if isinstance(request, ChoiceRequest)]
    # Short prompts and a fixed number of output tokens: what is compared is decoding.
    writing = [
        GenerateRequest(item=str(n), prompt=f"Write a story about {n} cats.", messages=(), stop=(), max_tokens=64)
        for n in range(16)
    ]
    choice_ratios: list[float] = []
    batch_ratios: list[float] = []

    async def body(worker: Worker) -> None:
        await choices(worker, rows[:CHOICE_BLOCK_ITEMS])  # opens the context
        for number in range(options.rounds):
            block = rows[number * CHOICE_BLOCK_ITEMS % len(rows) :][:CHOICE_BLOCK_ITEMS]
            before = await pp512(worker, number)
            rate = await choices(worker, block)
            after = await pp512(worker, number + 100)
            choice_ratios.append(rate / statistics.mean((before, after)))
        for _number in range(3):
            single = await generation(worker, writing[:2], 1)
            many = await generation(worker, writing, 16)
            batch_ratios.append(many / single)

    with_worker(model, options.threads, body)
    print(ratio_line("choice tokens/s / pp512", choice_ratios))
    print(ratio_line("16 at once / one at a time", batch_ratios))
    last_line(
        {
            "benchmark": "answering_speed",
            "choice_to_pp512": statistics.median(choice_ratios),
            "batch_to_single": statistics.median(batch_ratios),
        }
    )


if __name__ == "__main__":
    main()
