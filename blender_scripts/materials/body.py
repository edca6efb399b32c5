"""Mouth, teeth; and plain surfaces of things."""

import bpy

from blender_scripts.materials.graph import Graph, darker, material_graph
from cuffs.records import MaterialSpec
from cuffs.records.scene_spec import Colour


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
