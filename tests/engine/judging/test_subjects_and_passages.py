"""Suites whose items share a subject or a passage: means, errors, tests and sentences."""

import math
from typing import Any

import pytest

from weighin.engine.events.run import AnswerScored, RunStarted, SuiteCard
from weighin.engine.judging.summary import summarize
from weighin.engine.judging.verdict import reach_verdict
from weighin.engine.plan.model import Candidate, Plan
from weighin.engine.report.figures import pair_figures
from weighin.engine.stats.clustered import clustered_mean
from weighin.engine.stats.intervals import accuracy_interval, mcnemar_p

PLAN = Plan(candidates=tuple(Candidate(id=i, path=f"/{i}.gguf", name=i.upper()) for i in ("a", "b")))


def started(kind: Any, items: Any) -> Any:
    return RunStarted(
        run_id="r", candidates=(), repeats=1,
        suites=(SuiteCard(name="s", title="S", items=items, chance=None, metric="acc", group_kind=kind),),
    )  # fmt: skip


def answers(candidate: Any, outcomes: Any) -> Any:
    """``outcomes``: (group, right) for each item."""
    return [
        AnswerScored(
            candidate=candidate, suite="s", item=str(n), correct=right, scores={"acc": float(right)}, prompt="",
            output="", extracted=None, expected="", group=group,
        )
        for n, (group, right) in enumerate(outcomes)
    ]  # fmt: skip


def ranking(verdict: Any, candidate: Any) -> Any:
    return next(r for r in verdict.rankings if r.candidate == candidate)


def test_each_subject_has_its_mean_and_the_suite_a_pooled_error() -> None:
    outcomes = [*(("law", n < 6) for n in range(10)), *(("physics", n < 4) for n in range(20))]
    verdict = reach_verdict(PLAN, [started("subject", 30), *answers("a", outcomes)])
    (groups,) = ranking(verdict, "a").groups
    assert [(g.name, g.items, g.correct) for g in groups.groups] == [("law", 10, 6), ("physics", 20, 4)]
    assert groups.accuracy == pytest.approx(10 / 30)
    # n_k·(n_k − 1)·se_k² is the sum of squares about the subject's own mean: 10·0.6·0.4 and 20·0.2·0.8.
    assert groups.standard_error == pytest.approx(math.sqrt((2.4 + 3.2) / 28 / 30))
    assert ranking(verdict, "b").groups == ()


def test_a_single_item_of_each_subject_has_no_error() -> None:
    verdict = reach_verdict(PLAN, [started("subject", 2), *answers("a", [("law", True), ("physics", False)])])
    (groups,) = ranking(verdict, "a").groups
    assert (groups.accuracy, groups.standard_error) == (0.5, None)


def test_groups_without_a_kind_do_not_affect_intervals() -> None:
    outcomes = [(f"p{n // 4}", n % 8 < 4) for n in range(80)]
    plain = reach_verdict(PLAN, [started("", 80), *answers("a", outcomes)])
    assert ranking(plain, "a").groups == ()
    found = ranking(plain, "a")
    assert (found.low, found.high) == tuple(getattr(accuracy_interval(40, 80), end) for end in ("low", "high"))


def passages() -> Any:
    """In nine passages of four items only A is right, in three only B, and in the other eight both."""
    a = [(f"p{n // 4}", n // 4 < 9 or n // 4 >= 12) for n in range(80)]
    b = [(f"p{n // 4}", n // 4 >= 9) for n in range(80)]
    return answers("a", a), answers("b", b)


def test_a_comparison_is_as_certain_as_its_number_of_passages_allows() -> None:
    a, b = passages()
    run = summarize([started("passage", 80), *a, *b])
    (pair,) = pair_figures([run.of("a"), run.of("b")], run)
    assert pair.clustered
    assert (pair.only_a, pair.only_b) == (36, 12)
    # Answers agree within a passage: twelve observations, not forty-eight.
    assert pair.p_value == pytest.approx(mcnemar_p(9, 3))
    differences = [x.correct - y.correct for x, y in zip(a, b, strict=True)]
    wanted = clustered_mean(differences, [x.group for x in a]).standard_error
    assert pair.standard_error == pytest.approx(wanted)
    assert pair.standard_error > 1.9 * clustered_mean(differences).standard_error
    apart = summarize([started("", 80), *a, *b])
    (plain,) = pair_figures([apart.of("a"), apart.of("b")], apart)
    assert not plain.clustered
    assert plain.p_value == pytest.approx(mcnemar_p(36, 12))
    assert pair.high - pair.low > 1.5 * (plain.high - plain.low)


def test_the_verdict_counts_items_by_passage_and_says_so() -> None:
    a, b = passages()
    together = reach_verdict(PLAN, [started("passage", 80), *a, *b])
    apart = reach_verdict(PLAN, [started("", 80), *a, *b])
    assert ranking(apart, "b").p_against_best < 0.001
    assert not ranking(apart, "b").tied_with_best
    assert ranking(together, "b").p_against_best == pytest.approx(mcnemar_p(9, 3))
    assert ranking(together, "b").tied_with_best
    long, short = ranking(together, "a"), ranking(apart, "a")
    assert long.high - long.low > 1.5 * (short.high - short.low)
    assert long.accuracy == short.accuracy
    assert any("20 passages are asked about more than once" in warning for warning in together.warnings)
    assert not any("passage" in warning for warning in apart.warnings)


def test_the_detectable_difference_is_larger_when_items_share_passages() -> None:
    a, b = passages()
    warnings = {
        kind: next(w for w in reach_verdict(PLAN, [started(kind, 80), *a, *b]).warnings if w.startswith("With 80"))
        for kind in ("", "passage")
    }
    points = {kind: int(words.partition(" of about ")[2].split(" ")[0]) for kind, words in warnings.items()}
    # Four items per passage with equal answers: a quarter of the items, twice the difference.
    assert points["passage"] >= 1.8 * points[""]


def test_the_sentence_names_the_test_that_was_used() -> None:
    a = answers("a", [(f"p{n // 2}", True) for n in range(40)])
    b = answers("b", [(f"p{n // 2}", False) for n in range(40)])
    assert "exact test by passage" in " ".join(reach_verdict(PLAN, [started("passage", 40), *a, *b]).sentences)
    assert "exact McNemar" in " ".join(reach_verdict(PLAN, [started("", 40), *a, *b]).sentences)
