"""Bringing the thumb to a place."""

from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.kinematics import cross, unit
from pose_sources.procedural.hand_contact import RADIUS_M, TIP_SHARE
from pose_sources.procedural.hand_shape import HandShape, thumb_angles, thumb_from, thumb_range
from pose_sources.rest_skeleton import TIP_M

Vec3 = Float[np.ndarray, "3"]

STEPS: Final = 20
MOST_STEP_DEG: Final = 20.0
SETTLED_DEG: Final = 0.2
LOOKS_M: Final = 0.008
"""A pad that looks 1 rad off costs as much as this distance: where digits meet matters more than how squarely."""

POSTURE_M: Final = 0.012
"""A joint that leaves its wish by its whole range costs as much as this distance."""


def place_thumb(anatomy: Anatomy, shape: HandShape, *, skin_at: Vec3, skin_looks: Vec3) -> HandShape:
    """The hand with the tip of its thumb laid on a finger's skin, as near as its joints allow.

    Damped Gauss-Newton over the thumb's five angles, from the posture it has and drawn back to it, so that of all ways
    to reach the point the most natural one is found. Whatever way the pad ends up looking, the tip stays outside.

    Args:
        anatomy: of the rest skeleton.
        shape: the hand; its thumb is where the search starts.
        skin_at: point of the skin, metres, in the frame of the resting left wrist.
        skin_looks: unit direction that the skin looks in.
    """
    low, high = thumb_range()
    wish = np.clip(shape.thumb.angles, low, high)
    weight = POSTURE_M / (high - low)
    tip_at = skin_at + TIP_SHARE * RADIUS_M["thumb"] * skin_looks
    angles = wish
    for _ in range(STEPS):
        tip, looks, slopes = _tip_and_slopes(anatomy, angles)
        miss = np.concatenate([tip - tip_at, LOOKS_M * (looks + skin_looks), weight * (angles - wish)])
        slope = np.concatenate([slopes[:3], LOOKS_M * slopes[3:], np.diag(weight)])
        square = slope.T @ slope
        step = np.linalg.solve(square + 1e-3 * np.diag(np.diag(square)), -slope.T @ miss)
        moved = np.clip(angles + np.clip(step, -MOST_STEP_DEG, MOST_STEP_DEG), low, high)
        if np.abs(moved - angles).max() < SETTLED_DEG:
            break
        angles = moved
    return replace(shape, thumb=thumb_from(angles))


def _tip_and_slopes(anatomy: Anatomy, angles: Float[np.ndarray, "5"]) -> tuple[Vec3, Vec3, Float[np.ndarray, "6 5"]]:
    """Where the thumb's tip is, where its pad looks, and how both move per degree of each angle.

    A point that turns about an axis through an origin moves by axis × (point - origin); a direction by axis × itself.
    """
    rows = slice(INDEX["left_thumb1"], INDEX["left_thumb1"] + 3)
    rest, axes = anatomy.rest[rows] - anatomy.rest[INDEX["left_wrist"]], anatomy.axes[rows]
    rotmats = anatomy.rotations(rows, thumb_angles(thumb_from(angles)))
    second, third = rotmats[0], rotmats[0] @ rotmats[1]
    end = third @ rotmats[2]
    middle = rest[0] + second @ (rest[1] - rest[0])
    last = middle + third @ (rest[2] - rest[1])
    bone = end @ unit(rest[2] - rest[1])
    tip = last + TIP_M["thumb"] * bone
    looks = unit(cross(end @ axes[2][:, 0], bone))
    base = _turning_axes(axes[0], thumb_angles(thumb_from(angles))[0])
    turning = np.stack([base[0], base[1], -base[2], second @ axes[1][:, 0], third @ axes[2][:, 0]])
    origins = np.stack([rest[0], rest[0], rest[0], middle, last])
    slopes = np.concatenate([cross(turning, tip - origins).T, cross(turning, looks).T])
    return tip, looks, np.radians(slopes)


def _turning_axes(axes: Float[np.ndarray, "3 3"], angles_deg: Vec3) -> Float[np.ndarray, "3 3"]:
    """Rows are the axes that a joint's three angles turn it about: each carried along by the angles before it."""
    a, b, _ = np.radians(angles_deg)
    second = np.array([0.0, np.cos(a), np.sin(a)])
    third = np.array([np.sin(b), -np.sin(a) * np.cos(b), np.cos(a) * np.cos(b)])
    return np.stack([axes[:, 0], axes @ second, axes @ third])
