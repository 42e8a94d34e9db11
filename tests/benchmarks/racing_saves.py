"""What a race saves on real models, and whether it ends as the full run does.

Usage: python tests/benchmarks/racing_saves.py [MODEL…] [--items 192] [--suites everyday-choice,classify] [--threads 2]

One plan, run twice: every candidate asked everything, then as a race. By default the sample model, a version that is as
good (Q8_0), and two that are worse: the sample with its last layers left out. (Quantising it further would not do: its
rows are too short for the k-quants, and Q4_0 is nearly as good.) What is recommended also depends on speed, and a model
without layers is faster, so what must agree is accuracy: exits with 1 when the race recommends a candidate that the
full run found worse than the best, or asked as much.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
import msgspec
from common import last_line

from weighin.engine.events.run import AnswerScored, VerdictReached
from weighin.engine.plan.model import BuiltInSuite, ConsistencyPlan, Plan, RacePlan, Settings, SpeedPlan
from weighin.engine.prepare.demo import sample_model
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan
from weighin.engine.run.session import Session
from weighin.engine.store.store import Store

_LAYERS = (22, 16)
"""Kept of the sample's 30."""


def models(folder: Path, threads: int) -> list[Path]:
    """The sample model and what is made of it."""
    found = [sample_model(), folder / "sample.Q8_0.gguf"]
    command = [sys.executable, "-m", "weighin.engine.llama.quantize", str(sample_model()), str(found[1]), "Q8_0"]
    subprocess.run([*command, str(threads)], check=True, capture_output=True)
    for layers in _LAYERS:
        found.append(folder / f"sample-{layers}-layers.gguf")
        cut(sample_model(), found[-1], layers)
    return found


def cut(source: Path, to: Path, layers: int) -> None:
    """A copy of ``source`` with its first ``layers`` layers only."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(to, reader.fields["general.architecture"].contents())
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        value = layers if field.name.endswith(".block_count") else field.contents()
        writer.add_key_value(field.name, value, field.types[0], sub_type=inner)
    for tensor in reader.tensors:
        block = re.match(r"blk\.(\d+)\.", tensor.name)
        if block is None or int(block[1]) < layers:
            writer.add_tensor(tensor.name, tensor.data, raw_shape=tensor.data.shape, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


async def run(plan: Plan, folder: Path, name: str) -> tuple[VerdictReached, int]:
    """The verdict, and how many items were asked over all candidates."""
    with Store.open(folder / f"{name}.sqlite3") as store:
        store.create_run(name, name, plan)
        async for _event in Session(freeze_plan(plan), store, name).run():
            pass
        verdict = store.events(name, "VerdictReached")[-1]
        assert isinstance(verdict, VerdictReached)
        answers = [e for e in store.events(name, "AnswerScored") if isinstance(e, AnswerScored) and e.repeat == 0]
        return verdict, len(answers)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("models", type=Path, nargs="*")
    parser.add_argument("--items", type=int, default=192)
    parser.add_argument("--suites", default="everyday-choice,classify")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = options.models or models(folder, options.threads)
        plan = freeze_plan(
            Plan(
                candidates=candidates_from_paths(str(file) for file in files),
                suites=tuple(BuiltInSuite(name=suite) for suite in options.suites.split(",")),
                settings=Settings(n_threads=options.threads),
                speed=SpeedPlan(repeats=3, chat_prompts=1, max_disturbed_retries=0),
                consistency=ConsistencyPlan(items=0),
                item_limit=options.items,
            )
        ).plan
        results = {}
        for kind, race in (("full", RacePlan(enabled=False)), ("race", RacePlan())):
            verdict, asked = asyncio.run(run(msgspec.structs.replace(plan, race=race), folder, kind))
            results[kind] = (verdict, asked)
            best = [r.candidate for r in verdict.rankings if r.tied_with_best]
            print(f"{kind}  takes {verdict.winner}; tied with the best: {', '.join(best)}; {asked} answers")
            for ranking in verdict.rankings:
                print(f"      {ranking.candidate:<32} {ranking.accuracy or 0:6.1%} of {ranking.items}")
    (full, asked_full), (raced, asked_race) = results["full"], results["race"]
    not_worse = {r.candidate for r in full.rankings if r.tied_with_best}
    saved = 1 - asked_race / asked_full
    print(
        f"full run {asked_full} answers, race {asked_race}: {saved:.0%} saved;"
        f" same recommendation: {raced.winner == full.winner} ({raced.winner})"
    )
    last_line({"benchmark": "racing_saves", "saved": saved, "same_winner": raced.winner == full.winner})
    if (raced.winner != full.winner and raced.winner not in not_worse) or asked_race >= asked_full:
        sys.exit(1)


if __name__ == "__main__":
    main()
