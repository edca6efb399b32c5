"""Eyeballs: white, iris and pupil as circles about the gaze axis, whatever the mesh beneath."""

import math

import bpy

from blender_scripts.materials.graph import Graph, Socket, darker, material_graph
from cuffs.records.scene_spec import Colour

GAZE = "gaze"
"""Vertex attribute: unit direction of the vertex from the eye's centre, in a frame whose z looks along the gaze.
It is stored on the rest mesh, so it turns with the eye."""

IRIS_RADIUS_M, PUPIL_RADIUS_M = 0.0060, 0.0021
"""Of living eyes. MakeHuman's eyeballs are larger than those, and lids hide that; irises would show it."""


LID_SHADE = 0.55
"""How dark the upper lid and its lashes make the eye beneath."""


def eye_material(name: str, iris: Colour, *, eyeball_radius_m: float) -> bpy.types.Material:
    """An eye of the given iris colour under a clear wet coat that catches highlights; the cornea bulges, lids shade."""
    material, graph = material_graph(name)
    iris_edge, pupil_edge = (
        math.sqrt(1 - (radius_m / eyeball_radius_m) ** 2) for radius_m in (IRIS_RADIUS_M, PUPIL_RADIUS_M)
    )  # cosines of the angles between the gaze and the edges
    direction = graph.vector("NORMALIZE", graph.attribute(GAZE))
    _, upward, along = graph.axes(direction)
    coloured = _iris(graph, iris, direction, along, edges=(iris_edge, pupil_edge))
    colour = graph.mix(
        graph.ramp(along, iris_edge - 0.010, iris_edge + 0.004), _white(graph, direction, along), coloured
    )
    lid = graph.ramp(upward, 0.0, 0.42)
    shaded = graph.mix(graph.math("MULTIPLY", lid, LID_SHADE), colour, (0.02, 0.012, 0.01))
    bulge = graph.ramp(along, iris_edge - 0.03, 1.0)
    graph.output(
        graph.principled(
            {
                "Base Color": shaded,
                "Roughness": 0.4,
                "Specular IOR Level": 0.3,
                "Coat Weight": 1.0,
                "Coat Roughness": 0.03,
                "Coat Normal": graph.bump(bulge, depth_m=0.0012),
            }
        )
    )
    return material


def _iris(graph: Graph, iris: Colour, direction: Socket, along: Socket, *, edges: tuple[float, float]) -> Socket:
    """Fibres that run outwards from the pupil, a dark rim, a lighter ring about the pupil."""
    iris_edge, pupil_edge = edges
    flat = graph.vector("NORMALIZE", graph.vector("MULTIPLY", direction, (1.0, 1.0, 0.0)))
    fibres = graph.noise(graph.vector("ADD", flat, graph.vector("MULTIPLY", direction, (0.3, 0.3, 0.0))), size_m=0.09)
    streaked = graph.mix(graph.ramp(fibres, 0.3, 0.7), darker(iris, 0.55), darker(iris, 1.7))
    middle = iris_edge + 0.45 * (pupil_edge - iris_edge)
    inner = graph.math("MULTIPLY", graph.ramp(along, middle, pupil_edge), 0.45)
    streaked = graph.mix(inner, streaked, (min(1.0, iris[0] * 1.6 + 0.02), iris[1] * 1.3 + 0.01, iris[2]))
    rim = graph.ramp(along, iris_edge + 0.3 * (1 - iris_edge), iris_edge)
    ringed = graph.mix(rim, streaked, darker(iris, 0.22))
    return graph.mix(graph.ramp(along, pupil_edge - 0.003, pupil_edge + 0.002), ringed, (0.003, 0.003, 0.003))


def _white(graph: Graph, direction: Socket, along: Socket) -> Socket:
    """Never quite white, red towards the corners, with veins."""
    base = graph.mix(graph.ramp(along, 0.85, 0.25), (0.54, 0.50, 0.47), (0.42, 0.27, 0.23))
    ridge = graph.math("ABSOLUTE", graph.math("SUBTRACT", graph.noise(direction, size_m=0.16, detail=3.0), 0.5))
    veins = graph.math("MULTIPLY", graph.ramp(ridge, 0.03, 0.0), graph.ramp(along, 0.9, 0.5))
    return graph.mix(graph.math("MULTIPLY", veins, 0.5), base, (0.42, 0.10, 0.08))
