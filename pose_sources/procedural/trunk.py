"""Pelvis, spine, neck and head."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from cuffs.skeleton import HANDS, INDEX, NUM_JOINTS
from pose_sources.anatomy import Anatomy
from pose_sources.kinematics import turn
from pose_sources.procedural.figure import FRONT, LEFT, UP, Figure, figure
from pose_sources.procedural.hand_kinds import RELAXED_HAND
from pose_sources.procedural.hand_shape import hand_rotmats

Angles = tuple[float, float, float]
SPINE_SHARES: Final = {"spine1": 0.36, "spine2": 0.33, "spine3": 0.31}
NECK_SHARES: Final = {"neck": 0.5, "head": 0.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkPlan:
    """How the trunk is held: forward, to the left side, turned to the left; degrees, summed over the joints."""

    pelvis: Angles = (0.0, 0.0, 0.0)
    spine: Angles = (0.0, 0.0, 0.0)
    neck: Angles = (0.0, 0.0, 0.0)


def pose_trunk(anatomy: Anatomy, plan: TrunkPlan) -> Figure:
    """A figure with its trunk posed, arms and legs as at rest, hands relaxed."""
    forward, side, left = plan.pelvis
    rotmats = np.tile(np.eye(3), (NUM_JOINTS, 1, 1))
    rotmats[0] = turn(UP, left) @ turn(-FRONT, side) @ turn(LEFT, forward)
    for shares, angles in ((SPINE_SHARES, plan.spine), (NECK_SHARES, plan.neck)):
        for joint, share in shares.items():
            parts = (share * angles[0], share * angles[1], share * angles[2])
            rotmats[INDEX[joint]] = anatomy.rotation(joint, parts)
    for side, part in HANDS.items():
        rotmats[part] = hand_rotmats(anatomy, RELAXED_HAND, side)
    return figure(anatomy, rotmats)


def sample_trunk(rng: np.random.Generator, *, lean: float, pelvis: Angles = (0.0, 0.0, 0.0)) -> TrunkPlan:
    """Draw how the trunk is held about upright.

    Args:
        rng: random numbers.
        lean: scales all angles of spine and neck; 1 is lively, 0 is a soldier.
        pelvis: held as given, and half made up for by the spine.
    """
    spine = lean * np.clip(rng.normal([6, 0, 0], [7, 5, 8]), [-12, -14, -20], [28, 14, 20])
    neck = lean * np.clip(rng.normal([4, 0, 0], [11, 7, 18]), [-24, -18, -42], [32, 18, 42])
    made_up = np.clip(-0.5 * np.array(pelvis), -12, 12)
    first, second, third = (spine + made_up).tolist()
    return TrunkPlan(
        pelvis=pelvis,
        spine=(first, second, third),
        neck=(float(neck[0]), float(neck[1]), float(neck[2])),
    )
