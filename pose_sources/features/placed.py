"""Many poses at once: where their joints are."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import INDEX, NUM_JOINTS, PARENTS
from pose_sources.anatomy import Anatomy
from pose_sources.rest_skeleton import finger_tips

UP: Final = 2
"""The world's z is up."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedPoses:
    """Poses with the places of their joints: the pelvis is the origin, z is up, everybody faces x."""

    anatomy: Anatomy
    rotmats: Float[np.ndarray, "poses 55 3 3"]
    """Of each joint relative to its parent."""

    turned: Float[np.ndarray, "poses 55 3 3"]
    """Of each joint in the world."""

    joints: Float[np.ndarray, "poses 55 3"]
    """Metres."""

    def at(self, joint: str) -> Float[np.ndarray, "poses 3"]:
        """Where a joint is."""
        return self.joints[:, INDEX[joint]]

    def hand(self, side: str) -> Float[np.ndarray, "poses 3"]:
        """The middle of a hand: halfway from the wrist to the middle finger's second joint."""
        return (self.at(f"{side}_wrist") + self.at(f"{side}_middle2")) / 2

    def tips(self, side: str) -> Float[np.ndarray, "poses 5 3"]:
        """The fingertips, in the order of `FINGERS`."""
        return finger_tips(self.anatomy.rest, self.turned, self.joints, side)


def place_poses(anatomy: Anatomy, poses: Float[np.ndarray, "poses 55 3"]) -> PlacedPoses:
    """Forward kinematics of many poses.

    Args:
        anatomy: of the rest skeleton.
        poses: axis-angle, radians; roots in a world whose z is up.
    """
    rotmats = rotvec_to_rotmat(poses)
    rotmats[:, 0] = _facing_x(rotmats[:, 0]) @ rotmats[:, 0]
    turned, joints = rotmats.copy(), np.zeros((len(poses), NUM_JOINTS, 3))
    for joint in range(1, NUM_JOINTS):
        parent = PARENTS[joint]
        turned[:, joint] = turned[:, parent] @ rotmats[:, joint]
        bone = anatomy.rest[joint] - anatomy.rest[parent]
        joints[:, joint] = joints[:, parent] + turned[:, parent] @ bone
    return PlacedPoses(anatomy, rotmats, turned, joints)


def _facing_x(roots: Float[np.ndarray, "poses 3 3"]) -> Float[np.ndarray, "poses 3 3"]:
    """The turns about z after which people face x. Those who lie, whose front points up or down, get their head's."""
    front, up = roots[:, :, 2], roots[:, :, 1]
    lies = np.hypot(front[:, 0], front[:, 1]) <= 0.2
    level = np.where(lies[:, None], -up * np.where(front[:, UP] < 0, -1.0, 1.0)[:, None], front)
    yaw = np.arctan2(level[:, 1], level[:, 0])
    cos, sin, zero, one = np.cos(yaw), np.sin(yaw), np.zeros(len(yaw)), np.ones(len(yaw))
    return np.stack([cos, sin, zero, -sin, cos, zero, zero, zero, one], -1).reshape(-1, 3, 3)
