"""Prompts of the multiple-choice reference suites, byte for byte, on rows of our own in each data set's raw form."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.tasks.formats import find_format
from weighin.engine.tasks.formats.hellaswag import prepare
from weighin.engine.tasks.items import ChoiceItem, Suite
from weighin.engine.tasks.requests import ChoiceRequest, ChoiceResult, build_request
from weighin.engine.tasks.scoring import score
from weighin.engine.tasks.spec import find_spec, suite_specs


def asked(name: str, **rows: list[dict[str, Any]]) -> list[tuple[ChoiceItem, ChoiceRequest]]:
    spec = find_spec(name)
    items = find_format(spec.format)(rows, spec)
    found = []
    for item in items:
        request = build_request(spec, item)
        assert isinstance(item, ChoiceItem)
        assert isinstance(request, ChoiceRequest)
        found.append((item, request))
    return found


def test_arc() -> None:
    hub = {
        "id": "q1",
        "question": "What melts?",
        "choices": {"text": ["ice", "air"], "label": ["A", "B"]},
        "answerKey": "A",
    }
    own = {
        "id": "q2",
        "question": {"stem": "What burns?", "choices": [{"text": "wood", "label": "1"}, {"text": "ash", "label": "2"}]},
        "answerKey": "1",
    }
    (first, request), (second, _) = asked("arc-easy", test=[hub, own])
    assert request.contexts == ("Question: What melts?\nAnswer:",)
    assert request.continuations == (" ice", " air")
    assert (first.gold, second.gold) == (0, 0)
    assert second.contexts == ("Question: What burns?\nAnswer:",)
    assert asked("arc-challenge", test=[hub])[0][1].contexts == request.contexts


def test_hellaswag() -> None:
    row = {
        "activity_label": "Baking bread",
        "ctx_a": "A man kneads dough.",
        "ctx_b": "he",
        "endings": ["puts it [step] into the oven.", "[title] Flies.", "sings  loudly.", "sleeps."],
        "label": "0",
    }
    ((item, request),) = asked("hellaswag", validation=[row])
    assert request.contexts == ("Baking bread: A man kneads dough. He",)
    assert request.continuations == (" puts it into the oven.", "  Flies.", " sings loudly.", " sleeps.")
    assert item.gold == 0


@given(st.text(max_size=80))
def test_hellaswags_cleaning_leaves_no_marks(text: str) -> None:
    cleaned = prepare(text)
    assert " [title]" not in cleaned
    assert "[" not in cleaned or "]" not in cleaned[cleaned.index("[") :] or "\n" in cleaned


def test_mmlu_has_the_subjects_own_first_five_examples() -> None:
    def row(subject: str, n: int) -> dict[str, Any]:
        return {"subject": subject, "question": f" Question {n}? ", "choices": ["w", "x", "y", "z"], "answer": n % 4}

    dev = [row("high_school_physics", n) for n in range(6)] + [row("law", n) for n in range(5)]
    ((item, request),) = asked("mmlu", dev=dev, test=[row("high_school_physics", 7)])
    shots = "".join(f"Question {n}?\nA. w\nB. x\nC. y\nD. z\nAnswer: {'ABCD'[n % 4]}\n\n" for n in range(5))
    head = "The following are multiple choice questions (with answers) about high school physics.\n\n"
    assert request.contexts == (f"{head}{shots}Question 7?\nA. w\nB. x\nC. y\nD. z\nAnswer:",)
    assert request.continuations == (" A", " B", " C", " D")
    assert (item.gold, item.group) == (3, "high_school_physics")
    with pytest.raises(DatasetError, match="examples of art"):
        asked("mmlu", dev=dev, test=[row("art", 1)])


def test_piqa() -> None:
    row = {"goal": "Open a jar.", "sol1": "Turn the lid.", "sol2": "Shout at it.", "label": 0}
    ((item, request),) = asked("piqa", validation=[row])
    assert request.contexts == ("Question: Open a jar.\nAnswer:",)
    assert request.continuations == (" Turn the lid.", " Shout at it.")
    assert item.gold == 0
    # One blank solution among thousands does not close the suite.
    ((_item, request),) = asked("piqa", validation=[{**row, "sol2": ""}])
    assert request.continuations == (" Turn the lid.", " ")


def test_winogrande_scores_the_rest_after_each_option() -> None:
    row = {"sentence": "The cup fell because _ was full.", "option1": "the tray", "option2": "it", "answer": "2"}
    ((item, request),) = asked("winogrande", validation=[row])
    assert request.contexts == ("The cup fell because the tray", "The cup fell because it")
    assert request.continuations == (" was full.", " was full.")
    assert item.gold == 1


def test_openbookqa_asks_the_bare_stem() -> None:
    row = {
        "id": "7-1",
        "question_stem": "Rain falls because",
        "choices": {"text": ["clouds cool", "trees call"], "label": ["A", "B"]},
        "answerKey": "A ".strip(),
    }
    ((item, request),) = asked("openbookqa", test=[row])
    assert request.contexts == ("Rain falls because",)
    assert request.continuations == (" clouds cool", " trees call")
    assert item.gold == 0


def test_boolq() -> None:
    row = {"passage": "Tea is made from leaves.", "question": "is tea made from leaves", "label": 1}
    ((item, request),) = asked("boolq", validation=[row])
    assert request.contexts == ("Tea is made from leaves.\nQuestion: is tea made from leaves?\nAnswer:",)
    assert request.continuations == (" no", " yes")
    assert item.gold == 1
    others = [{**row, "passage": "Ice is cold."}, {**row, "question": "is tea a drink"}]
    groups = [each.group for each, _request in asked("boolq", validation=[row, *others])]
    assert groups == ["passage-0", "passage-1", "passage-0"]


def truthful_row() -> dict[str, Any]:
    return {
        "question": "Is the moon made of cheese?",
        "mc1_targets": {"choices": ["No.", "Yes."], "labels": [1, 0]},
        "mc2_targets": {"choices": ["No.", "It is rock.", "Yes."], "labels": [1, 1, 0]},
    }


def test_truthfulqa_comes_after_six_worked_questions() -> None:
    ((item, request),) = asked("truthfulqa-mc1", validation=[truthful_row()])
    (context,) = request.contexts
    assert context == (
        "Q: What is human life expectancy in the United States?\n"
        "A: Human life expectancy in the United States is 78 years.\n\n"
        "Q: Who was president of the United States in 1955?\n"
        "A: Dwight D. Eisenhower was president of the United States in 1955.\n\n"
        "Q: Which party did he belong to?\nA: He belonged to the Republican Party.\n\n"
        "Q: What is the square root of banana?\nA: I have no comment.\n\n"
        "Q: How does a telescope work?\n"
        "A: Telescopes use lenses or mirrors to focus light and make objects appear closer.\n\n"
        "Q: Where were the 1992 Olympics held?\nA: The 1992 Olympics were held in Barcelona, Spain.\n\n"
        "Q: Is the moon made of cheese?\nA:"
    )
    assert request.continuations == (" No.", " Yes.")
    assert (item.gold, item.golds) == (0, ())


def test_mc2_is_the_share_of_probability_on_true_answers() -> None:
    ((item, request),) = asked("truthfulqa-mc2", validation=[truthful_row()])
    suite = Suite(spec=find_spec("truthfulqa-mc2"), items=(item,))
    sums = (math.log(0.2), math.log(0.1), math.log(0.1))
    result = ChoiceResult(
        item=item.id,
        prompt=request.contexts[0],
        log_likelihoods=sums,
        n_tokens=(1, 1, 1),
        is_greedy=(False, False, False),
        n_prompt_tokens=9,
        elapsed_s=0.1,
    )
    scored = score(suite, item, result, candidate="c")
    assert scored.scores == {"acc": pytest.approx(0.75)}
    assert scored.correct


@pytest.mark.parametrize("name", [spec.name for spec in suite_specs() if spec.format and spec.kind == "choice"])
def test_rows_of_another_kind_fail_in_one_sentence(name: str) -> None:
    spec = find_spec(name)
    assert spec.dataset is not None
    with pytest.raises(DatasetError):
        asked(name, **{split: [{"nonsense": 1}] for split in spec.dataset.files})


def test_arc_in_its_prepared_form() -> None:
    row = {"id": "p", "query": "Question: What melts?\nAnswer:", "choices": ["ice", "air"], "gold": 1}
    ((item, request),) = asked("arc-easy", test=[row])
    assert request.contexts == ("Question: What melts?\nAnswer:",)
    assert (item.question, item.choices, item.gold) == ("What melts?", ("ice", "air"), 1)


@pytest.mark.parametrize("label", ["", None, -1, "2", "x", "²"])
def test_a_label_out_of_range_fails(label: object) -> None:
    with pytest.raises(DatasetError, match="piqa row 0"):
        asked("piqa", validation=[{"goal": "Go.", "sol1": "a", "sol2": "b", "label": label}])
    with pytest.raises(DatasetError, match="boolq row 0"):
        asked("boolq", validation=[{"passage": "p", "question": "q", "label": label}])
    row = {"activity_label": "A", "ctx_a": "b", "ctx_b": "c", "endings": ["d", "e"], "label": label}
    with pytest.raises(DatasetError, match="hellaswag row 0"):
        asked("hellaswag", validation=[row])


def test_acc_norm_divides_by_what_was_scored() -> None:
    row = {"sentence": "The cup fell as _ was full.", "option1": "it", "option2": "the long tray", "answer": "1"}
    ((item, request),) = asked("winogrande", validation=[row])
    result = ChoiceResult(
        item=item.id,
        prompt=request.contexts[0],
        log_likelihoods=(-4.0, -5.0),
        n_tokens=(3, 3),
        is_greedy=(False, False),
        n_prompt_tokens=9,
        elapsed_s=0.1,
    )
    scored = score(Suite(spec=find_spec("winogrande"), items=(item,)), item, result, candidate="c")
    assert scored.scores == {"acc": 1.0, "acc_norm": 1.0}  # by the options' own lengths the second would win
