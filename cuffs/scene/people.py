"""How many people there are, and where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from cuffs.config import require_span, require_weights
from cuffs.errors import ConfigError
from cuffs.records import PoseOrigin, PoseSample

RESPOTS = 30
"""Tries to stand somewhere else, where people would touch."""

COARSE = 4
"""Every so manieth vertex is looked at meanwhile."""

APART_M = 0.06
"""Between those vertices; `gates.people_gap_m` is held against all of them later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleConfig:
    """How many people a scene holds, and how they are arranged."""

    count: Mapping[str, float] = field(default_factory=lambda: {"1": 1.0})
    """Weights of 1, 2, 3 … people."""

    spacing_m: tuple[float, float] = (0.7, 1.4)
    """Distance of each further person from the first, pelvis to pelvis."""

    def __post_init__(self) -> None:
        require_weights("people.count", dict(self.count))
        for number in self.count:
            if not number.isdigit() or not 1 <= int(number) <= 8:
                raise ConfigError(f"people.count: {number!r} is not a number of people from 1 to 8.")
        require_span("people.spacing_m", self.spacing_m, 0.1, 50.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseDraw:
    """A pose as a scene uses it: the whole body, and where each part came from."""

    body: PoseSample
    left_hand: PoseOrigin
    right_hand: PoseOrigin
    refused: tuple[str, ...] = ()
    """Causes for which the sources refused other poses before this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where one person stands relative to the first, and how they are turned."""

    xy_m: tuple[float, float]
    yaw_rad: float


def sample_count(config: PeopleConfig, rng: np.random.Generator) -> int:
    """Draw the number of people."""
    numbers = sorted(config.count, key=int)
    weights = np.array([config.count[number] for number in numbers])
    return int(rng.choice([int(number) for number in numbers], p=weights / weights.sum()))


def sample_spots(config: PeopleConfig, count: int, rng: np.random.Generator) -> tuple[Spot, ...]:
    """Draw where people stand: the first at the origin, the others around them."""
    spots = [Spot(xy_m=(0.0, 0.0), yaw_rad=float(rng.uniform(-np.pi, np.pi)))]
    for _ in range(count - 1):
        angle, radius = rng.uniform(-np.pi, np.pi), rng.uniform(*config.spacing_m)
        spots.append(
            Spot(
                xy_m=(float(radius * np.cos(angle)), float(radius * np.sin(angle))),
                yaw_rad=float(rng.uniform(-np.pi, np.pi)),
            )
        )
    return tuple(spots)


def clear_spot(
    config: PeopleConfig,
    spot: Spot,
    verts: Float[np.ndarray, "verts 3"],
    others: Sequence[Float[np.ndarray, "_ 3"]],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Where somebody can stand without touching those who stand already: their spot, or another around the first.

    Args:
        config: how far from the first they may stand; a little farther with each try.
        spot: where they would stand.
        verts: their body, its pelvis above the origin, metres.
        others: bodies of those before them, world.
        rng: for other spots.

    After `RESPOTS` tries the last one is returned: the gate on overlaps refuses the scene.
    """
    xy_m = spot.xy_m
    outlines = [other[::COARSE] for other in others]
    for number in range(RESPOTS):
        moved = verts[::COARSE] + np.array([*xy_m, -verts[:, 2].min()])
        if not any(_touch(moved, other) for other in outlines):
            break
        angle, radius = rng.uniform(-np.pi, np.pi), rng.uniform(*config.spacing_m) * (1 + 0.05 * number)
        xy_m = (float(radius * np.cos(angle)), float(radius * np.sin(angle)))
    return xy_m


def _touch(first: Float[np.ndarray, "_ 3"], second: Float[np.ndarray, "_ 3"]) -> bool:
    """Whether bodies come within `APART_M`, looking at boxes first."""
    gap = np.maximum(first.min(0) - second.max(0), second.min(0) - first.max(0)).max()
    if gap > APART_M:
        return False
    distance, _ = KDTree(first).query(second, distance_upper_bound=APART_M)
    return bool(np.isfinite(distance).any())


def about_z(yaw_rad: float) -> Float[np.ndarray, "3 3"]:
    """Rotation about the vertical, from x towards y."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def facing_rad(root_world: Float[np.ndarray, "3 3"]) -> float:
    """Direction a person faces, from world x towards y. Lying people, whose front points up or down, get their head's.

    Args:
        root_world: rotation of the root; the body's own front is z, its up y.
    """
    front, up = root_world[:, 2], root_world[:, 1]
    level = front if np.hypot(front[0], front[1]) > 0.2 else up * np.sign(front[2] or 1.0) * -1
    return float(np.arctan2(level[1], level[0]))
