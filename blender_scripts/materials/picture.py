"""Surfaces with a picture of their own: textures of added assets."""

from pathlib import Path

import bpy

from blender_scripts.materials.graph import material_graph
from cuffs.records import MaterialSpec

UV = "uv"
"""Corner attribute: texture coordinates."""


def picture_material(name: str, spec: MaterialSpec, path: Path) -> bpy.types.Material:
    """A textured surface, transparent where its picture is.

    Args:
        name: of the material.
        spec: roughness.
        path: of the picture.

    Raises:
        RuntimeError: if Blender can't read it.
    """
    material, graph = material_graph(name)
    image = bpy.data.images.load(str(path), check_existing=True)
    texture = graph.node("ShaderNodeTexImage", {"Vector": graph.attribute(UV)}, {"image": image})
    inputs = {
        "Base Color": texture.outputs["Color"],
        "Alpha": texture.outputs["Alpha"],
        "Roughness": spec.roughness,
        "Specular IOR Level": 0.3,
    }
    graph.output(graph.principled(inputs))
    return material
