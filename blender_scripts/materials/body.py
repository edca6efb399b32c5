"""Surfaces of a bare body: skin, lips, nails, mouth, teeth."""

import bpy

from blender_scripts.materials.graph import REST, Graph, darker, material_graph
from cuffs.records import MaterialSpec
from cuffs.records.scene_spec import Colour

BLOOD: Colour = (0.55, 0.12, 0.10)
"""What shines through thin skin."""

SCATTER_RADIUS = (1.0, 0.35, 0.2)
"""Relative distance that red, green and blue travel beneath skin."""


def skin_material(name: str, spec: MaterialSpec, *, redness: float = 0.0) -> bpy.types.Material:
    """Skin of the spec's colour, blotched a little, with light scattering beneath.

    Args:
        name: of the material.
        spec: colour and roughness.
        redness: 0 for plain skin, towards 1 for lips.
    """
    material, graph = material_graph(name)
    rest = graph.attribute(REST)
    blotches = graph.noise(rest, size_m=0.05, detail=3.0)
    pores = graph.noise(rest, size_m=0.004, detail=1.0)
    thin = (spec.colour[0] * 0.8, spec.colour[1] * 0.45, spec.colour[2] * 0.45)
    flushed = graph.mix(redness, spec.colour, thin)
    factor = graph.ramp(blotches, 0.4, 0.75)
    tinted = graph.mix(
        graph.math("MULTIPLY", factor, 0.22), flushed, (spec.colour[0], spec.colour[1] * 0.6, spec.colour[2] * 0.55)
    )
    shaded = graph.mix(graph.ramp(pores, 0.25, 0.75), darker(spec.colour, 0.9), tinted)
    colour = graph.mix(0.6, shaded, tinted)
    graph.output(
        graph.principled(
            {
                "Base Color": colour,
                "Roughness": max(0.3, spec.roughness - 0.25 * redness),
                "Specular IOR Level": 0.4,
                "Subsurface Weight": 0.12,
                "Subsurface Radius": SCATTER_RADIUS,
                "Subsurface Scale": 0.006,
                "Normal": graph.bump(pores, depth_m=0.00025),
            }
        )
    )
    return material


def wet_material(name: str, colour: Colour, *, roughness: float = 0.25) -> bpy.types.Material:
    """The inside of a mouth, teeth, a tongue: smooth and moist."""
    material, graph = material_graph(name)
    graph.output(graph.principled({"Base Color": colour, "Roughness": roughness}))
    return material


def plain_material(name: str, spec: MaterialSpec) -> bpy.types.Material:
    """One colour with a trace of unevenness, for things."""
    material, graph = material_graph(name)
    uneven = graph.noise(graph.position(), size_m=0.08, detail=4.0)
    colour = graph.mix(graph.ramp(uneven, 0.25, 0.75), darker(spec.colour, 0.9), darker(spec.colour, 1.06))
    graph.output(graph.principled({"Base Color": colour, "Roughness": spec.roughness}))
    return material


def backdrop_material(name: str, spec: MaterialSpec) -> bpy.types.Material:
    """Painted paper or plaster: one colour, mottled softly, a shade darker towards the edge of the floor."""
    material, graph = material_graph(name)
    position = graph.position()
    mottled = graph.noise(position, size_m=0.9, detail=3.0)
    second = spec.second_colour or darker(spec.colour, 0.86)
    colour = graph.mix(graph.ramp(mottled, 0.3, 0.75), spec.colour, second)
    graph.output(graph.matte(colour))
    return material


def glow_graph(name: str) -> tuple[bpy.types.Material, Graph]:
    """A material that is never sampled as a light: what it shines is only seen, it lights nothing."""
    material, graph = material_graph(name)
    material.cycles.emission_sampling = "NONE"
    return material, graph
