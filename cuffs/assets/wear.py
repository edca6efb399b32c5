"""Added assets as parts of a topology: more full vertices, tied to hm08's by the assets' own rules."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from cuffs.assets.store import StoredAsset
from cuffs.character.body_frame import body_frame
from cuffs.character.records import Identity, Part, Topology
from cuffs.character.skin_ties import Skin, skin_ties
from cuffs.character.skinning import pack_weights
from cuffs.skeleton import LIMBS, NUM_JOINTS

Array = np.ndarray

SMALLEST_M = 1e-6
LEGGED, TRUNKED = 0.15, 0.05
"""Shares of a garment on the legs and on the trunk from which on it clothes them."""


def with_assets(topology: Topology, person: Identity, assets: Sequence[StoredAsset]) -> Topology:
    """A topology whose characters may wear added assets as well.

    Args:
        topology: the open character's.
        person: the middling one, without betas or rest rotations that matter.
        assets: in the order in which their vertices are numbered.
    """
    found = topology
    for asset in assets:
        found = _with(found, person.rest[: len(topology.skin_bones)].astype(np.float64), person, asset)
    return found


def _with(topology: Topology, rest: Float[Array, "full 3"], person: Identity, asset: StoredAsset) -> Topology:
    first, count = len(topology.skin_bones), len(asset.corners)
    weights = _spread_weights(topology, asset)
    influences = topology.skin_bones.shape[1]
    bones, shares = pack_weights(weights, influences=influences)
    points = asset.fitted(rest)
    limbs = _limb_shares(topology, weights)
    skin = _skin(topology, rest, person)
    is_close = asset.kind in ("clothes", "shoes")
    corners, bary = skin_ties(skin, points, limbs, is_close=is_close)
    part = Part(
        name=asset.name,
        kind=part_kind(asset, limbs),
        vertices=np.arange(first, first + count, dtype=np.int32),
        faces=asset.faces.astype(np.int32),
        offset=np.zeros(count, np.float32),
        hides=asset.deleted[np.isin(asset.deleted, topology.body_vertices)].astype(np.int32),
        ease=np.zeros(0 if asset.kind == "hair" else count, np.float32),
        skin_corners=corners.astype(np.int32),
        skin_bary=bary.astype(np.float32),
        uv=asset.uv.astype(np.float32),
        wearer=asset.wearer,
        licence=asset.licence,
        texture="" if asset.texture is None else asset.texture.name,
        colour=np.array(asset.colour),
    )
    if asset.kind == "hair":
        part = replace(part, skin_corners=part.skin_corners[:0], skin_bary=part.skin_bary[:0])
    moved, actions = _actions(topology, asset, first)
    return replace(
        topology,
        skin_bones=np.concatenate([topology.skin_bones, bones.astype(topology.skin_bones.dtype)]),
        skin_weights=np.concatenate([topology.skin_weights, shares.astype(np.float32)]),
        face_action_vertices=moved,
        face_actions=actions,
        parts=(*topology.parts, part),
        grown_corners=np.concatenate([topology.grown_corners, asset.corners]),
        grown_bary=np.concatenate([topology.grown_bary, asset.weights]),
        grown_step=np.concatenate([topology.grown_step, asset.step]),
        grown_pairs=np.concatenate([topology.grown_pairs, np.tile(asset.pairs, (count, 1, 1))]),
        sha256="",
    )


def part_kind(asset: StoredAsset, limbs: Float[Array, "verts limbs"]) -> str:
    """Which layer a garment is: clothes by the limbs that they cover."""
    if asset.kind == "clothes":
        share = limbs.mean(0)
        has_legs = share[[LIMBS.index("left_leg"), LIMBS.index("right_leg")]].sum() > LEGGED
        has_trunk = share[LIMBS.index("torso")] > TRUNKED
        return "suit" if has_legs and has_trunk else "fitted trousers" if has_legs else "fitted shirt"
    return asset.kind if asset.kind == "hair" else f"fitted {asset.kind}"


def _dense(topology: Topology) -> Float[Array, "full bones"]:
    found = np.zeros((len(topology.skin_bones), len(topology.bone_names)))
    for influence in range(topology.skin_bones.shape[1]):
        np.add.at(
            found,
            (np.arange(len(found)), topology.skin_bones[:, influence]),
            topology.skin_weights[:, influence].astype(np.float64),
        )
    return found


def _spread_weights(topology: Topology, asset: StoredAsset) -> Float[Array, "verts bones"]:
    """Skinning of an asset's vertices: that of the vertices they lie on; negative shares count as none."""
    share = np.clip(asset.weights, 0, None)
    share /= share.sum(1, keepdims=True)
    dense = _dense(topology)
    return np.einsum("vc,vcb->vb", share, dense[asset.corners])


def _limb_shares(topology: Topology, weights: Float[Array, "verts bones"]) -> Float[Array, "verts limbs"]:
    from cuffs.skeleton import LIMB_OF_JOINT

    limb = LIMB_OF_JOINT[topology.bone_joint]
    return np.stack([weights[:, limb == number].sum(1) for number in range(len(LIMBS))], 1)


def _skin(topology: Topology, rest: Float[Array, "full 3"], person: Identity) -> Skin:
    dense = _dense(topology)
    joint_weights = np.zeros((len(rest), NUM_JOINTS))
    for bone, joint in enumerate(topology.bone_joint):
        joint_weights[:, joint] += dense[: len(rest), bone]
    frame = body_frame(rest, person.bone_heads, joint_bone=topology.joint_bone, joint_weights=joint_weights)
    names = [str(name) for name in topology.material_names]
    is_skin = np.isin(topology.body_material, [names.index(name) for name in ("skin", "lips", "nails", "ears")])
    faces = topology.body_vertices[topology.body_faces[is_skin]]
    return Skin(frame=frame, body=topology.body_vertices, faces=faces)


def _actions(topology: Topology, asset: StoredAsset, first: int) -> tuple[Array, Array]:
    """Facial actions of all vertices, the asset's among them."""
    row = np.full(first, -1)
    row[topology.face_action_vertices] = np.arange(len(topology.face_action_vertices))
    corners = row[asset.corners]
    touched = np.flatnonzero((corners >= 0).any(1))
    picked = np.where((corners[touched] >= 0)[None, ..., None], topology.face_actions[:, corners[touched]], 0.0)
    offsets = np.einsum("vc,avck->avk", asset.weights[touched], picked)
    moved = np.abs(offsets).max((0, 2), initial=0.0) > SMALLEST_M
    vertices = np.concatenate([topology.face_action_vertices, (first + touched[moved]).astype(np.int32)])
    return vertices, np.concatenate([topology.face_actions, offsets[:, moved].astype(np.float32)], 1)
