"""How far a garment stands off its helper, and its hems' lining."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.base_mesh import triangles
from cuffs.character.body_frame import BodyFrame, vertex_normals
from cuffs.character.garment import Garment, both_sides
from cuffs.character.quad_loops import hem_vertices, smoothing_matrix

Array = np.ndarray

LINING_M = 0.0005
"""How far off the helper a hem's lining ends."""

SMOOTHINGS = 40
DEEPEST_M = 0.022
"""Cloth spans no hollow deeper than this."""

DRAPED_BELOW = (0.6, 0.85)
"""Shares of the way from pelvis to neck, below which hollows are wholly and not at all spanned: collars lie close."""

GROUND_M = 0.012
"""Soles are flat: what lies this low at rest doesn't stand off, so that shoes stand on the ground."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sewn:
    """A garment with lined hems."""

    vertices: Int[Array, " n"]
    faces: Int[Array, "triangles 3"]
    offset: Float[Array, " n"]


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
        wide[points[:, 2] < frame.rest[:, 2].min() + GROUND_M] = 0.0
    found = np.zeros(len(frame.rest))
    found[used] = wide
    return found


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


def sewn(faces: Int[Array, "faces 3"], offset: Float[Array, " verts"]) -> Sewn:
    """Line the hems: the outermost faces are repeated, turned over, from the hem to near the skin.

    Nobody then looks through a sleeve into a body without skin.

    Args:
        faces: a garment's triangles.
        offset: metres, of every vertex that they may number.
    """
    vertices, flat = np.unique(faces, return_inverse=True)
    outer = flat.reshape(faces.shape)
    is_hem = hem_vertices(outer)
    lining = outer[is_hem[outer].any(1)][:, ::-1]
    lined, lined_flat = np.unique(lining, return_inverse=True)
    wide = offset[vertices]
    inner = np.where(is_hem[lined], -wide[lined], -np.minimum(LINING_M, wide[lined]))  # its normals point inwards
    return Sewn(
        vertices=np.concatenate([vertices, vertices[lined]]),
        faces=np.concatenate([outer, lined_flat.reshape(lining.shape) + len(vertices)]),
        offset=np.concatenate([wide, inner]),
    )
