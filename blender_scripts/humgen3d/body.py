"""A human's body mesh and eyes as arrays, in one order: the body's vertices, then those of the eyes."""

from dataclasses import dataclass

import bpy
import numpy as np
from jaxtyping import Float, Int

from blender_scripts.humgen3d.rig import Bones
from blender_scripts.meshes import evaluated_verts
from cuffs.character import Topology, skin_vertices
from cuffs.errors import UnavailableError
from cuffs.humgen3d.bones import bone_joints, joint_bones

Array = np.ndarray

MATERIALS = ("skin", "eye")
WEAKEST = 1e-6
SKINNING_LIMIT_MM = 0.1
"""What numpy's skinning and Blender's may differ by; float32 alone makes 0.001."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skinned:
    """Both meshes."""

    body: bpy.types.Object
    eyes: bpy.types.Object

    @property
    def things(self) -> tuple[bpy.types.Object, bpy.types.Object]:
        """In their order."""
        return self.body, self.eyes


def base_verts(thing: bpy.types.Object) -> Float[Array, "n 3"]:
    """Vertices without shape keys, metres, float64."""
    return _coordinates(thing.data.vertices)


def _coordinates(points: bpy.types.bpy_prop_collection) -> Float[Array, "n 3"]:
    flat = np.zeros(3 * len(points), np.float32)
    points.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def mixed_verts(thing: bpy.types.Object, depsgraph: bpy.types.Depsgraph | None = None) -> Float[Array, "n 3"]:
    """Vertices with their shape keys, before any bone moves them: metres.

    Args:
        thing: a mesh.
        depsgraph: where drivers' values are taken from; None: the values that are stored.

    Raises:
        UnavailableError: if a key works in a way that isn't understood here (absolute keys).
    """
    keys = thing.data.shape_keys
    if keys is None:
        return base_verts(thing)
    if not keys.use_relative:
        raise UnavailableError(f"HumGen3D: {thing.name} has absolute shape keys; another version of the content?")
    values = keys if depsgraph is None else keys.evaluated_get(depsgraph)
    base = _coordinates(keys.reference_key.data)
    mixed = base.copy()
    for key, own in zip(values.key_blocks, keys.key_blocks, strict=True):
        if own == keys.reference_key or key.mute or abs(key.value) < 1e-12:
            continue
        start = base if own.relative_key == keys.reference_key else _coordinates(own.relative_key.data)
        share = _group_weights(thing, own.vertex_group) if own.vertex_group else 1.0
        mixed += key.value * share * (_coordinates(own.data) - start)
    return mixed


def _group_weights(thing: bpy.types.Object, name: str) -> Float[Array, "n 1"]:
    number = thing.vertex_groups[name].index
    weights = np.zeros((len(thing.data.vertices), 1))
    for vertex in thing.data.vertices:
        for element in vertex.groups:
            if element.group == number:
                weights[vertex.index] = element.weight
    return weights


def group_vertices(thing: bpy.types.Object, names: set[str], *, above: float = 0.5) -> dict[str, Int[Array, " n"]]:
    """Vertices of some groups."""
    found: dict[int, list[int]] = {group.index: [] for group in thing.vertex_groups if group.name in names}
    for vertex in thing.data.vertices:
        for element in vertex.groups:
            if element.group in found and element.weight > above:
                found[element.group].append(vertex.index)
    return {thing.vertex_groups[number].name: np.array(rows, np.int64) for number, rows in found.items()}


def triangles(thing: bpy.types.Object) -> Int[Array, "f 3"]:
    """The mesh's triangles, as Blender cuts its polygons."""
    mesh = thing.data
    mesh.calc_loop_triangles()
    flat = np.zeros(3 * len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("vertices", flat)
    return flat.reshape(-1, 3)


def read_topology(skinned: Skinned, rig: bpy.types.Object, bones: Bones) -> Topology:
    """Both meshes as one topology, with the weights of the rig's bones as the armature modifier uses them.

    Raises:
        UnavailableError: if a mesh doesn't follow the rig by weights alone.
    """
    parts = [_weights(thing, rig, bones) for thing in skinned.things]
    influences = max(numbers.shape[1] for numbers, _ in parts)
    padded = [[np.pad(array, ((0, 0), (0, influences - array.shape[1]))) for array in part] for part in parts]
    count = len(skinned.body.data.vertices)
    total = count + len(skinned.eyes.data.vertices)
    faces = [triangles(skinned.body), triangles(skinned.eyes) + count]
    left = mixed_verts(skinned.eyes)[:, 0] > 0
    eye = np.arange(count, total, dtype=np.int32)
    modifier = _armature(skinned.body, rig)
    return Topology(
        bone_names=np.array(bones.names),
        bone_parents=bones.parents,
        bone_joint=bone_joints(bones.names),
        joint_bone=joint_bones(bones.names),
        skin_bones=np.concatenate([part[0] for part in padded]).astype(np.uint8),
        skin_weights=np.concatenate([part[1] for part in padded]).astype(np.float32),
        body_vertices=np.arange(total, dtype=np.int32),
        body_faces=np.concatenate(faces).astype(np.int32),
        body_uv=np.zeros((sum(map(len, faces)), 3, 2), np.float32),
        body_material=np.repeat([0, 1], [len(part) for part in faces]).astype(np.uint8),
        material_names=np.array(MATERIALS),
        eye_left=eye[left],
        eye_right=eye[~left],
        face_action_names=np.zeros(0, "<U1"),
        face_action_vertices=np.zeros(0, np.int32),
        face_actions=np.zeros((0, 0, 3), np.float32),
        skinning="dual_quaternion" if modifier.use_deform_preserve_volume else "linear",
        parts=(),
        sha256="",
    )


def _armature(thing: bpy.types.Object, rig: bpy.types.Object) -> bpy.types.ArmatureModifier:
    """The modifier by which the rig moves a mesh.

    Raises:
        UnavailableError: if there isn't just one, or it does more than skinning.
    """
    found = [modifier for modifier in thing.modifiers if modifier.type == "ARMATURE" and modifier.object == rig]
    plain = [
        modifier
        for modifier in found
        if modifier.use_vertex_groups and not modifier.use_bone_envelopes and not modifier.vertex_group
    ]
    if len(found) != 1 or len(plain) != 1:
        raise UnavailableError(
            f"HumGen3D: {thing.name} is not moved by just one plain armature modifier ({len(found)} found); "
            "its content is of a version that isn't understood."
        )
    return plain[0]


def _weights(
    thing: bpy.types.Object, rig: bpy.types.Object, bones: Bones
) -> tuple[Int[Array, "n k"], Float[Array, "n k"]]:
    """Bones and shares of every vertex, in stored order: dual quaternions blend in it.

    A mesh that hangs on one bone follows that bone.
    """
    count = len(thing.data.vertices)
    if thing.parent_type == "BONE" and not any(modifier.type == "ARMATURE" for modifier in thing.modifiers):
        number = bones.own_names.index(thing.parent_bone)
        return np.full((count, 1), number), np.ones((count, 1))
    _armature(thing, rig)
    bone_of_group = {
        group.index: bones.own_names.index(group.name)
        for group in thing.vertex_groups
        if group.name in rig.data.bones and rig.data.bones[group.name].use_deform
    }
    rows = [
        [
            (bone_of_group[element.group], element.weight)
            for element in vertex.groups
            if element.group in bone_of_group and element.weight > WEAKEST
        ]
        for vertex in thing.data.vertices
    ]
    loose = sum(not row for row in rows)
    if loose:
        raise UnavailableError(f"HumGen3D: {loose} vertices of {thing.name} follow no bone.")
    width = max(len(row) for row in rows)
    numbers, shares = np.zeros((count, width), np.int64), np.zeros((count, width))
    for vertex, row in enumerate(rows):
        numbers[vertex, : len(row)], shares[vertex, : len(row)] = zip(*row, strict=True)
    return numbers, shares / shares.sum(1, keepdims=True)


def read_evaluated(
    skinned: Skinned, topology: Topology, T_world_rest: Float[Array, "bones 4 4"], depsgraph: bpy.types.Depsgraph
) -> Float[Array, "verts 3"]:
    """The evaluated meshes in the world, proven to be what the pose asks for: float32 metres.

    Every reading is compared with numpy's skinning by the very transforms that were asked for, not with what Blender
    says the bones do.

    Raises:
        RuntimeError: if they differ: the evaluation is stale, or something moves the mesh that isn't known here.
    """
    found = np.concatenate([evaluated_verts(thing, depsgraph) for thing in skinned.things])
    rest = np.concatenate([mixed_verts(thing, depsgraph) for thing in skinned.things])
    wanted = skin_vertices(topology, rest, T_world_rest, vertices=topology.body_vertices)
    distance_mm = np.linalg.norm(found - wanted, axis=1) * 1e3
    worst = int(distance_mm.argmax())
    if not distance_mm[worst] < SKINNING_LIMIT_MM:
        raise RuntimeError(
            f"{int((distance_mm >= SKINNING_LIMIT_MM).sum())} of {len(found)} vertices that Blender evaluated are not "
            f"where the pose puts them, by up to {distance_mm[worst]:.1f} mm (vertex {worst}): a stale evaluation, or "
            "something moves this human that isn't understood. Nothing is annotated."
        )
    return found
