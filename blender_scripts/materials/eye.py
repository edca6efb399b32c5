"""Eyeballs: white, iris and pupil as circles about the gaze axis, whatever the mesh beneath."""

import bpy

from blender_scripts.materials.graph import darker, material_graph
from cuffs.records.scene_spec import Colour

GAZE = "gaze"
"""Vertex attribute: unit direction of the vertex from the eye's centre, in a frame whose z looks along the gaze.
It is stored on the rest mesh, so it turns with the eye."""

IRIS_EDGE = 0.882
"""Cosine of the angle between gaze and the iris's edge: an iris 11.5 mm wide on an eyeball of 24 mm."""

PUPIL_EDGE = 0.985
"""Cosine for the pupil: 4 mm wide."""


def eye_material(name: str, iris: Colour) -> bpy.types.Material:
    """An eye of the given iris colour, under a clear wet coat that catches highlights."""
    material, graph = material_graph(name)
    direction = graph.vector("NORMALIZE", graph.attribute(GAZE))
    _, _, along = graph.axes(direction)
    fibres = graph.noise(graph.vector("MULTIPLY", direction, (1.0, 1.0, 0.15)), size_m=0.06, detail=2.0)
    streaked = graph.mix(graph.ramp(fibres, 0.3, 0.7), darker(iris, 0.6), darker(iris, 1.5))
    rim = graph.ramp(along, IRIS_EDGE + 0.035, IRIS_EDGE + 0.003)
    ringed = graph.mix(rim, streaked, darker(iris, 0.25))
    coloured = graph.mix(graph.ramp(along, PUPIL_EDGE - 0.003, PUPIL_EDGE + 0.002), ringed, (0.004, 0.004, 0.004))
    veined = graph.mix(graph.ramp(along, 0.75, -0.2), (0.72, 0.68, 0.66), (0.62, 0.42, 0.38))
    colour = graph.mix(graph.ramp(along, IRIS_EDGE - 0.012, IRIS_EDGE + 0.004), veined, coloured)
    graph.output(
        graph.principled({"Base Color": colour, "Roughness": 0.35, "Coat Weight": 0.8, "Coat Roughness": 0.04})
    )
    return material
