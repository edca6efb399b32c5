"""Which skin lies safely beneath a garment, so that it can be masked: far enough from any hem that no hole shows."""

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.base_mesh import triangles
from cuffs.character.body_frame import BodyFrame
from cuffs.character.quad_loops import hem_vertices
from cuffs.skeleton import LIMBS

Array = np.ndarray

HIDDEN_RINGS = 2
"""Skin is masked beneath faces that are this many rings or more away from any hem."""

NEAR_M = 0.045
"""Skin farther than this from a garment is not beneath it."""

DEEP_M = 0.003
"""Skin may stand out of the helper by this much and still count as beneath: the garment stands off farther."""

SKIRT_HEM_M = 0.08
SKIRT_WAIST_M = 0.05
"""How far from a skirt's hem and waist the masked skin keeps."""

SKIRTED = ("torso", "left_leg", "right_leg")


def hidden_by_helper(
    frame: BodyFrame, quads: Int[Array, "quads 4"], body: Int[Array, " b"]
) -> Int[Array, " hidden"]:
    """Full numbers of the body's vertices beneath a garment that lies close to the skin."""
    import trimesh

    used, flat = np.unique(quads, return_inverse=True)
    cloth = trimesh.Trimesh(frame.rest[used], triangles(flat.reshape(quads.shape)), process=False)
    points = frame.rest[body]
    closest, distance, face = trimesh.proximity.closest_point(cloth, points)
    outwards = np.einsum("vi,vi->v", closest - points, cloth.face_normals[face])
    depth = np.repeat(rings_from_hem(quads), 2)[face]
    return body[(distance < NEAR_M) & (outwards > -DEEP_M) & (depth >= HIDDEN_RINGS)]


def hidden_by_skirt(frame: BodyFrame, quads: Int[Array, "quads 4"], body: Int[Array, " b"]) -> Int[Array, " hidden"]:
    """Full numbers of the body's vertices inside a skirt, by their height: it hangs free of the legs."""
    cloth = frame.rest[quads]
    low, high = cloth[..., 2].min() + SKIRT_HEM_M, cloth[..., 2].max() - SKIRT_WAIST_M
    height = frame.rest[body, 2]
    limb = frame.limb_weights[body].argmax(1)
    inside = np.isin(limb, [LIMBS.index(name) for name in SKIRTED])
    return body[inside & (height > low) & (height < high)]


def rings_from_hem(quads: Int[Array, "quads 4"]) -> Int[Array, " quads"]:
    """How many rings of faces lie between each face and the nearest hem; 0 at the hem."""
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
