"""Woven cloth in several patterns, and hair."""

import bpy

from blender_scripts.materials.graph import REST, Graph, Socket, darker, material_graph
from cuffs.errors import RecordError
from cuffs.records import MaterialSpec

CLOTH = "cloth"
"""Corner attribute: where a face's corner lies on the flat cloth, metres. Its second axis runs along the limb."""

PATTERNS = ("plain", "stripes", "checks", "plaid", "dots", "melange", "gradient")


def fabric_material(name: str, spec: MaterialSpec) -> bpy.types.Material:
    """Cloth: pattern of two colours, folds and weave as bump, a soft sheen.

    Raises:
        RecordError: if there is no such pattern.
    """
    if spec.pattern not in PATTERNS:
        raise RecordError(f"fabric has no pattern {spec.pattern!r}; there are {', '.join(PATTERNS)}.")
    material, graph = material_graph(name)
    cloth, rest = graph.attribute(CLOTH), graph.attribute(REST)
    second = spec.second_colour or darker(spec.colour, 0.45)
    colour = graph.mix(_pattern(graph, spec, cloth), spec.colour, second)
    worn = graph.noise(rest, size_m=0.06, detail=3.0)
    shaded = graph.mix(graph.ramp(worn, 0.25, 0.75), darker(spec.colour, 0.8), (1.0, 1.0, 1.0))
    colour = graph.mix(0.25, colour, shaded, blend="MULTIPLY")
    folds = graph.noise(graph.vector("MULTIPLY", rest, (1.0, 1.0, 0.6)), size_m=0.045, detail=1.0)
    weave = graph.node("ShaderNodeTexWave", {"Vector": cloth, "Scale": 180.0}, {"bands_direction": "DIAGONAL"})
    height = graph.math("ADD", folds, graph.math("MULTIPLY", weave.outputs[1], 0.04))
    graph.output(
        graph.principled(
            {
                "Base Color": colour,
                "Roughness": spec.roughness,
                "Specular IOR Level": 0.25,
                "Sheen Weight": 0.15,
                "Normal": graph.bump(height, depth_m=0.012, strength=0.7),
            }
        )
    )
    return material


def _pattern(graph: Graph, spec: MaterialSpec, cloth: Socket) -> Socket:
    """How much of the second colour there is, 0 to 1."""
    across, along, _ = graph.axes(graph.vector("MULTIPLY", cloth, (1 / spec.scale_m,) * 3))
    if spec.pattern == "plain":
        return graph.math("MULTIPLY", 0.0, 0.0)
    if spec.pattern == "stripes":
        return _band(graph, along, 0.5)
    if spec.pattern == "gradient":
        _, _, height = graph.axes(graph.attribute(REST))
        return graph.ramp(height, 0.6, 1.5)
    if spec.pattern == "melange":
        return graph.ramp(graph.noise(cloth, size_m=0.006, detail=3.0), 0.4, 0.65)
    if spec.pattern == "dots":
        return _dots(graph, across, along)
    share = 0.5 if spec.pattern == "checks" else 0.25
    a, b = _band(graph, across, share), _band(graph, along, share)
    if spec.pattern == "checks":  # a chessboard
        return graph.math("ABSOLUTE", graph.math("SUBTRACT", a, b))
    return graph.math("MULTIPLY", graph.math("ADD", a, b), 0.5)


def _band(graph: Graph, coordinate: Socket, share: float) -> Socket:
    """1 in a band that takes the given share of every unit, 0 elsewhere."""
    return graph.math("LESS_THAN", graph.math("FRACT", coordinate), share)


def _dots(graph: Graph, across: Socket, along: Socket) -> Socket:
    """1 within round dots, one a unit."""
    x, y = (graph.math("SUBTRACT", graph.math("FRACT", value), 0.5) for value in (across, along))
    radius = graph.math("SQRT", graph.math("ADD", graph.math("MULTIPLY", x, x), graph.math("MULTIPLY", y, y)))
    return graph.ramp(radius, 0.27, 0.23)


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
