"""Poses that are much alike: leaving them out, and grouping them."""

from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

BLOCK: Final = 1024
KEPT_BLOCK: Final = 16384

FITTED_ON: Final = 20_000
ROUNDS: Final = 20


def far_apart(points: Float[np.ndarray, "rows numbers"], apart: float) -> Bool[np.ndarray, " rows"]:
    """Which rows are kept where each that lies nearer than `apart` to an earlier kept one is left out.

    No two kept rows are nearer than that, and every one left out has a kept one that near.
    """
    points = (points - points.mean(0, dtype=np.float64)).astype(np.float32)  # small numbers subtract exactly
    kept: list[int] = []
    for first in range(0, len(points), BLOCK):
        block = points[first : first + BLOCK]
        free = np.ones(len(block), bool)
        for start in range(0, len(kept), KEPT_BLOCK):
            others = points[kept[start : start + KEPT_BLOCK]]
            free[free] = ~(_distances(block[free], others) < apart).any(1)
        rows = np.flatnonzero(free)
        near = _distances(block[rows], block[rows]) < apart
        for place, row in enumerate(rows):
            if free[row]:
                kept.append(first + int(row))
                free[rows[place + 1 :]] &= ~near[place, place + 1 :]
    result = np.zeros(len(points), bool)
    result[kept] = True
    return result


def cluster(
    points: Float[np.ndarray, "rows numbers"], count: int, rng: np.random.Generator
) -> Int[np.ndarray, " rows"]:
    """The cluster of every row, from 0: k-means, started as Arthur and Vassilvitskii do (k-means++, SODA 2007).

    Args:
        points: what is clustered.
        count: of clusters; with fewer rows, each has its own.
        rng: random numbers.
    """
    points = points.astype(np.float32)
    if len(points) <= count:
        return np.arange(len(points))
    rows = rng.choice(len(points), min(FITTED_ON, len(points)), replace=False)
    fitted = points[rows]
    centres = _spread(fitted, count, rng)
    for _ in range(ROUNDS):
        nearest = _nearest(fitted, centres)
        total = np.zeros_like(centres)
        np.add.at(total, nearest, fitted)
        size = np.bincount(nearest, minlength=count)
        moved = np.where(size[:, None] > 0, total / np.maximum(size, 1)[:, None], centres)
        if np.allclose(moved, centres, atol=1e-6):
            break
        centres = moved
    return _nearest(points, centres)


def _spread(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    chosen = [int(rng.integers(len(points)))]
    square = _distances(points, points[chosen])[:, 0].astype(np.float64) ** 2
    for _ in range(count - 1):
        total = square.sum()
        shares = square / total if total > 0 else np.full(len(points), 1 / len(points))
        chosen.append(int(rng.choice(len(points), p=shares)))
        square = np.minimum(square, _distances(points, points[chosen[-1:]])[:, 0].astype(np.float64) ** 2)
    return points[chosen]


def _nearest(points: np.ndarray, centres: np.ndarray) -> Int[np.ndarray, " rows"]:
    parts = (points[first : first + KEPT_BLOCK] for first in range(0, len(points), KEPT_BLOCK))
    return np.concatenate([_distances(part, centres).argmin(1) for part in parts])


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of every row of a from every row of b."""
    square = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(square, 0))
