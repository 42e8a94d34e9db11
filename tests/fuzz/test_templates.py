"""Every chat template of llama.cpp's sources, and templates of many shapes: all parts arrive, or a reason is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.llama.probe import Form, Prompter, shape_of
from weighin.engine.llama.template import ChatTemplate, TemplateError

SOURCES = os.environ.get("WEIGHIN_LLAMA_SOURCES", "")
"""Where llama-cpp-python's source package is unpacked."""
TEMPLATES = sorted(Path(SOURCES).rglob("models/templates/*.jinja")) if SOURCES else []
NEED_TOOLS = ("command-r-plus-tool_use", "Hermes-2-Pro", "Hermes-3", "firefunction")
"""Templates that are only for function calls; transformers cannot render them without functions either."""

TOKENS = {"bos_token": "<BOS>", "eos_token": "<EOS>"}
CONTENT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1)


@pytest.mark.skipif(not SOURCES, reason="set WEIGHIN_LLAMA_SOURCES to the unpacked sources of llama-cpp-python")
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_template_of_llama_cpp_shows_all_parts(path: Path) -> None:
    forms = Prompter(ChatTemplate(path.read_text(encoding="utf-8"), tokens=TOKENS)).forms
    if any(name in path.name for name in NEED_TOOLS):
        assert all(isinstance(form, str) and form.startswith("rejects") for form in forms.values())
        return
    assert all(isinstance(form, Form) and form.opens_answer and not form.alters_text for form in forms.values())


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": draw(CONTENT)}] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 2))):
        messages += [{"role": "user", "content": draw(CONTENT)}, {"role": "assistant", "content": draw(CONTENT)}]
    return [*messages, {"role": "user", "content": draw(CONTENT)}]


@st.composite
def templates(draw: st.DrawFn) -> str:
    """A loop over messages with a guard, a header, a way to write content, an end and a way to open the answer."""
    guard = draw(
        st.sampled_from(
            (
                "",
                "{% if tools is not none %}TOOLS{% endif %}",
                "{% if documents != none %}DOCS{% endif %}",
                "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}",
                "{{ bos_token }}",
            )
        )
    )
    header = draw(st.sampled_from(("<|{{ m.role }}|>\n", "### {{ m['role'] | capitalize }}:\n", "<{{ m.role }}>")))
    content = draw(
        st.sampled_from(
            (
                "{{ m.content }}",
                "{{ m['content'] | trim }}",
                "{{ m.content[0].text }}",
                "{% for p in m.content %}{{ p.text }}{% endfor %}",
                "{% generation %}{{ m.content }}{% endgeneration %}",
            )
        )
    )
    end = draw(st.sampled_from(("\n", "<|end|>\n", "{{ eos_token }}")))
    skip = draw(st.sampled_from(("", "{% if m.role == 'system' %}{% continue %}{% endif %}")))
    opened = draw(st.sampled_from(("", "{% if add_generation_prompt %}<|assistant|>\n{% endif %}", "<|assistant|>\n")))
    return f"{guard}{{% for m in messages %}}{skip}{header}{content}{end}{{% endfor %}}{opened}"


@given(templates(), conversations())
def test_every_message_is_in_the_prompt_and_the_answer_is_opened(source: str, messages: list[dict[str, str]]) -> None:
    prompter = Prompter(ChatTemplate(source, tokens=TOKENS))
    form = prompter.forms[shape_of([message["role"] for message in messages])]
    assert isinstance(form, Form), source
    prompt = prompter.render(messages)
    place = 0
    for message in messages:
        place = prompt.index(message["content"], place) + len(message["content"])
    assert "assistant" in prompt[place:].lower()
    assert not prompt.endswith("<EOS>")
    assert "TOOLS" not in prompt.replace("".join(message["content"] for message in messages), "")


@given(st.text(st.sampled_from("{}%-# iforendmessags.content'\"|[]0")))
def test_a_text_that_is_hardly_a_template_gets_forms_or_a_sentence(source: str) -> None:
    try:
        forms = Prompter(ChatTemplate(source, tokens=TOKENS)).forms
    except TemplateError as error:
        assert error.what.startswith("The model's chat template is not valid Jinja")  # noqa: PT017 - either is right
    else:
        assert all(isinstance(form, (Form, str)) and form for form in forms.values())
