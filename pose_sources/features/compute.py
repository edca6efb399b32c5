"""The features that recipes can name, with what each means."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.records import PoseSample
from cuffs.skeleton import FINGERS, INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.features.placed import UP, PlacedPoses, place_poses
from pose_sources.features.visible import visible_share
from pose_sources.procedural.figure import SIDES

PoseFeatures = Mapping[str, Float[np.ndarray, " poses"]]
"""By name; what is true or false is 1 or 0."""

FIST_DEG: Final = 240.0
"""Flexion of a finger's three joints together in a fist."""

_OF_SIDE: Final = {
    "knee_deg": "flexion of the {} knee; 0 is straight",
    "hip_deg": "flexion of the {} hip; 0 stands",
    "elbow_deg": "flexion of the {} elbow; 0 is straight",
    "hand_height_m": "the {} hand's middle above the lowest joint",
    "hand_above_head_m": "the {} hand's middle above the head's joint",
    "hand_above_shoulder_m": "the {} hand's middle above the {} shoulder",
    "hand_forward_m": "how far the {} hand is in front of the pelvis",
    "hand_out_m": "how far the {} hand is out on its own side; negative across the body",
    "hand_to_head_m": "from the {} hand's middle to the head's",
    "hand_open": "1 where the {} hand's fingers are straight, 0 in a fist",
    "hand_visible": "share of level views in which body and head don't hide the {} hand",
    "hand_known": "1 where the source measured the {} hand",
    "arm_above_head": "1 where the {} hand is higher than the head's joint",
}

FEATURES: Final[Mapping[str, str]] = {
    **{f"{side}_{name}": text.replace("{}", side) for side in SIDES for name, text in _OF_SIDE.items()},
    "knee_deg": "mean flexion of both knees",
    "hands_open": "mean of both hands' openness",
    "hands_visible": "mean of both hands' visibility",
    "hands_apart_m": "from one hand's middle to the other's",
    "feet_apart_m": "from one ankle to the other",
    "height_m": "highest joint above the lowest",
    "pelvis_height": "the pelvis above the lowest joint, as a share of how high it is when standing",
    "lean_deg": "between the line from pelvis to neck and the vertical",
    "upright": "1 where the trunk leans less than 40 degrees",
    "standing": "1 where it is upright and the pelvis is nearly as high as it can be",
    "crouched": "1 where the pelvis is low above a foot or a knee on the ground, the knees bent: crouching, kneeling",
    "sitting": "1 where the pelvis is low and above neither, the trunk upright: on a seat or on the floor",
    "lying": "1 where the trunk leans more than 60 degrees and the pelvis is low",
    "arms_above_head": "1 where both hands are higher than the head's joint",
    "hands_together": "1 where the hands' middles are less than 15 cm apart",
}
"""Every name that an expression may use, and what it is."""

OVER_FEET_M: Final = 0.3
"""Who crouches has a foot, or a knee on the ground, nearer to the plumb line through the pelvis; who sits doesn't."""

ON_GROUND_M: Final = 0.2
"""A knee's joint this far above the lowest joint is on the ground."""


def sample_features(anatomy: Anatomy, samples: Sequence[PoseSample]) -> PoseFeatures:
    """The features of some poses."""
    placed = place_poses(anatomy, np.stack([sample.pose for sample in samples]))
    known = {
        "left": np.array([sample.valid.left_hand for sample in samples], float),
        "right": np.array([sample.valid.right_hand for sample in samples], float),
    }
    return compute_features(placed, known)


def compute_features(poses: PlacedPoses, hand_known: Mapping[str, Float[np.ndarray, " poses"]]) -> PoseFeatures:
    """All of `FEATURES`.

    Args:
        poses: with their joints' places.
        hand_known: by side, 1 where the source measured that hand.
    """
    angles = poses.anatomy.all_angles_deg(poses.rotmats)
    lowest = poses.joints[:, :, UP].min(1)
    found: dict[str, np.ndarray] = {}
    for side in SIDES:
        found |= _of_side(poses, side, angles, lowest)
        found[f"{side}_hand_known"] = hand_known[side]
    for name, parts in (("hands_open", "hand_open"), ("hands_visible", "hand_visible"), ("knee_deg", "knee_deg")):
        found[name] = (found[f"left_{parts}"] + found[f"right_{parts}"]) / 2
    found |= _of_body(poses, lowest)
    found["standing"] = found["upright"] * (found["pelvis_height"] > 0.88)
    lean, low, bent = found["lean_deg"], found["pelvis_height"], found["knee_deg"]
    behind = found.pop("pelvis_behind_m")
    found["crouched"] = (low < 0.8) & (bent > 50) & (lean < 75) & (behind < OVER_FEET_M)
    found["sitting"] = (low < 0.8) & (lean < 60) & (behind >= OVER_FEET_M)
    found["lying"] = (lean > 60) & (low < 0.6)
    found["arms_above_head"] = found["left_arm_above_head"] * found["right_arm_above_head"]
    return {name: np.asarray(found[name], float) for name in FEATURES}


def _of_side(
    poses: PlacedPoses,
    side: str,
    angles: Float[np.ndarray, "poses 55 3"],
    lowest: Float[np.ndarray, " poses"],
) -> dict[str, np.ndarray]:
    hand, head = poses.hand(side), poses.at("head")
    flexion = {name: angles[:, INDEX[f"{side}_{name}"], 0] for name in ("knee", "hip", "elbow")}
    above_head = hand[:, UP] - head[:, UP]
    outwards = 1.0 if side == "left" else -1.0  # facing x, the left is y
    found = {
        **{f"{name}_deg": angle for name, angle in flexion.items()},
        "hand_height_m": hand[:, UP] - lowest,
        "hand_above_head_m": above_head,
        "hand_above_shoulder_m": hand[:, UP] - poses.at(f"{side}_shoulder")[:, UP],
        "hand_forward_m": hand[:, 0],
        "hand_out_m": outwards * hand[:, 1],
        "hand_to_head_m": np.linalg.norm(hand - head, axis=1),
        "hand_open": _openness(angles, side),
        "hand_visible": visible_share(poses, side),
        "arm_above_head": above_head > 0,
    }
    return {f"{side}_{name}": value for name, value in found.items()}


def _openness(angles: Float[np.ndarray, "poses 55 3"], side: str) -> Float[np.ndarray, " poses"]:
    rows = [[INDEX[f"{side}_{finger}{n}"] for n in (1, 2, 3)] for finger in FINGERS if finger != "thumb"]
    bent = angles[:, rows, 0].sum(-1)  # (poses, fingers)
    return 1 - np.clip(bent / FIST_DEG, 0, 1).mean(1)


def _of_body(poses: PlacedPoses, lowest: Float[np.ndarray, " poses"]) -> dict[str, np.ndarray]:
    rest = poses.anatomy.rest
    standing = rest[0, 1] - rest[:, 1].min()
    trunk = poses.at("neck") - poses.at("pelvis")
    lean = np.degrees(np.arccos(np.clip(trunk[:, UP] / np.linalg.norm(trunk, axis=1), -1, 1)))
    apart = np.linalg.norm(poses.hand("left") - poses.hand("right"), axis=1)
    return {
        "pelvis_behind_m": _from_support(poses, lowest),
        "hands_apart_m": apart,
        "feet_apart_m": np.linalg.norm(poses.at("left_ankle") - poses.at("right_ankle"), axis=1),
        "height_m": poses.joints[:, :, UP].max(1) - lowest,
        "pelvis_height": -lowest / standing,
        "lean_deg": lean,
        "upright": lean < 40,
        "hands_together": apart < 0.15,
    }


def _from_support(poses: PlacedPoses, lowest: Float[np.ndarray, " poses"]) -> Float[np.ndarray, " poses"]:
    """Level distance from the pelvis to the nearest foot, or knee on the ground, metres."""
    found = []
    for side in SIDES:
        foot = (poses.at(f"{side}_ankle") + poses.at(f"{side}_foot")) / 2
        knee = poses.at(f"{side}_knee")
        on_ground = knee[:, UP] - lowest < ON_GROUND_M
        found.append(np.linalg.norm(foot[:, :UP], axis=1))
        found.append(np.where(on_ground, np.linalg.norm(knee[:, :UP], axis=1), np.inf))
    return np.min(found, axis=0)
