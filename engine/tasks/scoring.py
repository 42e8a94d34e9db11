"""Turns a worker's result into a scored answer."""

from __future__ import annotations

import math

import msgspec

from ..errors import DatasetError, SandboxError, WeighinError
from ..events.failures import ScoringFailure, ScoringRaised
from ..events.run import DOES_NOT_FIT, AnswerScored, OptionScore
from .extractors import find_extractor
from .items import ChoiceItem, GenerateItem, Item, Suite
from .requests import ChoiceResult, GenerateResult, TooLong
from .scorers import find_scorer
from .thinking import is_blank, strip_thinking

FRAGILE_NATS = 0.15
"""How far the batch layout can move an option's log-probability in a quantized model."""


def score(
    suite: Suite, item: Item, result: ChoiceResult | GenerateResult | TooLong, *, candidate: str, repeat: int = 0
) -> AnswerScored:
    """The scored answer of ``candidate`` to ``item``. What a scorer raises is in the answer's ``failure``.

    An item that does not fit the candidate's context counts as wrong.

    Raises:
        DatasetError: the result does not belong to this kind of item, or there is no such scorer or extractor.
        SandboxError: code cannot be run safely on this machine.
    """
    if isinstance(result, TooLong):
        return _score_too_long(suite, item, result, candidate, repeat)
    if isinstance(item, ChoiceItem) and isinstance(result, ChoiceResult):
        return _score_choice(suite, item, result, candidate, repeat)
    if isinstance(item, GenerateItem) and isinstance(result, GenerateResult):
        return _score_text(suite, item, result, candidate, repeat)
    raise DatasetError(f"The result for item {item.id} does not match the item's kind.")


def _score_choice(suite: Suite, item: ChoiceItem, result: ChoiceResult, candidate: str, repeat: int) -> AnswerScored:
    # Like lm-evaluation-harness (api/task.py, process_results): acc picks the largest sum, acc_norm the largest sum per
    # character of the option without its leading space. The first of equals wins, as in numpy's argmax.
    sums = list(result.log_likelihoods)
    # When something other than the options is scored (MMLU's letters, WinoGrande's endings), its length counts.
    scored = tuple(text.removeprefix(" ") for text in item.continuations) or item.choices
    per_character = [value / max(len(text), 1) for value, text in zip(sums, scored, strict=True)]
    by_sum, by_character = sums.index(max(sums)), per_character.index(max(per_character))
    leading = suite.spec.metric
    chosen = by_character if leading == "acc_norm" else by_sum
    scores = {"acc": float(by_sum == item.gold), "acc_norm": float(by_character == item.gold)}
    correct = chosen == item.gold
    if item.golds:
        # TruthfulQA mc2 (lm-evaluation-harness: tasks/truthfulqa/utils.py): the probability mass on true answers.
        weights = [math.exp(value - max(sums)) for value in sums]
        scores = {"acc": sum(weights[index] for index in item.golds) / sum(weights)}
        correct = scores["acc"] >= suite.spec.right_at
    return AnswerScored(
        candidate=candidate,
        suite=suite.spec.name,
        item=item.id,
        repeat=repeat,
        correct=correct,
        scores=scores,
        prompt=result.prompt,
        bos=result.bos,
        n_cut_tokens=result.n_cut_tokens,
        output=item.choices[chosen],
        extracted=item.choices[chosen],
        expected=item.choices[item.gold],
        options=tuple(
            OptionScore(
                text=choice,
                log_likelihood=value,
                n_tokens=count,
                is_greedy=greedy,
                continuation=item.continuations[place] if item.continuations else "",
                context=item.contexts[place] if len(item.contexts) > 1 else "",
            )
            for place, (choice, value, count, greedy) in enumerate(
                zip(item.choices, sums, result.n_tokens, result.is_greedy, strict=True)
            )
        ),
        fragile=_is_fragile(sums, per_character, scored, chosen, leading),
        group=item.group,
        row=item.row,
        level=item.level,
        n_prompt_tokens=result.n_prompt_tokens,
        elapsed_s=result.elapsed_s,
    )


def _score_too_long(suite: Suite, item: Item, result: TooLong, candidate: str, repeat: int) -> AnswerScored:
    """Wrong by every metric: a model that cannot read the question cannot answer it."""
    if isinstance(item, ChoiceItem):
        metrics: tuple[str, ...] = ("acc",) if item.golds else ("acc", "acc_norm")
        expected, n_parts = item.choices[item.gold], 1
    else:
        scorer = find_scorer(suite.spec.scorer)
        metrics = (suite.spec.metric, *scorer.metrics)
        expected, n_parts = item.answers[0] if item.answers else "", scorer.count_parts(item)
    return AnswerScored(
        candidate=candidate,
        suite=suite.spec.name,
        item=item.id,
        repeat=repeat,
        correct=False,
        scores=dict.fromkeys(metrics, 0.0),
        prompt=result.prompt,
        bos=result.bos,
        output="",
        extracted=None,
        expected=expected,
        n_prompt_tokens=result.n_prompt_tokens,
        stop=DOES_NOT_FIT,
        group=item.group,
        row=item.row,
        n_parts=n_parts,
        level=item.level,
    )


def _is_fragile(
    sums: list[float], per_character: list[float], choices: tuple[str, ...], chosen: int, leading: str
) -> bool:
    """Whether a shift of FRAGILE_NATS in one option's sum could change the choice."""
    if leading != "acc_norm":
        top = sorted(sums, reverse=True)
        return len(top) > 1 and top[0] - top[1] < FRAGILE_NATS
    # acc_norm divides a shift of the sum by the option's length.
    return any(
        per_character[chosen] - value < FRAGILE_NATS / max(min(len(choices[i]), len(choices[chosen])), 1)
        for i, value in enumerate(per_character)
        if i != chosen
    )


def _score_text(suite: Suite, item: GenerateItem, result: GenerateResult, candidate: str, repeat: int) -> AnswerScored:
    spec = suite.spec
    thinking = strip_thinking(result.text, prompt=result.prompt)
    extractor, scorer = find_extractor(spec.extractor), find_scorer(spec.scorer)
    answer = unscored_answer(suite, item, result, candidate=candidate, repeat=repeat)
    failure: ScoringFailure | None = None
    extracted, scores, n_parts = None, answer.scores, 1
    try:
        extracted = extractor(thinking.answer)
        # Scorers with their own filters see the whole output, even when the extractor shown to the user finds nothing.
        scored = thinking.answer if scorer.reads_whole_output else extracted
        if not thinking.closed and is_blank(thinking.answer):
            scored = None  # an empty text can meet some requirements, but there was no answer
        if scored is not None:
            scores = dict(scorer.score(scored, item))
        n_parts = scorer.count_parts(item)
    except (SandboxError, MemoryError):
        raise
    except Exception as error:  # it works on a model's text with a user's pattern or schema, so it can raise anything
        scores, failure = answer.scores, ScoringRaised(error=in_one_line(error))
    return msgspec.structs.replace(
        answer,
        correct=scores[spec.metric] >= spec.right_at,
        scores=scores,
        extracted=extracted,
        n_parts=n_parts,
        n_thinking_characters=thinking.n_thinking_characters,
        thinking_closed=thinking.closed,
        blank=thinking.closed and is_blank(thinking.answer),
        failure=failure,
    )


def unscored_answer(
    suite: Suite,
    item: GenerateItem,
    result: GenerateResult,
    *,
    candidate: str,
    repeat: int = 0,
    failure: ScoringFailure | None = None,
) -> AnswerScored:
    """An answer that is wrong by every metric: leaving it out would change what the mean is over."""
    spec = suite.spec
    return AnswerScored(
        candidate=candidate,
        suite=spec.name,
        item=item.id,
        repeat=repeat,
        correct=False,
        scores=dict.fromkeys((spec.metric, *find_scorer(spec.scorer).metrics), 0.0),
        prompt=result.prompt,
        bos=result.bos,
        n_cut_tokens=result.n_cut_tokens,
        output=result.text,
        extracted=None,
        expected=item.answers[0] if item.answers else "",
        n_prompt_tokens=result.n_prompt_tokens,
        n_output_tokens=result.n_output_tokens,
        elapsed_s=result.elapsed_s,
        stop=result.stop,
        group=item.group,
        row=item.row,
        level=item.level,
        failure=failure,
    )


def in_one_line(error: BaseException) -> str:
    """What went wrong, for a stored answer: the error's text, or its type where that says nothing."""
    text = " ".join(str(error).split())
    if not isinstance(error, WeighinError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text[:500]
