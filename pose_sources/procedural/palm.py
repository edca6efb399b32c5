"""The palm as an obstacle for the fingers."""

from typing import Final

import numpy as np

from cuffs.skeleton import INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.capsules import overlap
from pose_sources.procedural.hand_shape import HandShape, hand_points
from pose_sources.procedural.thumb import RADIUS_M

METACARPAL_M: Final = 0.012
"""From the middle of the hand to the skin of the palm."""


def deepest_in_palm(anatomy: Anatomy, shape: HandShape) -> float:
    """How deep the last phalanx of any finger reaches into the palm, metres; negative for a gap.

    The palm is a plate of capsules from the wrist to each knuckle; the part next to the knuckles is left out.
    """
    wrist = anatomy.rest[INDEX["left_wrist"]]
    knuckles = [anatomy.rest[INDEX[f"left_{name}1"]] - wrist for name in ("index", "middle", "ring", "pinky")]
    plate = np.stack([np.stack([0.1 * knuckle, 0.85 * knuckle]) for knuckle in knuckles])
    points = hand_points(anatomy, shape)
    worst = -np.inf
    for name in ("index", "middle", "ring", "pinky"):
        last = points[name][None, 2:]
        depth = overlap(last, np.array([RADIUS_M[name]]), plate, np.full(len(plate), METACARPAL_M))
        worst = max(worst, float(depth.max()))
    return worst
