"""From the many shapes of rows to our columns.

Read are the shapes that data sets on the hub, fine-tuning files, data frames and quizzes use: ``{"text": […], "label":
[…]}``, lists of objects, ``{"A": …, "B": …}``, messages, answers with aliases, and lists that became text in a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from .cells import BadRowError, is_blank
from .literals import UnclearListError, read_literal, split_choices
from .names import COLUMNS, MAX_CHOICES, ChoiceColumns, meaning_of

_TEXT_KEYS = ("text", "content", "value", "choice", "option", "answer")
_LABEL_KEYS = ("label", "id", "key", "letter", "index")
_RIGHT_KEYS = ("correct", "is_correct", "iscorrect", "right")
_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant", "developer": "system"}


class Shaped(msgspec.Struct, frozen=True, kw_only=True):
    """A row in our columns."""

    line: int
    fields: dict[str, Any]
    choice_columns: ChoiceColumns | None = None
    """Where the choices were in columns of their own."""
    used: dict[str, str] = {}
    """From our columns to the names in the file."""
    rest: dict[str, Any] = {}
    """Columns that are not used."""
    was_split: bool = False
    """The choices were one text with vertical bars."""
    was_list: bool = False
    """The answer was one text that lists right answers."""
    is_unclear_list: bool = False
    """The answer is one text that may be a list."""
    question_asked: bool = False
    """A question without choices is asked as a prompt."""


def shaped(line: int, row: Mapping[str, Any], *, is_table: bool, read_lists: bool) -> Shaped:
    """The row in our columns.

    ``is_table`` means that cells can only be text, so that choices may be one text with vertical bars. ``read_lists``:
    whether lists that became text are lists.

    Raises:
        BadRowError: the row has a shape that does not say what is asked.
    """
    row, turns = _with_messages(row)
    meaning = meaning_of(tuple(map(str, row)))
    if meaning.rival_choices and meaning.choices:
        raise BadRowError(
            f"the choices can be the columns {', '.join(meaning.choices.names[:3])} … or "
            f"{', '.join(meaning.rival_choices[:3])} …; map one set with --columns, such as"
            f" A={meaning.choices.names[0]},B={meaning.choices.names[1]}"
        )
    fields = {ours: row[name] for ours, name in meaning.ours.items()}
    used = {ours: turns.get(ours, name) for ours, name in meaning.ours.items()}
    was_split = False
    if meaning.choices:
        fields["choices"] = _own_columns(row, meaning.choices)
        used["choices"] = ", ".join(meaning.choices.names)
    elif "choices" in fields:
        was_split = _read_choices(fields, is_table=is_table)
    question_asked = (
        "question" in fields
        and "choices" not in fields
        and "prompt" not in fields
        and ("answer" in fields or "check" in fields)
    )
    if question_asked:
        fields["prompt"] = fields.pop("question")
        used["prompt"] = used.pop("question")
    written = fields.get("answer")
    if "answer" in fields:
        fields["answer"] = _read_answer(written, read_lists=read_lists and "choices" not in fields)
    is_text = isinstance(written, str) and "choices" not in fields
    return Shaped(
        line=line,
        fields=fields,
        choice_columns=meaning.choices,
        used={name: used[name] for name in COLUMNS if name in used},
        rest={name: row[name] for name in meaning.unused},
        was_split=was_split,
        was_list=is_text and isinstance(fields.get("answer"), list),
        is_unclear_list=is_text and read_lists and isinstance(fields["answer"], str) and _looks_like_list(str(written)),
        question_asked=question_asked,
    )


def _own_columns(row: Mapping[str, Any], columns: ChoiceColumns) -> list[Any]:
    values = [row[name] for name in columns.names]
    while values and is_blank(values[-1]):
        values.pop()
    for name, value in zip(columns.names, values, strict=False):
        if is_blank(value):
            # Skipping the empty one would silently shift the letters after it.
            raise BadRowError(f"the choice {name!r} is empty and a later one is not")
    return values


def _read_choices(fields: dict[str, Any], *, is_table: bool) -> bool:
    """Make ``choices`` a list, and set ``labels`` and ``answer`` where it holds them. Whether it was split at bars."""
    value = fields["choices"]
    was_split = False
    if isinstance(value, str):
        try:
            literal = read_literal(value)
            if isinstance(literal, (list, dict)):
                value = literal
            elif is_table:
                value = split_choices(value)
                was_split = True
        except UnclearListError as error:
            raise BadRowError(f"'choices': {error}") from None
    if isinstance(value, Mapping):
        value = _from_object(value, fields)
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        value = _from_objects(value, fields)
    fields["choices"] = value
    return was_split


def _from_object(value: Mapping[str, Any], fields: dict[str, Any]) -> Any:
    """Choices as the hub's ARC has them, or by their letters."""
    texts = _member(value, _TEXT_KEYS)
    if isinstance(texts, list):
        labels = _member(value, _LABEL_KEYS)
        if isinstance(labels, list):
            fields.setdefault("labels", labels)
        return texts
    if 2 <= len(value) <= MAX_CHOICES and all(isinstance(each, (str, int, float)) for each in value.values()):
        fields.setdefault("labels", list(value))
        return list(value.values())
    raise BadRowError(
        f"'choices' is an object with {', '.join(map(repr, list(value)[:5]))}; map the field that lists the texts, such"
        " as --columns choices=choices.text,labels=choices.label"
    )


def _from_objects(value: list[Mapping[str, Any]], fields: dict[str, Any]) -> list[Any]:
    texts = [_member(each, _TEXT_KEYS) for each in value]
    if any(text is None for text in texts):
        raise BadRowError(f"'choices' has objects without a text; they need one of {', '.join(_TEXT_KEYS)}")
    labels = [_member(each, _LABEL_KEYS) for each in value]
    if all(label is not None for label in labels):
        fields.setdefault("labels", labels)
    right = [place for place, each in enumerate(value) if _member(each, _RIGHT_KEYS) is True]
    if right and "answer" not in fields:
        if len(right) > 1:
            raise BadRowError("several choices are marked as right; only one can be")
        fields["answer"] = labels[right[0]] if "labels" in fields else texts[right[0]]
    return texts


def _member(value: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    lower = {str(name).lower(): each for name, each in value.items()}
    return next((lower[key] for key in keys if lower.get(key) is not None), None)


def _read_answer(value: Any, *, read_lists: bool) -> Any:
    """The answer as text, a number or a list of right answers."""
    if isinstance(value, Mapping):
        return _nested_answers(value)
    if isinstance(value, list) and value and all(isinstance(each, Mapping) and "text" in each for each in value):
        return list(dict.fromkeys(str(each["text"]) for each in value))  # SQuAD's [{"text": …, "answer_start": …}]
    if isinstance(value, str) and read_lists:
        try:
            literal = read_literal(value)
        except UnclearListError:
            return value
        # A list of numbers may be the answer itself; a list of texts is what a data frame makes of several answers.
        if isinstance(literal, list) and literal and all(isinstance(each, str) for each in literal):
            return literal
    return value


def _looks_like_list(text: str) -> bool:
    try:
        return isinstance(read_literal(text), list)
    except UnclearListError:
        return True


def _nested_answers(value: Mapping[str, Any]) -> Any:
    """The answers in ``{"value": …, "aliases": […]}`` (TriviaQA) or ``{"text": […]}`` (SQuAD)."""
    main = _member(value, ("value", "text"))
    if main is None:
        raise BadRowError(
            f"'answer' is an object with {', '.join(map(repr, list(value)[:5]))}; map the field with the text, such as "
            f"--columns answer=answer.{next(iter(value), 'text')}"
        )
    others = _member(value, ("aliases",))
    every = [*(main if isinstance(main, list) else [main]), *(others if isinstance(others, list) else [])]
    return list(dict.fromkeys(every)) if all(isinstance(each, (str, int, float)) for each in every) else every


def _with_messages(row: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, str]]:
    """The row with ``prompt``, ``system`` and ``answer`` in place of a conversation, and where each of them was."""
    for column in ("messages", "conversations", "prompt", "input"):
        turns = row.get(column)
        if isinstance(turns, list) and turns and all(isinstance(turn, Mapping) for turn in turns):
            break
    else:
        return row, {}
    if column == "input" and "prompt" in row:
        return row, {}
    said = [(_role(turn), _said(turn)) for turn in turns]
    rest = {name: value for name, value in row.items() if name != column}
    completion = rest.get("completion")
    if isinstance(completion, list) and all(isinstance(turn, Mapping) for turn in completion):
        said += [(_role(turn), _said(turn)) for turn in rest.pop("completion")]
    system = [text for role, text in said if role == "system"]
    users = [text for role, text in said if role == "user"]
    roles = [role for role, _text in said if role != "system"]
    if roles not in (["user"], ["user", "assistant"]) or len(system) > 1:
        raise BadRowError(
            f"{column!r} has the turns {', '.join(role for role, _text in said)[:80]}; weighin asks one user turn, with"
            " an assistant's turn as its answer"
        )
    made = {"prompt": users[0]}
    if system:
        made["system"] = system[0]
    if roles[-1] == "assistant":
        made["answer"] = said[-1][1]
    return {**rest, **made}, dict.fromkeys(made, column)


def _role(turn: Mapping[str, Any]) -> str:
    role = str(turn.get("role", turn.get("from", ""))).lower()
    return _ROLES.get(role, role) or "unknown"


def _said(turn: Mapping[str, Any]) -> str:
    content = turn.get("content", turn.get("value"))
    if isinstance(content, list):
        parts = [
            part.get("text") for part in content if isinstance(part, Mapping) and part.get("type", "text") == "text"
        ]
        if len(parts) < len(content) or not all(isinstance(part, str) for part in parts):
            raise BadRowError("a message has parts that are not text, which weighin cannot ask")
        content = "\n".join(map(str, parts))
    if not isinstance(content, str):
        raise BadRowError("a message has no text")
    return content
