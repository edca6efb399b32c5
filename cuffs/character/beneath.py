"""Which skin lies safely beneath a garment, so that it can be masked: far enough from any hem that no hole shows."""

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.character.base_mesh import triangles
from cuffs.character.body_frame import BodyFrame
from cuffs.character.quad_loops import hem_vertices
from cuffs.skeleton import LIMBS

Array = np.ndarray

HIDDEN_RINGS = 2
"""Skin is masked beneath faces that are this many rings or more away from any hem."""

OPENING_M = 0.03
"""How far from necklines and armholes the masked skin keeps."""

NEAR_M = 0.045
"""Skin farther than this from a helper is not beneath it."""

DEEP_M = 0.003
"""Skin may stand out of the helper by this much and still count as beneath: garments stand off farther."""

SKIRT_HEM_M = 0.05
SKIRT_WAIST_M = 0.05
"""How far from a skirt's hem and waist the masked skin keeps."""

SKIRTED = ("torso", "left_leg", "right_leg")


def helper_above(frame: BodyFrame, quads: Int[Array, "quads 4"], body: Int[Array, " b"]) -> Int[Array, " b"]:
    """For each of the body's vertices the face of a helper that lies over it; -1 where none does.

    Args:
        frame: the person.
        quads: the helper's faces.
        body: full numbers of the body's vertices.
    """
    import trimesh

    used, flat = np.unique(quads, return_inverse=True)
    cloth = trimesh.Trimesh(frame.rest[used], triangles(flat.reshape(quads.shape)), process=False)
    points = frame.rest[body]
    closest, distance, face = trimesh.proximity.closest_point(cloth, points)
    outwards = np.einsum("vi,vi->v", closest - points, cloth.face_normals[face])
    return np.where((distance < NEAR_M) & (outwards > -DEEP_M), face // 2, -1)


def beneath_close(
    quads: Int[Array, "quads 4"],
    kept: Bool[Array, " quads"],
    above: Int[Array, " b"],
    *,
    waist: Bool[Array, " verts"],
    field: Float[Array, " verts"],
) -> Bool[Array, " b"]:
    """Whether each of the body's vertices may be masked beneath a garment that lies close to the skin.

    Args:
        quads: the helper's faces.
        kept: which of them the garment has, before openings are cut.
        above: from `helper_above`.
        waist: which full vertices lie on a hem that another garment is worn with: nobody looks in there.
        field: distance of full vertices from openings, metres.
    """
    hem = hem_vertices(quads[kept])
    waist = waist[: len(hem)]
    is_deep = (rings_from(quads[kept], hem & ~waist) >= HIDDEN_RINGS) & (rings_from(quads[kept], hem & waist) >= 1)
    is_deep &= field[quads[kept]].min(1) > OPENING_M
    is_hiding = np.zeros(len(quads) + 1, bool)  # the last stands for "nothing above"
    is_hiding[np.flatnonzero(kept)[is_deep]] = True
    return is_hiding[above]


def beneath_skirt(frame: BodyFrame, quads: Int[Array, "quads 4"], body: Int[Array, " b"]) -> Bool[Array, " b"]:
    """Likewise inside a skirt, by height: it hangs free of the legs.

    Args:
        frame: the person.
        quads: the skirt's faces.
        body: full numbers of the body's vertices.
    """
    cloth = frame.rest[quads]
    low, high = cloth[..., 2].min() + SKIRT_HEM_M, cloth[..., 2].max() - SKIRT_WAIST_M
    height = frame.rest[body, 2]
    limb = frame.limb_weights[body].argmax(1)
    inside = np.isin(limb, [LIMBS.index(name) for name in SKIRTED])
    return inside & (height > low) & (height < high)


def rings_from(quads: Int[Array, "quads 4"], start: Bool[Array, " verts"]) -> Int[Array, " quads"]:
    """How many rings of faces lie between each face and the nearest of some vertices; 0 at them.

    As many as there are faces, where there is no way.
    """
    reached = start.copy()
    depth = np.full(len(quads), len(quads))
    for ring in range(len(quads)):
        now = (depth == len(quads)) & reached[quads].any(1)
        if not now.any():
            break
        depth[now] = ring
        reached[quads[now]] = True
    return depth
