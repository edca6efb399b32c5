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

NEAR_M = 0.045
"""Skin farther than this from a helper is not beneath it."""

DEEP_M = 0.003
"""Skin may stand out of the helper by this much and still count as beneath: garments stand off farther."""

SKIRT_HEM_M = 0.08
SKIRT_WAIST_M = 0.05
"""How far from a skirt's hem and waist the masked skin keeps."""

SKIRTED = ("torso", "left_leg", "right_leg")


def helper_above(
    frame: BodyFrame, quads: Int[Array, "quads 4"], body: Int[Array, " b"]
) -> Int[Array, " b"]:
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
    quads: Int[Array, "quads 4"], kept: Bool[Array, " quads"], above: Int[Array, " b"]
) -> Bool[Array, " b"]:
    """Whether each of the body's vertices may be masked beneath a garment that lies close to the skin.

    Args:
        quads: the helper's faces.
        kept: which of them the garment has.
        above: from `helper_above`.
    """
    depth = np.full(len(quads) + 1, -1)  # the last stands for "nothing above"
    depth[np.flatnonzero(kept)] = rings_from_hem(quads[kept])
    return depth[above] >= HIDDEN_RINGS


def beneath_skirt(
    frame: BodyFrame, quads: Int[Array, "quads 4"], body: Int[Array, " b"]
) -> Bool[Array, " b"]:
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


def rings_from_hem(quads: Int[Array, "quads 4"]) -> Int[Array, " quads"]:
    """How many rings of faces lie between each face of a garment and its nearest hem; 0 at the hem.

    Raises:
        ValueError: if there is no hem.
    """
    _, flat = np.unique(quads, return_inverse=True)
    corners = flat.reshape(quads.shape)
    reached = hem_vertices(corners)
    depth = np.full(len(quads), -1)
    ring = 0
    while (depth < 0).any():
        now = (depth < 0) & reached[corners].any(1)
        if not now.any():
            raise ValueError("a garment without a hem has no rings")
        depth[now] = ring
        reached[corners[now]] = True
        ring += 1
    return depth
