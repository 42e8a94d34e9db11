"""MGSM (Shi et al. 2022, arXiv 2210.03057) as lm-evaluation-harness's ``mgsm_direct_*`` ask it, version 4.

Rows of the split ``test``: ``question`` and ``answer_number``, a number or its text (``2,125``). When a row also
has a worked ``answer``, like the few training rows, its question already begins with the word for "question".
"""

from __future__ import annotations

import re

from ...errors import DatasetError
from ..items import GenerateItem, Item
from ..spec import SuiteSpec
from ..tables import read_table
from .fields import Row, Rows, split_rows, text_field

WORDS = read_table("mgsm-words", dict[str, tuple[str, str]])
"""By language: the word before the question, which also stops an answer, and the word before the answer."""


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per question, without examples, in the language ``spec.dataset.config``. Empty: a split per language."""
    language = spec.dataset.config if spec.dataset else ""
    if language:
        return tuple(_items(rows, spec, language, "test", stop=()))
    # With several languages, each has its own word that stops an answer.
    return tuple(item for split in rows for item in _items(rows, spec, split, split, stop=WORDS.get(split, ("",))[:1]))


def _items(rows: Rows, spec: SuiteSpec, language: str, split: str, *, stop: tuple[str, ...]) -> list[Item]:
    if language not in WORDS:
        raise DatasetError(f"MGSM has no language {language!r}.", hint=f"It has {', '.join(WORDS)}.")
    asked, answered = WORDS[language]
    items: list[Item] = []
    for index, row in enumerate(split_rows(rows, split, suite=spec.name)):
        where = f"{spec.name} {'' if split == 'test' else split + ' '}row {index}"
        question = text_field(row, "question", where)
        opening = "" if row.get("answer") else f"{asked} "
        prompt = f"{opening}{question}\n{answered}"
        items.append(
            GenerateItem(
                id=f"{language}-{index}",
                prompt=prompt,
                plain_prompt=prompt,
                answers=(_number(row, where),),
                stop=stop,
                group=language,
            )
        )
    return items


def _number(row: Row, where: str) -> str:
    value = row.get("answer_number")
    # Tables with empty cells turn whole numbers into floats.
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    digits = text.replace(",", "").strip()
    if not re.fullmatch(r"-?[0-9]{1,30}", digits):
        raise DatasetError(f"{where} has no whole number in the column 'answer_number'.")
    return str(int(digits))
