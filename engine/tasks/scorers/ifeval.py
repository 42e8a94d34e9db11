"""IFEval: instructions that a program can verify, strictly and loosely.

``item.check = {"instruction_id_list": […], "kwargs": [{…}, …]}``, as in the data set's columns. The metrics are those
of lm-evaluation-harness (lm_eval/tasks/ifeval/utils.py). Its instruction-level figure is a mean over *instructions*.
Here an item's score is the share of its instructions, so a mean over items gives more weight to instructions of items
that have few; ``count_parts`` lets reports compute the mean over instructions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import DatasetError
from ..items import GenerateItem
from ..scorer import Scorer
from .ifeval_checks import INSTRUCTIONS, Check

Instruction = tuple[Check, dict[str, Any]]
"""A check and its arguments."""


def score_ifeval(found: str, item: GenerateItem) -> dict[str, float]:
    """``prompt_level_strict_acc``, ``inst_level_strict_acc`` (share), and both ``loose``.

    Loose: an instruction is followed when any of eight variants of the answer follows it. An empty answer or variant
    follows nothing.

    Raises:
        DatasetError: the item's instructions cannot be read.
    """
    instructions = parse_instructions(item.check, where=f"item {item.id}")
    variants = dict.fromkeys(loose_variants(found))
    strict = [_follows(found, instruction) for instruction in instructions]
    loose = [any(_follows(variant, instruction) for variant in variants) for instruction in instructions]
    return {
        "prompt_level_strict_acc": float(all(strict)),
        "inst_level_strict_acc": sum(strict) / len(strict),
        "prompt_level_loose_acc": float(all(loose)),
        "inst_level_loose_acc": sum(loose) / len(loose),
    }


def loose_variants(answer: str) -> tuple[str, ...]:
    """The answer, the answer without its first line, last line or both, and each of these without ``*``."""
    lines = answer.split("\n")
    cut = (answer, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1])))
    return (*cut, *(variant.replace("*", "") for variant in cut))


def parse_instructions(check: Mapping[str, Any], *, where: str) -> tuple[Instruction, ...]:
    """The instructions in ``check``, each known and with its arguments.

    Arguments that are None, 0 or empty count as missing, as in the reference. A missing argument is an error here; the
    reference draws one at random. Unneeded arguments are ignored.

    Raises:
        DatasetError: there are none, or one is wrong; the message names ``where``.
    """
    names, arguments = check.get("instruction_id_list"), check.get("kwargs")
    if not isinstance(names, list | tuple) or not isinstance(arguments, list | tuple) or len(names) != len(arguments):
        raise DatasetError(
            f"The check of {where} is not an IFEval check.",
            hint="It needs instruction_id_list and kwargs of the same length.",
        )
    if not names:
        raise DatasetError(f"There are no instructions in {where}.", hint="Give instruction_id_list at least one.")
    return tuple(_parse(name, given, where) for name, given in zip(names, arguments, strict=True))


def _parse(name: object, given: object, where: str) -> Instruction:
    if not isinstance(name, str) or name not in INSTRUCTIONS:
        raise DatasetError(
            f"There is no IFEval instruction {name!r} ({where}).", hint=f"Known: {', '.join(INSTRUCTIONS)}."
        )
    check, needed = INSTRUCTIONS[name]
    values = {key: value for key, value in given.items() if value} if isinstance(given, Mapping) else {}
    arguments: dict[str, Any] = {}
    for key, kind in needed.items():
        value = values.get(key)
        # Data frames and some exports turn whole numbers into floats.
        value = int(value) if kind is int and isinstance(value, float) and value.is_integer() else value
        value = list(value) if kind is list and isinstance(value, tuple) else value
        if not isinstance(value, kind) or (
            isinstance(value, list) and not all(isinstance(each, str) for each in value)
        ):
            raise DatasetError(
                f"The instruction {name} of {where} needs {key} ({kind.__name__}), not {value!r}.",
                hint="Take kwargs from the data set unchanged.",
            )
        if key.endswith("relation") and value not in ("less than", "at least"):
            raise DatasetError(f"The {key} {value!r} of {where} is unknown.", hint="Use 'less than' or 'at least'.")
        arguments[key] = value
    return check, arguments


def _follows(answer: str, instruction: Instruction) -> bool:
    check, arguments = instruction
    return bool(answer.strip()) and check(answer, **arguments)


def _count_instructions(item: GenerateItem) -> int:
    return len(item.check.get("instruction_id_list", ())) or 1


SCORER = Scorer(
    name="ifeval",
    correct_when="it follows every instruction (IFEval)",
    score=score_ifeval,
    metrics=("prompt_level_strict_acc", "inst_level_strict_acc", "prompt_level_loose_acc", "inst_level_loose_acc"),
    extractor="verbatim",
    max_tokens=1280,
    needs="answer or check",
    reveals_bad_items=True,
    json_fields=frozenset(("instruction_id_list", "kwargs")),
    count_parts=_count_instructions,
)
