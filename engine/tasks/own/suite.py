"""The spec of a suite of your own data: what the plan says, and for the rest the scorer's defaults."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...errors import DatasetError
from ...plan.model import OwnAsking
from ..extractors import find_extractor
from ..items import ChoiceItem, Item
from ..requests import ChoiceRequest, Message, build_request
from ..scorers import find_own_scorer
from ..spec import SuiteSpec
from .data import UserData


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """One item as it will be asked."""

    item: str
    prompt: str
    """As a model without a chat template gets it; for choice items the context."""
    messages: tuple[Message, ...] = ()
    """As a model with a chat template gets it."""
    continuations: tuple[str, ...] = ()
    """For choice items, what is scored after the context."""
    expected: str


def preview(spec: SuiteSpec, items: Sequence[Item], *, count: int = 3) -> tuple[Preview, ...]:
    """The first ``count`` items as they will be asked, including worked examples."""
    previews = []
    for item in items[:count]:
        request = build_request(spec, item)
        if isinstance(request, ChoiceRequest):
            expected = item.choices[item.gold] if isinstance(item, ChoiceItem) else ""
            previews.append(
                Preview(
                    item=item.id, prompt=request.contexts[0], continuations=request.continuations, expected=expected
                )
            )
        else:
            answers = () if isinstance(item, ChoiceItem) else item.answers
            previews.append(
                Preview(
                    item=item.id,
                    prompt=request.prompt,
                    messages=request.messages,
                    expected=answers[0] if answers else "",
                )
            )
    return tuple(previews)


def user_spec(data: UserData, *, name: str, title: str, where: str, asking: OwnAsking) -> SuiteSpec:
    """The spec of a suite over ``data``.

    Raises:
        DatasetError: the data has bad rows, or something named in ``asking`` does not exist.
    """
    if data.problems:
        listed = "; ".join(f"line {p.line}: {p.message}" for p in data.problems[:5])
        more = f" (and {len(data.problems) - 5} more)" if len(data.problems) > 5 else ""
        rows = "1 bad row" if len(data.problems) == 1 else f"{len(data.problems)} bad rows"
        raise DatasetError(f"{where} has {rows}: {listed}{more}.", hint="Fix or remove them.")
    return _choice_spec(data, name, title, asking) if data.kind == "choice" else _text_spec(data, name, title, asking)


def _choice_spec(data: UserData, name: str, title: str, asking: OwnAsking) -> SuiteSpec:
    useless = set(asking.changes()) - {"columns", "shots", "metric", "reading"}
    if useless:
        raise DatasetError(
            f"{title} has choices, which are scored by their likelihood: {min(useless)} would change nothing.",
            hint="Leave it out, or put the choices into the prompt.",
        )
    metric = asking.metric or "acc_norm"
    _check_metric(metric, ("acc_norm", "acc"), "choices")
    rates = [1 / len(item.choices) for item in data.items if isinstance(item, ChoiceItem)]
    return SuiteSpec(
        name=name,
        title=title,
        kind="choice",
        metric=metric,
        chance=sum(rates) / len(rates),
        n_shot=asking.shots,
        prompt_style="plain",
        max_tokens=64,
        stop=("\n",),
    )


def _text_spec(data: UserData, name: str, title: str, asking: OwnAsking) -> SuiteSpec:
    usual = find_own_scorer(asking.scorer)
    metric = asking.metric or usual.metrics[0]
    _check_metric(metric, usual.metrics, f"the scorer {usual.name}")
    extractor = asking.extractor or usual.extractor
    find_extractor(extractor)
    if asking.right_at < 0 or asking.right_at > 1 or asking.max_tokens < 0:
        raise DatasetError(
            f"{title}: right_at is {asking.right_at} and max_tokens {asking.max_tokens}.",
            hint="right_at must be between 0 and 1, and max_tokens 1 or more, or 0 for the scorer's default.",
        )
    # The scorer's main metric has its own threshold; with any other, only a full score is correct.
    right_at = asking.right_at or (usual.right_at if metric == usual.metrics[0] else 1.0)
    return SuiteSpec(
        name=name,
        title=title,
        kind="generate",
        metric=metric,
        right_at=right_at,
        prompt_style="auto",
        system=asking.system,
        shots=data.shots,
        max_tokens=asking.max_tokens or usual.max_tokens,
        stop=usual.stop if asking.stop is None else asking.stop,
        extractor=extractor,
        scorer=usual.name,
    )


def _check_metric(metric: str, known: Sequence[str], whose: str) -> None:
    if metric not in known:
        raise DatasetError(f"There is no metric {metric!r} of {whose}.", hint=f"Choose one of: {', '.join(known)}.")
