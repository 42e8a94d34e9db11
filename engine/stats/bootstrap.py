"""Bootstrap intervals over items, seeded so that the same answers give the same interval."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .intervals import Estimate

Floats = NDArray[np.float64]

RESAMPLES = 10_000
_CELLS = 4_000_000
"""Maximum number of counts drawn at once, to bound memory."""


def bootstrap_mean(values: Sequence[float], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """The mean with its percentile interval (Efron 1979).

    Raises:
        ValueError: there are no values.
    """
    if not len(values):
        raise ValueError("There are no values.")
    columns = np.column_stack([np.asarray(values, dtype=np.float64), np.ones(len(values))])
    return bootstrap_of_sums(columns, _ratio, resamples=resamples, seed=seed)


def bootstrap_of_sums(
    columns: ArrayLike, statistic: Callable[[Floats], Floats], *, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Percentile interval of a statistic that depends only on sums over items, such as a ratio of two sums.

    ``columns`` [items, m] holds what each item adds to m sums; ``statistic`` maps sums [n, m] to values [n].
    """
    table = np.asarray(columns, dtype=np.float64)
    values = statistic(_drawn_sums(table, resamples, np.random.default_rng(seed)))
    low, high = np.nanquantile(values, [0.025, 0.975])
    whole = statistic(table.sum(axis=0, keepdims=True))
    return Estimate(value=float(whole[0]), low=float(low), high=float(high), items=len(table))


def bootstrap_mean_of_means(
    groups: Sequence[Sequence[float]],
    *,
    clusters: Sequence[Sequence[Hashable]] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Unweighted mean of the groups' means with its percentile interval; items are drawn within their groups.

    ``clusters`` says what each item of each group shares with others; whole clusters are then drawn.

    Raises:
        ValueError: there are no groups, a group has no values, or there is not one cluster per value.
    """
    if not groups or not all(len(group) for group in groups):
        raise ValueError("There are no values.")
    rng = np.random.default_rng(seed)
    columns = [np.column_stack([np.asarray(group, dtype=np.float64), np.ones(len(group))]) for group in groups]
    shared = clusters if clusters is not None else [None] * len(groups)
    tables = [_by_cluster(table, names) for table, names in zip(columns, shared, strict=True)]
    drawn = sum(_ratio(_drawn_sums(table, resamples, rng)) for table in tables) / len(tables)
    low, high = np.quantile(drawn, [0.025, 0.975])
    value = sum(float(np.mean(table[:, 0])) for table in columns) / len(tables)
    return Estimate(value=value, low=float(low), high=float(high), items=sum(map(len, columns)))


def _drawn_sums(table: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Sums of the columns [resamples, m], each over as many rows as the table has, drawn with replacement."""
    # Drawing n rows is the same as drawing how often each distinct row occurs: exact, and fast for scores of 0 and 1.
    rows, counts = np.unique(table, axis=0, return_counts=True)
    n = len(table)
    chunk = max(1, _CELLS // len(rows))
    parts = [
        rng.multinomial(n, counts / n, size=min(chunk, resamples - start)) @ rows
        for start in range(0, resamples, chunk)
    ]
    return np.concatenate(parts)


def _ratio(sums: Floats) -> Floats:
    quotient: Floats = sums[:, 0] / sums[:, 1]
    return quotient


def _by_cluster(columns: Floats, clusters: Sequence[Hashable] | None) -> Floats:
    """Sums within each cluster, or the rows unchanged without clusters."""
    if clusters is None:
        return columns
    if len(clusters) != len(columns):
        raise ValueError(f"There are {len(columns)} values and {len(clusters)} clusters; each value needs one.")
    places = {name: place for place, name in enumerate(dict.fromkeys(clusters))}
    sums = np.zeros((len(places), columns.shape[1]))
    np.add.at(sums, [places[name] for name in clusters], columns)
    return sums
