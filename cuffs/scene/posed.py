"""A character's body where a scene puts it, as the planner needs it: without clothes, without Blender."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from cuffs.character import Identity, Topology, pose_bones, skin_vertices
from cuffs.mesh_normals import vertex_normals
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import LIMB_OF_JOINT
from cuffs.skeleton import PARENTS as PARENT_OF


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PosedBody:
    """The body mesh in the world, metres."""

    verts: Float[np.ndarray, "verts 3"]
    normals: Float[np.ndarray, "verts 3"]
    """Outward, unit."""

    limb: Int[np.ndarray, " verts"]
    """Number in `skeleton.LIMBS`."""

    joints: Float[np.ndarray, "55 3"]
    """The character's own joints; where its rig has none (jaw), the parent's."""

    def moved(self, offset: Float[np.ndarray, "3"]) -> "PosedBody":
        """The same body elsewhere."""
        return replace(self, verts=self.verts + offset, joints=self.joints + offset)


def pose_body(
    topology: Topology,
    identity: Identity,
    pose: Float[np.ndarray, "55 3"],
    *,
    pelvis_world: Float[np.ndarray, "3"],
) -> PosedBody:
    """Pose a character's body mesh with a neutral face.

    Args:
        topology: the character's mesh and rig.
        identity: who.
        pose: axis-angle, root in the world.
        pelvis_world: where the pelvis joint goes, metres.
    """
    T_world_rest = pose_bones(topology, identity, rotvec_to_rotmat(pose), pelvis_world)
    verts = skin_vertices(
        topology, identity.rest[topology.body_vertices], T_world_rest, vertices=topology.body_vertices
    )
    return PosedBody(
        verts=verts,
        normals=vertex_normals(verts, topology.body_faces),
        limb=limb_of_vertices(topology),
        joints=joints_of(topology, identity, T_world_rest),
    )


def joints_of(
    topology: Topology, identity: Identity, T_world_rest: Float[np.ndarray, "bones 4 4"]
) -> Float[np.ndarray, "55 3"]:
    """Where the bones that are SMPL-X's joints have their heads."""
    bone = topology.joint_bone.copy()
    for joint in np.flatnonzero(bone < 0):
        bone[joint] = bone[PARENT_OF[joint]]
    transforms = T_world_rest[bone]
    return np.einsum("jab,jb->ja", transforms[:, :3, :3], identity.bone_heads[bone]) + transforms[:, :3, 3]


def limb_of_vertices(topology: Topology) -> Int[np.ndarray, " verts"]:
    """The limb of each of the body mesh's vertices: that of the bone which moves it most."""
    rows = topology.body_vertices
    strongest = topology.skin_weights[rows].argmax(1)
    bone = np.take_along_axis(topology.skin_bones[rows], strongest[:, None], 1)[:, 0]
    return LIMB_OF_JOINT[topology.bone_joint[bone]]
