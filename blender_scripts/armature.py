"""A character's bones in Blender: built from joint positions, posed by transforms. No axis is assumed anywhere."""

import bpy
import numpy as np
from jaxtyping import Float
from mathutils import Matrix

from cuffs.character import Identity, Topology

Array = np.ndarray

UPWARD = np.array([0.0, 0.0, 0.02])
SHORTEST_M = 1e-3
"""Blender drops bones without length. Where a bone points doesn't matter here: only its rest matrix is used."""


def add_armature(name: str, topology: Topology, identity: Identity) -> bpy.types.Object:
    """The rig in the identity's rest pose, linked to the scene."""
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    edit_bones = rig.data.edit_bones
    made = []
    for bone, bone_name in enumerate(topology.bone_names):
        edit_bone = edit_bones.new(str(bone_name))
        head, tail = identity.bone_heads[bone], identity.bone_tails[bone]
        edit_bone.head = head
        edit_bone.tail = tail if np.linalg.norm(tail - head) > SHORTEST_M else head + UPWARD
        if topology.bone_parents[bone] >= 0:
            edit_bone.parent = made[topology.bone_parents[bone]]
        made.append(edit_bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def pose_armature(rig: bpy.types.Object, topology: Topology, T_world_rest: Float[Array, "bones 4 4"]) -> None:
    """Move every bone by its transform from the rest pose.

    Blender composes pose = parent's pose · (parent's rest⁻¹ · own rest) · basis, so with pose = T · rest the basis
    follows from rest matrices alone (correspondence.md, E).
    """
    names = [str(name) for name in topology.bone_names]
    rest = np.array([rig.data.bones[name].matrix_local for name in names], np.float64)
    pose = T_world_rest @ rest
    parents = topology.bone_parents
    own = np.linalg.inv(rest) @ pose
    below = np.maximum(parents, 0)
    carried = pose[below] @ np.linalg.inv(rest[below]) @ rest
    basis = np.where((parents >= 0)[:, None, None], np.linalg.inv(carried) @ pose, own)
    for name, matrix in zip(names, basis, strict=True):
        rig.pose.bones[name].matrix_basis = Matrix(matrix.tolist())
