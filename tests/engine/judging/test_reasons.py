"""Why candidates are ruled out: types in events, sentences for people."""

import json
from typing import Any

import pytest

from weighin.engine.events.ranking import (
    Failed,
    SkippedByUser,
    SlowFirstToken,
    SlowGeneration,
    StoppedByRace,
    TooMuchMemory,
)
from weighin.engine.events.run import CandidateStopped, ChatMeasured, MemoryMeasured, SpeedMeasured, VerdictReached
from weighin.engine.events.wire import decode_event, encode_event
from weighin.engine.judging.verdict import reach_verdict
from weighin.engine.judging.wording import exclusion_words, stop_words, with_words
from weighin.engine.plan.model import Candidate, Limits, Plan

GIB = 2**30


def plan_of(*ids: Any, **limits: Any) -> Any:
    return Plan(candidates=tuple(Candidate(id=i, path=f"/{i}.gguf", name=i) for i in ids), limits=Limits(**limits))


def stopped(candidate: Any, reason: Any = "failed", **fields: Any) -> Any:
    return CandidateStopped(candidate=candidate, reason=reason, **fields)


def memory(candidate: Any, gib: Any) -> Any:
    return MemoryMeasured(candidate=candidate, peak_rss_bytes=int(gib * GIB))


def advice(plan: Any, events: Any) -> Any:
    verdict = reach_verdict(plan, events)
    assert verdict.winner is None
    return verdict.sentences[1]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (TooMuchMemory(limit_bytes=4 * GIB, needed_bytes=int(4.6 * GIB)), "needs 4.6 GiB; your limit is 4 GiB"),
        (TooMuchMemory(limit_bytes=4 * GIB, needed_bytes=None), "memory was not measured; your limit is 4 GiB"),
        (SlowFirstToken(limit_s=0.5, ttft_p95_s=0.812), "takes 812 ms to the first token (p95); your limit is 500 ms"),
        (SlowFirstToken(limit_s=0.5, ttft_p95_s=None), "time to first token was not measured; your limit is 500 ms"),
        (
            SlowGeneration(limit_tokens_per_second=20.0, tokens_per_second=12.3),
            "generates 12.3 tok/s; your minimum is 20 tok/s",
        ),
        (
            SlowGeneration(limit_tokens_per_second=20.0, tokens_per_second=None),
            "generation speed was not measured; your minimum is 20 tok/s",
        ),
        (StoppedByRace(at_item=16, pool=42), "stopped by the race after 16 of 42 items: others are more accurate"),
        (StoppedByRace(at_item=0, pool=0), "stopped by the race: others are more accurate"),
        (SkippedByUser(), "skipped by the user"),
        (Failed(detail="it aborted"), "failed: it aborted"),
        (Failed(detail=""), "failed"),
    ],
)
def test_each_reason_has_its_words(reason: Any, words: str) -> None:
    assert exclusion_words(reason) == words


def test_a_value_and_a_limit_that_round_alike_are_shown_exactly() -> None:
    just_over = exclusion_words(TooMuchMemory(limit_bytes=4 * GIB, needed_bytes=int(4.01 * GIB)))
    assert just_over == "needs 4.01 GiB; your limit is 4 GiB"
    late = exclusion_words(SlowFirstToken(limit_s=0.5, ttft_p95_s=0.5001))
    assert late == "takes 500.1 ms to the first token (p95); your limit is 500 ms"
    slow = exclusion_words(SlowGeneration(limit_tokens_per_second=20.0, tokens_per_second=19.9999))
    assert slow == "generates 19.9999 tok/s; your minimum is 20 tok/s"


def test_a_stop_has_the_words_of_its_reason() -> None:
    assert stop_words(stopped("a", "eliminated", at_item=16, pool=42)).startswith("stopped by the race after 16 of 42")
    assert stop_words(stopped("a", "skipped by the user")) == "skipped by the user"
    assert stop_words(stopped("a", detail="it aborted")) == "failed: it aborted"


def test_every_reason_of_a_candidate_is_kept() -> None:
    plan = plan_of("a", max_memory_bytes=GIB, max_ttft_s=0.5, min_generation_tokens_per_second=20.0)
    slow = SpeedMeasured(
        candidate="a", kind="generation", repeat=0, attempt=0, n_tokens=8, depth=0, elapsed_s=1.0, tokens_per_second=8.0
    )
    late = ChatMeasured(candidate="a", prompt=0, n_prompt_tokens=5, ttft_s=0.9, inter_token_s=())
    (row,) = reach_verdict(plan, [memory("a", 2), slow, late, stopped("a", "skipped by the user")]).rankings
    assert row.ruled_out == (
        SkippedByUser(),
        TooMuchMemory(limit_bytes=GIB, needed_bytes=2 * GIB),
        SlowFirstToken(limit_s=0.5, ttft_p95_s=0.9),
        SlowGeneration(limit_tokens_per_second=20.0, tokens_per_second=8.0),
    )


def test_without_a_winner_the_most_common_reason_decides_the_advice() -> None:
    plan = plan_of("a", "b", "c", max_memory_bytes=4 * GIB)
    fine = [memory(name, 1) for name in "abc"]
    events = [*fine, stopped("a", detail="The worker was killed: out of memory."), stopped("b"), memory("c", 5)]
    assert advice(plan, events) == "Most of them failed; see the log or choose other files."
    assert advice(plan, [memory("a", 5), memory("b", 6), memory("c", 1), stopped("c")]) == (
        "Most of them need more memory than your limit of 4 GiB; raise the limit or add smaller candidates."
    )


@pytest.mark.parametrize(
    ("ids", "subject"),
    [("a", "It failed;"), ("ab", "Both failed;"), ("abc", "All of them failed;")],
)
def test_the_advice_counts_whom_it_is_about(ids: str, subject: str) -> None:
    assert advice(plan_of(*ids), [stopped(name) for name in ids]).startswith(subject)


def test_figures_that_were_not_measured_get_the_advice_to_measure_them() -> None:
    advised = advice(plan_of("a", "b", "c", max_memory_bytes=GIB), [memory("a", 2)])
    assert advised == "Most of them were not measured against your limits; resume the run to its end."


def test_reasons_survive_being_stored() -> None:
    plan = plan_of("a", "b", "c", "d", max_memory_bytes=GIB, min_generation_tokens_per_second=2.0, max_ttft_s=1.0)
    events = [
        memory("a", 2),
        stopped("b", "eliminated", at_item=3, pool=9),
        stopped("c", "skipped by the user"),
        stopped("d", detail="it aborted"),
    ]
    verdict = reach_verdict(plan, events)
    assert decode_event(encode_event(verdict)) == verdict


def test_a_verdict_stored_with_sentences_as_reasons_still_opens() -> None:
    verdict = reach_verdict(plan_of("a", max_memory_bytes=4 * GIB), [memory("a", 5)])
    stored = json.loads(encode_event(verdict))
    stored["rankings"][0]["ruled_out"] = ["memory is 4.6 GiB, at most 4 GiB is asked", "failed: it aborted"]
    opened = decode_event(json.dumps(stored))
    assert isinstance(opened, VerdictReached)
    assert [exclusion_words(reason) for reason in opened.rankings[0].ruled_out] == stored["rankings"][0]["ruled_out"]


def test_json_output_has_sentences_as_reasons() -> None:
    verdict = reach_verdict(plan_of("a", max_memory_bytes=4 * GIB), [memory("a", 4.6)])
    (row,) = json.loads(encode_event(with_words(verdict)))["rankings"]
    assert row["ruled_out"] == ["needs 4.6 GiB; your limit is 4 GiB"]
