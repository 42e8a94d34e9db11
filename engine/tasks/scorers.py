"""From a worker's result to a scored answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import DatasetError
from ..events import AnswerScored, OptionScore
from .extractors import find_extractor
from .items import ChoiceItem, GenerateItem, Item, Suite
from .requests import ChoiceResult, GenerateResult

FRAGILE_NATS = 0.15
"""Batch layout moves option log-probabilities of quantised models by up to this much."""

TextScorer = Callable[[str, tuple[str, ...]], float]


def normalise(text: str) -> str:
    """Lower case, single spaces, no quotes, thousands separators, dollar signs or closing punctuation.

    A text of nothing but such signs stays as it is, and the point of ``.5`` stays, or other texts would equal them.
    """
    plain = re.sub(r"\s+", " ", text.strip().lower())
    bare = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain).replace("$", "")
    bare = re.sub(r"^(?:(?!\.\d)[ .!?;:,\"'`*])+", "", bare).rstrip(" .!?;:,\"'`*")
    return bare or plain


def exact(found: str, answers: tuple[str, ...]) -> float:
    """1 when the normalised answer is one of those allowed, numbers compared by value."""
    return float(any(_same(normalise(found), normalise(answer)) for answer in answers))


def contains(found: str, answers: tuple[str, ...]) -> float:
    """1 when one of the allowed answers stands in the text as whole words; a number as a whole number, by value."""
    text = normalise(found)
    return float(any(_stands_in(normalise(answer), text) for answer in answers))


def _stands_in(answer: str, text: str) -> bool:
    if re.fullmatch(r"-?\d*\.?\d+", answer):
        # 5 is not in 2.5, -5, 10:15 or 2025-05-05.
        return any(_same(number.rstrip(".,:"), answer) for number in re.findall(r"[\w.,:/-]+", text))
    return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text) is not None


def _same(a: str, b: str) -> bool:
    if a == b:
        return True
    try:
        return float(a) == float(b)
    except ValueError:
        return False


TEXT_SCORERS: dict[str, TextScorer] = {"exact": exact, "contains": contains}


def find_scorer(name: str) -> TextScorer:
    """The scorer of generated text ``name``.

    Raises:
        DatasetError: there is none.
    """
    if name not in TEXT_SCORERS:
        raise DatasetError(f"There is no scorer {name!r}.", hint=f"Choose one of: {', '.join(TEXT_SCORERS)}.")
    return TEXT_SCORERS[name]


def score(
    suite: Suite, item: Item, result: ChoiceResult | GenerateResult, *, candidate: str, repeat: int = 0
) -> AnswerScored:
    """The scored answer of ``candidate`` on ``item``."""
    if isinstance(item, ChoiceItem) and isinstance(result, ChoiceResult):
        return _score_choice(suite, item, result, candidate, repeat)
    if isinstance(item, GenerateItem) and isinstance(result, GenerateResult):
        return _score_text(suite, item, result, candidate, repeat)
    raise DatasetError(f"The result of item {item.id} is of another kind than the item.")


def _score_choice(suite: Suite, item: ChoiceItem, result: ChoiceResult, candidate: str, repeat: int) -> AnswerScored:
    # As lm-evaluation-harness (api/task.py, process_results): acc picks the largest sum, acc_norm the largest sum per
    # character of the choice without its leading space; the first of equals wins, as numpy's argmax has it.
    sums = list(result.log_likelihoods)
    per_character = [value / max(len(choice), 1) for value, choice in zip(sums, item.choices, strict=True)]
    by_sum, by_character = sums.index(max(sums)), per_character.index(max(per_character))
    leading = suite.spec.metric
    chosen = by_character if leading == "acc_norm" else by_sum
    return AnswerScored(
        candidate=candidate,
        suite=suite.spec.name,
        item=item.id,
        repeat=repeat,
        correct=chosen == item.gold,
        scores={"acc": float(by_sum == item.gold), "acc_norm": float(by_character == item.gold)},
        prompt=result.prompt,
        output=item.choices[chosen],
        extracted=item.choices[chosen],
        expected=item.choices[item.gold],
        options=tuple(
            OptionScore(text=choice, log_likelihood=value, n_tokens=count, is_greedy=greedy)
            for choice, value, count, greedy in zip(item.choices, sums, result.n_tokens, result.is_greedy, strict=True)
        ),
        fragile=_is_fragile(sums, per_character, item.choices, chosen, leading),
        n_prompt_tokens=result.n_prompt_tokens,
        elapsed_s=result.elapsed_s,
    )


def _is_fragile(
    sums: list[float], per_character: list[float], choices: tuple[str, ...], chosen: int, leading: str
) -> bool:
    """Whether a shift of FRAGILE_NATS in one option's sum could turn the choice."""
    if leading != "acc_norm":
        top = sorted(sums, reverse=True)
        return len(top) > 1 and top[0] - top[1] < FRAGILE_NATS
    # In acc_norm a shift of the sum counts divided by the option's own length.
    return any(
        per_character[chosen] - value < FRAGILE_NATS / max(min(len(choices[i]), len(choices[chosen])), 1)
        for i, value in enumerate(per_character)
        if i != chosen
    )


def _score_text(suite: Suite, item: GenerateItem, result: GenerateResult, candidate: str, repeat: int) -> AnswerScored:
    found = find_extractor(suite.spec.extractor)(result.text)
    value = 0.0 if found is None else find_scorer(suite.spec.scorer)(found, item.answers)
    return AnswerScored(
        candidate=candidate,
        suite=suite.spec.name,
        item=item.id,
        repeat=repeat,
        correct=value >= 1.0,
        scores={suite.spec.metric: value},
        prompt=result.prompt,
        output=result.text,
        extracted=found,
        expected=item.answers[0],
        n_prompt_tokens=result.n_prompt_tokens,
        n_output_tokens=result.n_output_tokens,
        elapsed_s=result.elapsed_s,
        stop=result.stop,
    )
