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


def truthful_row() -> dict[str, Any]:
    return {
        "question": "Is the moon made of cheese?",
        "mc1_targets": {"choices": ["No.", "Yes."], "labels": [1, 0]},
        "mc2_targets": {"choices": ["No.", "It is rock.", "Yes."], "labels": [1, 1, 0]},
    }


def test_truthfulqa_stands_behind_six_solved_questions() -> None:
    ((item, request),) = asked("truthfulqa-mc1", validation=[truthful_row()])
    (context,) = request.contexts
    assert context.startswith("Q: What is human life expectancy in the United States?\nA: Human life expectancy")
    assert context.count("\n\nQ: ") == 6
    assert context.endswith("Barcelona, Spain.\n\nQ: Is the moon made of cheese?\nA:")
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
def test_rows_of_another_kind_are_refused_in_a_sentence(name: str) -> None:
    spec = find_spec(name)
    assert spec.dataset is not None
    with pytest.raises(DatasetError):
        asked(name, **{split: [{"nonsense": 1}] for split in spec.dataset.files})
