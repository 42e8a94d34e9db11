"""Chat templates: the model's own Jinja template, rendered in a sandbox as transformers renders it."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from ..errors import WeighinError
from ..sandbox.bounds import TimeLimitError, memory_limit, time_limit

Message = Mapping[str, Any]
"""``role`` (system, user, assistant) and ``content``: text, or a list of parts such as ``{"type": "text", …}``."""

_TIME_S = 3.0
"""Processor time for one prompt, which takes milliseconds."""
_MEMORY_BYTES = 512 * 2**20
_MAX_ADDED = 1_000_000
"""Characters around the messages: more than any context holds."""


class TemplateError(WeighinError):
    """A chat template cannot be rendered."""


class TemplateLimitError(TemplateError):
    """A chat template takes too long, too much memory, or writes too much, whatever the messages."""


class ChatTemplate:
    """A model's template, with what transformers' ``apply_chat_template`` gives it.

    Source: transformers, ``utils/chat_template_utils.py``. One thing differs: what is not defined counts as none, so
    that ``tools is not none`` holds for nothing that was not passed, a message's ``tool_calls`` for example.
    """

    def __init__(self, source: str, *, tokens: Mapping[str, str], today: datetime.date | None = None) -> None:
        """Compile ``source``.

        ``tokens`` are the model's special tokens by transformers' names, such as ``bos_token``. ``today`` is the date
        for ``strftime_now``. It is fixed, so that a run has the same prompts every day.

        Raises:
            TemplateError: the template is not valid Jinja.
        """
        environment = _environment(today or datetime.date(2025, 1, 1))
        try:
            with _limits():
                self._template = environment.from_string(source)
        except TemplateLimitError:
            raise
        except Exception as error:  # besides Jinja's own errors: nesting too deep for Python, lone surrogates
            raise TemplateError(f"The model's chat template is not valid Jinja: {_words(error)}") from None
        self.tokens = {"bos_token": "", "eos_token": "", **tokens}

    def render(self, messages: Sequence[Message], *, opens_answer: bool = True) -> str:
        """The prompt text; with ``opens_answer`` (``add_generation_prompt``) up to where the assistant's answer starts.

        Every prompt of a model goes through here.

        Raises:
            TemplateError: the template rejects these messages, or exceeds a limit.
        """
        try:
            with _limits():
                text = str(
                    self._template.render(
                        messages=[dict(m) for m in messages],
                        tools=None,
                        documents=None,
                        add_generation_prompt=opens_answer,
                        **self.tokens,
                    )
                )
            n_given = sum(len(str(message.get("content", ""))) for message in messages)
            if len(text) > _MAX_ADDED + 4 * n_given:  # some repeat what they are given
                raise TemplateLimitError(f"The model's chat template writes {len(text):,} characters for one prompt.")
            text.encode()
        except TemplateLimitError:
            raise
        except Exception as error:  # a template can raise anything: missing keys, wrong types, its own errors
            raise TemplateError(f"The model's chat template rejected the messages: {_words(error)}") from None
        return text


@contextlib.contextmanager
def _limits() -> Iterator[None]:
    """Let a template, which comes with a downloaded file, neither loop for ever nor take all memory.

    Raises:
        TemplateLimitError: it did.
    """
    try:
        with memory_limit(_MEMORY_BYTES), time_limit(_TIME_S):
            yield
    except TimeLimitError:
        raise TemplateLimitError(f"The model's chat template takes more than {_TIME_S:g} s for one prompt.") from None
    except MemoryError:
        size = f"{_MEMORY_BYTES / 2**20:.0f} MiB"
        raise TemplateLimitError(
            f"The model's chat template takes more than {size} of memory for one prompt."
        ) from None


def _environment(today: datetime.date) -> Any:
    from jinja2 import Undefined, nodes
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """``{% generation %} … {% endgeneration %}`` marks answers for training; the text inside stays as it is."""

        tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=line)

    class Missing(Undefined):
        """What is not defined. ``== none`` holds for it, as ``is none`` does."""

        def __eq__(self, other: object) -> bool:
            return other is None or isinstance(other, Undefined)

        __hash__ = Undefined.__hash__

    # A template is part of a downloaded file, so it must not reach Python through attributes or change its input.
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols], undefined=Missing
    )
    environment.tests["none"] = lambda value: value is None or isinstance(value, Undefined)
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = today.strftime
    return environment


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    # Unlike Jinja's own filter, the one in transformers neither sorts keys nor escapes HTML.
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _words(error: Exception) -> str:
    """What an error says as the end of a sentence, cut where it quotes half the template."""
    said = " ".join(str(error).split()) or type(error).__name__
    if len(said) > _LONGEST_ERROR:
        said = said[: _LONGEST_ERROR - 1].rstrip() + "…"
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."


_LONGEST_ERROR = 200


def _raise(message: str) -> NoReturn:
    raise TemplateError(str(message))
