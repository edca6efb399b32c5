"""Where skin is redder, paler, hairier or more lined than elsewhere: numbers at the body's vertices. Numpy alone."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from cuffs.character.records import Identity, Part, Topology
from cuffs.mesh_normals import vertex_normals
from cuffs.skeleton import FINGERS, INDEX

Array = np.ndarray

CHEEK_M, CHEEK_SIZE_M = (0.042, -0.046), 0.020
"""How far aside of and below the eyes' middle the middle of a cheek lies, and how large it is."""

NOSE_SIZE_M, KNUCKLE_SIZE_M, TIP_SIZE_M, JOINT_SIZE_M = 0.012, 0.008, 0.007, 0.045
NOSE_BELOW_M = (0.02, 0.055)
"""The tip of the nose is the foremost skin so far below the eyes."""

PALM_EDGE = (0.1, 0.6)
"""Cosines of the angle to a hand's inner side between which skin becomes the palm's."""

FOLLOWS = 0.5
"""A hand's skin follows its bones by so much or more."""

SHAVEN = "stubble"
"""The part that says where men's beards would grow."""


def skin_zones(topology: Topology, identity: Identity) -> Float[Array, "body 3"]:
    """Redness, paleness as of palms and soles, and how far each of the body's vertices belongs to the face; 0 to 1."""
    verts = identity.rest[topology.body_vertices].astype(np.float64)
    red = np.maximum(_face_redness(topology, identity, verts), _joint_redness(topology, identity, verts))
    return np.stack([red, _paleness(topology, identity, verts), _face(topology, identity, verts)], 1)


def growth(topology: Topology, worn: Sequence[Part]) -> Float[Array, "body 3"]:
    """How densely hair of the head and of the face grows at the body's vertices, and where a beard would."""
    found = np.zeros((len(topology.body_vertices), 3))
    for part in worn:
        if len(part.scalp):
            column = 0 if part.kind == "hair" else 1
            found[:, column] = np.maximum(found[:, column], part.scalp)
    for part in topology.parts:
        if part.name == SHAVEN:
            found[:, 2] = part.scalp
    return found


def _joint(topology: Topology, identity: Identity, name: str) -> Float[Array, "3"]:
    return identity.bone_heads[topology.joint_bone[INDEX[name]]]


def _eyes(topology: Topology, identity: Identity) -> Float[Array, "3"]:
    return (_joint(topology, identity, "left_eye") + _joint(topology, identity, "right_eye")) / 2


def _near(verts: Float[Array, "n 3"], place: Float[Array, "3"], size_m: float) -> Float[Array, " n"]:
    return np.exp(-0.5 * np.square(verts - place).sum(1) / size_m**2)


def _face_redness(topology: Topology, identity: Identity, verts: Float[Array, "n 3"]) -> Float[Array, " n"]:
    eyes = _eyes(topology, identity)
    x, y, z = (verts - eyes).T
    is_head = (z > -0.15) & (np.abs(x) < 0.1)
    away = np.square(np.abs(x) - CHEEK_M[0]) + np.square(z - CHEEK_M[1])
    cheeks = 0.75 * np.exp(-0.5 * away / CHEEK_SIZE_M**2) * is_head * (y < 0.05)
    below = (z < -NOSE_BELOW_M[0]) & (z > -NOSE_BELOW_M[1]) & (np.abs(x) < 0.02) & is_head
    if not below.any():
        return cheeks
    tip = verts[below][verts[below][:, 1].argmin()]
    return np.maximum(cheeks, 0.9 * _near(verts, tip, NOSE_SIZE_M))


def _joint_redness(topology: Topology, identity: Identity, verts: Float[Array, "n 3"]) -> Float[Array, " n"]:
    found = np.zeros(len(verts))
    for side in ("left", "right"):
        for name, size_m in (("elbow", JOINT_SIZE_M), ("knee", JOINT_SIZE_M)):
            found = np.maximum(found, 0.45 * _near(verts, _joint(topology, identity, f"{side}_{name}"), size_m))
        for finger in FINGERS:
            for number in (1, 2, 3):
                bone = topology.joint_bone[INDEX[f"{side}_{finger}{number}"]]
                knuckle = 0.5 * _near(verts, identity.bone_heads[bone], KNUCKLE_SIZE_M * (1.5 if number == 1 else 1))
                found = np.maximum(found, knuckle)
            found = np.maximum(found, 0.7 * _near(verts, identity.bone_tails[bone], TIP_SIZE_M))
    return found


def _paleness(topology: Topology, identity: Identity, verts: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """Palms and the undersides of fingers and feet. In the body model's T-pose all of them look down."""
    normals = vertex_normals(verts, topology.body_faces)
    bones = topology.skin_bones[topology.body_vertices]
    weights = topology.skin_weights[topology.body_vertices].astype(np.float64)
    names = [f"{side}_wrist" for side in ("left", "right")]
    names += [f"{side}_{finger}{number}" for side in ("left", "right") for finger in FINGERS for number in (1, 2, 3)]
    names += [f"{side}_{name}" for side in ("left", "right") for name in ("ankle", "foot")]
    joints = np.array([INDEX[name] for name in names])
    joint = topology.bone_joint[bones]
    is_own = np.isin(joint, joints)
    share = (weights * is_own).sum(1)
    downwards = -identity.rest_rotations[:, :, 1]
    inward = np.einsum("vk,vkc->vc", weights * is_own, downwards[joint])
    inward /= np.linalg.norm(inward, axis=1, keepdims=True).clip(1e-9)
    low, high = PALM_EDGE
    facing = np.clip((np.einsum("vc,vc->v", normals, inward) - low) / (high - low), 0, 1)
    return facing * np.clip((share - FOLLOWS) / (1 - FOLLOWS), 0, 1)


def _face(topology: Topology, identity: Identity, verts: Float[Array, "n 3"]) -> Float[Array, " n"]:
    eyes = _eyes(topology, identity)
    return np.clip(1.6 - np.linalg.norm((verts - eyes + [0, 0, 0.03]) / [0.08, 0.08, 0.1], axis=1), 0, 1)
