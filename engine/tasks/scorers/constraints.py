"""Whether an answer keeps constraints that a program can check: ``constraints_met`` (share) and ``exact_match`` (all).

``item.check = {"constraints": [{"kind": "max_words", "value": 40}, {"kind": "lowercase"}, …]}``. The vocabulary:

=========================================== ========= ==================================================================
kind                                        value     kept when
=========================================== ========= ==================================================================
min_words, max_words, exact_words           number    words: letters and digits, with ``'`` ``’`` or ``-`` inside
min_sentences, max_sentences, …             number    sentences: end in ``.`` ``!`` ``?`` before a space or the end;
                                                      a last one without a mark counts, ``Dr.`` or ``e.g.`` end none
min_paragraphs, max_paragraphs, …           number    paragraphs: separated by blank lines
min_lines, max_lines, exact_lines           number    lines that are not blank
min_characters, max_characters, …           number    characters of the trimmed text
min_bullets, max_bullets, exact_bullets     number    lines that begin with ``-``, ``*`` or ``•`` and a space
min_numbered, max_numbered, exact_numbered  number    lines that begin with ``1.`` or ``1)`` and a space;
                                                      the numbers must run 1, 2, 3 … as well
min_placeholders, max_placeholders, …       number    ``[such]`` brackets on one line
include                                     text(s)   each occurs in the text as whole words, in any case
exclude                                     text(s)   none does
min_times, max_times, exact_times           number    how often ``"text"`` (a third field) occurs as whole words
no_characters                               text      none of these characters is in it: ``","``, ``"eE"``
starts_with, ends_with                      text      the trimmed text begins or ends with it, case-sensitive
first_word, last_word                       text      the first or last word is this one, in any case
one_of                                      texts     the whole is one of these, ignoring case and closing ``.!``
lowercase, uppercase                        none      it has letters, and none of the other case
title_line                                  none      the first line is ``<<a title>>`` and more follows
quoted                                      none      the trimmed text begins and ends with ``"`` and is longer
json                                        none      the whole is one JSON value, plain or in one code fence
json_keys                                   texts     the same, an object with exactly these keys
=========================================== ========= ==================================================================

Everything that is counted also has "exact_". An empty answer keeps no constraint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ...errors import DatasetError
from ..extractors import parse_json
from ..items import GenerateItem
from ..scorer import Scorer
from .sentences import count_sentences, split_words

_TITLE = re.compile(r"<<[^<>\n]*\w[^<>\n]*>>[ \t]*\n\s*\S")


class Constraint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One constraint from the module's table."""

    kind: str
    value: int | str | tuple[str, ...] | None = None
    text: str = ""
    """What is counted by ``min_times``, ``max_times`` and ``exact_times``."""


def score_constraints(found: str, item: GenerateItem) -> dict[str, float]:
    """``constraints_met``: the share of the item's constraints kept; ``exact_match``: 1 when all are.

    Raises:
        DatasetError: the item's constraints cannot be read.
    """
    constraints = parse_constraints(item.check, where=f"item {item.id}")
    kept = [is_kept(constraint, found) for constraint in constraints]
    return {"constraints_met": sum(kept) / len(kept), "exact_match": float(all(kept))}


def parse_constraints(check: Mapping[str, Any], *, where: str) -> tuple[Constraint, ...]:
    """The constraints in ``check["constraints"]``, each known and with a value of the right type.

    Raises:
        DatasetError: there are none, or one is wrong; the message names ``where``.
    """
    try:
        constraints = msgspec.convert(check.get("constraints", ()), tuple[Constraint, ...])
    except msgspec.ValidationError as error:
        raise DatasetError(f"The constraints of {where} cannot be read: {error}.", hint=_HINT) from None
    if not constraints:
        raise DatasetError(f"There are no constraints in {where}.", hint=_HINT)
    for constraint in constraints:
        _verify(constraint, where)
    return constraints


def is_kept(constraint: Constraint, text: str) -> bool:
    """Whether ``text`` keeps ``constraint``, which must come from ``parse_constraints``."""
    text = text.strip()
    if not text:
        return False
    bound, _, counted = constraint.kind.partition("_")
    if bound in _BOUNDS and counted in _COUNTS:
        assert isinstance(constraint.value, int)
        return _BOUNDS[bound](_COUNTS[counted](text, constraint.text), constraint.value)
    return _CHECKS[constraint.kind][1](text, _texts(constraint))


def _verify(constraint: Constraint, where: str) -> None:
    kind, value = constraint.kind, constraint.value
    bound, _, counted = kind.partition("_")
    if bound in _BOUNDS and counted in _COUNTS:
        right = isinstance(value, int) and value >= 0 and bool(constraint.text) == (counted == "times")
        wanted = "a number and a text" if counted == "times" else "a number"
    elif kind in _CHECKS:
        wanted = _CHECKS[kind][0]
        right = _fits(value, wanted) and not constraint.text
    else:
        raise DatasetError(f"There is no constraint {kind!r} ({where}).", hint=_HINT)
    if not right:
        raise DatasetError(f"The constraint {kind} of {where} needs {wanted}, not {value!r}.", hint=_HINT)


def _fits(value: int | str | tuple[str, ...] | None, wanted: str) -> bool:
    if wanted == "no value":
        return value is None
    if isinstance(value, tuple):
        return wanted != "a text" and bool(value) and all(value)
    return wanted != "texts" and isinstance(value, str) and bool(value)


def _texts(constraint: Constraint) -> tuple[str, ...]:
    value = constraint.value
    return value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()


def _times(text: str, wanted: str) -> int:
    # Whole words; white space in the wanted text matches any white space.
    parts = r"\s+".join(re.escape(part) for part in wanted.casefold().split())
    return len(re.findall(rf"(?<!\w){parts}(?!\w)", text.casefold()))


def _count_numbered(text: str) -> int:
    numbers = [int(number) for number in re.findall(r"(?m)^[ \t]*([0-9]{1,6})[.)][ \t]", text)]
    # A list that miscounts is not a numbered list; -1 keeps no bound.
    return len(numbers) if numbers == list(range(1, len(numbers) + 1)) else -1


def _is_json(text: str, keys: tuple[str, ...] | None) -> bool:
    try:
        value = parse_json(text)
    except ValueError:
        return False
    return keys is None or (isinstance(value, dict) and set(value) == set(keys))


def _word_at(place: int, text: str) -> str | None:
    words = split_words(text)
    return words[place].casefold() if words else None


def _bare(text: str) -> str:
    return text.strip().rstrip(".!").strip().casefold()


_BOUNDS: dict[str, Callable[[int, int], bool]] = {
    "min": lambda count, value: count >= value,
    "max": lambda count, value: 0 <= count <= value,
    "exact": lambda count, value: count == value,
}

_COUNTS: dict[str, Callable[[str, str], int]] = {
    "words": lambda text, _: len(split_words(text)),
    "sentences": lambda text, _: count_sentences(text),
    "paragraphs": lambda text, _: len(re.findall(r"(?m)^.*\S.*(?:\n.*\S.*)*", text)),
    "lines": lambda text, _: sum(1 for line in text.splitlines() if line.strip()),
    "characters": lambda text, _: len(text),
    "bullets": lambda text, _: len(re.findall(r"(?m)^[ \t]*[-*•][ \t]", text)),
    "numbered": lambda text, _: _count_numbered(text),
    "placeholders": lambda text, _: len(re.findall(r"\[[^\[\]\n]+\]", text)),
    "times": _times,
}
"""Counters: from the trimmed answer and ``Constraint.text`` to a number."""

_CHECKS: dict[str, tuple[str, Callable[[str, tuple[str, ...]], bool]]] = {
    "include": ("a text or texts", lambda text, wanted: all(_times(text, each) for each in wanted)),
    "exclude": ("a text or texts", lambda text, banned: not any(_times(text, each) for each in banned)),
    "no_characters": ("a text", lambda text, banned: not set(text) & set(banned[0])),
    "starts_with": ("a text", lambda text, wanted: text.startswith(wanted[0].strip())),
    "ends_with": ("a text", lambda text, wanted: text.endswith(wanted[0].strip())),
    "first_word": ("a text", lambda text, wanted: _word_at(0, text) == wanted[0].casefold()),
    "last_word": ("a text", lambda text, wanted: _word_at(-1, text) == wanted[0].casefold()),
    "one_of": ("texts", lambda text, options: _bare(text) in map(_bare, options)),
    "lowercase": ("no value", lambda text, _: text.islower()),
    "uppercase": ("no value", lambda text, _: text.isupper()),
    "title_line": ("no value", lambda text, _: _TITLE.match(text) is not None),
    "quoted": ("no value", lambda text, _: len(text) > 2 and text[0] == text[-1] == '"'),
    "json": ("no value", lambda text, _: _is_json(text, None)),
    "json_keys": ("texts", _is_json),
}
"""For each kind the value it takes and the check of the trimmed answer."""

_HINT = (
    'Write {"constraints": [{"kind": "max_words", "value": 40}]}; kinds: '
    + ", ".join([f"{'/'.join(_BOUNDS)}_{counted}" for counted in _COUNTS] + list(_CHECKS))
    + "."
)


SCORER = Scorer(
    name="constraints",
    correct_when="it meets constraints that a program can check",
    score=score_constraints,
    metrics=("exact_match", "constraints_met"),
    extractor="verbatim",
    max_tokens=512,
    needs="answer or check",
    reveals_bad_items=True,
    json_fields=frozenset(("constraints",)),
)
