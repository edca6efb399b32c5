"""How deep a body's limbs reach into each other."""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from cuffs.skeleton import LIMBS

APART_M = 0.16
"""Skin that lies nearer together than this at rest belongs together: armpits, groins and necks only fold."""

REACH_M, NEIGHBOURS = 0.10, 8
STRAIGHT = 0.7
"""A vertex is inside where the way to the nearest surface runs along its normal at least this much."""

DEEP_VERTS = 5
"""A depth is one that so many vertices reach."""

FOLD_MM = 25.0
"""Thighs and belly of somebody who sits press into each other: so much of their depth is flesh, and isn't counted."""

MOVING = tuple(name for name in LIMBS if name.startswith(("left", "right")))


def limb_depth_mm(
    rest: Float[np.ndarray, "verts 3"],
    verts: Float[np.ndarray, "verts 3"],
    normals: Float[np.ndarray, "verts 3"],
    limb: Int[np.ndarray, " verts"],
) -> tuple[float, str]:
    """The deepest that an arm, a hand or a leg reaches into any other limb, millimetres, and which.

    Args:
        rest: one person's body mesh at rest, metres.
        verts: posed.
        normals: of the posed mesh, outward, unit.
        limb: number of each vertex's limb in `skeleton.LIMBS`.
    """
    deepest, where = 0.0, ""
    for name in MOVING:
        own = np.flatnonzero(limb == LIMBS.index(name))
        other = np.flatnonzero(~np.isin(limb, [LIMBS.index(joined) for joined in (name, _joined(name))]))
        if not len(own) or not len(other):
            continue
        low, high = verts[own].min(0) - REACH_M, verts[own].max(0) + REACH_M
        other = other[((verts[other] >= low) & (verts[other] <= high)).all(1)]
        if not len(other):
            continue
        depth_mm, target = _depths_mm(rest, verts, normals, own=own, other=other)
        if len(depth_mm) >= DEEP_VERTS:
            is_fold = (limb[target] == LIMBS.index("torso")) & name.endswith("leg")
            depth_mm = depth_mm - FOLD_MM * is_fold
            order = np.argsort(depth_mm)
            found = float(depth_mm[order[-DEEP_VERTS]])
            if found > deepest:
                deepest, where = found, f"{name} in {LIMBS[limb[target[order[-DEEP_VERTS]]]]}"
    return deepest, where


def _joined(name: str) -> str:
    """The limb that a hand or arm grows from or into, which it can't enter: the wrist joins them."""
    side, _, kind = name.rpartition("_")
    return {"hand": f"{side}_arm", "arm": f"{side}_hand"}.get(kind, name)


def _depths_mm(
    rest: np.ndarray, verts: np.ndarray, normals: np.ndarray, *, own: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Depth of each of a limb's vertices that lies inside another limb, and the vertex that it lies behind."""
    count = min(NEIGHBOURS, len(other))
    distance, nearest = KDTree(verts[other]).query(verts[own], k=count, distance_upper_bound=REACH_M)
    distance, nearest = np.asarray(distance).reshape(len(own), -1), np.asarray(nearest).reshape(len(own), -1)
    found = np.isfinite(distance)
    target = other[np.where(found, nearest, 0)]
    apart = np.linalg.norm(rest[own][:, None] - rest[target], axis=2) > APART_M
    usable = found & apart
    first = usable.argmax(1)
    rows = np.flatnonzero(usable.any(1))
    first = first[rows]
    behind = target[rows, first]
    depth = -np.einsum("vi,vi->v", verts[own[rows]] - verts[behind], normals[behind])
    inside = depth > STRAIGHT * distance[rows, first]
    return 1000 * depth[inside], behind[inside]
