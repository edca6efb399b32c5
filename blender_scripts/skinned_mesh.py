"""Meshes that follow a rig: body, clothes and hair are made alike."""

from collections.abc import Mapping
from dataclasses import dataclass

import bpy
import numpy as np
from jaxtyping import Bool, Float, Int

from blender_scripts.materials.graph import REST
from blender_scripts.meshes import add_mesh, set_face_numbers, set_vector_attribute
from cuffs.character import Topology
from cuffs.errors import RecordError
from cuffs.skeleton import LIMB_OF_JOINT, LIMBS

Array = np.ndarray

LIMB = "limb"
"""Face attribute: number of the limb in `skeleton.LIMBS`, plus 1."""

HIDDEN = "hidden beneath clothes"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkinnedShape:
    """A mesh in the rest pose, and which full vertices of the topology it follows."""

    name: str
    rest: Float[Array, "verts 3"]
    faces: Int[Array, "faces 3"]
    vertices: Int[Array, " verts"]


def add_skinned_mesh(shape: SkinnedShape, topology: Topology, rig: bpy.types.Object) -> bpy.types.Object:
    """An object that the rig moves as the topology says."""
    thing = add_mesh(shape.name, shape.rest, shape.faces)
    set_vector_attribute(thing, REST, shape.rest)
    set_face_numbers(thing, LIMB, face_limbs(topology, shape.vertices, shape.faces) + 1)
    _add_weights(thing, topology, shape.vertices)
    modifier = thing.modifiers.new("rig", "ARMATURE")
    modifier.object = rig
    modifier.use_deform_preserve_volume = topology.skinning == "dual_quaternion"
    return thing


def add_facial_actions(
    thing: bpy.types.Object, shape: SkinnedShape, topology: Topology, weights: Mapping[str, float]
) -> None:
    """Move a mesh by facial actions, as shape keys before the rig. Actions that don't touch it leave no key.

    Raises:
        RecordError: if the topology has no such action.
    """
    names = [str(name) for name in topology.face_action_names]
    row_of = np.full(len(topology.skin_bones), -1)
    row_of[topology.face_action_vertices] = np.arange(len(topology.face_action_vertices))
    rows = row_of[shape.vertices]
    touched = rows >= 0
    for name, weight in sorted(weights.items()):
        if name not in names:
            raise RecordError(f"there is no facial action {name!r}; there are {', '.join(names)}.")
        offsets = np.where(touched[:, None], topology.face_actions[names.index(name)][rows], 0.0)
        if weight == 0 or not offsets.any():
            continue
        if thing.data.shape_keys is None:
            thing.shape_key_add(name="rest", from_mix=False)
        key = thing.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", (shape.rest + offsets).astype(np.float32).ravel())
        key.value = weight


def hide_in_render(thing: bpy.types.Object, is_hidden: Bool[Array, " verts"]) -> None:
    """Leave vertices, and faces at them, out of pictures. Read-out still sees them: the label is the whole body's."""
    if not is_hidden.any():
        return
    group = thing.vertex_groups.new(name=HIDDEN)
    group.add(np.flatnonzero(is_hidden).tolist(), 1.0, "REPLACE")
    mask = thing.modifiers.new("beneath clothes", "MASK")
    mask.vertex_group = group.name
    mask.invert_vertex_group = True
    mask.show_render, mask.show_viewport = True, False


def limb_shares(topology: Topology, vertices: Int[Array, " verts"]) -> Float[Array, "verts limbs"]:
    """How much each limb moves each of the given full vertices."""
    limbs = LIMB_OF_JOINT[topology.bone_joint[topology.skin_bones[vertices]]]
    shares = np.zeros((len(vertices), len(LIMBS)))
    for influence in range(limbs.shape[1]):
        np.add.at(shares, (np.arange(len(vertices)), limbs[:, influence]), topology.skin_weights[vertices, influence])
    return shares


def face_limbs(
    topology: Topology, vertices: Int[Array, " verts"], faces: Int[Array, "faces 3"]
) -> Int[Array, " faces"]:
    """The limb that moves each face most, by its number in `skeleton.LIMBS`."""
    return limb_shares(topology, vertices)[faces].sum(1).argmax(1)


def _add_weights(thing: bpy.types.Object, topology: Topology, vertices: Int[Array, " verts"]) -> None:
    """Vertex groups. The first influence of all vertices is stored first, then the second: dual quaternions blend in
    stored order, and numpy's twin (`cuffs.character`) takes the columns' order."""
    groups = [thing.vertex_groups.new(name=str(name)) for name in topology.bone_names]
    bones, weights = topology.skin_bones[vertices], topology.skin_weights[vertices]
    for influence in range(bones.shape[1]):
        column_bones, column_weights = bones[:, influence].tolist(), weights[:, influence].tolist()
        for vertex, (bone, weight) in enumerate(zip(column_bones, column_weights, strict=True)):
            if weight > 0:
                groups[bone].add((vertex,), weight, "REPLACE")
