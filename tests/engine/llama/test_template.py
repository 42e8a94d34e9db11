"""Chat templates are part of downloaded files: they can render text and nothing else."""

from __future__ import annotations

import sys

import pytest

from weighin.engine.llama import template
from weighin.engine.llama.probe import Prompter
from weighin.engine.llama.template import ChatTemplate, TemplateError, TemplateLimitError

USER = [{"role": "user", "content": "hi"}]
SYSTEM = [{"role": "system", "content": "be brief"}, *USER]


def test_renders_with_generation_prompt_and_control_tokens() -> None:
    source = "{{ bos_token }}{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
    source += "{% if add_generation_prompt %}<assistant>{% endif %}"
    assert ChatTemplate(source, tokens={"bos_token": "<s>"}).render(SYSTEM) == "<s><system>be brief<user>hi<assistant>"


def test_a_rejected_system_message_moves_to_the_user_turn() -> None:
    source = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}{{ messages[0].content }}"
    assert Prompter(ChatTemplate(source, tokens={})).render(SYSTEM) == "be brief\n\nhi"


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{% include '/etc/passwd' %}",
        "{{ undefined.attribute }}",
    ],
)
def test_a_template_cannot_leave_its_sandbox(source: str) -> None:
    with pytest.raises(TemplateError):
        ChatTemplate(source, tokens={}).render(USER)


def test_a_broken_template_raises_a_template_error() -> None:
    with pytest.raises(TemplateError, match="not valid Jinja"):
        ChatTemplate("{% for %}", tokens={})


def test_dates_do_not_change_from_day_to_day() -> None:
    template = ChatTemplate("{{ strftime_now('%Y') }}", tokens={})
    assert template.render(USER) == "2025"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "takes more than 0.2 s"),
        ("{{ 'a' * 10**10 }}", "takes more than 512 MiB of memory"),
        ("{{ 'a'.center(10**10) }}", "takes more than 512 MiB of memory"),
        ("{{ messages|tojson(indent=10**10) }}", "takes more than"),
        ("{{ 'a' * 9000000 }}", "writes 9,000,000 characters"),
    ],
)
def test_a_template_is_limited_in_time_memory_and_output(
    source: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template, "_TIME_S", 0.2)
    with pytest.raises(TemplateLimitError, match=said):
        Prompter(ChatTemplate(source, tokens={}))
