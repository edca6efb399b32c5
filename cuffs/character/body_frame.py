"""A middling person at rest with named joints: what clothes and hair are laid out on."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Int

from cuffs.skeleton import INDEX, LIMB_OF_JOINT, LIMBS

Array = np.ndarray

LIMB_JOINTS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "left_arm": ("left_shoulder", "left_elbow", "left_wrist"),
    "right_arm": ("right_shoulder", "right_elbow", "right_wrist"),
    "left_leg": ("left_hip", "left_knee", "left_ankle"),
    "right_leg": ("right_hip", "right_knee", "right_ankle"),
    "torso": ("pelvis", "neck"),
    "head": ("neck", "head"),
})  # fmt: skip
"""Joints that limbs run through, where they begin first; names as in `skeleton.LIMBS`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyFrame:
    """One person at rest: z up, facing -y."""

    rest: Float[Array, "verts 3"]
    """All full vertices, metres."""

    joints: Float[Array, "55 3"]
    """Joints; the jaw's is the head's."""

    limb_weights: Float[Array, "verts limbs"]
    """How far each full vertex follows each limb, in the order of `skeleton.LIMBS`."""

    def joint(self, name: str) -> Float[Array, "3"]:
        """Where a joint is."""
        return self.joints[INDEX[name]]

    def limb_weight(self, limb: str) -> Float[Array, " verts"]:
        """How far each full vertex follows a limb."""
        return self.limb_weights[:, LIMBS.index(limb)]

    def along(self, limb: str, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
        """Where points lie along a limb: 0 where it begins, 1 where it ends, beyond that less and more.

        Points are dropped on the nearest bone; the first and the last go on past their ends.
        """
        corners = np.stack([self.joint(name) for name in LIMB_JOINTS[limb]])
        steps = np.diff(corners, axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        begins = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
        best = np.full(len(points), np.inf)
        share = np.zeros(len(points))
        for number, (corner, step, length) in enumerate(zip(corners[:-1], steps, lengths, strict=True)):
            t = (points - corner) @ step / length**2
            low = -np.inf if number == 0 else 0.0
            t = np.clip(t, low, np.inf if number == len(steps) - 1 else 1.0)
            distance = np.linalg.norm(points - corner - t[:, None] * step, axis=1)
            nearer = distance < best
            best[nearer] = distance[nearer]
            share[nearer] = (begins[number] + t[nearer] * length) / lengths.sum()
        return share


def body_frame(
    rest: Float[Array, "verts 3"],
    bone_heads: Float[Array, "bones 3"],
    *,
    joint_bone: Int[Array, "55"],
    joint_weights: Float[Array, "verts 55"],
) -> BodyFrame:
    """Lay out a person.

    Args:
        rest: full vertices, metres.
        bone_heads: of the rig.
        joint_bone: the bone of each joint, -1 for the jaw.
        joint_weights: how far each full vertex follows each joint.
    """
    bone = joint_bone.copy()
    bone[INDEX["jaw"]] = bone[INDEX["head"]] if bone[INDEX["jaw"]] < 0 else bone[INDEX["jaw"]]
    shares = np.zeros((len(rest), len(LIMBS)))
    for joint, limb in enumerate(LIMB_OF_JOINT):
        shares[:, limb] += joint_weights[:, joint]
    return BodyFrame(rest=rest, joints=bone_heads[bone], limb_weights=shares)


def vertex_normals(verts: Float[Array, "verts 3"], faces: Int[Array, "faces 3"]) -> Float[Array, "verts 3"]:
    """Unit normals, each face counting by its area; vertices without faces get none."""
    a, b, c = (verts[faces[:, corner]] for corner in range(3))
    crossed = np.cross(b - a, c - a)
    normals = np.stack(
        [np.bincount(faces.ravel(), np.repeat(crossed[:, axis], 3), len(verts)) for axis in range(3)], axis=1
    )
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
