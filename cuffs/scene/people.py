"""How many people there are, and where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from cuffs.config import require_span, require_weights
from cuffs.errors import ConfigError
from cuffs.records import PoseOrigin, PoseSample


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
