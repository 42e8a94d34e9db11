"""Thinking blocks are separated from answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.tasks.thinking import AnswerReader, Thinking, strip_thinking


@pytest.mark.parametrize(
    ("text", "answer", "n_thinking", "closed"),
    [
        ("<think>12 3</think>42", "42", 4, True),
        ("<think>\nHm.\n</think>\n\n42\n", "42", 5, True),
        ("<think>\n\n</think>\n\n42", "42", 2, True),
        ("<think>I wonder", "", 8, False),
        ("Hm, so it is.</think>\n42", "42", 13, True),
        ("<think>a</think>One <think>bc</think>two", "One two", 3, True),
        ("<think>a</think>One <think>bc", "One", 3, False),
        ("a</think>b<think>cd</think>e", "be", 3, True),
        ("<thinking>a</thinking>42", "42", 1, True),
        ("<reasoning>a</reasoning>42", "42", 1, True),
        ("<seed:think>a</seed:think>42", "42", 1, True),
        ("[THINK]abc[/THINK]42", "42", 3, True),
        ("[THINK]abc", "", 3, False),
        ("◁think▷abc◁/think▷42", "42", 3, True),
        ("<unused94>thought\nabc<unused95>42", "42", 4, True),
        ("<|START_THINKING|>ab<|END_THINKING|><|START_RESPONSE|>42<|END_RESPONSE|>", "42", 2, True),
        (
            "<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>42<|end_of_solution|>",
            "42",
            1,
            True,
        ),
        (
            "<|channel|>analysis<|message|>abc<|end|><|start|>assistant<|channel|>final<|message|>42<|return|>",
            "42",
            3,
            True,
        ),
        ("<|channel|>analysis<|message|>abc", "", 3, False),
        ("<|channel|>final<|message|>42", "42", 0, True),
        (
            "<|channel|>analysis<|message|>ab<|end|><|start|>assistant<|channel|>commentary<|message|>cd<|end|>",
            "",
            4,
            True,
        ),
        ("<|channel|>commentary to=tool <|constrain|>json<|message|>{}<|call|>", "", 2, True),
        # A block of one kind may hold the words of another.
        ("<think>[THINK] is a word</think>42", "42", 17, True),
    ],
)
def test_worked_examples(text: str, answer: str, n_thinking: int, closed: bool) -> None:
    assert strip_thinking(text) == Thinking(answer=answer, n_thinking_characters=n_thinking, closed=closed)


def test_a_prompt_that_opened_the_block() -> None:
    assert strip_thinking("I wonder", prompt="<think>\n") == Thinking(answer="", n_thinking_characters=8, closed=False)
    assert strip_thinking("Hm.</think>42", prompt="<think>\n") == Thinking(answer="42", n_thinking_characters=3)
    # Some models open it a second time.
    assert strip_thinking("<think>Hm.</think>42", prompt="<think>\n") == Thinking(answer="42", n_thinking_characters=3)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        *((f"<{tag}>", f"</{tag}>") for tag in ("think", "thinking", "thought", "reasoning", "seed:think")),
        ("[THINK]", "[/THINK]"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<unused94>thought", "<unused95>"),
        ("◁think▷", "◁/think▷"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ],
)
def test_a_template_may_open_the_block_with_any_marker(opening: str, closing: str) -> None:
    prompt = f"Which is it?\n{opening}\n"
    assert AnswerReader(prompt).thinking
    assert not AnswerReader(f"{prompt}Hm.{closing}").thinking
    assert strip_thinking("I wonder", prompt=prompt) == Thinking(answer="", n_thinking_characters=8, closed=False)
    assert strip_thinking(f"Hm.{closing}42", prompt=prompt) == Thinking(answer="42", n_thinking_characters=3)


def test_a_marker_that_does_not_end_the_prompt_opens_nothing() -> None:
    for prompt in ("", "What does <think> mean?", "<think></think>\n\n", "<|channel|>final<|message|>"):
        assert not AnswerReader(prompt).thinking
        assert strip_thinking("42", prompt=prompt) == Thinking(answer="42")


@given(st.text())
def test_text_without_markers_is_unchanged(text: str) -> None:
    # Markers hold one of these signs: a text without is none.
    plain = text.replace("<", "(").replace("[", "(").replace("◁", "(")
    assert strip_thinking(plain) == Thinking(answer=plain)


@given(st.text(alphabet="abc <>/[]\n"))
def test_text_with_other_brackets_is_unchanged(text: str) -> None:
    assert strip_thinking(text) == Thinking(answer=text)


_PARTS = st.lists(
    st.sampled_from(
        [
            "<think>",
            "</think>",
            "[THINK]",
            "[/THINK]",
            "a",
            " ",
            "<|channel|>analysis<|message|>",
            "<|end|>",
            "<|start|>",
        ]
    )
)


@given(_PARTS)
def test_nothing_of_a_block_is_left_and_nothing_is_counted_twice(parts: list[str]) -> None:
    text = "".join(parts)
    stripped = strip_thinking(text)
    assert len(stripped.answer) + stripped.n_thinking_characters <= len(text)
    assert strip_thinking(stripped.answer).n_thinking_characters <= len(stripped.answer)


@given(st.text(alphabet="abc .\n", min_size=1), st.text(alphabet="abc .\n"))
def test_a_block_before_the_answer_is_removed(thought: str, answer: str) -> None:
    stripped = strip_thinking(f"<think>{thought}</think>{answer}")
    assert stripped == Thinking(answer=answer.strip(), n_thinking_characters=len(thought))


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit", ["<think>", "</think>", "<think></think>", "<", "a", "<|channel|>", "<|channel|>a<|message|>", "[THINK]"]
)
def test_very_long_outputs_can_be_stripped(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert len(strip_thinking(text).answer) <= len(text)
