"""The thumb: where it meets the fingers, and whether digits run into each other."""

from collections.abc import Mapping
from dataclasses import astuple, replace
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import FINGERS, INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.capsules import overlap
from pose_sources.kinematics import unit
from pose_sources.procedural.hand_shape import (
    HandShape,
    ThumbShape,
    digit_points,
    digit_rotmats,
    hand_points,
    thumb_from,
    thumb_range,
    thumb_rotmats,
)

Vec3 = Float[np.ndarray, "3"]

RADIUS_M: Final[Mapping[str, float]] = {
    "index": 0.0092, "middle": 0.0092, "ring": 0.0088, "pinky": 0.0078, "thumb": 0.0105,
}  # fmt: skip
"""Half the thickness of each digit at its middle phalanx, metres."""

TIP_SHARE: Final = 0.8
"""Last phalanges are thinner by this."""

STEPS: Final = 20
STEP_DEG: Final = 0.5
LOOKS_M: Final = 0.008
"""A pad that looks 1 rad off costs as much as this distance: where pads meet matters more than how squarely."""

ON_PAD: Final = 0.8
"""Where a finger is met: this share of the way along its last phalanx. The thumb meets it with its very tip, so that
nothing of it sticks out beyond."""

POSTURE_M: Final = 0.012
"""A joint that leaves its wish by its whole range costs as much as this distance."""


def place_thumb(anatomy: Anatomy, shape: HandShape, *, pad_at: Vec3, pad_looks: Vec3) -> HandShape:
    """The hand with its thumb's pad brought to a point, as near as its joints allow.

    Damped Gauss-Newton over the thumb's five angles, from the posture it has and drawn back to it, so that of all ways
    to reach the point the most natural one is found.

    Args:
        anatomy: of the rest skeleton.
        shape: the hand; its thumb is where the search starts.
        pad_at: where the thumb's pad goes, metres, in the frame of the resting left wrist.
        pad_looks: unit direction that the pad should look in.
    """
    low, high = thumb_range()
    wish = np.clip(astuple(shape.thumb), low, high)
    angles = wish.copy()
    core_at = (
        pad_at - TIP_SHARE * RADIUS_M["thumb"] * pad_looks
    )  # whatever way the pad ends up looking, the thumb stays outside

    def misses(angles: Float[np.ndarray, "5"]) -> Float[np.ndarray, "11"]:
        place, looks = thumb_pad(anatomy, thumb_from(angles))
        core = place - TIP_SHARE * RADIUS_M["thumb"] * looks
        posture = POSTURE_M * (angles - wish) / (high - low)
        return np.concatenate([core - core_at, LOOKS_M * (looks - pad_looks), posture])

    for _ in range(STEPS):
        miss = misses(angles)
        slope = np.stack([(misses(angles + STEP_DEG * e) - miss) / STEP_DEG for e in np.eye(5)], 1)
        square = slope.T @ slope
        step = np.linalg.solve(square + 1e-3 * np.diag(np.diag(square)), -slope.T @ miss)
        moved = np.clip(angles + np.clip(step, -20, 20), low, high)
        if np.abs(moved - angles).max() < 0.05:
            break
        angles = moved
    return replace(shape, thumb=thumb_from(angles))


def thumb_pad(anatomy: Anatomy, thumb: ThumbShape) -> tuple[Vec3, Vec3]:
    """Middle of the thumb's pad and the direction it looks in, in the frame of the resting left wrist."""
    return _surface(anatomy, thumb_rotmats(anatomy, thumb), "thumb", phalanx=3, share=1.0)


def finger_pad(anatomy: Anatomy, shape: HandShape, name: str) -> tuple[Vec3, Vec3]:
    """Middle of a finger's pad and the direction it looks in, in the frame of the resting left wrist."""
    return _surface(anatomy, digit_rotmats(anatomy, shape, name), name, phalanx=3, share=ON_PAD)


def finger_back(anatomy: Anatomy, shape: HandShape, name: str) -> tuple[Vec3, Vec3]:
    """Middle of the back of a finger's middle phalanx, where a fist's thumb lies, and the direction it looks in."""
    place, looks = _surface(anatomy, digit_rotmats(anatomy, shape, name), name, phalanx=2, share=0.5)
    return place - 2 * RADIUS_M[name] * looks, -looks


def _surface(
    anatomy: Anatomy, rotmats: Float[np.ndarray, "3 3 3"], name: str, *, phalanx: int, share: float
) -> tuple[Vec3, Vec3]:
    """A point of a phalanx's palmar side, and where that looks: to where flexion moves it."""
    points = digit_points(anatomy, rotmats, name)
    near, far = points[phalanx - 1], points[phalanx]
    hinge = anatomy.axes[INDEX[f"left_{name}{phalanx}"]][:, 0]
    for rotmat in rotmats[:phalanx][::-1]:
        hinge = rotmat @ hinge
    looks = unit(np.cross(hinge, far - near))
    thickness = RADIUS_M[name] * (TIP_SHARE if phalanx == 3 else 1.0)
    return near + share * (far - near) + thickness * looks, looks


def worst_overlap(anatomy: Anatomy, shape: HandShape) -> float:
    """How deep two digits reach into each other where they shouldn't touch at all, metres; negative for a gap.

    Neighbouring fingers are compared by their last two phalanges, the thumb by its last two with all of the fingers'.
    """
    points = hand_points(anatomy, shape)
    worst = -np.inf
    for n, first in enumerate(FINGERS):
        for second in FINGERS[n + 1 :]:
            a = _segments(points[first], 0 if second == "thumb" else 1)
            b = _segments(points[second], 1)
            worst = max(worst, float(overlap(a, _radii(first, len(a)), b, _radii(second, len(b))).max()))
    return worst


def _radii(name: str, count: int) -> Float[np.ndarray, " count"]:
    """Of a digit's last phalanges."""
    return RADIUS_M[name] * np.array([1.0, 1.0, TIP_SHARE])[3 - count :]


def _segments(points: Float[np.ndarray, "4 3"], first: int) -> Float[np.ndarray, "n 2 3"]:
    return np.stack([points[first:-1], points[first + 1 :]], 1)
