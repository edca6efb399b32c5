"""Where a garment's faces lie on flat cloth, so that stripes run round sleeves and down trouser legs.

Each limb's share of a garment is unrolled as a tube about the limb; where limbs meet lies a seam, as in real clothes.
"""

import numpy as np
from jaxtyping import Float, Int

from cuffs.character import Identity, Part, Topology
from cuffs.character.worn import Worn
from cuffs.mesh_normals import vertex_normals
from cuffs.skeleton import INDEX, LIMB_OF_JOINT, LIMBS

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

TUBES = ("left_arm", "right_arm", "left_hand", "right_hand", "left_leg", "right_leg")


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


ONE_TUBE = {
    "skirt": ("torso", "left_leg", "right_leg"),
    "shirt": ("torso", "left_leg", "right_leg", "head"),
    "tucked shirt": ("torso", "left_leg", "right_leg", "head"),
    "jacket": ("torso", "left_leg", "right_leg", "head"),
    "fitted shirt": ("torso", "left_leg", "right_leg", "head"),
}
"""Limbs that a kind of garment covers with one piece of cloth."""


def cloth_limbs(part: Part, limb_of_face: Int[Array, " faces"]) -> Int[Array, " faces"]:
    """The tube that each face of a garment is unrolled with, as a limb's number."""
    whole = [LIMBS.index(name) for name in ONE_TUBE.get(part.kind, ())]
    return np.where(np.isin(limb_of_face, whole), LIMBS.index("torso"), limb_of_face)


def shoe_places(topology: Topology, identity: Identity, worn: Worn) -> Float[Array, "verts 3"]:
    """What `materials.shoe` needs of each vertex: metres aside, heel 0 to toe 1, how far it looks up."""
    found = np.zeros((len(worn.rest), 3))
    normals = vertex_normals(worn.rest, worn.faces)
    for side, sign in (("left", 1), ("right", -1)):
        own = sign * worn.rest[:, 0] > 0
        ankle, foot = (identity.bone_heads[topology.joint_bone[INDEX[f"{side}_{name}"]]] for name in ("ankle", "foot"))
        ahead = (foot - ankle)[:2] / np.linalg.norm((foot - ankle)[:2])
        along = worn.rest[own, :2] @ ahead
        low = worn.rest[own, 2] < np.quantile(worn.rest[own, 2], 0.4)
        start, end = along[low].min(), along[low].max()
        aside = (worn.rest[own, :2] - ankle[:2]) @ np.array([-ahead[1], ahead[0]])
        found[own] = np.stack([aside, (along - start) / (end - start), normals[own, 2]], 1)
    return found


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


FAR_M = 1.0
"""Where a garment has no hem of a kind, as if it were so far away."""

NECK_ABOVE = 0.35
"""Hems on the torso above this share of the way from pelvis to neck are necklines, or edges of an open front."""


def trim_places(
    topology: Topology, identity: Identity, worn: Worn
) -> tuple[Float[Array, "verts 3"], Float[Array, "verts 3"]]:
    """What `materials.trim` needs of each vertex: distances to hems, and where it lies on the wearer."""
    if not worn.mesh.steps:  # an added asset has its own hems
        return np.full((len(worn.rest), 3), FAR_M), np.zeros((len(worn.rest), 3))
    pelvis, neck = (identity.bone_heads[topology.joint_bone[INDEX[name]]] for name in ("pelvis", "neck"))
    along = (worn.rest - pelvis) @ (neck - pelvis) / np.square(neck - pelvis).sum()
    normals = vertex_normals(worn.rest, worn.mesh.faces)
    place = np.stack([worn.rest[:, 0], along, -normals[:, 1]], 1)
    lined = len(worn.rest) - worn.mesh.num_finest
    place[-lined:, 2] = np.tile(place[worn.rim, 2], 3) if lined else place[-lined:, 2]
    return _hem_distances(topology, worn, along), place


def _hem_distances(topology: Topology, worn: Worn, along: Float[Array, " verts"]) -> Float[Array, "verts 3"]:
    """Metres to the nearest neckline, end of a sleeve or leg, and lower hem or waist, at rest."""
    bone = np.take_along_axis(
        topology.skin_bones[worn.part.vertices], topology.skin_weights[worn.part.vertices].argmax(1)[:, None], 1
    )[:, 0]
    is_limb = np.isin(LIMB_OF_JOINT[topology.bone_joint[bone]], [LIMBS.index(name) for name in TUBES])
    rim = worn.rim
    on_limb = worn.mesh.finest(is_limb[:, None].astype(np.float64))[rim, 0] > 0.5
    on_limb &= worn.part.kind not in ("skirt",)
    is_neck = ~on_limb & (along[rim] > NECK_ABOVE)
    found = np.full((len(worn.rest), 3), FAR_M)
    middle = worn.mesh.second.num_verts
    for column, chosen in enumerate((is_neck, on_limb & ~is_neck, ~on_limb & ~is_neck)):
        if chosen.any():
            found[:, column] = _nearest_m(worn, rim[chosen], middle)
    return found


def _nearest_m(worn: Worn, hem: Int[Array, " n"], middle: int) -> Float[Array, " verts"]:
    """Distance of every vertex from the nearest of a hem's, found on the coarser mesh; the lining's is 0."""
    points = worn.rest[:middle]
    near = np.full(middle, np.inf)
    for start in range(0, len(hem), 64):
        chosen = worn.rest[hem[start : start + 64]]
        near = np.minimum(near, np.square(points[:, None] - chosen[None]).sum(-1).min(1))
    fine = worn.mesh.second.between(np.sqrt(near)[:, None])[:, 0]
    return np.concatenate([fine, np.zeros(len(worn.rest) - len(fine))])
