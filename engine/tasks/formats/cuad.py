"""Contract clauses from CUAD v1 (Hendrycks et al. 2021, arXiv 2103.06268): find the clause of a kind, or say "none".

The source is the table ``master_clauses.csv``: one row per contract, and for each kind of clause a column with the list
of annotated spans, written as a Python list. It does not have the contracts' full text, which would not fit a small
model's context anyway. An item therefore shows a few annotated clauses of one contract and asks for the clause of a
given kind, word for word; when the annotators found no such clause, the answer is ``none``. lm-evaluation-harness has
no such task: form and wording are our own, and the scores cannot be compared with published CUAD results.
"""

from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ...errors import DatasetError
from ..items import GenerateItem, Item
from ..scorers.token_f1 import squad_normalize
from ..spec import SuiteSpec
from ..tables import read_table
from .fields import Row, Rows, split_rows, text_field

KINDS = read_table("cuad-kinds", dict[str, str])
"""Column, and what such a clause does."""

N_PRESENT, N_ABSENT = 3, 1
"""Maximum number of kinds asked per contract. "none" is correct for a quarter of all items."""
_N_CLAUSES = 6
_N_OTHERS_NEEDED = 2
_CLAUSE_CHARACTERS = range(40, 601)
_PASSAGE_CHARACTERS = 2400
"""About 600 tokens, so that the prompt and its answer fit a context of 1024."""
_ALIKE_FROM = 0.5
"""Token F1 from which another clause could pass for the correct one, so it is not shown with it."""


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """Up to four items per contract, grouped by contract; always the same items for the same table."""
    items: list[Item] = []
    for index, row in enumerate(split_rows(rows, "test", suite=spec.name)):
        items += _contract_items(row, f"cuad row {index}", index)
    if not items:
        raise DatasetError(f"The data of {spec.name} has no contract with enough clauses.")
    return tuple(items)


def _contract_items(row: Row, where: str, index: int) -> list[Item]:
    name = text_field(row, "Filename", where)
    spans = {kind: _spans(row, kind, where) for kind in KINDS}
    rng = random.Random(f"cuad 1 {name}")
    present = [kind for kind in KINDS if any(_is_usable(span) for span in spans[kind])]
    absent = [kind for kind in KINDS if not spans[kind] and row.get(f"{kind}-Answer") != "Yes"]
    rng.shuffle(present)
    rng.shuffle(absent)
    items: list[Item] = []
    for kinds, wanted in ((present, N_PRESENT), (absent, N_ABSENT)):
        found = (_item(spans, kind, rng, name, index) for kind in kinds)
        items += [item for item, _ in zip((item for item in found if item), range(wanted), strict=False)]
    # A contract that cannot give the full set would upset the balance between clauses and "none".
    return items if len(items) == N_PRESENT + N_ABSENT else []


def _item(
    spans: dict[str, tuple[str, ...]], kind: str, rng: random.Random, contract: str, index: int
) -> GenerateItem | None:
    """One question; None when the contract has too few clauses that differ from the correct one."""
    usable = [span for span in spans[kind] if _is_usable(span)]
    answer = rng.choice(usable) if usable else "none"
    shown = [answer] if usable else []
    others = list(dict.fromkeys(span for each, found in spans.items() if each != kind for span in found))
    rng.shuffle(others)
    for span in others:
        if len(shown) == _N_CLAUSES:
            break
        room = _PASSAGE_CHARACTERS - sum(map(len, shown))
        if _is_usable(span) and len(span) <= room and not _is_alike(span, (*spans[kind], *shown)):
            shown.append(span)
    if len(shown) - len(usable[:1]) < _N_OTHERS_NEEDED:
        return None
    rng.shuffle(shown)
    prompt = prompt_for(kind, shown)
    return GenerateItem(
        id=f"{index}-{kind.lower().replace(' ', '-').replace('/', '-')}",
        prompt=prompt,
        plain_prompt=f"{prompt}\nAnswer:",
        answers=(answer,),
        group=contract,
    )


def prompt_for(kind: str, clauses: Sequence[str]) -> str:
    """The question for a clause of ``kind`` among ``clauses``."""
    passage = "\n\n".join(clauses)
    return (
        f"Clauses of a contract:\n\n{passage}\n\nQuestion: Which of these clauses {KINDS[kind]} ({kind})? "
        "Copy that clause word for word and write nothing else. If there is none, write: none"
    )


def _spans(row: Row, kind: str, where: str) -> tuple[str, ...]:
    """The annotated spans with single spaces, so that a clause is one line."""
    value = row.get(kind)
    try:
        spans = ast.literal_eval(value) if isinstance(value, str) else value
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        spans = None
    if not isinstance(spans, list) or not all(isinstance(span, str) for span in spans):
        raise DatasetError(
            f"{where} has no list of spans in the column {kind!r}.", hint="Use CUAD v1's master_clauses.csv unchanged."
        )
    return tuple(" ".join(span.split()) for span in spans)


def _is_usable(span: str) -> bool:
    """Whether the text reads as one clause. Some spans are fragments or pieced together around ``<omitted>`` text."""
    return len(span) in _CLAUSE_CHARACTERS and "<omitted>" not in span


def _is_alike(span: str, others: Iterable[str]) -> bool:
    return any(span in other or other in span or _overlap(span, other) >= _ALIKE_FROM for other in others)


def _overlap(a: str, b: str) -> float:
    """Token F1 by SQuAD's own tokens."""
    tokens, others = _tokens(a), _tokens(b)
    return 2 * sum((tokens & others).values()) / max(1, sum(tokens.values()) + sum(others.values()))


@lru_cache(maxsize=2048)
def _tokens(span: str) -> Counter[str]:
    return Counter(squad_normalize(span).split())
