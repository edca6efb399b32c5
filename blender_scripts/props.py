"""Things in the scene that are nobody: seats, walls, occluders."""

import bmesh
import bpy
from mathutils import Matrix

from blender_scripts.materials import make_material
from blender_scripts.meshes import add_mesh, set_materials
from blender_scripts.things.kit import Kit
from cuffs.records import PropSpec

BEVEL_M = 0.01
"""Real edges are rounded and catch light."""


def add_prop(spec: PropSpec, number: int) -> bpy.types.Object:
    """A box, an upright cylinder, a stool or a flat rectangle, centred on its frame, `size_m` along its axes.

    Raises:
        RecordError: if its material doesn't exist.
    """
    name = f"prop_{number}"
    if spec.kind == "stool":
        return _stool(name, spec)
    shape = bmesh.new()
    if spec.kind == "box":
        bmesh.ops.create_cube(shape, size=1.0)
    elif spec.kind == "cylinder":
        bmesh.ops.create_cone(shape, cap_ends=True, cap_tris=False, segments=48, radius1=0.5, radius2=0.5, depth=1.0)
    else:
        bmesh.ops.create_grid(shape, x_segments=1, y_segments=1, size=0.5)
    bmesh.ops.scale(shape, vec=spec.size_m, verts=shape.verts)
    if spec.kind != "plane":
        _round_edges(shape, spec)
    mesh = bpy.data.meshes.new(name)
    shape.to_mesh(mesh)
    shape.free()
    mesh.materials.append(make_material(name, spec.material))
    prop = bpy.data.objects.new(name, mesh)
    prop.matrix_world = Matrix(spec.T_world_prop.tolist())
    bpy.context.scene.collection.objects.link(prop)
    return prop


def _stool(name: str, spec: PropSpec) -> bpy.types.Object:
    """A round seat on four legs that spread."""
    width, _, height = spec.size_m
    radius, kit = width / 2, Kit()
    low, top = -height / 2, height / 2
    seat = [(0.0, top - 0.045), (radius - 0.01, top - 0.045), (radius, top - 0.03), (radius, top - 0.012),
            (radius - 0.012, top), (0.0, top)]  # fmt: skip
    kit.lathe(seat, sides=40)
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        kit.rod((0.62 * radius * x, 0.62 * radius * y, low), (0.45 * radius * x, 0.45 * radius * y, top - 0.03),
                (0.013, 0.017))  # fmt: skip
    ring = 0.55 * radius
    for x, y in ((1, 0), (0, 1)):
        kit.rod((-ring * x - ring * y, -ring * y + ring * x, low + 0.35 * height),
                (ring * x - ring * y, ring * y + ring * x, low + 0.35 * height), 0.009)  # fmt: skip
    verts, triangles, _, smooth = kit.merged()
    prop = add_mesh(name, verts, triangles, smooth=False)
    prop.data.polygons.foreach_set("use_smooth", smooth)
    set_materials(prop, [make_material(name, spec.material)])
    prop.matrix_world = Matrix(spec.T_world_prop.tolist())
    return prop


def _round_edges(shape: bmesh.types.BMesh, spec: PropSpec) -> None:
    """Bevel the edges. Flat sides stay flat-shaded, so that the bevel's normals don't bend them; a mantle is smooth."""
    sharp = [edge for edge in shape.edges if edge.calc_face_angle(0.0) > 0.6]
    width = min(BEVEL_M, 0.2 * min(spec.size_m))
    bmesh.ops.bevel(
        shape, geom=sharp, offset=width, segments=3, profile=0.5, affect="EDGES", clamp_overlap=True,
        harden_normals=False,
    )  # fmt: skip
    for face in shape.faces:
        face.normal_update()
        face.smooth = spec.kind == "cylinder" and abs(face.normal.z) < 0.01
