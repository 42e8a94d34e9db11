"""Wherever a model thinks before it answers, and however its output is cut into tokens, the answer is found."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from weighin.engine.tasks.thinking import AnswerReader, Thinking, is_marker, may_think, strip_thinking

GRANITE_33 = "Write your thoughts between <think></think> and write your response between <response></response>"
APRIEL = (
    "present your reasoning step by step, then the final solution: [BEGIN FINAL RESPONSE] ... [END FINAL RESPONSE]."
)


@dataclass(frozen=True)
class Family:
    """How one family of models thinks."""

    before: str
    """Written before the thinking."""
    between: str
    """Written between thinking and answer."""
    after: str = ""
    """Written after the answer."""
    prompt: str = ""


FAMILIES = {
    **{
        f"<{tag}>": Family(f"<{tag}>\n", f"\n</{tag}>\n\n")
        for tag in ("think", "thinking", "thought", "reasoning", "seed:think", "mm:think", "think:opensource")
    },
    "template opens <think>": Family("", "</think>\n", prompt="[assistant]<think>\n"),
    "template opens <seed:think>": Family("", "</seed:think>", prompt="<seed:bos>assistant\n<seed:think>"),
    "template opens [THINK]": Family("", "[/THINK]", prompt="[/INST][THINK]"),
    "template opens <|START_THINKING|>": Family(
        "", "<|END_THINKING|><|START_TEXT|>", "<|END_TEXT|>", prompt="<|CHATBOT_TOKEN|><|START_THINKING|>"
    ),
    "opened twice": Family("<think>\n", "</think>", prompt="[assistant]<think>\n"),
    "two blocks": Family("<think>first\n\n</think>\n\n<think>", "</think>"),
    "Magistral": Family("[THINK]", "[/THINK]"),
    "Command": Family("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>", "<|END_RESPONSE|>"),
    "OpenThinker": Family(
        "<|begin_of_thought|>\n\n", "\n\n<|end_of_thought|>\n\n<|begin_of_solution|>", "<|end_of_solution|>"
    ),
    "Gemma 4": Family("<|channel>thought\n", "\n<channel|>"),
    "Gemma 4, ends with a stray marker": Family("<|channel>thought\n", "<channel|>", "<channel|>"),
    "MedGemma": Family("<unused94>thought\n", "<unused95>"),
    "Kimi VL": Family("◁think▷", "◁/think▷"),
    "Kimi K3": Family(
        "", "<|close|>think<|sep|><|open|>response<|sep|>", "<|close|>response<|sep|><|close|>message<|sep|>",
        prompt='<|open|>message role="assistant"<|sep|><|open|>think<|sep|>',
    ),
    "Apertus": Family("<|inner_prefix|>", "<|inner_suffix|>"),
    "Solar": Family(
        "<|think|>", "<|end|><|begin|>assistant<|content|>", "<|end|>", prompt="<|begin|>assistant"
    ),
    "gpt-oss": Family(
        "<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>", "<|return|>",
        prompt="<|start|>assistant",
    ),
    "gpt-oss, opened by the template": Family(
        "", "<|end|><|start|>assistant<|channel|>final<|message|>",
        prompt="<|start|>assistant<|channel|>analysis<|message|>",
    ),
    "gpt-oss with a preamble": Family(
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>",
        "<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>", "<|return|>",
    ),
    "Muse": Family(" to=self<|message|>", "<|eom|><|start|>assistant<|message|>", "<|eot|>", "<|start|>assistant"),
    "Granite 3.3": Family("<think>", "</think>\n<response>", "</response>", prompt=GRANITE_33),
    "Granite 3.2": Family(
        "Here is my thought process:\n", "\nHere is my response:\n",
        prompt="write your thoughts after 'Here is my thought process:' and your response after 'Here is my response:'",
    ),
    "Hunyuan": Family("<think>\n", "\n</think>\n<answer>\n", "\n</answer>"),
    "Apriel 1.5": Family(
        "Here are my reasoning steps:\n", "\n[BEGIN FINAL RESPONSE]\n", "\n[END FINAL RESPONSE]", prompt=APRIEL
    ),
    "Apriel 1.6": Family(
        "", "\n[BEGIN FINAL RESPONSE]\n",
        prompt=f"{APRIEL}\n<|begin_assistant|>\nHere are my reasoning steps:\n",
    ),
    "GLM-V": Family("<think>", "</think><|begin_of_box|>", "<|end_of_box|>"),
    "no thinking": Family("", ""),
    "only a line break": Family("", "\n \n\n"),
    "an empty block": Family("<think>\n\n", "</think>\n\n"),
    "thinking was switched off": Family("", "", prompt="[assistant]<think>\n\n</think>\n\n"),
}  # fmt: skip

SILENT = {"no thinking", "only a line break", "thinking was switched off"}
"""Families whose thinking text would be their answer."""


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[a:b] for a, b in itertools.pairwise(places)]


def read(prompt: str, pieces: list[str], stops: tuple[str, ...] = ()) -> AnswerReader:
    reader = AnswerReader(prompt, stops=stops)
    for piece in pieces:
        reader.feed(piece)
        if reader.stopped_at >= 0:
            break
    return reader


WORDS = st.text(alphabet="ab4 2.\nQ:é数<[", max_size=30)
ANSWERS = WORDS.map(str.strip).filter(bool)
STOPS = st.lists(st.sampled_from(["\n", "\n\n", "Q:", "a", "é", "4", " ", ".", "<", "think", "数b"]), max_size=3)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("size", [1, 3, 400])
def test_every_family_s_answer_is_found(name: str, size: int) -> None:
    family = FAMILIES[name]
    thought = "" if name in SILENT else "6 times 7,\n\nso"
    text = f"{family.before}{thought}{family.between}42{family.after}\n43"
    reader = read(family.prompt, [text[place : place + size] for place in range(0, len(text), size)], ("\n", "\n\n"))
    assert reader.finish().answer.strip() == "42"


@settings(max_examples=5 * settings.default.max_examples)
@given(
    name=st.sampled_from(sorted(FAMILIES)),
    thought=WORDS,
    answer=ANSWERS,
    stops=STOPS,
    cuts=st.lists(st.integers(0, 400), max_size=80),
)
def test_the_answer_is_found_and_stops_count_only_in_it(
    name: str, thought: str, answer: str, stops: list[str], cuts: list[int]
) -> None:
    family = FAMILIES[name]
    inside = "" if name in SILENT else thought
    text = family.before + inside + family.between + answer + family.after
    places = [place for stop in stops if (place := answer.find(stop, 1)) > 0]
    # White space and markers follow some answers; a stop string in them ends it where it is complete.
    assume(not any(stop in family.after and stop not in "\n<" for stop in stops))
    wanted = answer[: min(places)] if places else answer
    reader = read(family.prompt, pieces_of(text, cuts), tuple(stops))
    found = reader.finish()
    output = text[: reader.stopped_at] if reader.stopped_at >= 0 else text
    assert found.answer.strip() == wanted.strip()
    assert found.closed
    # The stored output is scored again from its text alone.
    assert strip_thinking(output, prompt=family.prompt).answer.strip() == wanted.strip()


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in SILENT])
def test_an_output_that_ends_in_the_thinking_has_no_answer(name: str) -> None:
    family = FAMILIES[name]
    cut = strip_thinking(family.before + "6 times 7, so", prompt=family.prompt)
    assert not cut.closed
    assert "6 times" not in cut.answer
    reader = read(family.prompt, list(family.before + "6 times 7,\n\n"), ("\n", "\n\n"))
    assert reader.thinking
    assert reader.stopped_at < 0


@given(text=st.text(alphabet="<>|/[]thinkcanel\n 42", max_size=60), cuts=st.lists(st.integers(0, 60), max_size=60))
def test_tokens_never_change_what_is_found(text: str, cuts: list[int]) -> None:
    assert read("", pieces_of(text, cuts)).finish() == strip_thinking(text)


@pytest.mark.parametrize(
    ("text", "prompt", "answer"),
    [
        # Plain words are no markers unless the prompt asks for them.
        ("Here are my reasoning steps:\n1. 42", "", "Here are my reasoning steps:\n1. 42"),
        ("Here is my thought process: 42", "", "Here is my thought process: 42"),
        # Tags that the prompt asks for are the answer's.
        ("<think>a</think><answer>42</answer>", "Put it in <answer> tags.", "<answer>42</answer>"),
        ("<answer>42</answer>", "", "<answer>42</answer>"),
        ("<think>a</think>x <answer>42</answer>", "", "x <answer>42</answer>"),
        # A header that never becomes a message.
        ("42", "<|start|>assistant", "42"),
        ("42\nand more", "<|start|>assistant", "42\nand more"),
        ("<|channel|>final<|message|>42", "<|start|>assistant", "42"),
        ("all\n42", "<|end_header_id|>\n\n>>>", "42"),
        (" to=user<|message|>42<|eot|>", "<|start|>assistant", "42"),
        # Where thinking was switched off, a closing marker closes nothing.
        ("42</think>", "<think>\n\n</think>\n\n", "42"),
        ("42<channel|>", "<|turn>model\n<|channel>thought\n<channel|>", "42"),
        # Without thinking, the marks around an answer are still no part of it.
        ("<|START_RESPONSE|>42<|END_RESPONSE|>", "", "42"),
        ("<|content|>42<|end|>", "<|begin|>assistant", "42"),
    ],
)
def test_what_looks_like_a_marker(text: str, prompt: str, answer: str) -> None:
    assert strip_thinking(text, prompt=prompt).answer == answer
    assert read(prompt, list(text)).finish().answer == answer


@pytest.mark.parametrize("role", ["assistant\n", "model\n", "assistant\n\n"])
@pytest.mark.parametrize("ending", ["<|im_end|>\n", "<|eot_id|>", "<end_of_turn>\n", "<|end|>\n"])
def test_a_header_the_model_writes_itself_is_no_answer(role: str, ending: str) -> None:
    prompt = f"What is 6 times 7?{ending}"
    reader = read(prompt, [role[:4], role[4:], "42", "\n"], ("\n",))
    assert reader.stopped_at == len(role) + 2
    assert reader.finish().answer.strip() == "42"
    assert strip_thinking(role + "42", prompt="[assistant]").answer == role + "42"
    assert strip_thinking("assistant", prompt=prompt).answer == "assistant"


@pytest.mark.parametrize("blank", ["\n", "\n\n", " \n ", "\ufeff\n", "\u200b\n", "\u2028", "\t\n"])
def test_what_cannot_be_seen_is_no_answer(blank: str) -> None:
    reader = read("", [blank, "42", "\n", "43"], ("\n", "\n\n", "\u2028"))
    assert reader.finish().answer.strip("\ufeff\u200b \t\n\u2028") == "42"


@pytest.mark.parametrize("size", [1, 3, 400])
@pytest.mark.parametrize(
    "lead", ["```\n", "```json\n\n", "Answer:\n", "**Final answer:**\n\n", "### Answer\n", "<answer>\n", "答案：\n",
             "Sure! Here is the answer:\n\n", "</think>\n\nAnswer:\n\n"]
)  # fmt: skip
def test_a_line_break_never_ends_an_answer_that_was_only_announced(lead: str, size: int) -> None:
    text = f"{lead}42\n43"
    reader = read("", [text[place : place + size] for place in range(0, len(text), size)], ("\n", "\n\n"))
    assert reader.stopped_at == len(lead) + 2
    said = read("", ["```\n", "42"], ("```", "4"))
    assert said.finish().answer == "```\n"


def test_a_stop_string_never_ends_an_answer_that_is_empty() -> None:
    assert read("", ["Q:", " 42", " Q:"], ("Q:",)).finish().answer == "Q: 42 "


@pytest.mark.parametrize(
    "token",
    ["<think>", "</think>", "[THINK]", "<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|channel>", "<channel|>",
     "<|open|>", "<|close|>", "<|sep|>", "<|constrain|>", "<seed:think>", "<|START_THINKING|>", "<|START_RESPONSE|>",
     "<|inner_suffix|>", "<|content|>", "<|begin|>"],
)  # fmt: skip
def test_tokens_of_markers_belong_to_the_output(token: str) -> None:
    assert is_marker(token)


@pytest.mark.parametrize(
    "token", ["</s>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<pad>", "<|im_start|>", "think"]
)
def test_other_control_tokens_do_not(token: str) -> None:
    assert not is_marker(token)


def test_a_template_that_speaks_of_thinking_is_told_apart() -> None:
    assert may_think("{{ content.split('</think>')[-1] }}")
    assert may_think("<|start|>assistant<|channel|>analysis<|message|>")
    assert not may_think("{% for m in messages %}<|im_start|>{{ m.role }}{% endfor %}<|im_start|>assistant")


def test_thinking_is_counted_without_markers_and_names() -> None:
    assert strip_thinking("<|channel>thought\nabc<channel|>42") == Thinking(answer="42", n_thinking_characters=4)
