"""How generated text is scored: one module per scorer, which exports one ``Scorer`` record as ``SCORER``.

The folder is the registry, and a module's name is its scorer's name: a new scorer is one new file. Modules without a
``SCORER`` are helpers. Slow libraries are imported where a scorer uses them, so that listing scorers stays fast.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from ...errors import DatasetError
from ..scorer import Scorer

DEFAULT_SCORER = "exact"
"""Scores your own data when the plan names no scorer."""


def find_scorer(name: str) -> Scorer:
    """The scorer ``name``.

    Raises:
        DatasetError: there is no such scorer.
    """
    scorer = _load(name) if name in _module_names(*__path__) else None
    if scorer is None:
        raise _unknown(name)
    return scorer


def find_own_scorer(name: str) -> Scorer:
    """The scorer ``name`` for your own data; empty means ``exact``.

    Raises:
        DatasetError: there is no such scorer.
    """
    scorer = find_scorer(name or DEFAULT_SCORER)
    if not scorer.for_own_data:
        raise _unknown(name)
    return scorer


def own_scorers() -> tuple[Scorer, ...]:
    """Every scorer that your own data can use, by name."""
    scorers = (_load(name) for name in sorted(_module_names(*__path__)))
    return tuple(scorer for scorer in scorers if scorer is not None and scorer.for_own_data)


def _unknown(name: str) -> DatasetError:
    known = ", ".join(scorer.name for scorer in own_scorers())
    return DatasetError(f"There is no scorer {name!r}.", hint=f"Choose one of: {known}.")


@cache
def _module_names(*folders: str) -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(folders))


@cache
def _load(name: str) -> Scorer | None:
    scorer = getattr(importlib.import_module(f"{__name__}.{name}"), "SCORER", None)
    return scorer if isinstance(scorer, Scorer) else None
