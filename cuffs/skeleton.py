"""The 55 joints of SMPL-X by name: the only file that knows a joint's number.

Joint order, parents and vertex picks: `pose_formats.md` 5.3, as the `smplx` package has them.
"""

from typing import Final

import numpy as np

FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")
"""In SMPL-X's order."""

JOINTS: Final[tuple[str, ...]] = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "jaw", "left_eye", "right_eye",
    *(f"{side}_{finger}{phalanx}" for side in ("left", "right") for finger in FINGERS for phalanx in (1, 2, 3)),
)  # fmt: skip

NUM_JOINTS: Final = len(JOINTS)
INDEX: Final[dict[str, int]] = {name: number for number, name in enumerate(JOINTS)}

PARENT_NAMES: Final[dict[str, str]] = {
    "left_hip": "pelvis", "right_hip": "pelvis", "spine1": "pelvis", "left_knee": "left_hip",
    "right_knee": "right_hip", "spine2": "spine1", "left_ankle": "left_knee", "right_ankle": "right_knee",
    "spine3": "spine2", "left_foot": "left_ankle", "right_foot": "right_ankle", "neck": "spine3",
    "left_collar": "spine3", "right_collar": "spine3", "head": "neck", "left_shoulder": "left_collar",
    "right_shoulder": "right_collar", "left_elbow": "left_shoulder", "right_elbow": "right_shoulder",
    "left_wrist": "left_elbow", "right_wrist": "right_elbow", "jaw": "head", "left_eye": "head", "right_eye": "head",
    **{f"{side}_{finger}1": f"{side}_wrist" for side in ("left", "right") for finger in FINGERS},
    **{f"{side}_{finger}{k}": f"{side}_{finger}{k - 1}" for side in ("left", "right") for finger in FINGERS
       for k in (2, 3)},
}  # fmt: skip

PARENTS: Final[tuple[int, ...]] = tuple(INDEX[PARENT_NAMES[name]] if name in PARENT_NAMES else -1 for name in JOINTS)
"""Parent of each joint; -1 for the pelvis. A parent always comes before its children."""

BODY: Final = slice(INDEX["left_hip"], INDEX["jaw"])
JAW: Final = INDEX["jaw"]
LEFT_EYE: Final = INDEX["left_eye"]
RIGHT_EYE: Final = INDEX["right_eye"]
LEFT_HAND: Final = slice(INDEX["left_index1"], INDEX["right_index1"])
RIGHT_HAND: Final = slice(INDEX["right_index1"], NUM_JOINTS)
HANDS: Final = {"left": LEFT_HAND, "right": RIGHT_HAND}


def mirrored_name(name: str) -> str:
    """The name with left and right exchanged; a name without a side is its own mirror image."""
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


MIRROR: Final[tuple[int, ...]] = tuple(INDEX[mirrored_name(name)] for name in JOINTS)
"""Where each joint's mirror image is."""


def segment_of(joint: str) -> str:
    """The body segment that a joint moves: the unit that correspondence is gated by.

    A finger is one segment, whatever its phalanx; toes count as the foot, jaw and eyes as the head.
    """
    side = "left_" if joint.startswith("left_") else "right_" if joint.startswith("right_") else ""
    kind = joint.removeprefix(side)
    if kind.rstrip("123") in FINGERS:
        return side + kind.rstrip("123")
    return {
        "pelvis": "torso", "spine1": "torso", "spine2": "torso", "spine3": "torso", "collar": "torso",
        "neck": "head", "head": "head", "jaw": "head", "eye": "head", "shoulder": side + "upper_arm",
        "elbow": side + "forearm", "wrist": side + "palm", "hip": side + "thigh", "knee": side + "shin",
        "ankle": side + "foot", "foot": side + "foot",
    }[kind]  # fmt: skip


def limb_of(joint: str) -> str:
    """The limb that a joint belongs to, in the coarse sense of `occluded`: torso, head, an arm, hand, leg."""
    segment = segment_of(joint)
    side = segment.split("_")[0] + "_" if segment.startswith(("left_", "right_")) else ""
    kind = segment.removeprefix(side)
    if kind == "palm" or kind in FINGERS:
        return side + "hand"
    coarse = {"upper_arm": "arm", "forearm": "arm", "thigh": "leg", "shin": "leg", "foot": "leg"}
    return side + coarse.get(kind, kind)


SEGMENTS: Final[tuple[str, ...]] = tuple(dict.fromkeys(segment_of(name) for name in JOINTS))
LIMBS: Final[tuple[str, ...]] = tuple(dict.fromkeys(limb_of(name) for name in JOINTS))
SEGMENT_OF_JOINT: Final = np.array([SEGMENTS.index(segment_of(name)) for name in JOINTS])
LIMB_OF_JOINT: Final = np.array([LIMBS.index(limb_of(name)) for name in JOINTS])

VERTEX_PICKS: Final[dict[str, int]] = {
    "nose": 9120, "right_eye": 9929, "left_eye": 9448, "right_ear": 616, "left_ear": 6,
    "left_big_toe": 5770, "left_small_toe": 5780, "left_heel": 8846,
    "right_big_toe": 8463, "right_small_toe": 8474, "right_heel": 8635,
    "left_thumb_tip": 5361, "left_index_tip": 4933, "left_middle_tip": 5058, "left_ring_tip": 5169,
    "left_pinky_tip": 5286, "right_thumb_tip": 8079, "right_index_tip": 7669, "right_middle_tip": 7794,
    "right_ring_tip": 7905, "right_pinky_tip": 8022,
}  # fmt: skip
"""Vertices that the `smplx` package reads as joints 55-75, in its order."""

NUM_VERTS: Final = 10475
EYEBALLS: Final = {"left": slice(9383, 9929), "right": slice(9929, 10475)}
"""The eyeballs' vertices."""


def descendants(joint: str) -> tuple[int, ...]:
    """The joint and everything below it, as numbers."""
    found = {INDEX[joint]}
    for number in range(NUM_JOINTS):
        if PARENTS[number] in found:
            found.add(number)
    return tuple(sorted(found))
