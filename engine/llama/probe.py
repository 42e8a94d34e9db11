"""What a chat template does to a conversation, found out before anything is measured.

A conversation whose parts are marked goes through the template, in every shape that prompts have. What comes out must
show every part as it was written and in its order, and end where the assistant's answer begins. Where it does not, the
known ways to repair it are tried; a shape that none of them helps is refused with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from .template import ChatTemplate, Message, TemplateError, TemplateLimitError

Shape = Literal["question", "system", "examples", "system and examples"]
"""What a prompt has besides the question: a system message, worked examples (earlier turns)."""

SHAPES: tuple[Shape, ...] = ("question", "system", "examples", "system and examples")

_PARTS = {"system": "the system message", "first": "the worked example", "answer": "the worked answer"}
_TYPED: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset({"system", "user", "assistant"}),
    frozenset({"user"}),
    frozenset({"user", "assistant"}),
    frozenset({"system", "user"}),
)
"""Roles whose content is sent as a list of parts, in the order in which this is tried."""


@dataclass(frozen=True)
class Form:
    """How messages are given to the template, and what is mended in the prompt."""

    typed: frozenset[str] = frozenset()
    """Roles whose content is ``[{"type": "text", "text": …}]``, as templates of vision models want it."""
    folds_system: bool = False
    """The system message stands before the first user message."""
    ending: tuple[str, str] | None = None
    """What the prompt ends with, and what stands in its place."""
    opens_answer: bool = True
    """False if nothing in the prompt says that the assistant's turn begins, and nothing is known to say it."""
    alters_text: bool = False
    """The template changes the text of messages, for example by escaping it."""


class Prompter:
    """Renders conversations with a template, each in the form that was found for its shape."""

    def __init__(self, template: ChatTemplate) -> None:
        """Probe ``template``."""
        self._template = template
        self.forms: Mapping[Shape, Form | str] = _probe(template)
        """By shape, the form or why there is none."""

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt, up to where the assistant's answer starts.

        Raises:
            TemplateError: the template cannot show such a conversation, or rejects this one.
        """
        form = self.forms[shape_of([message["role"] for message in messages])]
        if isinstance(form, str):
            raise TemplateError(f"The model's chat template {form}.")
        return _render(self._template, form, messages)

    def alters_text(self, roles: Sequence[str]) -> bool:
        """Whether the template is known to change the text of such a conversation, for example by escaping it."""
        form = self.forms[shape_of(roles)]
        return not isinstance(form, str) and form.alters_text


def shape_of(roles: Sequence[str]) -> Shape:
    """The shape of a conversation, by the roles of its messages."""
    if "assistant" in roles:
        return "system and examples" if "system" in roles else "examples"
    return "system" if "system" in roles else "question"


# Probing

_TEXT = '{start} Is 3 < 5 & "so" on, été?\nSecond line. {end}'
"""The text of each marked part. What a filter for HTML or JSON would change is in it."""


def _mark(part: str) -> tuple[str, str]:
    return f"quince{part}first", f"quince{part}last"


def _text(part: str) -> str:
    start, end = _mark(part)
    return _TEXT.format(start=start, end=end)


def _conversation(shape: Shape) -> list[Message]:
    messages: list[Message] = []
    if "system" in shape:
        messages.append({"role": "system", "content": _text("system")})
    if "examples" in shape:
        messages.append({"role": "user", "content": _text("first")})
        messages.append({"role": "assistant", "content": _text("answer")})
    return [*messages, {"role": "user", "content": _text("question")}]


def _probe(template: ChatTemplate) -> dict[Shape, Form | str]:
    forms: dict[Shape, Form | str] = {shape: _form_of(template, shape) for shape in SHAPES}
    between = _before_answers(template, forms["examples"])
    return {
        shape: form if isinstance(form, str) else _opened(template, form, shape, between)
        for shape, form in forms.items()
    }


def _form_of(template: ChatTemplate, shape: Shape) -> Form | str:
    """The first form in which everything is in the prompt, or what is wrong with the plainest one."""
    first_fault = ""
    for form in _forms(shape):
        try:
            text = _render(template, form, _conversation(shape))
        except TemplateLimitError:
            raise  # another form of the messages would meet it again
        except TemplateError as error:
            fault = _rejection(error)
        else:
            fault = _fault(text, shape)
            alters = any(_text(part) not in text for part in _parts(shape))
            # A list of parts that a template writes as it is, brackets and all, is no repair.
            if not fault and not (alters and form.typed):
                return replace(form, alters_text=alters)
        first_fault = first_fault or fault
    return first_fault


def _forms(shape: Shape) -> Iterator[Form]:
    for folds in (False, True) if "system" in shape else (False,):
        for typed in _TYPED:
            yield Form(typed=typed, folds_system=folds)


def _parts(shape: Shape) -> list[str]:
    """Names of the marked parts, in the order in which they are written."""
    system = ["system"] if "system" in shape else []
    return [*system, *(["first", "answer"] if "examples" in shape else []), "question"]


def _fault(text: str, shape: Shape) -> str:
    """What is wrong with a rendered probe, as the predicate of a sentence; empty if nothing is."""
    marks = {part: _mark(part) for part in _parts(shape)}
    text = text.lower()  # a template may change the case of what it is given
    if not text.strip():
        return "writes nothing"
    if not any(mark in text for pair in marks.values() for mark in pair):
        return "writes the same text whatever is asked"
    for part, pair in marks.items():
        if not all(mark in text for mark in pair):
            return f"leaves out {_PARTS.get(part, 'the question')}"
    for part, (start, _end) in marks.items():
        if text.count(start) > 1 and part != "system":
            return f"writes {_PARTS.get(part, 'the question')} {text.count(start)} times"
    # Some formats put the system message into the last user turn, so its place is free.
    places = [text.index(marks[part][0]) for part in marks if part != "system"]
    if any(earlier > later for earlier, later in pairwise(places)):
        return "writes the turns in another order"
    return ""


def _rejection(error: TemplateError) -> str:
    return "rejects " + error.what.partition("rejected ")[2].rstrip(".")


def _before_answers(template: ChatTemplate, form: Form | str) -> str | None:
    """What the template writes between a user's text and the assistant's answer to it; None if it is not known."""
    if isinstance(form, str):
        return None
    text = _render(template, form, _conversation("examples"))
    return _after(text, _mark("first")[1])[: -len(_after(text, _mark("answer")[0])) - len(_mark("answer")[0])]


def _after(text: str, mark: str) -> str:
    """What follows the last ``mark``, in whatever case the template writes it."""
    return text[max(found.end() for found in re.finditer(re.escape(mark), text, re.IGNORECASE)) :]


def _opened(template: ChatTemplate, form: Form, shape: Shape, between: str | None) -> Form:
    """``form``, mended so that the prompt ends where the assistant's answer begins, if that is known."""
    conversation = _conversation(shape)
    text = _render(template, form, conversation)
    try:
        closed = _render(template, form, conversation, opens_answer=False)
    except TemplateError:
        closed = ""
    ending = _after(text, _mark("question")[1])
    eos = template.tokens["eos_token"]
    ends_text = bool(eos) and ending.rstrip().endswith(eos)
    without_eos = replace(form, ending=(ending, ending.rstrip().removesuffix(eos))) if ends_text else form
    if text.rstrip() != closed.rstrip():
        # The template opens the turn. An end-of-text token after that would end the answer before it begins.
        return without_eos
    if between is not None and between.strip() == ending.strip() and ending.strip():
        return form  # a format without a header for answers, such as [INST] … [/INST]
    if between is not None and between.strip() and between.startswith(ending.rstrip()):
        # A space after the header would be a token of its own, which models do not expect there.
        return replace(form, ending=(ending, between.rstrip(" ")))
    return replace(without_eos, opens_answer=bool(ending.strip()) and not ends_text)


# Rendering


def _render(template: ChatTemplate, form: Form, messages: Sequence[Message], *, opens_answer: bool = True) -> str:
    if form.folds_system:
        messages = _system_into_user(messages)
    given = [
        {**message, "content": [{"type": "text", "text": message["content"]}]}
        if message["role"] in form.typed
        else message
        for message in messages
    ]
    text = template.render(given, opens_answer=opens_answer)
    if form.ending is not None and text.endswith(form.ending[0]):
        text = text[: len(text) - len(form.ending[0])] + form.ending[1]
    return text


def _system_into_user(messages: Sequence[Message]) -> list[Message]:
    if len(messages) < 2 or messages[0]["role"] != "system" or messages[1]["role"] != "user":
        return list(messages)
    joined = {"role": "user", "content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
    return [joined, *messages[2:]]
