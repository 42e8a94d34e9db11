"""Counts words and sentences by rules that need no data files."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_MARKS = ".!?…"
_CLOSERS = "\"'”’)]*_"
_ENDS_ANYWAY = frozenset(("etc", "a.m", "p.m", "u.s", "u.k", "inc", "ltd", "co", "jr", "sr"))
"""Abbreviations that end a sentence when a capital follows."""
_ABBREVIATIONS = _ENDS_ANYWAY | {
    *("dr", "mr", "mrs", "ms", "prof", "st", "vs", "cf", "no", "vol", "pp", "fig", "e.g", "i.e", "approx")
}


def split_words(text: str) -> list[str]:
    """Runs of letters and digits, which may contain an apostrophe or hyphen."""
    return _WORD.findall(text)


def count_sentences(text: str) -> int:
    """Number of sentences. They end in ``.``, ``!``, ``?`` or ``…`` before white space or the end, or in ``。！？``.

    A last part without a closing mark counts when it has a letter or digit. Common abbreviations, single initials and
    the number of a list item do not end a sentence.
    """
    # Token by token: one regular expression over the whole text takes quadratic time on a long run without marks.
    count, has_words, end_before = 0, False, 0
    tokens = list(re.finditer(r"\S+", text))
    for place, token in enumerate(tokens):
        *closed, rest = re.split("[。！？]", token[0])
        for part in closed:
            count += has_words or _WORD.search(part) is not None
            has_words = False
        has_words = has_words or _WORD.search(rest) is not None
        begins_line = place == 0 or "\n" in text[end_before : token.start()]
        follows = tokens[place + 1][0] if place + 1 < len(tokens) else ""
        if has_words and _ends_sentence(rest, begins_line, follows):
            count += 1
            has_words = False
        end_before = token.end()
    return count + has_words


def _ends_sentence(token: str, begins_line: bool, follows: str) -> bool:
    core = token.rstrip(_CLOSERS)
    word = core.rstrip(_MARKS).lstrip("\"'“‘([*_").lower()
    if not core.endswith(tuple(_MARKS)):
        return False
    if core[-2:-1] in tuple(_MARKS) or core[-1] != "." or not follows:
        return True
    if begins_line and word.isdigit():
        return False
    if word in _ABBREVIATIONS:
        return word in _ENDS_ANYWAY and follows[0].isupper()
    return not (len(word) == 1 and word.isalpha() and word != "i")
