"""The verdict: who wins, who is tied, what the sentences and warnings say."""

import shlex
import subprocess
import sys
from typing import Any

import msgspec

from weighin.engine.events.failures import ScoringTimedOut
from weighin.engine.events.notes import ContextRaised, Note, SystemMovedIntoUser
from weighin.engine.events.ranking import Failed, TooMuchMemory
from weighin.engine.events.run import (
    AnswerScored,
    BlockScored,
    CandidateNoted,
    CandidateStopped,
    Disturbance,
    MemoryMeasured,
    RunStarted,
    SpeedMeasured,
    SuiteCard,
)
from weighin.engine.judging.summary import summarize
from weighin.engine.judging.verdict import reach_verdict
from weighin.engine.plan.model import BuiltInSuite, Candidate, Limits, Plan


def plan_of(*ids: Any, **limits: Any) -> Any:
    return Plan(
        candidates=tuple(Candidate(id=i, path=f"/models/50% of {i}.gguf", name=i.upper()) for i in ids),
        limits=Limits(**limits),
    )


def answers(candidate: Any, right: Any, n: Any) -> Any:
    return [
        AnswerScored(
            candidate=candidate,
            suite="s",
            item=str(i),
            correct=i < right,
            scores={"acc": float(i < right)},
            prompt="",
            output="",
            extracted=None,
            expected="",
        )
        for i in range(n)
    ]


def speed(candidate: Any, rate: Any, *, repeat: int = 0, final: bool = True, disturbed: bool = False) -> Any:
    return SpeedMeasured(
        candidate=candidate,
        kind="generation",
        repeat=repeat,
        attempt=0,
        n_tokens=128,
        depth=0,
        elapsed_s=128 / rate,
        tokens_per_second=rate,
        final=final,
        disturbances=(Disturbance(cause="a neighbour"),) if disturbed else (),
    )


def memory(candidate: Any, size: Any) -> Any:
    return MemoryMeasured(candidate=candidate, peak_rss_bytes=size)


def row(verdict: Any, candidate: Any) -> Any:
    return next(r for r in verdict.rankings if r.candidate == candidate)


def test_the_faster_of_two_tied_candidates_wins() -> None:
    events = [*answers("a", 80, 100), *answers("b", 78, 100), speed("a", 20.0), speed("b", 40.0)]
    verdict = reach_verdict(plan_of("a", "b"), events)
    assert verdict.winner == "b"
    assert row(verdict, "a").tied_with_best
    assert row(verdict, "b").tied_with_best
    assert len(verdict.sentences) == 2


def test_a_faster_but_clearly_less_accurate_candidate_loses() -> None:
    events = [*answers("a", 90, 100), *answers("b", 40, 100), speed("a", 20.0), speed("b", 40.0)]
    verdict = reach_verdict(plan_of("a", "b"), events)
    assert verdict.winner == "a"
    assert not row(verdict, "b").tied_with_best
    assert row(verdict, "b").p_against_best < 0.05


def test_memory_decides_between_equally_fast_candidates() -> None:
    events = [*answers("a", 80, 100), *answers("b", 80, 100)]
    events += [speed("a", 40.0), speed("b", 39.5), memory("a", 2**31), memory("b", 2**30)]
    assert reach_verdict(plan_of("a", "b"), events).winner == "b"


def test_a_missed_limit_and_an_unmeasured_figure_rule_out_a_candidate() -> None:
    plan = plan_of("a", "b", max_memory_bytes=2**30)
    events = [*answers("a", 80, 100), *answers("b", 80, 100), memory("a", 2**31)]
    verdict = reach_verdict(plan, events)
    assert verdict.winner is None
    assert row(verdict, "a").ruled_out == (TooMuchMemory(limit_bytes=2**30, needed_bytes=2**31),)
    assert row(verdict, "b").ruled_out == (TooMuchMemory(limit_bytes=2**30, needed_bytes=None),)
    assert verdict.sentences == (
        "None of the candidates can be recommended.",
        "1 of the 2 needs more memory than your limit of 1 GiB; raise the limit or add smaller candidates.",
    )


def test_a_stopped_candidate_is_not_recommended() -> None:
    events = [*answers("a", 80, 100), *answers("b", 90, 100)]
    events.append(CandidateStopped(candidate="b", reason="failed", detail="it aborted"))
    verdict = reach_verdict(plan_of("a", "b"), events)
    assert verdict.winner == "a"
    assert row(verdict, "b").ruled_out == (Failed(detail="it aborted"),)


def test_a_run_without_events_has_a_verdict() -> None:
    assert reach_verdict(plan_of(), []).winner is None
    assert row(reach_verdict(plan_of("a"), []), "a").accuracy is None


def test_without_a_suite_the_fastest_wins_and_its_accuracy_is_unknown() -> None:
    verdict = reach_verdict(plan_of("a", "b"), [speed("a", 20.0), speed("b", 40.0)])
    assert verdict.winner == "b"
    assert "no suite was run" in verdict.sentences[1]
    plan = msgspec.structs.replace(plan_of("a", "b"), suites=(BuiltInSuite(name="s"),))
    unanswered = reach_verdict(plan, [speed("a", 20.0), speed("b", 40.0)])
    assert unanswered.winner is None
    assert unanswered.sentences[0] == "No candidate can be recommended yet: no item was answered."


def test_nobody_wins_against_a_candidate_that_was_not_asked() -> None:
    one_sided = reach_verdict(plan_of("a", "b"), [*answers("a", 9, 10), speed("a", 20.0), speed("b", 40.0)])
    assert one_sided.winner is None
    assert one_sided.sentences == (
        "No candidate can be recommended yet: B has not answered any item.",
        "Continue with `weighin resume`, which starts the time budget again.",
    )
    not_timed = reach_verdict(plan_of("a", "b"), [speed("a", 20.0)])
    assert (not_timed.winner, not_timed.sentences[0]) == (
        None,
        "No candidate can be recommended yet: the speed of B was not measured.",
    )
    # One that is out of the run for a reason need not be asked.
    failed = CandidateStopped(candidate="b", reason="failed", detail="It crashed.")
    assert reach_verdict(plan_of("a", "b"), [*answers("a", 9, 10), speed("a", 20.0), failed]).winner == "a"


def test_a_suite_that_was_not_asked_of_everybody_is_told() -> None:
    cards = tuple(SuiteCard(name=name, title=name, items=10, chance=None, metric="acc") for name in ("s", "t", "u"))
    started = RunStarted(run_id="r", candidates=(), suites=cards, repeats=1)
    in_t = [msgspec.structs.replace(answer, suite="t") for answer in answers("a", 1, 1)]
    events = [started, *answers("a", 9, 10), *answers("b", 9, 10), *in_t]
    warnings = reach_verdict(plan_of("a", "b"), events).warnings
    assert "u was not asked before the run ended, so it counts for nobody." in warnings
    assert "t was not asked of B before the run ended; it counts for the others." in warnings


def test_answers_that_could_not_be_scored_are_counted() -> None:
    slow = [
        msgspec.structs.replace(answer, failure=ScoringTimedOut(limit_s=5.0), correct=False)
        for answer in answers("a", 0, 3)
    ]
    more = [msgspec.structs.replace(answer, item=f"x{answer.item}") for answer in answers("a", 5, 7)]
    verdict = reach_verdict(plan_of("a", "b"), [*slow, *more, *answers("b", 3, 10)])
    assert (
        "A: 3 of 10 answers could not be scored and count as wrong: most often, scoring it takes more than 5 s."
        in verdict.warnings
    )


def test_candidates_are_compared_on_items_that_all_of_them_answered() -> None:
    # On its own items b looks far worse; on the ten that both answered they are equal.
    events = [*answers("a", 10, 10), *answers("b", 10, 100)]
    verdict = reach_verdict(plan_of("a", "b"), events)
    assert row(verdict, "b").p_against_best == 1.0
    assert any("same number of items" in warning for warning in verdict.warnings)


def test_disturbed_repeats_count_only_without_clean_ones() -> None:
    clean = [speed("a", 40.0), speed("a", 1.0, repeat=1, disturbed=True), speed("a", 2.0, repeat=2, final=False)]
    verdict = reach_verdict(plan_of("a", "b"), [*clean, speed("b", 5.0, disturbed=True)])
    assert row(verdict, "a").generation_tokens_per_second == 40.0
    assert row(verdict, "b").generation_tokens_per_second == 5.0
    assert row(verdict, "b").disturbed


def test_commands_survive_odd_paths() -> None:
    verdict = reach_verdict(plan_of("a"), [speed("a", 40.0)])
    assert "/models/50% of a.gguf" in shlex.split(verdict.commands["llama-server"])
    words = shlex.split(verdict.commands["ollama"])
    assert words[:2] == ["printf", r"%s\n"]
    assert words[2] == "FROM /models/50% of a.gguf"


def only(candidate: Any, names: Any, right: bool = True) -> Any:
    """Answers to the named items, all right or all wrong."""
    return [
        AnswerScored(
            candidate=candidate, suite="s", item=name, correct=right, scores={"acc": float(right)}, prompt="",
            output="", extracted=None, expected="",
        )
        for name in names
    ]  # fmt: skip


def test_candidates_without_common_items_are_not_called_tied() -> None:
    events = [*only("a", ["1", "2"]), *only("b", ["3", "4"], right=False), speed("a", 20.0), speed("b", 40.0)]
    verdict = reach_verdict(plan_of("a", "b"), events)
    assert [r.not_comparable for r in verdict.rankings] == ["not comparable: no common items"] * 2
    assert not any(r.tied_with_best for r in verdict.rankings)
    assert all(r.p_against_best is None for r in verdict.rankings)
    # The fastest is recommended, without the claim that it is the most accurate.
    assert verdict.winner == "b"
    text = " ".join(verdict.sentences)
    assert "most accurate" not in text
    assert "tied" not in text
    assert "no two of them answered the same items" in text
    assert any("they have no items in common" in warning for warning in verdict.warnings)


def test_a_candidate_with_other_items_does_not_prevent_a_comparison_of_the_rest() -> None:
    events = [*answers("a", 90, 100), *answers("b", 40, 100), *only("c", ["elsewhere 1", "elsewhere 2"])]
    events += [speed("a", 20.0), speed("b", 40.0), speed("c", 80.0)]
    verdict = reach_verdict(plan_of("a", "b", "c"), events)
    assert verdict.winner == "a"
    assert row(verdict, "b").p_against_best < 0.05
    assert row(verdict, "c").not_comparable
    assert not row(verdict, "c").tied_with_best
    assert not row(verdict, "a").not_comparable
    assert any(w.startswith("C: not comparable, because it has no items in common") for w in verdict.warnings)
    assert not any("same number of items" in warning for warning in verdict.warnings)


def test_a_single_candidate_wins_without_a_comparison() -> None:
    verdict = reach_verdict(plan_of("a"), [*answers("a", 50, 100), speed("a", 20.0)])
    assert verdict.winner == "a"
    assert not row(verdict, "a").not_comparable


def test_only_speed_that_drifted_over_the_rounds_is_a_warning() -> None:
    falls = [1.0, 0.96, 0.93, 0.9, 0.88]
    events = [
        speed(candidate, base * share, repeat=n)
        for n, share in enumerate(falls)
        for candidate, base in (("a", 20.0), ("b", 40.0))
    ]
    (warning,) = (w for w in reach_verdict(plan_of("a", "b"), events).warnings if "drifted" in w)
    assert "generation -12%" in warning
    # The same slowdown in disturbed repeats that were measured again: the final ones are level.
    level = [speed(c, 20.0 + n % 2 / 10, repeat=n) for n in range(5) for c in ("a", "b")]
    again = [speed("a", 20.0 * share, repeat=n, final=False, disturbed=True) for n, share in enumerate(falls)]
    assert not any("drifted" in w for w in reach_verdict(plan_of("a", "b"), [*again, *level]).warnings)


def test_answering_more_and_more_slowly_is_a_drift() -> None:
    events = [*answers("a", 8, 10), *answers("b", 8, 10)]
    events += [
        BlockScored(
            candidate=c, suite="s", block=n, items=16, n_unique_prompt_tokens=900, n_output_tokens=0,
            elapsed_s=1.0 + 0.05 * n,
        )
        for n in range(6)
        for c in ("a", "b")
    ]  # fmt: skip
    (warning,) = (w for w in reach_verdict(plan_of("a", "b"), events).warnings if "drifted" in w)
    assert "answering -20%" in warning


def test_the_sentences_for_a_tie_name_the_winner_and_its_rivals() -> None:
    events = [*answers("a", 80, 100), *answers("b", 78, 100), speed("a", 20.0), speed("b", 40.0), memory("b", 2**30)]
    assert reach_verdict(plan_of("a", "b"), events).sentences == (
        "Use B (accuracy 78.0%, 40.0 tok/s, 1 GiB): it is the fastest of the candidates that are about equally"
        " accurate.",
        "It is statistically tied with A (80.0%).",
    )


def test_the_sentences_for_a_clear_winner_name_the_test_and_the_race() -> None:
    events = [*answers("a", 90, 100), *answers("b", 40, 100), *answers("c", 2, 20)]
    events.append(CandidateStopped(candidate="c", reason="eliminated", at_item=20, pool=100))
    events += [memory(name, 2**30) for name in "abc"]
    first, second = reach_verdict(plan_of("a", "b", "c", max_memory_bytes=2**31), events).sentences
    assert first == "Use A (accuracy 90.0%, 1 GiB): it is the most accurate candidate that meets your limits."
    assert second.startswith("It is significantly more accurate than B (exact McNemar test, Holm-corrected, p ≤ ")
    assert second.endswith("; the race stopped C after 20 of 100 items as less accurate.")


def test_a_single_candidate_has_nothing_to_be_compared_with() -> None:
    events = [*answers("a", 50, 100), speed("a", 20.0)]
    assert reach_verdict(plan_of("a"), events).sentences[1] == "There is no other candidate to compare it with."


def test_guessing_and_few_items_are_warnings() -> None:
    card = SuiteCard(name="s", title="S", items=40, chance=0.25, metric="acc")
    events = [
        RunStarted(run_id="r", candidates=(), suites=(card,), repeats=1),
        *answers("a", 30, 40),
        *answers("b", 11, 40),
        *answers("c", 10, 40),
    ]
    warnings = reach_verdict(plan_of("a", "b", "c"), events).warnings
    assert "On s, B and C are no better than guessing (25%)." in warnings
    assert any(w.startswith("With 40 items, only accuracy differences of about 24 points or more") for w in warnings)


def test_a_verdict_without_answers_loads_neither_numpy_nor_scipy() -> None:
    program = (
        "import sys\n"
        "from weighin.engine.judging.verdict import reach_verdict\n"
        "from weighin.engine.plan.model import Candidate, Plan\n"
        "reach_verdict(Plan(candidates=(Candidate(id='a', path='/a.gguf', name='A'),)), [])\n"
        "loaded = {'numpy', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imported: {loaded}' if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_many_empty_answers_are_a_warning() -> None:
    events = [msgspec.structs.replace(event, blank=place < 2) for place, event in enumerate(answers("a", 0, 20))]
    verdict = reach_verdict(plan_of("a"), events)
    assert row(verdict, "a").blank_answers == 2
    assert (
        "A: 2 of 20 answers are empty. Look at a few: the chat template or a stop text may be wrong."
        in verdict.warnings
    )
    few = reach_verdict(
        plan_of("a"), [*events[1:], *(msgspec.structs.replace(e, item=f"x{e.item}") for e in events[2:])]
    )
    assert not any("empty" in warning for warning in few.warnings)


def test_what_holds_for_several_candidates_is_said_once_with_their_names() -> None:
    def noted(name: str, note: Note) -> CandidateNoted:
        return CandidateNoted(candidate=name, note=note)

    def raised(tokens: int) -> ContextRaised:
        return ContextRaised(items=1, longest_tokens=tokens - 100, n_ctx=512, raised_to=tokens)

    events = [
        *answers("a", 9, 10), *answers("b", 9, 10), *answers("c", 9, 10),
        noted("a", SystemMovedIntoUser()), noted("b", SystemMovedIntoUser()),
        noted("a", raised(900)), noted("b", raised(950)), noted("c", raised(1024)),
        noted("d", SystemMovedIntoUser()), CandidateStopped(candidate="d", reason="failed", detail="It crashed."),
    ]  # fmt: skip
    plan = plan_of("a", "b", "c", "d")
    plan = msgspec.structs.replace(plan, settings=msgspec.structs.replace(plan.settings, n_ctx=512))
    warnings = reach_verdict(plan, events).warnings
    assert (
        "A and B: the chat template takes no system message, so its text is put at the start of the first user"
        in (warnings[0])
    )
    assert warnings[1].startswith("All candidates: prompts that do not fit the context of 512 tokens")
    assert "up to 1,024." in warnings[1]
    assert not any("D" in warning for warning in warnings)


def test_samples_that_were_cut_while_thinking_do_not_count_as_agreeing() -> None:
    drawn = [
        msgspec.structs.replace(
            answers("a", 1, 1)[0], repeat=k, thinking_closed=k > 3, extracted=str(k) if k > 3 else None
        )
        for k in range(1, 6)
    ]
    agreement = summarize(drawn).of("a").consistency()
    assert agreement is not None
    assert agreement.value == 0.0
    assert summarize(drawn[:3]).of("a").consistency() is None
