"""The skeleton that poses are made and checked on when no body model is given: an average adult in SMPL-X's T-pose.

y is up, the body faces +z, its left arm points along +x, palms down. The joints are those of the open body model's mean
shape (made from MakeHuman's CC0 data), 1.81 m tall, to the millimetre.
"""

from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import FINGERS, INDEX, JOINTS, mirrored_name

_LEFT_MM: Final[dict[str, tuple[float, float, float]]] = {
    "pelvis": (0, 0, 0), "left_hip": (116, -12, -8), "spine1": (0, 83, -39), "left_knee": (155, -447, 21),
    "spine2": (0, 244, -25), "left_ankle": (196, -894, -10), "spine3": (0, 382, -41), "left_foot": (195, -946, 146),
    "neck": (0, 574, -10), "left_collar": (25, 496, 10), "head": (0, 678, 24), "left_shoulder": (183, 474, 6),
    "left_elbow": (462, 471, 4), "left_wrist": (711, 471, 5), "jaw": (0, 691, 29), "left_eye": (31, 721, 109),
    "left_index1": (823, 467, 33), "left_index2": (851, 467, 35), "left_index3": (876, 467, 37),
    "left_middle1": (822, 471, 5), "left_middle2": (859, 471, 3), "left_middle3": (888, 471, 1),
    "left_pinky1": (806, 466, -36), "left_pinky2": (828, 467, -41), "left_pinky3": (845, 467, -44),
    "left_ring1": (816, 471, -16), "left_ring2": (848, 471, -21), "left_ring3": (874, 472, -25),
    "left_thumb1": (752, 467, 31), "left_thumb2": (765, 445, 52), "left_thumb3": (792, 426, 73),
}  # fmt: skip

TIP_M: Final[dict[str, float]] = {"index": 0.028, "middle": 0.028, "pinky": 0.022, "ring": 0.029, "thumb": 0.031}
"""From the last joint of a finger to its tip, metres."""


def _rest_joints() -> Float[np.ndarray, "55 3"]:
    rest = np.zeros((len(JOINTS), 3))
    for name, place in _LEFT_MM.items():
        rest[INDEX[name]] = np.array(place) / 1000
        rest[INDEX[mirrored_name(name)]] = rest[INDEX[name]] * [-1 if "left" in name else 1, 1, 1]
    return rest


REST_JOINTS: Final = _rest_joints()
"""Joint positions in the rest pose, metres, the pelvis at the origin."""


_LAST: Final = {side: [INDEX[f"{side}_{finger}3"] for finger in FINGERS] for side in ("left", "right")}
_TIPS_M: Final = np.array([[TIP_M[finger]] for finger in FINGERS])


def finger_tips(
    rest: Float[np.ndarray, "55 3"],
    turned: Float[np.ndarray, "*poses 55 3 3"],
    placed: Float[np.ndarray, "*poses 55 3"],
    side: str,
) -> Float[np.ndarray, "*poses 5 3"]:
    """Where the tips of a hand's digits are, in the order of `FINGERS`, metres.

    Args:
        rest: joint positions in the rest pose.
        turned: global rotations of the pose.
        placed: joint positions of the pose.
        side: left or right.
    """
    last = _LAST[side]
    bone = rest[last] - rest[[joint - 1 for joint in last]]
    tip = bone / np.linalg.norm(bone, axis=1, keepdims=True) * _TIPS_M
    return placed[..., last, :] + (turned[..., last, :, :] @ tip[..., None])[..., 0]
