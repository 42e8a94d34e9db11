"""The user's own data made a suite: every choice about scoring has a name and a default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ...errors import DatasetError
from ..extractors import find_extractor
from ..items import ChoiceItem, Item
from ..requests import ChoiceRequest, Message, build_request
from ..scorers.defaults import find_defaults
from ..spec import SuiteSpec
from .data import UserData, read_user_data, read_user_rows


class UserScoring(msgspec.Struct, frozen=True, kw_only=True):
    """What the user may say about a suite of their own; what is left empty goes with the scorer."""

    columns: Mapping[str, str] = {}
    """Their column names to ours."""
    shots: int = 0
    """So many first rows stand solved before every item."""
    scorer: str = ""
    """Of generate items; empty means ``exact``."""
    extractor: str = ""
    metric: str = ""
    right_at: float = 0.0
    max_tokens: int = 0
    stop: tuple[str, ...] | None = None
    """None: as goes with the scorer; empty: none."""
    system: str = ""
    """System message of every item that has none of its own."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """One item as it will be asked."""

    item: str
    prompt: str
    """Of a model without a chat template; of choices the context."""
    messages: tuple[Message, ...] = ()
    """Of a model with one."""
    continuations: tuple[str, ...] = ()
    """Of choices: what is scored after the context."""
    expected: str


USUAL = UserScoring()


def open_user_file(path: Path, *, name: str, how: UserScoring = USUAL) -> tuple[SuiteSpec, tuple[Item, ...]]:
    """Spec and items of the user's file.

    Raises:
        DatasetError: the file cannot be used, a row is bad, or something named in ``how`` does not exist.
    """
    data = read_user_data(path, columns=how.columns, shots=how.shots, scorer=how.scorer)
    return user_spec(data, name=name, title=path.name, where=str(path), how=how), data.items


def open_user_rows(
    rows: Sequence[Mapping[str, Any]], *, name: str, title: str, how: UserScoring = USUAL
) -> tuple[SuiteSpec, tuple[Item, ...]]:
    """Spec and items of rows read elsewhere, such as a data set of the hub.

    Raises:
        DatasetError: as ``open_user_file``.
    """
    data = read_user_rows(rows, where=title, columns=how.columns, shots=how.shots, scorer=how.scorer)
    return user_spec(data, name=name, title=title, where=title, how=how), data.items


def preview(spec: SuiteSpec, items: Sequence[Item], *, count: int = 3) -> tuple[Preview, ...]:
    """The first ``count`` items of the file as they will be asked, solved examples included."""
    shown = []
    for item in items[:count]:
        request = build_request(spec, item)
        if isinstance(request, ChoiceRequest):
            expected = item.choices[item.gold] if isinstance(item, ChoiceItem) else ""
            shown.append(
                Preview(
                    item=item.id,
                    prompt=request.contexts[0],
                    continuations=request.continuations,
                    expected=expected,
                )
            )
        else:
            answers = () if isinstance(item, ChoiceItem) else item.answers
            shown.append(
                Preview(
                    item=item.id,
                    prompt=request.prompt,
                    messages=request.messages,
                    expected=answers[0] if answers else "",
                )
            )
    return tuple(shown)


def user_spec(data: UserData, *, name: str, title: str, where: str, how: UserScoring) -> SuiteSpec:
    """The spec of a suite with the user's ``data``.

    Raises:
        DatasetError: the data has bad rows, or something named in ``how`` does not exist.
    """
    if data.problems:
        shown = "; ".join(f"line {p.line}: {p.message}" for p in data.problems[:5])
        more = f" (and {len(data.problems) - 5} more)" if len(data.problems) > 5 else ""
        raise DatasetError(f"{where} has {len(data.problems)} bad rows: {shown}{more}.", hint="Mend or remove them.")
    return _choice_spec(data, name, title, how) if data.kind == "choice" else _text_spec(data, name, title, how)


def _choice_spec(data: UserData, name: str, title: str, how: UserScoring) -> SuiteSpec:
    said = [field for field in ("extractor", "right_at", "max_tokens", "stop", "system") if getattr(how, field)]
    if said:
        raise DatasetError(
            f"{title} has choices, which are scored by their likelihood: {said[0]} would change nothing.",
            hint="Leave it out, or put the choices into the prompt.",
        )
    metric = how.metric or "acc_norm"
    _check_metric(metric, ("acc_norm", "acc"), "choices")
    rates = [1 / len(item.choices) for item in data.items if isinstance(item, ChoiceItem)]
    return SuiteSpec(
        name=name,
        title=title,
        kind="choice",
        metric=metric,
        chance=sum(rates) / len(rates),
        n_shot=how.shots,
        prompt_style="plain",
        max_tokens=64,
        stop=("\n",),
    )


def _text_spec(data: UserData, name: str, title: str, how: UserScoring) -> SuiteSpec:
    scorer = how.scorer or "exact"
    usual = find_defaults(scorer)
    metric = how.metric or usual.metrics[0]
    _check_metric(metric, usual.metrics, f"the scorer {scorer}")
    extractor = how.extractor or usual.extractor
    find_extractor(extractor)
    if how.right_at < 0 or how.right_at > 1 or how.max_tokens < 0:
        raise DatasetError(
            f"{title}: right_at is {how.right_at} and max_tokens {how.max_tokens}.",
            hint="right_at lies between 0 and 1; max_tokens is 1 or more, or 0 for the usual number.",
        )
    # What leads by default has a threshold of its own; of the other metrics only a full score is right.
    right_at = how.right_at or (usual.right_at if metric == usual.metrics[0] else 1.0)
    return SuiteSpec(
        name=name,
        title=title,
        kind="generate",
        metric=metric,
        right_at=right_at,
        prompt_style="auto",
        system=how.system,
        shots=data.shots,
        max_tokens=how.max_tokens or usual.max_tokens,
        stop=usual.stop if how.stop is None else how.stop,
        extractor=extractor,
        scorer=scorer,
    )


def _check_metric(metric: str, known: Sequence[str], whose: str) -> None:
    if metric not in known:
        raise DatasetError(f"There is no metric {metric!r} of {whose}.", hint=f"Choose one of: {', '.join(known)}.")
