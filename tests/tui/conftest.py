"""A scripted run: three to eight candidates, two suites, everything a session can report, on a fake clock."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import msgspec
import pytest

from weighin.engine.consistency.askings import RepeatedItem, RewordedItem, TurnedItem
from weighin.engine.events import (
    AnswerScored,
    BlockRepeated,
    BlockScored,
    CandidateCard,
    CandidateStopped,
    ChatMeasured,
    Disturbance,
    Event,
    MemoryMeasured,
    ModelLoaded,
    OptionScore,
    OptionsTurned,
    PhaseChanged,
    PromptsReworded,
    RoundStarted,
    RunFinished,
    RunStarted,
    SpeedMeasured,
    SuiteCard,
    VerdictReached,
    WorkerDied,
)
from weighin.engine.plan import Candidate, Limits, Plan, SuiteChoice

MODELS = (
    ("llama-3.2-1b", "Llama 3.2 1B Instruct", "Q4_K_M", 807_694_464, 43.1, 240.0, 0.62),
    ("qwen3-1.7b", "Qwen3 1.7B", "Q4_K_M", 1_107_409_472, 31.0, 166.0, 0.70),
    ("gemma-3-1b", "Gemma 3 1B it", "Q4_K_M", 806_058_272, 45.9, 251.0, 0.58),
    ("smollm2-360m", "SmolLM2 360M Instruct", "Q8_0", 386_404_992, 88.4, 610.0, 0.44),
    ("phi-3-mini", "Phi-3 mini 4k instruct", "Q4_K_M", 2_393_231_072, 14.2, 71.0, 0.74),
    ("granite-3.3-2b", "Granite 3.3 2B Instruct", "Q4_K_M", 1_545_303_680, 22.8, 118.0, 0.66),
    ("smollm2-135m", "SmolLM2 135M Instruct", "Q4_1", 98_500_000, 171.5, 1240.0, 0.36),
    ("qwen2.5-0.5b", "Qwen2.5 0.5B Instruct", "Q5_K_M", 420_086_272, 70.3, 480.0, 0.47),
)
SUITES = (
    SuiteCard(name="contract-clauses", title="Contract clauses", items=40, chance=0.25, metric="acc"),
    SuiteCard(name="extract-dates", title="Dates out of letters", items=20, chance=None, metric="exact_match"),
)
START = 1_760_000_000.0
CAUSE = "other processes used 0.9 of 2 cores"
CLAUSES = ("termination", "liability", "renewal", "governing law")


def _answer(rng: random.Random, candidate: str, skill: float, suite: str, number: int, at: float) -> AnswerScored:
    correct = rng.random() < skill
    if suite == "contract-clauses":
        gold = number % 4
        chosen = gold if correct else (gold + 1) % 4
        options = tuple(
            OptionScore(
                text=f" {word}",
                log_likelihood=round(-3.0 - (i != chosen) * rng.uniform(0.05, 4.0), 3),
                n_tokens=2,
                is_greedy=i == chosen,
            )
            for i, word in enumerate(CLAUSES)
        )
        ordered = sorted((o.log_likelihood for o in options), reverse=True)
        return AnswerScored(
            at=at,
            candidate=candidate,
            suite=suite,
            item=f"clause-{number:03}",
            correct=correct,
            scores={"acc": float(correct)},
            prompt=(
                "<|user|>\nWhich kind of clause is this?\n\n"
                f"“Clause {number}: Either party may end this agreement with {30 + number} days’ notice in writing, "
                "without giving reasons.”\n<|assistant|>\nThis is a clause on"
            ),
            output=CLAUSES[chosen],
            extracted=CLAUSES[chosen],
            expected=CLAUSES[gold],
            options=options,
            fragile=ordered[0] - ordered[1] < 0.15,
            n_prompt_tokens=58,
            n_output_tokens=0,
            elapsed_s=0.21,
        )
    day = f"2024-0{1 + number % 9}-1{number % 10}"
    said = day if correct else day.replace("2024", "2023")
    lead = rng.choice(("The date is", "It was signed on", "Date:"))
    return AnswerScored(
        at=at,
        candidate=candidate,
        suite=suite,
        item=f"letter-{number:03}",
        correct=correct,
        scores={"exact_match": float(correct)},
        prompt=(
            "<|user|>\nWhen was this letter signed? Answer as YYYY-MM-DD.\n\n"
            f"Berlin, letter {number}, signed {day}.\n<|assistant|>\n"
        ),
        output=f"{lead} {said}.",
        extracted=said,
        expected=day,
        n_prompt_tokens=41,
        n_output_tokens=12,
        elapsed_s=0.6,
        stop="end of text",
    )


def scripted_events(count: int = 3, *, rounds: int = 5, seed: int = 7, troubles: bool = True) -> Iterator[Event]:
    """A whole run; always the same for the same arguments."""
    rng = random.Random(seed)
    models = MODELS[:count]
    clock = START

    def tick(seconds: float) -> float:
        nonlocal clock
        clock += seconds
        return clock

    cards = tuple(CandidateCard(id=m[0], name=m[1], quant=m[2], size_bytes=m[3]) for m in models)
    yield RunStarted(
        at=tick(0.1),
        run_id="20251009-085320",
        candidates=cards,
        suites=SUITES,
        repeats=rounds,
        n_threads=2,
        llama_build="b6715 (CPU: AVX512)",
        machine="Example CPU, 2 cores, 24 GB",
    )
    stopped: set[str] = set()
    for round_number in range(1, rounds + 1):
        yield RoundStarted(
            at=tick(0.1), number=round_number, planned=rounds, seconds_left=(rounds - round_number + 1) * 30.0 * count
        )
        for index, (name, _title, _quant, size, tg, pp, skill) in enumerate(models):
            if name in stopped:
                continue
            if round_number == 1:
                yield PhaseChanged(at=tick(0.1), candidate=name, phase="loading")
                yield ModelLoaded(
                    at=tick(0.6),
                    candidate=name,
                    load_s=0.4 + index * 0.3,
                    architecture="llama",
                    parameters=size * 2,
                    size_bytes=size,
                    n_vocab=128_256,
                    n_ctx_train=131_072,
                    prompt_style="chat",
                    chat_template_sha256="9b2f41c7" * 8,
                    devices=("CPU",),
                    n_threads=2,
                    llama_build="b6715 (CPU: AVX512)",
                    flash_attention="on",
                )
                yield PhaseChanged(at=tick(0.1), candidate=name, phase="warming up")
                yield MemoryMeasured(
                    at=tick(0.5), candidate=name, peak_rss_bytes=int(size * 1.35) + 90_000_000, n_ctx=4096
                )
            yield PhaseChanged(at=tick(0.1), candidate=name, phase="speed", detail=f"repeat {round_number} of {rounds}")
            yield SpeedMeasured(
                at=tick(2.0),
                candidate=name,
                kind="prompt",
                repeat=round_number - 1,
                attempt=0,
                n_tokens=512,
                depth=0,
                elapsed_s=512 / pp,
                tokens_per_second=pp * rng.uniform(0.985, 1.015),
            )
            disturbed = troubles and round_number == 3 and index == 2
            if disturbed:
                yield SpeedMeasured(
                    at=tick(3.0),
                    candidate=name,
                    kind="generation",
                    repeat=round_number - 1,
                    attempt=0,
                    n_tokens=128,
                    depth=0,
                    elapsed_s=3.0,
                    tokens_per_second=tg * 0.4,
                    disturbances=(Disturbance(cause=CAUSE),),
                    final=False,
                )
            yield SpeedMeasured(
                at=tick(2.5),
                candidate=name,
                kind="generation",
                repeat=round_number - 1,
                attempt=int(disturbed),
                n_tokens=128,
                depth=0,
                elapsed_s=128 / tg,
                tokens_per_second=tg * rng.uniform(0.98, 1.02),
                disturbances=(Disturbance(cause=CAUSE),) if disturbed else (),
            )
            yield PhaseChanged(at=tick(0.1), candidate=name, phase="latency", detail=f"prompt {round_number}")
            yield ChatMeasured(
                at=tick(1.5),
                candidate=name,
                prompt=round_number - 1,
                n_prompt_tokens=60,
                ttft_s=60 / pp * rng.uniform(0.9, 1.4),
                inter_token_s=tuple(1 / tg * rng.uniform(0.92, 1.2) for _ in range(32)),
            )
            if troubles and round_number == 4 and index == 3:
                yield WorkerDied(
                    at=tick(0.2),
                    candidate=name,
                    failure="out of memory",
                    log_path="worker-3.log",
                    log_tail=("mmap failed",),
                    reason="The worker was killed for memory: 1.9 of 2.0 GB were in use.",
                )
                yield CandidateStopped(at=tick(0.1), candidate=name, reason="failed", detail="killed for memory twice")
                stopped.add(name)
                continue
            for suite in SUITES:
                share = suite.items // rounds
                for number in range((round_number - 1) * share, round_number * share):
                    answer = _answer(rng, name, skill, suite.name, number, tick(0.2))
                    yield PhaseChanged(at=answer.at, candidate=name, phase="answering", detail=answer.item)
                    yield answer
                yield BlockScored(
                    at=tick(0.1),
                    candidate=name,
                    suite=suite.name,
                    block=round_number - 1,
                    items=share,
                    n_unique_prompt_tokens=58 * share,
                    n_output_tokens=12 * share,
                    elapsed_s=1.0,
                )
            yield PhaseChanged(at=tick(0.1), candidate=name, phase="waiting")
    yield RunFinished(at=tick(0.2), outcome="completed")


def scripted_plan(count: int = 3) -> Plan:
    """What the scripted run was asked."""
    return Plan(
        candidates=tuple(
            Candidate(
                id=m[0], path=f"/models/{m[0]}.gguf", name=m[1], quant=m[2], size_bytes=m[3], sha256=f"{i}c4e" * 16
            )
            for i, m in enumerate(MODELS[:count])
        ),
        suites=tuple(SuiteChoice(name=s.name) for s in SUITES),
        limits=Limits(max_memory_bytes=2 * 2**30, min_generation_tokens_per_second=25.0, max_ttft_s=0.5),
    )


def scripted_verdict(count: int, events: list[Event]) -> VerdictReached:
    """The engine's own verdict on the scripted run."""
    from weighin.engine.verdict import reach_verdict

    return reach_verdict(scripted_plan(count), events)


def whole_run(count: int = 3, **options: object) -> list[Event]:
    """The scripted run with its verdict."""
    events = list(scripted_events(count, **options))  # type: ignore[arg-type]
    return [*events, scripted_verdict(count, events)]


def steady_run(count: int = 3) -> list[Event]:
    """The scripted run with answers sampled, options turned, prompts reworded and a block repeated at its end."""
    events = list(scripted_events(count))
    *before, end = events
    rng = random.Random(11)
    at = end.at - 0.1
    for name, *_rest, skill in MODELS[:count]:
        firsts = [e for e in before if isinstance(e, AnswerScored) and e.candidate == name]
        if any(isinstance(e, CandidateStopped) and e.candidate == name for e in before):
            continue
        letters = [answer for answer in firsts if answer.suite == "extract-dates"]
        for answer in letters[:8]:
            for repeat in (1, 2, 3):
                said = answer.extracted if rng.random() < 0.5 + skill / 2 else "2020-01-01"
                before.append(msgspec.structs.replace(answer, at=at, repeat=repeat, extracted=said))
        common = {"at": at, "candidate": name, "elapsed_s": 1.0}
        turned = [
            TurnedItem(
                item=answer.item,
                gold=n % 4,
                chosen=tuple(n % 4 if rng.random() < 0.5 + skill / 2 else r for r in range(4)),
            )
            for n, answer in enumerate(firsts[:10])
        ]
        reworded = [
            RewordedItem(
                item=answer.item, scores=tuple(float(rng.random() < skill) for _ in "ab"), answers=(None, None)
            )
            for answer in firsts[:10]
        ]
        repeated = [
            RepeatedItem(
                item=answer.item,
                output=answer.output,
                log_likelihoods=tuple(option.log_likelihood for option in answer.options),
            )
            for answer in firsts[:8]
        ]
        suite = SUITES[0].name
        before += [
            OptionsTurned(suite=suite, part=0, items=tuple(turned), **common),
            PromptsReworded(suite=suite, part=0, templates=("question", "bare"), items=tuple(reworded), **common),
            BlockRepeated(suite=suite, block=0, items=tuple(repeated), **common),
        ]
    events = [*before, end]
    return [*events, scripted_verdict(count, events)]


@pytest.fixture
def steady_events() -> Callable[..., list[Event]]:
    """``steady_events(count)``: the scripted run with items asked again."""
    return steady_run


@pytest.fixture
def run_events() -> Callable[..., list[Event]]:
    """``run_events(count)``: a whole scripted run with that many candidates."""
    return whole_run


@pytest.fixture
def run_plan() -> Callable[[int], Plan]:
    """``run_plan(count)``: the plan that goes with it."""
    return scripted_plan


class FakeLibrary:
    """Three runs kept in memory."""

    def __init__(self) -> None:
        from weighin.tui.library import RunLine

        names = tuple(m[0] for m in MODELS)
        suites = tuple(s.name for s in SUITES)
        self.lines = [
            RunLine("20251009-085320", "contracts, three 1B models", START, "completed", names[:3], suites, 180),
            RunLine("20251008-171000", "first try", START - 56_000, "cancelled", names[:2], suites[:1], 31),
            RunLine("20251001-120000", "nightly", START - 700_000, "completed", names[:4], suites, 216),
        ]
        self.exported: list[tuple[str, str]] = []

    def runs(self):
        return list(self.lines)

    def load(self, run_id):
        count = len(next(line for line in self.lines if line.id == run_id).candidates)
        return scripted_plan(count), whole_run(count, seed=len(run_id) + count)

    def rename(self, run_id, name):
        import dataclasses

        self.lines = [dataclasses.replace(x, name=name) if x.id == run_id else x for x in self.lines]

    def delete(self, run_id):
        self.lines = [line for line in self.lines if line.id != run_id]

    def resume(self, run_id):
        from weighin.tui.replay import ReplaySource

        return ReplaySource(whole_run(2), title="resumed", plan=scripted_plan(2), speed=0)

    def formats(self):
        return ("md", "json")

    def export(self, run_id, format_name, path):
        self.exported.append((run_id, format_name))
        return path


@pytest.fixture
def library() -> FakeLibrary:
    """Three stored runs."""
    return FakeLibrary()
