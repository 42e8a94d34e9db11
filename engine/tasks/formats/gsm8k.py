"""GSM8K (Cobbe et al. 2021, arXiv 2110.14168) as lm-evaluation-harness asks it: gsm8k/gsm8k.yaml, version 3.

Rows: ``question`` and ``answer`` (the worked solution, ending in ``#### 42``), splits ``train`` and ``test``.
"""

from __future__ import annotations

import random

from ..items import GenerateItem, Item
from ..spec import SuiteSpec
from .fields import Row, Rows, split_rows, text_field

SEED = 1234
"""The harness's default few-shot seed."""


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per test question, each after its own ``spec.n_shot`` worked training questions.

    One generator, seeded once, draws new examples for each question in the data set's order, so a question's examples
    depend on how many questions precede it.
    """
    train = [_solved(row, f"gsm8k train row {index}") for index, row in enumerate(rows.get("train", ()))]
    split_rows(rows, "train", suite=spec.name, at_least=spec.n_shot)
    draw = random.Random(SEED)
    items = []
    for index, row in enumerate(split_rows(rows, "test", suite=spec.name)):
        where = f"gsm8k test row {index}"
        shots = "".join(draw.sample(train, spec.n_shot))
        prompt = shots + _asked(row, where)
        answer = text_field(row, "answer", where)
        # With a chat template, the harness sends the same text as one user turn.
        items.append(GenerateItem(id=f"gsm8k-{index}", prompt=prompt, plain_prompt=prompt, answers=(answer,)))
    return tuple(items)


def _asked(row: Row, where: str) -> str:
    return f"Question: {text_field(row, 'question', where)}\nAnswer:"


def _solved(row: Row, where: str) -> str:
    return f"{_asked(row, where)} {text_field(row, 'answer', where)}\n\n"
