"""How far a garment stands off its helper."""

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.base_mesh import triangles
from cuffs.character.body_frame import BodyFrame, vertex_normals
from cuffs.character.garment import Garment, both_sides
from cuffs.character.quad_loops import smoothing_matrix

Array = np.ndarray

SMOOTHINGS = 40
DEEPEST_M = 0.022
"""Cloth spans no hollow deeper than this."""

DRAPED_BELOW = (0.6, 0.85)
"""Shares of the way from pelvis to neck, below which hollows are wholly and not at all spanned: collars lie close."""

SOLE_HIGH_M, TOE_LONG_M = 0.024, 0.055
"""How high a sole's edge reaches, and how long the toe of a shoe is."""


def standoff(frame: BodyFrame, garment: Garment, quads: Int[Array, "quads 4"]) -> Float[Array, " verts"]:
    """How far each full vertex stands off the helper, metres; 0 for those that the garment hasn't.

    Args:
        frame: the person it is cut on.
        garment: how wide it is.
        quads: its faces.
    """
    used = np.unique(quads)
    points = frame.rest[used]
    wide = np.full(len(used), garment.offset_m)
    for limb, flare in garment.flare_m.items():
        for side in both_sides(limb):
            along = frame.along(side, points)
            share = np.clip(1 - 2 * along if limb == "torso" else along, 0, 1)  # a shirt widens downwards
            wide += flare * share * frame.limb_weight(side)[used]
    if garment.drape > 0:
        low, high = DRAPED_BELOW
        share = np.clip((high - frame.along("torso", points)) / (high - low), 0, 1)
        wide += garment.drape * share * hollows(points, np.searchsorted(used, quads))
    if garment.kind == "shoes":
        wide += _shoe_room(garment, points)
    found = np.zeros(len(frame.rest))
    found[used] = wide
    return found


def _shoe_room(garment: Garment, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """What a shoe stands off further at its sole's edge and about the toes."""
    height = points[:, 2] - points[:, 2].min()
    foremost = points[:, 1].min()
    sole = np.clip(1.6 - height / SOLE_HIGH_M * 1.6, 0, 1)
    toe = np.clip(1 - (points[:, 1] - foremost) / TOE_LONG_M, 0, 1)
    return garment.sole_m * sole + garment.toe_m * np.sqrt(toe)


def hollows(points: Float[Array, "n 3"], quads: Int[Array, "quads 4"]) -> Float[Array, " n"]:
    """How deep a mesh's vertices lie in hollows, metres: 0 on what is convex.

    The mesh is smoothed, hems along themselves alone; where that lifts it off the body is a hollow.
    """
    smoothing = smoothing_matrix(quads)
    smooth = points
    for _ in range(SMOOTHINGS):
        smooth = smoothing @ smooth
    depth = np.einsum("vi,vi->v", smooth - points, vertex_normals(points, triangles(quads)))
    return np.clip(depth, 0.0, DEEPEST_M)


LEAST_EASE = {"torso": 0.3, "arm": 0.25, "leg": 0.6}
MOST_EASE = {"arm": 0.6, "leg": 1.0}
"""Of a garment's ease, what counts where a limb begins; all of it counts towards its end, or down the torso."""

WAIST_EASE = 0.12
"""Of trousers' and skirts' ease, what counts at the waist."""


def ease_share(
    frame: BodyFrame, garment: Garment, quads: Int[Array, "quads 4"], cloth: Float[Array, "verts 3"]
) -> Float[Array, " verts"]:
    """How far each full vertex moves outwards when a garment is made wider: cloth rests on shoulders and hips.

    Args:
        frame: the person it is cut on.
        garment: which kind.
        quads: its faces.
        cloth: full vertices, metres.
    """
    if garment.kind in ("shoes", "socks"):
        return np.zeros(len(cloth))
    upward = np.clip(vertex_normals(cloth, triangles(quads))[:, 2], 0, 1)
    if garment.kind == "skirt":
        depth = cloth[np.unique(quads), 2].max() - cloth[:, 2]
        return np.clip(depth / 0.45, 0, 1)
    down = 1 - frame.along("torso", cloth)
    if garment.kind == "trousers":
        found = np.clip(WAIST_EASE + (down - 0.75) * 2.0, WAIST_EASE, LEAST_EASE["leg"])
    else:
        found = np.clip(LEAST_EASE["torso"] + down, 0, 1) * (1 - 0.9 * upward)
    for limb in ("arm", "leg"):
        least = LEAST_EASE[limb]
        for side in both_sides(limb):
            weight = frame.limb_weight(side)
            own = np.clip(least + (1 - least) * 2.0 * frame.along(side, cloth), least, MOST_EASE[limb])
            if limb == "arm":
                own = own * (1 - 0.5 * upward)
            found = (1 - weight) * found + weight * own
    return found
