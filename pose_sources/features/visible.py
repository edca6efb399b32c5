"""From how many sides a hand can be seen."""

from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import INDEX
from pose_sources.features.placed import PlacedPoses

NUM_VIEWS: Final = 16

BALLS: Final[tuple[tuple[str, str, float, float], ...]] = (
    ("pelvis", "spine1", 0.0, 0.13), ("spine1", "spine2", 0.0, 0.12), ("spine2", "spine3", 0.0, 0.13),
    ("spine2", "spine3", 1.0, 0.13), ("spine3", "neck", 0.6, 0.12), ("neck", "head", 0.5, 0.06),
    ("head", "jaw", 0.0, 0.09), ("head", "left_eye", 1.0, 0.08), ("head", "right_eye", 1.0, 0.08),
    *((f"{side}_hip", f"{side}_knee", share, 0.075) for side in ("left", "right") for share in (0.1, 0.4, 0.7, 1.0)),
    *((f"{side}_knee", f"{side}_ankle", share, 0.05) for side in ("left", "right") for share in (0.35, 0.7, 1.0)),
)  # fmt: skip
"""The body as balls on its bones: joint, next joint, share of the way between them, radius in metres (of the capsules
that procedural poses are kept clear of)."""


def visible_share(poses: PlacedPoses, side: str) -> Float[np.ndarray, " poses"]:
    """The share of level directions from which a hand's middle isn't hidden behind trunk, head and legs.

    Arms don't count: they hide little. A ball that the hand itself touches only counts for views through its middle.
    """
    hand = poses.hand(side)
    angle = 2 * np.pi * (np.arange(NUM_VIEWS) + 0.5) / NUM_VIEWS
    views = np.stack([np.cos(angle), np.sin(angle), np.zeros(NUM_VIEWS)], 1)
    hidden = np.zeros((len(hand), NUM_VIEWS), bool)
    for near, far, share, radius in BALLS:
        centre = (1 - share) * poses.joints[:, INDEX[near]] + share * poses.joints[:, INDEX[far]]
        way = centre - hand
        along = way @ views.T
        across = (way**2).sum(1)[:, None] - along**2
        hidden |= (along > 0) & (across < radius**2)
    return 1 - hidden.mean(1)
