"""What column names mean. Capitals, spaces and invisible characters do not count.

Choices can have columns of their own. These are called by a word (``choice``, ``option``, ``ans`` …, in several
languages) and a number from 0 or 1, or a letter from A, with or without something between: ``choice0``, ``Choice 1``,
``option_a``, ``optionA``, ``ans[2]``; or by the letter alone. There must be at least two, without a gap.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

import msgspec

MAX_CHOICES = 26
COLUMNS = ("question", "choices", "labels", "prompt", "answer", "id", "system", "check")
_ALIASES = {"choices": ("options",), "id": ("questionid", "qid")}
"""Other names that data sets use for our columns, the likelier first. They count where our own name is missing."""
_ANSWER_ALIASES = ("answers", "correctanswer", "ideal", "completion", "target")
_KEY_ALIASES = (
    "answerkey", "correctanswer", "correctoption", "correct", "gold", "answeridx", "answerindex", "correctindex",
    "answers", "target", "label",
)  # fmt: skip
"""Names of the right choice. For prompts these say too little: a label may be anything."""
_CHOICE_WORDS = frozenset({
    "choice", "choices", "option", "options", "opt", "ans", "answer", "answers", "alternative", "text", "alt",
    "candidate", "ending", "sol", "solution", "response", "variant", "distractor", "mc", "antwort", "auswahl",
    "réponse", "reponse", "choix", "opción", "opcion", "respuesta", "risposta", "opzione", "resposta", "opção",
    "opcao", "alternativa", "ответ", "вариант", "选项", "選項", "答案", "選択肢",
})  # fmt: skip
_CHOICE_NAME = re.compile(r"^[\W_]*(?P<words>[^\d]*?)[\W_]*(?P<place>\d{1,2}|[a-z])[\W_]*$")
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u200e\u200f\xad"))


def clean_name(name: str) -> str:
    """The text without white space and invisible characters around it."""
    return str(name).translate(_INVISIBLE).strip()


@lru_cache(maxsize=2**17)
def plain_name(name: str) -> str:
    """The name as it is compared: without capitals, compatibility forms, or spaces around it."""
    return unicodedata.normalize("NFKC", clean_name(name)).casefold().strip()


def _joined(plain: str) -> str:
    return re.sub(r"[\s_-]+", "", plain)


class ChoiceColumns(msgspec.Struct, frozen=True):
    """The columns that hold one choice each."""

    names: tuple[str, ...]
    """As they stand in the file, in their order."""
    first_number: int | None = None
    """The number of the first one; None when they have letters."""


class Meaning(msgspec.Struct, frozen=True):
    """What the columns of a row are for."""

    ours: dict[str, str]
    """From our names to those in the file."""
    choices: ChoiceColumns | None = None
    unused: tuple[str, ...] = ()
    rival_choices: tuple[str, ...] = ()
    """Columns that could be the choices just as well."""


def is_known_name(name: str) -> bool:
    """Whether a column of this name can mean something without a mapping."""
    plain = plain_name(name)
    return _joined(plain) in _KNOWN or _as_choice(plain) is not None


@lru_cache(maxsize=512)
def meaning_of(names: tuple[str, ...]) -> Meaning:
    """What the columns of these names are for."""
    plain: dict[str, list[str]] = {}
    for name in names:
        plain.setdefault(_joined(plain_name(name)), []).append(name)
    ours = {name: name for name in names if name in COLUMNS}
    for name in COLUMNS:
        if name not in ours and len(plain.get(name, ())) == 1:
            ours[name] = plain[name][0]
    groups = [] if "choices" in ours or "prompt" in ours else _choice_groups(names, taken=set(ours.values()))
    has_choices = bool(groups) or "choices" in ours or ("options" in plain and "prompt" not in ours)
    for name, aliases in {**_ALIASES, "answer": _KEY_ALIASES if has_choices else _ANSWER_ALIASES}.items():
        if name in ours or (name == "choices" and (groups or "prompt" in ours)):
            continue
        found = [plain[alias][0] for alias in aliases if len(plain.get(alias, ())) == 1]
        if found:
            ours[name] = found[0]
    used = {*ours.values(), *(groups[0].names if groups else ())}
    return Meaning(
        ours=ours,
        choices=groups[0] if groups else None,
        unused=tuple(name for name in names if name and name not in used),
        rival_choices=groups[1].names if len(groups) > 1 else (),
    )


def _choice_groups(names: Iterable[str], taken: Collection[str]) -> list[ChoiceColumns]:
    """Sets of columns that hold one choice each, those with more columns first."""
    by_word: dict[tuple[str, bool], dict[int, str]] = {}
    for name in names:
        if name in taken:
            continue
        found = _as_choice(plain_name(name))
        if found is not None:
            word, place, is_number = found
            by_word.setdefault((word, is_number), {}).setdefault(place, name)
    groups = []
    for (_word, is_number), places in by_word.items():
        first = min(places)
        wanted = range(first, first + len(places))
        if len(places) < 2 or first > (1 if is_number else 0) or any(place not in places for place in wanted):
            continue
        groups.append(ChoiceColumns(tuple(places[place] for place in wanted), first if is_number else None))
    return sorted(groups, key=lambda group: -len(group.names))


def _as_choice(plain: str) -> tuple[str, int, bool] | None:
    """The word, place and whether that is a number, of a name that can be a choice's column."""
    found = _CHOICE_NAME.match(plain)
    if not found or _joined(plain) in _KNOWN:
        return None
    words = [word for word in re.split(r"[\W_]+", found["words"]) if word]
    if any(word not in _CHOICE_WORDS for word in words):
        return None
    place = found["place"]
    if place.isdigit():
        return (" ".join(words), int(place), True) if words else None
    return " ".join(words), string.ascii_lowercase.index(place), False


_KNOWN = frozenset(
    {*COLUMNS, "messages", "conversations", "options", "questionid", "qid", *_ANSWER_ALIASES, *_KEY_ALIASES}
)
