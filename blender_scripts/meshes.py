"""Blender meshes from numpy arrays."""

import bpy
import numpy as np
from jaxtyping import Float, Int, Integer

Array = np.ndarray


def add_mesh(
    name: str, verts: Float[Array, "verts 3"], faces: Int[Array, "faces corners"], *, smooth: bool = True
) -> bpy.types.Object:
    """An object at the world's origin with the given mesh, linked to the scene.

    Args:
        name: of object and mesh.
        verts: metres.
        faces: all triangles, or all quads.
        smooth: whether shading hides the edges.
    """
    count, corners = faces.shape
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(verts))
    mesh.vertices.foreach_set("co", np.ascontiguousarray(verts, np.float32).ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(faces, np.int32).ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, corners, dtype=np.int32))
    mesh.update(calc_edges=True)
    mesh.polygons.foreach_set("use_smooth", np.full(count, smooth))
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def set_materials(
    thing: bpy.types.Object, materials: list[bpy.types.Material], number_of_face: Integer[Array, " faces"] | None = None
) -> None:
    """Give a mesh its materials.

    Args:
        thing: the mesh object.
        materials: in the order that faces number them.
        number_of_face: which material each face has; None: the first.
    """
    for material in materials:
        thing.data.materials.append(material)
    if number_of_face is not None:
        thing.data.polygons.foreach_set("material_index", number_of_face.astype(np.int32))


def set_vector_attribute(
    thing: bpy.types.Object, name: str, values: Float[Array, "rows 3"], *, domain: str = "POINT"
) -> None:
    """Store a vector per vertex (or per corner: domain CORNER), for shaders to read."""
    attribute = thing.data.attributes.new(name, "FLOAT_VECTOR", domain)
    attribute.data.foreach_set("vector", np.ascontiguousarray(values, np.float32).ravel())


def set_face_numbers(thing: bpy.types.Object, name: str, values: Integer[Array, " faces"]) -> None:
    """Store a number per face, for shaders to read."""
    attribute = thing.data.attributes.new(name, "FLOAT", "FACE")
    attribute.data.foreach_set("value", values.astype(np.float32))


def evaluated_verts(thing: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> Float[Array, "verts 3"]:
    """Vertices as modifiers leave them, world, float32 metres.

    Raises:
        RuntimeError: if modifiers changed the number of vertices: the order would mean nothing.
    """
    evaluated = thing.evaluated_get(depsgraph)
    mesh = evaluated.data
    if len(mesh.vertices) != len(thing.data.vertices):
        raise RuntimeError(f"{thing.name} has {len(mesh.vertices)} vertices instead of {len(thing.data.vertices)}.")
    flat = np.zeros(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", flat)
    verts = flat.reshape(-1, 3)
    T_world_object = np.array(evaluated.matrix_world, np.float64)
    if np.array_equal(T_world_object, np.eye(4)):
        return verts
    return (verts @ T_world_object[:3, :3].T + T_world_object[:3, 3]).astype(np.float32)
