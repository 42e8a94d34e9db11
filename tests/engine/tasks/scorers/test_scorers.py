"""Scores of examples worked by hand, and properties that hold for any numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.events.run import AnswerScored
from weighin.engine.tasks.extractors import after_hashes, find_extractor, first_line, last_number
from weighin.engine.tasks.items import ChoiceItem, GenerateItem, Suite
from weighin.engine.tasks.requests import ChoiceRequest, ChoiceResult, GenerateRequest, GenerateResult, build_request
from weighin.engine.tasks.scorers import find_scorer
from weighin.engine.tasks.scoring import score
from weighin.engine.tasks.spec import Shot, SuiteSpec


def _score(sums: tuple[float, ...], choices: tuple[str, ...], gold: int = 0, metric: str = "acc") -> AnswerScored:
    item = ChoiceItem(id="i", question="q", choices=choices, gold=gold)
    suite = Suite(spec=SuiteSpec(name="s", title="S", kind="choice", metric=metric), items=(item,))
    result = ChoiceResult(
        item="i",
        prompt="q",
        log_likelihoods=sums,
        n_tokens=(1,) * len(sums),
        is_greedy=(False,) * len(sums),
        n_prompt_tokens=1,
        elapsed_s=0.0,
    )
    return score(suite, item, result, candidate="c")


def test_acc_takes_the_sum_and_acc_norm_the_sum_per_character() -> None:
    # -4/2 = -2 a character for "no", -10/10 = -1 for the longer text.
    scored = _score((-4.0, -10.0), ("no", "not at all"))
    assert scored.scores == {"acc": 1.0, "acc_norm": 0.0}
    assert scored.correct
    assert scored.output == "no"
    leading_norm = _score((-4.0, -10.0), ("no", "not at all"), gold=1, metric="acc_norm")
    assert leading_norm.scores == {"acc": 0.0, "acc_norm": 1.0}
    assert leading_norm.correct
    assert leading_norm.output == "not at all"


def test_acc_norm_counts_characters_not_bytes() -> None:
    # By bytes "éé" would divide by 4 and win with -0.75.
    assert _score((-3.0, -2.0), ("éé", "ab"), gold=1).scores["acc_norm"] == 1.0


def test_the_first_of_equals_wins() -> None:
    assert _score((-1.0, -1.0, -1.0), ("aa", "bb", "cc"), gold=0).scores == {"acc": 1.0, "acc_norm": 1.0}


@pytest.mark.parametrize(("second", "fragile"), [(-1.1, True), (-1.2, False)])
def test_a_choice_within_0_15_nats_is_fragile(second: float, fragile: bool) -> None:
    assert _score((-1.0, second), ("aa", "bb")).fragile is fragile
    assert _score((-1.0, second), ("aa", "bb"), metric="acc_norm").fragile is fragile


@given(st.lists(st.floats(-500, -0.001), min_size=2, max_size=6), st.data())
def test_exactly_one_gold_is_right_and_scores_stay_between_0_and_1(sums: list[float], data: st.DataObject) -> None:
    choices = tuple(f"{i}" + "x" * data.draw(st.integers(0, 20)) for i in range(len(sums)))
    scored = [_score(tuple(sums), choices, gold=gold) for gold in range(len(sums))]
    for metric in ("acc", "acc_norm"):
        assert sum(one.scores[metric] for one in scored) == 1.0
    assert [one.correct for one in scored].index(True) == sums.index(max(sums))
    assert len(scored[0].options) == len(sums)


def _suite(item: GenerateItem) -> Suite:
    spec = SuiteSpec(name="s", title="S", kind="generate", metric="exact_match", extractor="last_number")
    return Suite(spec=spec, items=(item,))


def test_an_answer_that_cannot_be_found_is_wrong_and_stored_as_none() -> None:
    item = GenerateItem(id="i", prompt="p", answers=("12",))
    result = GenerateResult(
        item="i", prompt="p", text="no idea", n_prompt_tokens=3, n_output_tokens=2, stop="length", elapsed_s=0.1
    )
    scored = score(_suite(item), item, result, candidate="c", repeat=2)
    assert scored.extracted is None
    assert not scored.correct
    assert scored.scores == {"exact_match": 0.0}
    assert (scored.output, scored.expected, scored.stop, scored.repeat) == ("no idea", "12", "length", 2)


def test_a_result_of_the_other_kind_fails() -> None:
    item = ChoiceItem(id="i", question="q", choices=("a", "b"), gold=0)
    result = GenerateResult(item="i", prompt="p", text="", n_prompt_tokens=0, n_output_tokens=0, stop="", elapsed_s=0)
    with pytest.raises(DatasetError, match="does not match the item's kind"):
        score(_suite(GenerateItem(id="i", prompt="p", answers=("1",))), item, result, candidate="c")


@pytest.mark.parametrize(
    ("text", "strict", "flexible"),
    [
        ("She sells 9 eggs. 9 * 2 = 18\n#### 18", "18", "18"),
        ("The total is $1,080.", None, "$1,080."),
        ("#### -3 and then 7", "-3", "7"),
        ("nothing here", None, None),
    ],
)
def test_gsm8k_filters(text: str, strict: str | None, flexible: str | None) -> None:
    assert after_hashes(text) == strict
    assert last_number(text) == flexible


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\n\n Paris \nFrance", "Paris"),
        ("Answer: Paris", "Paris"),
        ("The answer is Paris", "Paris"),
        ("**Answer:** Paris", "Paris"),
        ("> Final answer: Paris", "Paris"),
        ("Answer\nParis", "Paris"),
        ("Answers vary", "Answers vary"),
        ("答案：北京", "北京"),
        ("Réponse : Paris", "Paris"),
        ("```text\nParis\n```", "Paris"),
        ("\ufeff\n\u200b\nParis", "Paris"),
        (" \n", None),
        ("\u200b", None),
    ],
)
def test_first_line(text: str, found: str | None) -> None:
    assert first_line(text) == found


def test_unknown_extractors_and_scorers_fail_with_their_name() -> None:
    with pytest.raises(DatasetError, match="no extractor 'nope'"):
        find_extractor("nope")
    with pytest.raises(DatasetError, match="nope"):
        find_scorer("nope")


def test_requests_carry_the_delimiter_and_the_shots() -> None:
    spec = SuiteSpec(name="s", title="S", kind="choice", metric="acc")
    item = ChoiceItem(id="i", question="Why {so}?", choices=("a b", "c"), gold=0)
    assert build_request(spec, item) == ChoiceRequest(
        item="i", contexts=("Question: Why {so}?\nAnswer:",), continuations=(" a b", " c")
    )
    spec = SuiteSpec(
        name="s", title="S", kind="generate", metric="exact_match", system="Be brief.",
        shots=(Shot(prompt="1+1?", answer="2"),),
    )  # fmt: skip
    request = build_request(spec, GenerateItem(id="i", prompt="{2}+2?", answers=("4",)))
    assert isinstance(request, GenerateRequest)
    assert request.prompt == "Be brief.\n\n1+1?\nAnswer: 2\n\n{2}+2?\nAnswer:"
    assert [(m.role, m.content) for m in request.messages] == [
        ("system", "Be brief."), ("user", "1+1?"), ("assistant", "2"), ("user", "{2}+2?"),
    ]  # fmt: skip
