"""Folds: cloth that keeps its size while the body beneath it bends, and hangs where nothing holds it. Numpy alone.

After Müller and Chentanez 2010, "Wrinkle meshes": the garment as the rig moves it is a base that every point may leave
by a little, and a static solver looks for the place near it where edges have the lengths they were cut with.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.subdivision import summed

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """How a cloth falls."""

    reach_m: float
    """How far at most a point leaves its base, where the cloth is wide."""

    along: float
    """Length of the cloth along the limb, 1 being what lies smooth on the body at rest."""

    around: float
    """Likewise around it."""

    stiffness: float
    """0 to 1: the larger, the wider its folds."""

    sag_m: float
    """How far gravity pulls before the cloth holds."""

    seed: int
    """Which folds, of the many that would do."""


ITERATIONS = 60
STRETCH, SQUEEZE = 1.01, 0.995
"""Edges longer or shorter than this times their own length are corrected."""

NOISE_WAVES = 10
NOISE_M, NOISE_LENGTH_M = 0.004, (0.05, 0.16)
"""Height and lengths of the waves that folds begin from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Under:
    """What lies beneath each point."""

    points: Float[Array, "n 3"]
    normals: Float[Array, "n 3"]
    gap_m: Float[Array, " n"]
    """How far off it the cloth stays."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """A cloth as it was cut."""

    edges: Int[Array, "edges 2"]
    lengths_m: Float[Array, " edges"]


def folded(
    base: Float[Array, "n 3"],
    normals: Float[Array, "n 3"],
    *,
    cut: Cut,
    under: Under,
    reach_m: Float[Array, " n"],
    fall: Fall,
) -> Float[Array, "n 3"]:
    """Where the cloth comes to lie.

    Args:
        base: the garment as the rig moves it, metres.
        normals: its outward unit normals.
        cut: its edges, and the lengths that they were cut with.
        under: skin or the cloth beneath.
        reach_m: how far each point may leave its base.
        fall: how it falls.
    """
    count, edges = len(base), cut.edges
    valence = np.bincount(edges.ravel(), minlength=count)[:, None]
    points = base + _ripples(base, fall)[:, None] * normals
    for iteration in range(ITERATIONS):
        share = 1 - iteration / ITERATIONS
        points[:, 2] -= fall.sag_m * share / ITERATIONS * 2
        points += 1.4 * _length_steps(points, edges, cut.lengths_m) / valence
        away = points - base
        away += fall.stiffness * (summed(edges, away, count) / valence - away)
        points = clear_of(base + _within(away, reach_m), under)
    return points


def clear_of(points: Float[Array, "n 3"], under: Under) -> Float[Array, "n 3"]:
    """Points pushed out of what lies beneath."""
    height = np.einsum("ni,ni->n", points - under.points, under.normals)
    return points + np.maximum(under.gap_m - height, 0)[:, None] * under.normals


def _length_steps(
    points: Float[Array, "n 3"], edges: Int[Array, "edges 2"], wanted: Float[Array, " edges"]
) -> Float[Array, "n 3"]:
    """For each point the sum of half the steps that would set its edges right."""
    along = points[edges[:, 1]] - points[edges[:, 0]]
    length = np.sqrt(np.einsum("ei,ei->e", along, along))
    excess = length - np.clip(length, SQUEEZE * wanted, STRETCH * wanted)
    step = (0.5 * excess / np.maximum(length, 1e-9))[:, None] * along
    count = len(points)
    return np.stack(
        [np.bincount(edges[:, 0], channel, count) - np.bincount(edges[:, 1], channel, count) for channel in step.T],
        1,
    )


def _within(away: Float[Array, "n 3"], reach_m: Float[Array, " n"]) -> Float[Array, "n 3"]:
    """Steps no longer than the reach."""
    length = np.sqrt(np.einsum("ni,ni->n", away, away))
    return away * (reach_m / np.maximum(length, reach_m))[:, None]


def _ripples(points: Float[Array, "n 3"], fall: Fall) -> Float[Array, " n"]:
    """Small smooth waves in all directions, metres."""
    rng = np.random.default_rng(fall.seed)
    found = np.zeros(len(points))
    for _ in range(NOISE_WAVES):
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        length = rng.uniform(*NOISE_LENGTH_M)
        found += np.sin(points @ direction * (2 * np.pi / length) + rng.uniform(0, 2 * np.pi))
    return found * NOISE_M / np.sqrt(NOISE_WAVES)
