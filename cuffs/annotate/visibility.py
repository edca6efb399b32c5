"""What of a person the picture shows: occluded joints, visible fraction, boxes (design.md, section 10)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from cuffs.skeleton import LIMB_OF_JOINT, NUM_JOINTS, PARENTS

Box = tuple[float, float, float, float]

VISIBLE, BY_OTHERS, BY_ONESELF = 0, 1, 2

MARGIN_M = 0.02
"""How far in front of a joint another thing's surface must lie to hide it: joints lie inside bodies, so that less is
noise at the edges of thin limbs."""


OWN_LIMBS = tuple(
    {int(LIMB_OF_JOINT[joint]), int(LIMB_OF_JOINT[max(parent, 0)])} for joint, parent in enumerate(PARENTS)
)
"""Limbs that meet at each joint: the surface around a shoulder is torso or arm, around an elbow the arm alone."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DataPass:
    """What the 1-sample pass saw at each pixel's centre: `Capture`'s data.npz."""

    person: UInt8[np.ndarray, "height width"]
    """Who is in front: 0 background or a thing, i + 1 person i of the scene."""

    limb: UInt8[np.ndarray, "height width"]
    """`skeleton.LIMBS` number + 1, 0 where nobody is."""

    depth_z: Float[np.ndarray, "height width"]
    """Metres along the optical axis, 0 where nothing was hit."""


def occluded_joints(
    data: DataPass,
    *,
    person: int,
    joints_cam: Float[np.ndarray, "55 3"],
    joints2d: Float[np.ndarray, "55 2"],
    seen: Bool[np.ndarray, "55"],
) -> tuple[int | None, ...]:
    """What lies in front of each joint.

    Args:
        data: the surfaces in front.
        person: this person's number in the data pass, from 1.
        joints_cam: metres.
        joints2d: pixels.
        seen: whether the joint is in the frame.

    Returns:
        Per joint 0 (visible: nothing in front, or the own surface of the same limb), 1 (hidden by another person or
        thing), 2 (hidden by another limb of one's own) or None (out of frame).
    """
    result: list[int | None] = [None] * NUM_JOINTS
    for joint in np.flatnonzero(seen):
        x, y = np.floor(joints2d[joint]).astype(int)
        surface_m = float(data.depth_z[y, x])
        if not 0 < surface_m < joints_cam[joint, 2]:
            result[joint] = VISIBLE
        elif data.person[y, x] != person:
            result[joint] = BY_OTHERS if surface_m < joints_cam[joint, 2] - MARGIN_M else VISIBLE
        else:
            result[joint] = VISIBLE if int(data.limb[y, x]) - 1 in OWN_LIMBS[joint] else BY_ONESELF
    return tuple(result)


def mask_box(mask: Bool[np.ndarray, "height width"]) -> Box | None:
    """Box of a mask as (left, top, right, bottom), outer pixel edges; None where it is empty."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    if len(columns) == 0:
        return None
    return (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def points_box(pixels: Float[np.ndarray, "n 2"]) -> Box:
    """Box of projected points, not clipped."""
    low, high = pixels.min(0), pixels.max(0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def longer_side(pixels: Float[np.ndarray, "n 2"]) -> float:
    """Longer side of the box of projected points, pixels."""
    return float((pixels.max(0) - pixels.min(0)).max())


def visible_fraction(mask_pixels: int, alone_pixels: float) -> float:
    """Share of a person's pixels, rendered alone and not clipped, that the instance mask shows."""
    return min(1.0, mask_pixels / alone_pixels) if alone_pixels > 0 else 0.0


def relabel(
    person_map: UInt8[np.ndarray, "height width"], order: Int[np.ndarray, " people"]
) -> UInt8[np.ndarray, "height width"]:
    """The instance mask with people renumbered.

    Args:
        person_map: person i of the scene is i + 1.
        order: the scene's number of each person of the sample, so that order[0] becomes 1.
    """
    table = np.zeros(256, np.uint8)
    table[order + 1] = np.arange(1, len(order) + 1)
    return table[person_map]
