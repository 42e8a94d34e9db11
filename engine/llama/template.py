"""Chat templates: the model's own Jinja template, rendered in a sandbox."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ..errors import WeighinError

Message = Mapping[str, str]
"""``role`` (system, user, assistant) and ``content``."""


class TemplateError(WeighinError):
    """A chat template cannot be rendered."""


class ChatTemplate:
    """A model's template, with the functions that transformers' ``apply_chat_template`` provides."""

    def __init__(self, source: str, *, bos: str, eos: str, today: datetime.date | None = None) -> None:
        """Compile ``source``.

        ``today`` is the date for ``strftime_now``. It is fixed, so that a run has the same prompts every day.

        Raises:
            TemplateError: the template is not valid Jinja.
        """
        import jinja2
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        # A template is part of a downloaded file, so it must not reach Python through attributes or change its input.
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise
        day = today or datetime.date(2025, 1, 1)
        environment.globals["strftime_now"] = day.strftime
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise TemplateError(f"The model's chat template is not valid Jinja: {error}.") from None
        self._tokens = {"bos_token": bos, "eos_token": eos}

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt text, up to where the assistant's answer starts.

        If a template rejects the system message, it is put before the first user message instead.

        Raises:
            TemplateError: the template rejects these messages.
        """
        try:
            return self._render(messages)
        except TemplateError:
            merged = _system_into_user(messages)
            if merged is None:
                raise
            return self._render(merged)

    def _render(self, messages: Sequence[Message]) -> str:
        try:
            return str(
                self._template.render(messages=[dict(m) for m in messages], add_generation_prompt=True, **self._tokens)
            )
        except Exception as error:  # a template can raise anything: missing keys, wrong types, its own errors
            raise TemplateError(f"The model's chat template rejected the messages: {error}.") from None


def _system_into_user(messages: Sequence[Message]) -> list[Message] | None:
    if len(messages) < 2 or messages[0]["role"] != "system" or messages[1]["role"] != "user":
        return None
    joined = {"role": "user", "content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
    return [joined, *messages[2:]]


def _to_json(value: Any, indent: int | None = None) -> str:
    # Unlike Jinja's own filter, the one in transformers neither sorts keys nor escapes HTML.
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)
