"""Extractors: find the answer in the output. Registered by name; each returns None when it finds nothing.

Finding nothing is not the same as a wrong answer: it is stored as None and counted separately. ``thinking`` has already
removed thinking blocks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from ..errors import DatasetError
from .leads import is_lead, without_answer_label
from .numbers import answer_number
from .patterns import find_match
from .text_forms import is_blank

Extractor = Callable[[str], str | None]

MAX_JSON_STARTS = 64
"""Maximum number of opening brackets tried in one text, because each try may read to its end."""

_LETTER = r"(?:\*\*|__|[(\[{\"'])*(?P<letter>[A-J])(?![\w'’])"
_SAID = re.compile(
    r"\b(?:answer|option|choice|letter)\b(?:\s+(?:is|was|should\s+be|would\s+be|must\s+be))?\**\s*[:=]?\s*"
    r"(?:\**\s*)?(?:(?:the\s+)?(?:option|choice|letter|answer)\s+)?" + _LETTER,
    re.IGNORECASE,
)
_FENCE = re.compile(r"^[ \t]*(?P<fence>```+|~~~+)[ \t]*(?P<label>[\w+#.-]*)[^\n`]*$", re.MULTILINE)


def whole(text: str) -> str | None:
    """The whole output, trimmed."""
    return None if is_blank(text) else text.strip()


def verbatim(text: str) -> str | None:
    """The whole output with its white space, which matters for IFEval's paragraphs and a completion's indent."""
    return text if text.strip() else None


def first_line(text: str) -> str | None:
    """The first line that says something, without a leading ``Answer:`` in one of many languages.

    What only leads to an answer (``leads``) is passed over where an answer follows.
    """
    lines = [line for line in text.splitlines() if not is_blank(line)]
    for line in lines:
        if not is_lead(line):
            return without_answer_label(line)
    last = lines[-1].strip() if lines else ""
    # "Answer:" and a code fence promise an answer that never came; "Answer" may be one.
    return None if last.strip("*_ ")[-1:] in ("", *":：`~>") else last


def last_number(text: str) -> str | None:
    """The last number, as the flexible GSM8K filter of lm-evaluation-harness finds it."""
    matches = re.findall(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", text)
    return next((a or b for a, b in reversed(matches)), None)


def number(text: str) -> str | None:
    """The number that answers, as it is written; ``numbers.answer_number`` says which one that is."""
    found = answer_number(text)
    if found is None:
        return None
    # Without the space behind its sign: alone, "- 5" would be an item of a list.
    return re.sub(r"^([-−–])\s+", r"\1", text[found.start : found.end])


def after_hashes(text: str) -> str | None:
    """The number after ``####``, as the strict GSM8K filter finds it."""
    match = re.search(r"#### (\-?[0-9\.\,]+)", text)
    return match[1] if match else None


def boxed(text: str) -> str | None:
    r"""The content of the last complete ``\boxed{…}`` or ``\fbox{…}`` with balanced braces."""
    for start in reversed([match.end() for match in re.finditer(r"\\f?box(?:ed)?\s*\{", text)][-8:]):
        depth = 1
        for brace in re.finditer(r"\\.|[{}]", text[start:], re.DOTALL):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if not depth:
                return text[start : start + brace.start()].strip() or None
    return None


def letter(text: str) -> str | None:
    """The letter of the chosen option, ``A`` to ``J``.

    Tries in this order: the last letter named as the answer (``The answer is (B)``, ``Answer: **C**``); one alone on a
    line or in a box; one that starts the text (``B. Paris``, ``(B) Paris``); the only one in brackets. The words ``A``
    and ``I`` count only in the first two.
    """
    in_box = boxed(text)
    if in_box and (inside := re.fullmatch(r"(?:\\text\s*\{)?\s*\(?([A-J])\)?\.?\s*\}?", in_box)):
        return inside[1]
    named = [match["letter"] for match in _SAID.finditer(text) if match["letter"].isupper() and _is_label(text, match)]
    if named:
        return named[-1]
    alone = re.findall(r"(?m)^[ \t>*_\"'(\[]*([A-J])[ \t)\]*_\"'.:]*$", text)
    if alone:
        return str(alone[-1])
    if opening := re.match(r"\s*(?:\*\*)?(?:[(\[]([A-J])[)\]]|([A-J])[.):])(?=[\s*]|$)", text):
        return opening[1] or opening[2]
    bracketed = set(re.findall(r"(?<!\w)[(\[]([A-J])[)\]]", text))
    return bracketed.pop() if len(bracketed) == 1 else None


def _is_label(text: str, match: re.Match[str]) -> bool:
    """Whether the letter is a label and not a word: "the answer is A dog", "my choice: I think"."""
    return match["letter"] not in "AI" or re.match(r"[ \t]+[a-z]", text[match.end() :]) is None


def json_block(text: str) -> str | None:
    """The text of the JSON value: a code fence's, else the whole output, else the longest object or list in it."""
    for content, label in reversed(_fenced(text)):
        if label.lower() in ("", "json", "jsonc") and _is_json(content):
            return content.strip()
    if _is_json(text):
        return text.strip()
    decoder, best, at = json.JSONDecoder(parse_constant=_no_json), "", 0
    for _ in range(MAX_JSON_STARTS):
        start = re.compile(r"[{\[]").search(text, at)
        if start is None:
            break
        try:
            _, at = decoder.raw_decode(text, start.start())
            best = max(best, text[start.start() : at], key=len)
        except (ValueError, RecursionError):
            at = start.end()
    return best or None


def code_block(text: str) -> str | None:
    """The code: all fenced blocks in the first block's language, in order, else the whole text. Line ends are kept.

    A fence that is never closed extends to the end, because the answer may have been cut off.
    """
    blocks = [(content, label.lower()) for content, label in _fenced(text) if content.strip()]
    if not blocks:
        return text.strip("\n") if text.strip() and not _FENCE.search(text) else None
    first = blocks[0][1]
    return "\n".join(content.strip("\n") for content, label in blocks if label == first)


def _fenced(text: str) -> list[tuple[str, str]]:
    """The content and label of every code fence."""
    blocks, opening = [], None
    for line in _FENCE.finditer(text):
        if opening is None:
            opening = line
        elif line["fence"].startswith(opening["fence"]) and not line["label"]:
            blocks.append((text[opening.end() + 1 : line.start()], opening["label"]))
            opening = None
    if opening is not None:
        blocks.append((text[opening.end() + 1 :], opening["label"]))
    return blocks


EXTRACTORS: dict[str, Extractor] = {
    "whole": whole,
    "verbatim": verbatim,
    "first_line": first_line,
    "last_number": last_number,
    "number": number,
    "after_hashes": after_hashes,
    "boxed": boxed,
    "letter": letter,
    "json_block": json_block,
    "code_block": code_block,
}


def find_extractor(name: str) -> Extractor:
    """The extractor ``name``. Task files also use ``regex:GROUP:PATTERN``: the match with that number.

    Raises:
        DatasetError: there is no such extractor.
    """
    if name.startswith("regex:"):
        group, _, pattern = name.removeprefix("regex:").partition(":")
        return partial(find_match, pattern, int(group))
    if name not in EXTRACTORS:
        raise DatasetError(f"There is no extractor {name!r}.", hint=f"Choose one of: {', '.join(EXTRACTORS)}.")
    return EXTRACTORS[name]


def parse_json(text: str) -> Any:
    """The JSON value that ``text`` consists of, plain or as the only content of a code fence.

    Raises:
        ValueError: it is something else or nested too deep. ``NaN`` and ``Infinity`` are not JSON.
    """
    text = text.strip()
    fence = re.fullmatch(r"```[A-Za-z0-9]*[ \t]*\n(.*?)\n?[ \t]*```", text, flags=re.DOTALL)
    try:
        return json.loads(fence[1] if fence else text, parse_constant=_no_json)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _is_json(text: str) -> bool:
    try:
        parse_json(text)
    except ValueError:
        return False
    return True


def _no_json(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
