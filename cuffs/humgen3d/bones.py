"""HumGen3D's bones and SMPL-X's joints: which bone follows which joint, and whose head a joint is.

Names are the bones' `original_name`; L is the character's left, as in SMPL-X.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from cuffs.skeleton import INDEX, JOINTS

FINGERS = {"thumb": "thumb", "f_index": "index", "f_middle": "middle", "f_ring": "ring", "f_pinky": "pinky"}

FOLLOWS = {
    "spine": "pelvis", "spine.001": "spine1", "spine.002": "spine2", "spine.003": "spine3", "breast": "spine3",
    "neck": "neck", "head": "head", "shoulder": "collar", "upper_arm": "shoulder", "forearm": "elbow", "hand": "wrist",
    "thigh": "hip", "shin": "knee", "foot": "ankle", "toe": "foot", "heel.02": "ankle", "jaw": "jaw",
    "eyeball": "eye", "eyeball_lookat": "eye",
}  # fmt: skip
"""The joint, without its side, that a bone follows. Palms follow the wrist; the rest of the face the head."""

HEADS = {
    "pelvis": "spine", "spine1": "spine.001", "spine2": "spine.002", "spine3": "spine.003", "neck": "neck",
    "head": "head", "collar": "shoulder", "shoulder": "upper_arm", "elbow": "forearm", "wrist": "hand", "hip": "thigh",
    "knee": "shin", "ankle": "foot", "foot": "toe", "eye": "eyeball",
}  # fmt: skip
"""The bone whose head is a joint, both without their sides. The jaw bone's head is no landmark: where it lies is the
rig's own affair."""

NEEDED = tuple(name for name in HEADS.values() if name.startswith(("spine", "neck", "head"))) + tuple(
    f"{name}.{side}"
    for side in "LR"
    for name in (
        *(bone for bone in HEADS.values() if not bone.startswith(("spine", "neck", "head"))),
        *(f"{finger}.{k:02d}" for finger in FINGERS for k in (1, 2, 3)),
    )
)
"""Bones without which nobody can be posed."""


def joint_of_bone(bone: str) -> str:
    """The SMPL-X joint that a bone follows."""
    stem, _, end = bone.rpartition(".")
    side = {"L": "left_", "R": "right_"}.get(end, "")
    name = stem if side else bone
    finger, _, number = name.rpartition(".")
    if finger in FINGERS:
        return f"{side}{FINGERS[finger]}{int(number)}"
    if finger == "palm":
        return f"{side}wrist"
    joint = FOLLOWS.get(name, "head")
    return joint if joint in INDEX else side + joint


def bone_of_joint(joint: str) -> str | None:
    """The bone whose head is a joint; None for the jaw."""
    side, _, kind = joint.rpartition("_")
    ending = {"left": ".L", "right": ".R"}.get(side, "")
    back = {theirs: ours for ours, theirs in FINGERS.items()}
    if kind[:-1] in back:
        return f"{back[kind[:-1]]}.0{kind[-1]}{ending}"
    return HEADS[kind] + ending if kind in HEADS else None


def bone_joints(names: Sequence[str]) -> Int[np.ndarray, " bones"]:
    """Number of the joint that each bone follows."""
    return np.array([INDEX[joint_of_bone(name)] for name in names], np.int32)


def joint_bones(names: Sequence[str]) -> Int[np.ndarray, "55"]:
    """Number of the bone whose head is each joint; -1 where there is none."""
    place: dict[str | None, int] = {name: number for number, name in enumerate(names)}
    return np.array([place.get(bone_of_joint(joint), -1) for joint in JOINTS], np.int32)
