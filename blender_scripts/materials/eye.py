"""Eyeballs: white, iris and pupil as circles about the gaze axis, whatever the mesh beneath."""

import math

import bpy

from blender_scripts.materials.graph import darker, material_graph
from cuffs.records.scene_spec import Colour

GAZE = "gaze"
"""Vertex attribute: unit direction of the vertex from the eye's centre, in a frame whose z looks along the gaze.
It is stored on the rest mesh, so it turns with the eye."""

IRIS_RADIUS_M, PUPIL_RADIUS_M = 0.0060, 0.0021
"""Of living eyes. MakeHuman's eyeballs are larger than those, and lids hide that; irises would show it."""


def eye_material(name: str, iris: Colour, *, eyeball_radius_m: float) -> bpy.types.Material:
    """An eye of the given iris colour, under a clear wet coat that catches highlights."""
    material, graph = material_graph(name)
    iris_edge, pupil_edge = (
        math.sqrt(1 - (radius_m / eyeball_radius_m) ** 2) for radius_m in (IRIS_RADIUS_M, PUPIL_RADIUS_M)
    )  # cosines of the angles between the gaze and the edges
    direction = graph.vector("NORMALIZE", graph.attribute(GAZE))
    _, _, along = graph.axes(direction)
    fibres = graph.noise(graph.vector("MULTIPLY", direction, (1.0, 1.0, 0.15)), size_m=0.06, detail=2.0)
    streaked = graph.mix(graph.ramp(fibres, 0.3, 0.7), darker(iris, 0.6), darker(iris, 1.5))
    rim = graph.ramp(along, iris_edge + 0.3 * (1 - iris_edge), iris_edge)
    ringed = graph.mix(rim, streaked, darker(iris, 0.25))
    coloured = graph.mix(graph.ramp(along, pupil_edge - 0.002, pupil_edge + 0.001), ringed, (0.004, 0.004, 0.004))
    veined = graph.mix(graph.ramp(along, 0.75, -0.2), (0.72, 0.68, 0.66), (0.62, 0.42, 0.38))
    colour = graph.mix(graph.ramp(along, iris_edge - 0.007, iris_edge + 0.003), veined, coloured)
    graph.output(
        graph.principled({"Base Color": colour, "Roughness": 0.35, "Coat Weight": 0.8, "Coat Roughness": 0.04})
    )
    return material
