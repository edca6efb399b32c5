"""A skinned mesh at rest as registration sees it: the body model's template and a character look the same from here."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.body import BodyModel
from cuffs.character import Identity, Topology
from cuffs.skeleton import EYEBALLS, NUM_JOINTS, PARENTS, SEGMENT_OF_JOINT, SEGMENTS

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiggedMesh:
    """Geometry, and which of SMPL-X's joints moves what. Metres, any orientation."""

    verts: Float[Array, "verts 3"]
    faces: Int[Array, "faces 3"]
    weights: Float[Array, "verts 55"]
    """How far each vertex follows each joint."""

    joints: Float[Array, "55 3"]
    """Joint positions; rows without a joint are not finite."""

    eyeballs: dict[str, Int[Array, " _"]]
    """Vertices of the left and right eyeball; empty where the mesh has none."""

    @property
    def has_joint(self) -> Bool[Array, "55"]:
        """Which joints' positions are known."""
        return np.isfinite(self.joints).all(1)

    @property
    def dominant_joint(self) -> Int[Array, " verts"]:
        """The joint that each vertex follows most."""
        return self.weights.argmax(1)

    @property
    def segment(self) -> Int[Array, " verts"]:
        """Number in `skeleton.SEGMENTS` of each vertex."""
        return SEGMENT_OF_JOINT[self.dominant_joint]

    @property
    def is_eyeball(self) -> Bool[Array, " verts"]:
        """Vertices of the eyeballs."""
        found = np.zeros(len(self.verts), bool)
        for numbers in self.eyeballs.values():
            found[numbers] = True
        return found


def segment_neighbours() -> Bool[Array, "segments segments"]:
    """Which segments meet in the skeleton, each with itself: where a vertex may lie that follows one of them.

    Fingers meet the palm, never each other.
    """
    meets = np.eye(len(SEGMENTS), dtype=bool)
    for joint in range(1, NUM_JOINTS):
        own, up = SEGMENT_OF_JOINT[joint], SEGMENT_OF_JOINT[PARENTS[joint]]
        meets[own, up] = meets[up, own] = True
    return meets


NEIGHBOURS: Final = segment_neighbours()


def vertex_normals(verts: Float[Array, "verts 3"], faces: Int[Array, "faces 3"]) -> Float[Array, "verts 3"]:
    """Unit normals, faces weighted by area; nought at vertices without faces."""
    a, b, c = (verts[faces[:, corner]] for corner in range(3))
    normal = np.cross(b - a, c - a)
    summed = np.stack(
        [np.bincount(faces.ravel(), np.repeat(normal[:, axis], 3), len(verts)) for axis in range(3)], axis=1
    )
    length = np.linalg.norm(summed, axis=1, keepdims=True)
    return summed / np.where(length > 0, length, 1.0)


def body_mesh(model: BodyModel) -> RiggedMesh:
    """The body model's template as a rigged mesh."""
    return RiggedMesh(
        verts=np.asarray(model.v_template, np.float64),
        faces=np.asarray(model.faces, np.int64),
        weights=np.asarray(model.weights, np.float64),
        joints=np.asarray(model.joint_template, np.float64),
        eyeballs={side: np.arange(run.start, run.stop) for side, run in EYEBALLS.items()},
    )


def character_mesh(topology: Topology, identity: Identity) -> RiggedMesh:
    """A character's body mesh at rest as a rigged mesh; its vertices are in the order of `body_vertices`."""
    body = np.asarray(topology.body_vertices, np.int64)
    bones, shares = topology.skin_bones[body].astype(np.int64), topology.skin_weights[body]
    weights = np.zeros((len(body), NUM_JOINTS))
    np.add.at(weights, (np.arange(len(body))[:, None], topology.bone_joint[bones]), shares)
    heads = np.asarray(identity.bone_heads, np.float64)[topology.joint_bone]
    place = np.full(int(max(body.max(), topology.eye_left.max(initial=0), topology.eye_right.max(initial=0))) + 1, -1)
    place[body] = np.arange(len(body))
    eyeballs = {side: place[eye] for side, eye in (("left", topology.eye_left), ("right", topology.eye_right))}
    return RiggedMesh(
        verts=np.asarray(identity.rest, np.float64)[body],
        faces=np.asarray(topology.body_faces, np.int64),
        weights=weights,
        joints=np.where((topology.joint_bone >= 0)[:, None], heads, np.nan),
        eyeballs={side: found[found >= 0] for side, found in eyeballs.items()},
    )
