"""Hair."""

import bpy

from blender_scripts.materials.graph import REST, darker, material_graph
from cuffs.records import MaterialSpec


def hair_material(name: str, spec: MaterialSpec) -> bpy.types.Material:
    """Hair as a cap: strands are streaks, fine across and long downwards, in colour and relief."""
    material, graph = material_graph(name)
    rest = graph.attribute(REST)
    strands = graph.noise(graph.vector("MULTIPLY", rest, (1.0, 1.0, 0.03)), size_m=0.003, detail=1.0)
    locks = graph.noise(graph.vector("MULTIPLY", rest, (1.0, 1.0, 0.2)), size_m=0.02, detail=2.0)
    streaks = graph.math("ADD", graph.math("MULTIPLY", strands, 0.6), graph.math("MULTIPLY", locks, 0.4))
    light = spec.second_colour or darker(spec.colour, 1.5)
    colour = graph.mix(graph.ramp(streaks, 0.35, 0.68), darker(spec.colour, 0.5), light)
    graph.output(
        graph.principled(
            {
                "Base Color": colour,
                "Roughness": max(0.3, spec.roughness),
                "Specular IOR Level": 0.45,
                "Normal": graph.bump(streaks, depth_m=0.004, strength=0.6),
            }
        )
    )
    return material
