"""Variants of an item: its options in every cyclic order, and its prompt under other neutral templates."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from .items import ChoiceItem, GenerateItem, Item
from .requests import ChoiceRequest, GenerateRequest, build_request
from .spec import SuiteSpec

TEMPLATES = {
    "question": "Question: {prompt}\nAnswer:",
    "q": "Q: {prompt}\nA:",
    "bare": "{prompt}\n",
    "instruction": "Give the answer to the following.\n\n{prompt}\n\nAnswer:",
}
"""By name. None of them says anything about the task, so none should change an answer."""

_MOST_OPTIONS = 10
"""Every order is another prompt, so an item with more options would cost more than it is worth."""
_BETWEEN = r"(\W{1,6}(?:\w{1,4}\W{1,3}){0,2})"
"""What can separate two options in a list: commas, line ends, letters or numbers followed by a sign, a short word such
as ``or``."""
_OWN_LABELS = (("", "Question:", "Q:"), ("Answer:", "A:"))


def reordered(spec: SuiteSpec, item: Item) -> tuple[ChoiceItem, ...]:
    """The item with its options in all cyclic orders, the original first. Empty when the order cannot matter.

    It cannot matter when the prompt does not show the options (HellaSwag, ARC and other completion-style suites): each
    is scored after the same context, so reordering them gives the same numbers. In order r, option ``(p + r) % n`` of
    the item is at position p of the list.
    """
    if not isinstance(item, ChoiceItem) or item.golds:
        return ()
    n = len(item.choices)
    request = build_request(spec, item)
    if not (isinstance(request, ChoiceRequest) and len(request.contexts) == 1 and 2 <= n <= _MOST_OPTIONS):
        return ()
    listed = _find_list(request.contexts[0], item.choices)
    if listed is None:
        return ()
    # Letters keep their places and stand for other contents; whole texts move with their options.
    moves = not item.continuations or [c.strip() for c in item.continuations] == [c.strip() for c in item.choices]
    before, gaps, after = listed
    found = []
    for r in range(n):
        order = [(place + r) % n for place in range(n)]
        choices = tuple(item.choices[number] for number in order)
        middle = choices[0] + "".join(gap + choice for gap, choice in zip(gaps, choices[1:], strict=True))
        found.append(
            msgspec.structs.replace(
                item,
                choices=choices,
                gold=(item.gold - r) % n,
                contexts=(before + middle + after,),
                continuations=tuple(request.continuations[number] for number in order)
                if moves
                else request.continuations,
            )
        )
    return tuple(found)


def _find_list(context: str, choices: Sequence[str]) -> tuple[str, tuple[str, ...], str] | None:
    """The text before, between and after the last list of the options in their order; None without such a list."""
    if len(set(choices)) < len(choices) or not all(choice.strip() for choice in choices):
        return None
    pattern = r"(?<!\w)" + _BETWEEN.join(re.escape(choice) for choice in choices) + r"(?!\w)"
    # The last one, because worked examples come first and may have the same options.
    last = None
    for match in re.finditer(pattern, context):
        last = match
    return None if last is None else (context[: last.start()], last.groups(), context[last.end() :])


def reworded(spec: SuiteSpec, item: Item) -> tuple[ChoiceRequest | GenerateRequest, ...]:
    """The item under each of ``TEMPLATES``, in order. Empty when another template would not be neutral.

    That is when the prompt is complete and holds more than the item: worked examples in their own format, a sentence to
    continue, lettered options. The answers are scored like answers to the item itself.
    """
    if isinstance(item, ChoiceItem):
        if not _is_plain_question(spec, item):
            return ()
        return tuple(build_request(*_choice_variant(spec, item, template)) for template in TEMPLATES.values())
    if item.plain_prompt:
        return ()
    return tuple(_text_variant(spec, item, template) for template in TEMPLATES.values())


def _is_plain_question(spec: SuiteSpec, item: ChoiceItem) -> bool:
    """Whether the item's prompt is only its question, with at most a label before and after."""
    request = build_request(spec, item)
    if not isinstance(request, ChoiceRequest) or len(request.contexts) != 1 or item.continuations:
        return False
    before, question, after = request.contexts[0].rpartition(item.question)
    return bool(question) and before.strip() in _OWN_LABELS[0] and after.strip() in _OWN_LABELS[1]


def _choice_variant(spec: SuiteSpec, item: ChoiceItem, template: str) -> tuple[SuiteSpec, ChoiceItem]:
    # After a line end the option begins the line, without a space.
    delimiter = "" if template.endswith("\n") else spec.delimiter
    context = template.format(prompt=item.question)
    return msgspec.structs.replace(spec, delimiter=delimiter), msgspec.structs.replace(item, contexts=(context,))


def _text_variant(spec: SuiteSpec, item: GenerateItem, template: str) -> GenerateRequest:
    # Worked examples use the same template, in both prompt styles.
    shots = tuple(msgspec.structs.replace(shot, prompt=template.format(prompt=shot.prompt)) for shot in spec.shots)
    label = template.partition("{prompt}")[0].strip()
    # A model without a chat template continues with a question it makes up.
    stop = spec.stop if "\n" in spec.stop or not label else (*spec.stop, f"\n{label}")
    request = build_request(
        msgspec.structs.replace(spec, shots=shots, plain_template="{prompt}", stop=stop),
        msgspec.structs.replace(item, prompt=template.format(prompt=item.prompt)),
    )
    assert isinstance(request, GenerateRequest)
    # The line end after a bare prompt is for plain text; a chat turn ends by itself.
    turns = tuple(msgspec.structs.replace(turn, content=turn.content.rstrip()) for turn in request.messages)
    return msgspec.structs.replace(request, messages=turns)
