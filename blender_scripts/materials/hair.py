"""Hair: strands, and cards or caps for hair that comes as a mesh."""

import bpy

from blender_scripts.materials.graph import REST, darker, material_graph
from cuffs.records import MaterialSpec


def strand_material(name: str, spec: MaterialSpec) -> bpy.types.Material:
    """Strands that light shines through (Chiang et al. 2016), no two of quite the same colour.

    Args:
        name: of the material.
        spec: colour and roughness; the second colour is that of some strands, grey ones say.
    """
    material, graph = material_graph(name)
    info = graph.node("ShaderNodeHairInfo")
    chance = info.outputs["Random"]
    lighter = spec.second_colour or darker(spec.colour, 1.5)
    colour = graph.mix(graph.ramp(chance, 0.35, 1.0), darker(spec.colour, 0.8), lighter)
    rooted = graph.mix(graph.ramp(info.outputs["Intercept"], 0.35, 0.0), colour, darker(spec.colour, 0.6))
    strand = graph.node(
        "ShaderNodeBsdfHairPrincipled",
        {
            "Color": rooted,
            "Roughness": max(0.32, spec.roughness * 0.9),
            "Radial Roughness": max(0.3, spec.roughness),
            "Coat": 0.0,
            "IOR": 1.5,
        },
        {"model": "CHIANG", "parametrization": "COLOR"},
    )
    graph.output(strand.outputs[0])
    return material


def hair_material(name: str, spec: MaterialSpec) -> bpy.types.Material:
    """Hair as a surface: strands are streaks, fine across and long downwards, in colour and relief."""
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
