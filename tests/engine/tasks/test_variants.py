"""Variants of items: reordered options and neutral templates."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from weighin.engine.tasks.items import ChoiceItem, GenerateItem
from weighin.engine.tasks.requests import ChoiceRequest, GenerateRequest, build_request
from weighin.engine.tasks.spec import Shot, SuiteSpec, find_spec
from weighin.engine.tasks.variants import TEMPLATES, reordered, reworded

CHOICE = SuiteSpec(name="c", title="c", kind="choice", metric="acc")
TEXT = SuiteSpec(name="t", title="t", kind="generate", metric="exact_match")
SHOTS = "Which is red?\nA. sky\nB. blood\nC. grass\nAnswer: B\n\n"


def lettered(*choices: str, gold: int = 0) -> ChoiceItem:
    """As MMLU asks, behind a solved example."""
    listed = "".join(f"{letter}. {choice}\n" for letter, choice in zip("ABCDEF", choices, strict=False))
    return ChoiceItem(
        id="i",
        question="Which is it?",
        choices=choices,
        gold=gold,
        contexts=(f"{SHOTS}Which is it?\n{listed}Answer:",),
        continuations=tuple(f" {letter}" for letter in "ABCDEF"[: len(choices)]),
    )


def shown(question: str, *choices: str, gold: int = 0) -> ChoiceItem:
    return ChoiceItem(id="i", question=question, choices=choices, gold=gold)


def test_letters_keep_their_places_and_contents_move() -> None:
    ways = reordered(CHOICE, lettered("oak", "ash", "fir", gold=1))
    assert [way.contexts[0].removeprefix(SHOTS) for way in ways] == [
        "Which is it?\nA. oak\nB. ash\nC. fir\nAnswer:",
        "Which is it?\nA. ash\nB. fir\nC. oak\nAnswer:",
        "Which is it?\nA. fir\nB. oak\nC. ash\nAnswer:",
    ]
    assert all(way.contexts[0].startswith(SHOTS) for way in ways)
    assert {way.continuations for way in ways} == {(" A", " B", " C")}
    assert [way.choices[way.gold] for way in ways] == ["ash"] * 3


def test_a_worked_example_with_the_same_options_is_left_alone() -> None:
    ways = reordered(CHOICE, lettered("sky", "blood", "grass"))
    assert all(way.contexts[0].startswith(SHOTS) for way in ways)
    assert "A. blood\nB. grass\nC. sky" in ways[1].contexts[0].removeprefix(SHOTS)


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("Choose: oak, ash or fir.", "oak, ash or fir.", "ash, fir or oak."),
        ("Choose: (oak/ash/fir)", "(oak/ash/fir)", "(ash/fir/oak)"),
        ("Choose: 1) oak 2) ash 3) fir", "1) oak 2) ash 3) fir", "1) ash 2) fir 3) oak"),
        ("Choose:\n- oak\n- ash\n- fir\n", "- oak\n- ash\n- fir", "- ash\n- fir\n- oak"),
        ("Oak, ash, fir? oak; ash; fir", "? oak; ash; fir", "? ash; fir; oak"),
    ],
)
def test_lists_of_many_shapes_are_found(question: str, first: str, second: str) -> None:
    ways = reordered(CHOICE, shown(question, "oak", "ash", "fir"))
    assert first in ways[0].contexts[0]
    assert second in ways[1].contexts[0]
    assert ways[1].continuations == (" ash", " fir", " oak")


@pytest.mark.parametrize(
    "item",
    [
        shown("What grows?", "oak", "ash", "fir"),
        shown("An oak stands here. Much later an ash was seen beside it, and a fir.", "oak", "ash", "fir"),
        shown("Choose: oak, ash, oak", "oak", "ash", "oak"),
        shown("Choose: soak, ash, first", "oak", "ash", "fir"),
        msgspec.structs.replace(shown("Choose: oak, ash, fir", "oak", "ash", "fir"), golds=(0, 1)),
        msgspec.structs.replace(shown("Choose: oak, ash", "oak", "ash"), contexts=("oak, ash", "oak, ash")),
        shown("Choose: " + ", ".join(map(str, range(100, 111))), *map(str, range(100, 111))),
        GenerateItem(id="g", prompt="oak, ash", answers=("oak",)),
    ],
)
def test_where_order_cannot_matter_nothing_is_reordered(item: ChoiceItem | GenerateItem) -> None:
    assert reordered(CHOICE, item) == ()


def test_mmlu_items_are_reordered_after_their_examples() -> None:
    from weighin.engine.tasks.formats import find_format

    options = ["1.5 (m/s)", "$x^2$", "None of the above.", "A and B"]
    dev = [{"question": f"What is {n}?", "choices": options, "answer": n % 4, "subject": "maths"} for n in range(5)]
    rows = {"dev": dev, "test": [{"question": "Which?", "choices": options, "answer": 2, "subject": "maths"}]}
    spec = find_spec("mmlu")
    (item,) = find_format("mmlu")(rows, spec)
    ways = reordered(spec, item)
    assert len(ways) == 4
    assert isinstance(item, ChoiceItem)
    before = item.contexts[0].rpartition("Which?")[0]
    assert ways[0].contexts == item.contexts
    assert ways[3].contexts == (f"{before}Which?\nA. A and B\nB. 1.5 (m/s)\nC. $x^2$\nD. None of the above.\nAnswer:",)
    assert ways[3].continuations == (" A", " B", " C", " D")
    assert ways[3].gold == 3
    assert reworded(spec, item) == ()


WORDS = st.lists(st.text("abcdefgh 0123456789$().*+", min_size=1, max_size=12), min_size=2, max_size=6, unique=True)


@given(WORDS, st.data(), st.booleans())
def test_reordering_keeps_contents_and_order_zero_is_the_item(
    choices: list[str], data: st.DataObject, named: bool
) -> None:
    assume(all(choice.strip() for choice in choices))
    gold = data.draw(st.integers(0, len(choices) - 1))
    listing = lettered(*choices, gold=gold) if named else shown("Of: " + ", ".join(choices) + ".", *choices, gold=gold)
    ways = reordered(CHOICE, listing)
    if not ways:  # an option that begins or ends within a word of the text before or after
        return
    whole = build_request(CHOICE, listing)
    assert build_request(CHOICE, ways[0]) == whole
    assert len(ways) == len(choices)
    for r, way in enumerate(ways):
        assert way.choices[way.gold] == choices[gold]
        assert sorted(way.contexts[0]) == sorted(ways[0].contexts[0])
        for place, choice in enumerate(way.choices):
            assert choice == choices[(place + r) % len(choices)]
        if not named:
            assert way.continuations == tuple(f" {choice}" for choice in way.choices)


@pytest.mark.parametrize("name", ["classify", "multilingual-facts"])
def test_every_item_of_suites_that_show_their_options_is_reordered(name: str) -> None:
    from weighin.engine.plan.model import BuiltInSuite
    from weighin.engine.tasks.opening import open_suite

    suite = open_suite(BuiltInSuite(name=name), seed=1, limit=60)
    ways = [reordered(suite.spec, item) for item in suite.items]
    assert all(len(way) == 4 for way in ways)
    assert not any(reordered(find_spec("everyday-choice"), item) for item in open_everyday())


def open_everyday() -> tuple[Any, ...]:
    from weighin.engine.plan.model import BuiltInSuite
    from weighin.engine.tasks.opening import open_suite

    return open_suite(BuiltInSuite(name="everyday-choice"), seed=1, limit=60).items


def test_a_question_is_asked_under_every_template_with_the_same_choices() -> None:
    ways = reworded(CHOICE, shown("Who {barks}?", "dogs", "cats"))
    contexts = [way.contexts[0] for way in ways if isinstance(way, ChoiceRequest)]
    assert contexts == [template.replace("{prompt}", "Who {barks}?") for template in TEMPLATES.values()]
    for context, way in zip(contexts, ways, strict=True):
        assert isinstance(way, ChoiceRequest)
        assert way.continuations == (("dogs", "cats") if context.endswith("\n") else (" dogs", " cats"))


@pytest.mark.parametrize(
    "item",
    [
        lettered("oak", "ash"),
        ChoiceItem(id="i", question="A man sits", choices=("down", "up"), gold=0, contexts=("A man sits",)),
        ChoiceItem(id="i", question="x?", choices=("a", "b"), gold=0, contexts=("Question: y?\nAnswer: b\n\nx?\nA:",)),
        GenerateItem(id="g", prompt="p", plain_prompt="Question: one\nAnswer: 1\n\nQuestion: p", answers=("2",)),
    ],
)
def test_complete_prompts_are_not_reworded(item: ChoiceItem | GenerateItem) -> None:
    assert reworded(CHOICE if isinstance(item, ChoiceItem) else TEXT, item) == ()


def test_texts_and_worked_examples_use_the_same_template() -> None:
    spec = msgspec.structs.replace(TEXT, system="Be short.", shots=(Shot(prompt="2+2", answer="4"),), stop=("###",))
    ways = dict(zip(TEMPLATES, reworded(spec, GenerateItem(id="g", prompt="{3}", answers=("3",))), strict=True))
    asked = ways["q"]
    assert isinstance(asked, GenerateRequest)
    assert asked.prompt == "Be short.\n\nQ: 2+2\nA: 4\n\nQ: {3}\nA:"
    assert [(turn.role, turn.content) for turn in asked.messages] == [
        ("system", "Be short."),
        ("user", "Q: 2+2\nA:"),
        ("assistant", "4"),
        ("user", "Q: {3}\nA:"),
    ]
    assert asked.stop == ("###", "\nQ:")
    bare = ways["bare"]
    assert isinstance(bare, GenerateRequest)
    assert bare.prompt.endswith("{3}\n")
    assert bare.messages[-1].content == "{3}"
    assert bare.stop == ("###",)
