"""Skinning of MakeHuman's helpers, made fit for clothes."""

import numpy as np
from jaxtyping import Float

from cuffs.character.base_mesh import BaseMesh, triangles
from cuffs.character.body_frame import BodyFrame
from cuffs.character.grown import tie
from cuffs.character.quad_loops import smoothing_matrix

Array = np.ndarray

TIGHTS_SMOOTHINGS = 5
SMOOTHED_BELOW = (0.15, 0.35)
"""Shares of the way from pelvis to neck, below which the tights' weights are wholly and not at all smoothed."""

WAISTBAND_M = 0.1
"""So far down from its upper edge a skirt moves as tights would; twice as far down it moves by itself."""


def with_smooth_tights(
    base: BaseMesh, frame: BodyFrame, weights: Float[Array, "verts bones"]
) -> Float[Array, "verts bones"]:
    """Weights with those of the tights smoothed about the hips: cloth bridges creases that skin falls into."""
    quads = base.groups["helper-tights"].verts
    used, flat = np.unique(quads, return_inverse=True)
    smoothing = smoothing_matrix(flat.reshape(quads.shape))
    smooth = weights[used]
    for _ in range(TIGHTS_SMOOTHINGS):
        smooth = smoothing @ smooth
    arms = frame.limb_weight("left_arm") + frame.limb_weight("right_arm")
    low, high = SMOOTHED_BELOW
    share = np.clip((high - frame.along("torso", frame.rest[used])) / (high - low), 0, 1) * (1 - arms[used])
    found = weights.copy()
    found[used] = (1 - share[:, None]) * weights[used] + share[:, None] * smooth
    return found


def with_skirt_at_waist(
    base: BaseMesh, frame: BodyFrame, weights: Float[Array, "verts bones"]
) -> Float[Array, "verts bones"]:
    """Weights with those of the skirt's upper part taken from the tights beneath, so that no shirt shows through it."""
    skirt = base.vertices("helper-skirt")
    tights = triangles(base.groups["helper-tights"].verts)
    beneath = tie(frame.rest[skirt], frame.rest, tights).spread(weights)
    depth_m = frame.rest[skirt, 2].max() - frame.rest[skirt, 2]
    share = np.clip((depth_m - WAISTBAND_M) / WAISTBAND_M, 0, 1)[:, None]
    found = weights.copy()
    found[skirt] = (1 - share) * beneath + share * weights[skirt]
    return found
