"""Poses as points in a space where distance means what the eye calls different."""

from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import HANDS, INDEX
from pose_sources.features.placed import PlacedPoses

BODY_JOINTS: Final = tuple(
    INDEX[name]
    for name in (
        "spine3", "neck", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
        "right_wrist", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_foot", "right_foot",
    )
)  # fmt: skip


def body_descriptor(poses: PlacedPoses) -> Float[np.ndarray, "poses numbers"]:
    """Joints of trunk, arms and legs from the pelvis, with everybody turned to face x, metres.

    Divided by the root of the number of joints: the distance of two descriptors is the root mean square distance of the
    joints.
    """
    joints = poses.joints[:, BODY_JOINTS]
    return joints.reshape(len(joints), -1) / np.sqrt(len(BODY_JOINTS))


def hand_descriptor(poses: PlacedPoses, side: str) -> Float[np.ndarray, "poses numbers"]:
    """A hand's moving joints and fingertips in the frame of its wrist, the right hand mirrored; else the same."""
    wrist = INDEX[f"{side}_wrist"]
    part = HANDS[side]
    moving = [joint for joint in range(part.start, part.stop) if (joint - part.start) % 3]
    points = np.concatenate([poses.joints[:, moving], poses.tips(side)], 1) - poses.joints[:, wrist, None]
    local = points @ poses.turned[:, wrist]
    if side == "right":
        local = local * [-1.0, 1.0, 1.0]
    return local.reshape(len(local), -1) / np.sqrt(local.shape[1])
