"""A conversation with marked parts goes through each chat template; what it loses is repaired, or refused."""

from __future__ import annotations

import pytest

from weighin.engine.llama.probe import SHAPES, Form, Prompter, Shape
from weighin.engine.llama.template import ChatTemplate, TemplateError

USER = {"role": "user", "content": "Is it?"}
SYSTEM = {"role": "system", "content": "Be brief."}
EXAMPLE = [{"role": "user", "content": "Was it?"}, {"role": "assistant", "content": "It was."}]
CONVERSATIONS = {
    "question": [USER],
    "system": [SYSTEM, USER],
    "examples": [*EXAMPLE, USER],
    "system and examples": [SYSTEM, *EXAMPLE, USER],
}
OPEN = "{% if add_generation_prompt %}<assistant>{% endif %}"
TURN = "<{{ m.role }}>{{ m.content }}"


def template(turn: str = TURN, *, before: str = "", after: str = OPEN) -> str:
    return f"{before}{{% for m in messages %}}{turn}{{% endfor %}}{after}"


def prompter(source: str) -> Prompter:
    return Prompter(ChatTemplate(source, tokens={"bos_token": "<s>", "eos_token": "</s>"}))


@pytest.mark.parametrize(
    "source",
    [
        template(),
        template(before="{% if tools is not none %}TOOLS{{ tools }}{% endif %}"),
        template(before="{% if tools != none %}TOOLS{{ tools }}{% endif %}"),
        template(before="{% if tools %}TOOLS{{ tools }}{% endif %}"),
        template(before="{% if tools is defined and tools %}TOOLS{{ tools }}{% endif %}"),
        template(before="{% if documents is not none %}DOCS{{ documents }}{% endif %}"),
        template(before="{% if custom_tools is not none %}TOOLS{% endif %}"),
        template("{% if m.tool_calls is not none %}CALL{% endif %}" + TURN),
        template("{% if m['tool_calls'] != None %}CALL{% endif %}" + TURN),
        template(after=OPEN + "{% if enable_thinking is not none and not enable_thinking %}OFF{% endif %}"),
        template("{% generation %}" + TURN + "{% endgeneration %}"),
        template("{% if loop.index > 99 %}{% break %}{% endif %}" + TURN),
        template("{% if m.content is string %}" + TURN + "{% else %}{{ m.content[0].text }}{% endif %}"),
        template(before="{% set ns = namespace(n=0) %}{% set ns.n = 1 %}"),
    ],
)
def test_nothing_that_was_not_asked_for_is_in_the_prompt(source: str) -> None:
    found = prompter(source)
    assert set(found.forms.values()) == {Form()}
    assert found.render(CONVERSATIONS["system and examples"]) == (
        "<system>Be brief.<user>Was it?<assistant>It was.<user>Is it?<assistant>"
    )


@pytest.mark.parametrize(
    "turn",
    [
        "<{{ m.role }}>{% for p in m.content %}{% if p.type == 'text' %}{{ p.text }}{% endif %}{% endfor %}",
        "<{{ m.role }}>{{ m.content[0].text }}",
        "<{{ m.role }}>{% for p in m.content | selectattr('type', 'equalto', 'text') %}{{ p['text'] }}{% endfor %}",
        "<{{ m.role }}>{% if m.role == 'user' %}{{ m.content[0]['text'] }}{% else %}{{ m.content.strip() }}{% endif %}",
        "<{{ m.role }}>{% if m.role == 'system' %}{{ m.content.strip() }}{% else %}{{ m.content[0].text }}{% endif %}",
    ],
)
def test_templates_that_want_lists_of_parts_get_them(turn: str) -> None:
    found = prompter(template(turn))
    assert all(isinstance(form, Form) and form.typed for form in found.forms.values())
    for messages in CONVERSATIONS.values():
        assert found.render(messages) == "".join(f"<{m['role']}>{m['content']}" for m in messages) + "<assistant>"


@pytest.mark.parametrize(
    "source",
    [
        template(before="{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"),
        template("{% if m.role != 'system' %}" + TURN + "{% endif %}"),
        template("{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('odd') }}{% endif %}" + TURN),
    ],
)
def test_a_system_message_that_is_not_taken_moves_into_the_first_user_message(source: str) -> None:
    found = prompter(source)
    assert [shape for shape in SHAPES if found.forms[shape] != Form()] == ["system", "system and examples"]
    assert found.render(CONVERSATIONS["system"]) == "<user>Be brief.\n\nIs it?<assistant>"


@pytest.mark.parametrize(
    ("source", "prompt"),
    [
        (template("<|{{ m.role }}|>\n{{ m.content }}<|end|>\n", after=""), "<|user|>\nIs it?<|end|>\n<|assistant|>\n"),
        (template("### {{ m.role }}:\n{{ m.content }}\n\n", after=""), "### user:\nIs it?\n\n### assistant:\n"),
        (template("<{{ m.role }}>{{ m.content }}{{ eos_token }}", after=""), "<user>Is it?</s><assistant>"),
    ],
)
def test_a_turn_that_is_not_opened_gets_the_header_of_past_answers(source: str, prompt: str) -> None:
    assert prompter(source).render([USER]) == prompt


@pytest.mark.parametrize(
    ("source", "prompt"),
    [
        (
            "{% for m in messages %}{% if m.role == 'assistant' %} {{ m.content }}</s>{% else %}"
            "[INST] {{ m.content }} [/INST]{% endif %}{% endfor %}",
            "[INST] Is it? [/INST]",
        ),
        (template("{{ m.content }}{{ eos_token }}", after=""), "Is it?</s>"),
        (template(after="<assistant>"), "<user>Is it?<assistant>"),
        (
            template(after="<assistant>{% if not think %}<think></think>{% endif %}"),
            "<user>Is it?<assistant><think></think>",
        ),
    ],
)
def test_formats_without_a_header_for_answers_stay_as_they_are(source: str, prompt: str) -> None:
    found = prompter(source)
    assert found.forms["question"] == Form()
    assert found.render([USER]) == prompt


def test_an_end_of_text_after_the_header_is_cut_off() -> None:
    assert prompter(template(after=OPEN + "{{ eos_token }}")).render([USER]) == "<user>Is it?<assistant>"


def test_a_template_without_turns_is_used_and_said_to_open_none() -> None:
    form = prompter("{% for m in messages %}{{ m.content }}{% endfor %}").forms["question"]
    assert isinstance(form, Form)
    assert not form.opens_answer


@pytest.mark.parametrize("filter_", ["e", "upper", "tojson(indent=2, separators=(',', ':'), sort_keys=true)"])
def test_a_template_that_changes_the_text_is_noticed(filter_: str) -> None:
    form = prompter(template("<{{ m.role }}>{{ m.content | " + filter_ + " }}")).forms["question"]
    assert isinstance(form, Form)
    assert form.alters_text
    assert not form.typed


@pytest.mark.parametrize(
    ("source", "shape", "reason"),
    [
        ("", "question", "writes nothing"),
        (" \n{# nothing #}", "question", "writes nothing"),
        ("hello", "question", "writes the same text whatever is asked"),
        ("{{ bos_token }}<user><assistant>", "question", "writes the same text whatever is asked"),
        (template("<{{ m.role }}>{{ m.content[:20] }}"), "question", "leaves out the question"),
        ("{{ messages[-1].content }}" + OPEN, "examples", "leaves out the worked example"),
        ("{{ messages[0].content }}" + OPEN, "examples", "leaves out the worked answer"),
        (template("{% if m.role == 'user' %}" + TURN + "{% endif %}"), "examples", "leaves out the worked answer"),
        (
            template("{% if m.role == 'assistant' %}" + TURN + "{% endif %}"),
            "examples",
            "leaves out the worked example",
        ),
        (template(TURN + "{{ m.content }}"), "question", "writes the question 2 times"),
        (template().replace("in messages", "in messages | reverse"), "examples", "writes the turns in another order"),
        ("{{ raise_exception('one turn only') }}", "question", "rejects the messages: one turn only"),
        ("{% for tool in tools %}{{ tool.name }}{% endfor %}", "question", "rejects the messages: 'NoneType'"),
        ("{{ messages[0].content }}{{ '\\ud800' }}", "question", "rejects the messages"),
    ],
)
def test_what_cannot_be_repaired_is_refused_with_the_reason(source: str, shape: Shape, reason: str) -> None:
    found = prompter(source)
    form = found.forms[shape]
    assert isinstance(form, str)
    assert form.startswith(reason)
    with pytest.raises(TemplateError, match="chat template"):
        found.render(CONVERSATIONS[shape])


@pytest.mark.parametrize("source", ["{% for %}", "{% if true %}" * 5000 + "{% endif %}" * 5000, "\ud800{% x %}"])
def test_a_template_that_is_no_jinja_is_one_sentence(source: str) -> None:
    with pytest.raises(TemplateError, match="not valid Jinja"):
        prompter(source)
