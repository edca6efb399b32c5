"""A body while it is being posed: joint rotations, and where they put the joints.

It stands in SMPL-X's own axes (y up, facing +z, left is +x); directions and places are given in them, places relative
to the pelvis, in metres.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import HANDS, INDEX, JOINTS, NUM_JOINTS, PARENTS
from pose_sources.anatomy import Anatomy
from pose_sources.kinematics import posed_joints, unit

Vec3 = Float[np.ndarray, "3"]
Mat3 = Float[np.ndarray, "3 3"]
Side = str
"""left or right."""

SIDES: Final = ("left", "right")


def _carried() -> tuple[frozenset[int], ...]:
    """By joint: itself and all that hang on it."""
    found: list[set[int]] = [{joint} for joint in range(NUM_JOINTS)]
    for joint in reversed(range(1, NUM_JOINTS)):
        found[PARENTS[joint]] |= found[joint]
    return tuple(frozenset(joints) for joints in found)


_CARRIED: Final = _carried()

LEFT: Final = np.array([1.0, 0.0, 0.0])
UP: Final = np.array([0.0, 1.0, 0.0])
FRONT: Final = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """Joint rotations with their consequences."""

    anatomy: Anatomy
    rotmats: Float[np.ndarray, "55 3 3"]
    """Of each joint relative to its parent."""

    turned: Float[np.ndarray, "55 3 3"]
    """Global rotations."""

    placed: Float[np.ndarray, "55 3"]
    """Joint positions; the pelvis is the origin."""

    def at(self, joint: str) -> Vec3:
        """Where a joint is."""
        return self.placed[INDEX[joint]]

    def frame(self, joint: str) -> Mat3:
        """Global rotation of a joint."""
        return self.turned[INDEX[joint]]

    def posed(self, rotmats: Mapping[str, Mat3]) -> "Figure":
        """The figure with some joints' rotations replaced; only what hangs on these joints is placed anew."""
        changed, turned, placed = self.rotmats.copy(), self.turned.copy(), self.placed.copy()
        moved: set[int] = set()
        for joint, rotmat in rotmats.items():
            changed[INDEX[joint]] = rotmat
            moved |= _CARRIED[INDEX[joint]]
        for joint in sorted(moved):
            if joint == 0:
                turned[0] = changed[0]
                continue
            parent = PARENTS[joint]
            turned[joint] = turned[parent] @ changed[joint]
            placed[joint] = placed[parent] + turned[parent] @ self.anatomy.bones[joint]
        return Figure(self.anatomy, changed, turned, placed)


def figure(anatomy: Anatomy, rotmats: Float[np.ndarray, "55 3 3"]) -> Figure:
    """The figure with these joint rotations."""
    turned, placed = posed_joints(anatomy.rest, rotmats)
    return Figure(anatomy, rotmats, turned, placed - placed[0])


def with_hand(body: Figure, side: Side, hand: Float[np.ndarray, "15 3 3"]) -> Figure:
    """The figure with the fingers of one hand posed."""
    return body.posed(dict(zip(JOINTS[HANDS[side]], hand, strict=True)))


def sign_of(side: Side) -> float:
    """+1 for left, -1 for right: the sign of x on that side."""
    return 1.0 if side == "left" else -1.0


def other(side: Side) -> Side:
    """The other side."""
    return "right" if side == "left" else "left"


def direction(side: Side, *, out: float = 0.0, up: float = 0.0, front: float = 0.0) -> Vec3:
    """The unit direction with these parts; `out` is away from the body's middle on the given side."""
    return unit(np.array([out * sign_of(side), up, front]))
