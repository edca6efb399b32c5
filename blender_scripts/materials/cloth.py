"""Cloth: how it is made, its pattern, its trim."""

import bpy

from blender_scripts.materials.graph import REST, Graph, Socket, darker, material_graph
from blender_scripts.materials.patterns import PATTERNS, pattern_share
from blender_scripts.materials.trim import TRIMS, Surface, trimmed
from cuffs.errors import RecordError
from cuffs.records import MaterialSpec

CLOTH = "cloth"
"""Corner attribute: where a face's corner lies on the flat cloth, metres. Its second axis runs along the limb."""

WEAVES = ("jersey", "woven", "knit", "denim", "leather", "satin")

SHEEN = {"jersey": 0.15, "woven": 0.1, "knit": 0.3, "denim": 0.05, "leather": 0.0, "satin": 0.4}
SPECULAR = {"jersey": 0.15, "woven": 0.2, "knit": 0.1, "denim": 0.2, "leather": 0.5, "satin": 0.5}


def fabric_material(name: str, spec: MaterialSpec) -> bpy.types.Material:
    """Cloth of two colours at most, with its relief.

    Raises:
        RecordError: if there is no such pattern, weave or trim.
    """
    for what, value, known in (
        ("pattern", spec.pattern, PATTERNS),
        ("weave", spec.weave, WEAVES),
        ("trim", spec.trim, TRIMS),
    ):
        if value not in known:
            raise RecordError(f"fabric has no {what} {value!r}; there are {', '.join(known)}.")
    material, graph = material_graph(name)
    cloth, rest = graph.attribute(CLOTH), graph.attribute(REST)
    second = spec.second_colour or darker(spec.colour, 0.45)
    colour = graph.mix(pattern_share(graph, spec, cloth), spec.colour, second)
    colour = _worn(graph, spec, colour, rest)
    surface = trimmed(graph, spec, Surface(colour=colour, height=_relief(graph, spec, cloth, rest)))
    graph.output(
        graph.principled(
            {
                "Base Color": surface.colour,
                "Roughness": spec.roughness,
                "Specular IOR Level": SPECULAR[spec.weave],
                "Sheen Weight": SHEEN[spec.weave],
                "Normal": graph.bump(surface.height, depth_m=0.001),
            }
        )
    )
    return material


def _worn(graph: Graph, spec: MaterialSpec, colour: Socket, rest: Socket) -> Socket:
    """Colour that isn't quite even: threads, washing; denim bleaches in patches."""
    large = graph.noise(rest, size_m=0.09, detail=3.0)
    colour = graph.mix(
        graph.math("MULTIPLY", graph.ramp(large, 0.35, 0.75), 0.16), colour, (0.02, 0.02, 0.02), blend="MIX"
    )
    threads = graph.noise(graph.vector("MULTIPLY", rest, (1.0, 1.0, 0.25)), size_m=0.0035, detail=1.0)
    if spec.weave == "denim":
        patches = graph.noise(graph.vector("MULTIPLY", rest, (1.0, 1.0, 0.5)), size_m=0.14, detail=2.0)
        bleached = graph.math("MULTIPLY", graph.ramp(patches, 0.45, 0.75), 0.4)
        colour = graph.mix(bleached, colour, darker(spec.colour, 2.4))
        return graph.mix(graph.math("MULTIPLY", graph.ramp(threads, 0.4, 0.75), 0.35), colour, darker(spec.colour, 2.0))
    if spec.weave in ("leather", "satin"):
        return colour
    return graph.mix(graph.math("MULTIPLY", graph.ramp(threads, 0.3, 0.7), 0.2), colour, darker(spec.colour, 0.6))


def _relief(graph: Graph, spec: MaterialSpec, cloth: Socket, rest: Socket) -> Socket:
    """Height of small creases and of the weave, millimetres."""
    creases = graph.noise(graph.vector("MULTIPLY", rest, (1.0, 1.0, 0.7)), size_m=0.03, detail=2.0)
    small = graph.math("MULTIPLY", creases, 5.0 if spec.weave in ("woven", "satin") else 3.0)
    across, along, _ = graph.axes(cloth)
    if spec.weave == "knit":
        wale = graph.math("ABSOLUTE", graph.math("SINE", graph.math("MULTIPLY", across, 700.0)))
        course = graph.math("SINE", graph.math("MULTIPLY", along, 1100.0))
        stitch = graph.math("MULTIPLY", wale, graph.math("ADD", 1.0, graph.math("MULTIPLY", course, 0.25)))
        return graph.math("ADD", small, graph.math("MULTIPLY", stitch, 0.55))
    if spec.weave == "denim":
        diagonal = graph.math("SINE", graph.math("MULTIPLY", graph.math("ADD", across, along), 1800.0))
        return graph.math("ADD", small, graph.math("MULTIPLY", diagonal, 0.15))
    if spec.weave == "leather":
        grain = graph.noise(rest, size_m=0.006, detail=3.0)
        return graph.math("ADD", small, graph.math("MULTIPLY", grain, 1.2))
    return small
