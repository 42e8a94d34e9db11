"""A stored run with two suites, three candidates, a race, a repeat and unusual texts."""

from typing import Any

import pytest

from weighin.engine.events.askings import ReorderedItem, RepeatedItem, RewordedItem
from weighin.engine.events.run import (
    AnswerScored,
    BlockRepeated,
    CandidateCard,
    CandidateStopped,
    ChatMeasured,
    Event,
    MemoryMeasured,
    ModelLoaded,
    OptionScore,
    OptionsTurned,
    PromptsReworded,
    RaceStarted,
    RunFinished,
    RunStarted,
    SpeedMeasured,
    SuiteCard,
)
from weighin.engine.plan.model import BuiltInSuite, Candidate, FileSource, OwnSuite, Plan, Settings

T0 = 1790000000.25
"""2026-09-21T14:13:20.25 UTC."""
CHOICES = ("a cat", "a *dog* | bird", "ein Häuschen")


def choice_answer(candidate: Any, n: Any, right: Any, *, repeat: int = 0) -> Any:
    gold = n % 3
    chosen = gold if right else (gold + 1) % 3
    return AnswerScored(
        at=T0 + n,
        candidate=candidate,
        suite="everyday-choice",
        item=f"animals-{n}",
        repeat=repeat,
        correct=right,
        scores={"acc": float(right), "acc_norm": float(n % 2)},
        prompt=f"Question: what is {n}?\nAnswer:",
        output=CHOICES[chosen],
        extracted=CHOICES[chosen],
        expected=CHOICES[gold],
        options=tuple(
            OptionScore(text=text, log_likelihood=-1.5 - (i != chosen), n_tokens=2, is_greedy=i == chosen)
            for i, text in enumerate(CHOICES)
        ),
        fragile=n == 0,
        n_prompt_tokens=12,
        elapsed_s=0.01,
    )


def text_answer(candidate: Any, name: Any, right: Any) -> Any:
    return AnswerScored(
        at=T0 + 50,
        candidate=candidate,
        suite="maths",
        item=name,
        correct=right,
        scores={"exact_match": float(right), "exact_match_strict": 0.0},
        prompt="Wie viel? \ud800",
        output="It is 7." if right else "no idea",
        extracted="It is 7." if right else None,
        expected="7",
        n_prompt_tokens=9,
        n_output_tokens=4,
        elapsed_s=0.5,
        stop="end of text",
    )


def asked_again(candidate: Any) -> Any:
    """Two items in all orders, of which one flips; two under two templates; the first two repeated."""
    orders = (
        ReorderedItem(item="animals-0", gold=0, chosen=(0, 0, 0)),
        ReorderedItem(item="animals-1", gold=1, chosen=(1, 2, 1)),
    )
    words = tuple(
        RewordedItem(item=f"animals-{n}", scores=(1.0, right), answers=("a cat", None))
        for n, right in ((0, 1.0), (1, 0.0))
    )
    again = (
        RepeatedItem(item="animals-0", output=CHOICES[0], log_likelihoods=(-1.25, -1.5, -2.5)),
        RepeatedItem(item="animals-1", output=CHOICES[1], log_likelihoods=(-2.5, -1.5, -2.5)),
    )
    common = {"candidate": candidate, "suite": "everyday-choice", "elapsed_s": 0.5}
    return [
        OptionsTurned(part=0, items=orders, **common),
        PromptsReworded(part=0, templates=("question", "bare"), items=words, **common),
        BlockRepeated(block=0, items=again, **common),
    ]


@pytest.fixture
def plan() -> Any:
    return Plan(
        candidates=tuple(
            Candidate(id=i, path=f"/home/somebody/{i}.gguf", name=f"Model_{i}", quant="Q4_K_M", size_bytes=2**20)
            for i in ("good", "fair", "bad")
        ),
        suites=(
            BuiltInSuite(name="everyday-choice"),
            OwnSuite(name="maths", source=FileSource(path="/home/somebody/maths.jsonl")),
        ),
        settings=Settings(n_ctx=2048, n_threads=2, seed=7),
    )


@pytest.fixture
def events(plan: Any) -> Any:
    found: list[Event] = [
        RunStarted(
            at=T0,
            run_id="20260921-141320-ab12",
            candidates=tuple(CandidateCard(id=c.id, name=c.name, quant=c.quant, size_bytes=1) for c in plan.candidates),
            suites=(
                SuiteCard(name="everyday-choice", title="Everyday", items=40, chance=1 / 3, metric="acc"),
                SuiteCard(name="maths", title="maths.jsonl", items=2, chance=None, metric="exact_match"),
            ),
            repeats=1,
            n_threads=2,
            machine="Some CPU, 2 cores, 8 GiB",
        )
    ]
    for number, c in enumerate(plan.candidates):
        found += [
            ModelLoaded(
                at=T0 + 1,
                candidate=c.id,
                load_s=0.5,
                architecture="llama",
                parameters=135_000_000,
                size_bytes=2**20,
                n_vocab=100,
                n_ctx_train=4096,
                prompt_style="chat",
                chat_template_sha256="ab" * 32,
                devices=("CPU",),
                n_threads=2,
                llama_build="b1234",
            ),
            SpeedMeasured(
                candidate=c.id,
                kind="generation",
                repeat=0,
                attempt=0,
                n_tokens=10,
                depth=0,
                elapsed_s=1.0,
                tokens_per_second=10.0 + number,
            ),
            ChatMeasured(candidate=c.id, prompt=0, n_prompt_tokens=5, ttft_s=0.2, inter_token_s=(0.02, 0.03)),
            MemoryMeasured(candidate=c.id, peak_rss_bytes=2**29 + number, n_ctx=2048),
        ]
    found.append(RaceStarted(at=T0 + 2, entrants=("good", "fair", "bad"), pool=42, alpha=0.05, margin=0.03))
    for n in range(40):
        found += [choice_answer("good", n, n % 10 != 0), choice_answer("fair", n, n % 3 != 0)]
        if n < 15:
            found.append(choice_answer("bad", n, False))
    found.append(choice_answer("good", 3, True, repeat=1))
    found += asked_again("good")
    found.append(CandidateStopped(at=T0 + 20, candidate="bad", reason="eliminated", at_item=16, pool=42))
    for name in ("first", "second"):
        found += [text_answer("good", name, True), text_answer("fair", name, name == "first")]
    found.append(RunFinished(at=T0 + 60, outcome="completed"))
    return found
