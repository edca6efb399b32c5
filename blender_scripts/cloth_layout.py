"""Where a garment's faces lie on flat cloth, so that stripes run round sleeves and down trouser legs.

Each limb's share of a garment is unrolled as a tube about the limb; where limbs meet lies a seam, as in real clothes.
"""

import numpy as np
from jaxtyping import Float, Int

from cuffs.character import Identity, Topology
from cuffs.skeleton import INDEX, LIMBS

Array = np.ndarray

AXES = {
    "torso": ("pelvis", "neck"),
    "head": ("neck", "head"),
    **{
        f"{side}_{limb}": (f"{side}_{start}", f"{side}_{end}")
        for side in ("left", "right")
        for limb, start, end in (("arm", "shoulder", "wrist"), ("leg", "hip", "ankle"), ("hand", "wrist", "middle1"))
    },
}
"""Joints at the ends of each limb."""


def cloth_layout(
    topology: Topology,
    identity: Identity,
    *,
    rest: Float[Array, "verts 3"],
    faces: Int[Array, "faces 3"],
    limb_of_face: Int[Array, " faces"],
) -> Float[Array, "corners 3"]:
    """Flat coordinates of every corner of every face, metres: around the limb, along it, and 0.

    Args:
        topology: names the bones of joints.
        identity: where they are.
        rest: the garment in the rest pose.
        faces: its triangles.
        limb_of_face: number of each face's limb in `skeleton.LIMBS`.
    """
    front = identity.rest_rotations[INDEX["pelvis"]] @ np.array([0.0, 0.0, 1.0])
    flat = np.zeros((len(faces), 3, 3))
    for limb in np.unique(limb_of_face):
        chosen = limb_of_face == limb
        start, end = (identity.bone_heads[topology.joint_bone[INDEX[name]]] for name in AXES[LIMBS[limb]])
        flat[chosen] = _unrolled(rest[faces[chosen]], start, end, front)
    return flat.reshape(-1, 3)


def _unrolled(
    corners: Float[Array, "faces 3 3"], start: Float[Array, "3"], end: Float[Array, "3"], front: Float[Array, "3"]
) -> Float[Array, "faces 3 3"]:
    """A tube about an axis laid flat, its seam behind."""
    axis = (end - start) / np.linalg.norm(end - start)
    ahead = front - front @ axis * axis
    ahead /= np.linalg.norm(ahead)
    aside = np.cross(axis, ahead)
    x, y, along = ((corners - start) @ direction for direction in (ahead, aside, axis))
    middle = np.arctan2(y.mean(1), x.mean(1))[:, None]
    angle = middle + np.angle(np.exp(1j * (np.arctan2(y, x) - middle)))  # no face spans the seam
    radius = float(np.median(np.hypot(x, y)))
    return np.stack([angle * radius, along, np.zeros_like(along)], -1)
