"""Shoes: upper, sole, toe cap and laces by where they lie on the foot."""

import bpy

from blender_scripts.materials.graph import REST, Graph, Socket, Value, darker, material_graph
from blender_scripts.materials.trim import PLACE
from cuffs.records import MaterialSpec
from cuffs.records.scene_spec import Colour

SOLE_M = {"sneaker": 0.024, "leather": 0.012, "boot": 0.022, "flat": 0.006}
"""Height of the sole by pattern."""

LACES = {"sneaker": (0.38, 0.66), "boot": (0.36, 0.72), "leather": (0.46, 0.64)}
"""Where laces run, heel to toe."""

PATTERNS = tuple(SOLE_M)
BLACK: Colour = (0.015, 0.014, 0.014)


def shoe_material(name: str, spec: MaterialSpec) -> bpy.types.Material:
    """A shoe. `PLACE` holds metres aside of the foot's middle, heel 0 to toe 1, and how far the surface looks up.

    Args:
        name: of the material.
        spec: colour of the upper, second colour of the sole, pattern: sneaker, leather, boot or flat.
    """
    material, graph = material_graph(name)
    aside, along, up = graph.axes(graph.attribute(PLACE))
    _, _, height = graph.axes(graph.attribute(REST))
    rest = graph.attribute(REST)
    aside = graph.math("ABSOLUTE", aside)
    grain = graph.noise(rest, size_m=0.004 if spec.pattern == "sneaker" else 0.012, detail=3.0)
    worn = graph.ramp(graph.noise(rest, size_m=0.03), 0.35, 0.75)
    colour: Value = graph.mix(graph.math("MULTIPLY", worn, 0.25), spec.colour, darker(spec.colour, 0.65))
    relief: Value = graph.math("MULTIPLY", grain, 0.35)
    colour, relief = _seams(graph, spec, (colour, relief), along=along, aside=aside)
    if spec.pattern in LACES:
        colour, relief = _laced(graph, spec, (colour, relief), along=along, aside=aside, up=up)
    sole = graph.ramp(height, SOLE_M[spec.pattern] + 0.0012, SOLE_M[spec.pattern] - 0.0012)
    sole_colour = spec.second_colour or BLACK
    colour = graph.mix(sole, colour, sole_colour)
    welt = _line(graph, height, SOLE_M[spec.pattern], 0.0022)
    colour = graph.mix(graph.math("MULTIPLY", welt, 0.65), colour, darker(sole_colour, 0.3))
    relief = graph.math("ADD", relief, graph.math("MULTIPLY", welt, -2.0))
    if spec.pattern == "sneaker":
        groove = graph.math("MULTIPLY", sole, graph.math("SINE", graph.math("MULTIPLY", height, 900.0)))
        relief = graph.math("ADD", relief, graph.math("MULTIPLY", groove, 0.4))
    rough = graph.math("ADD", graph.math("MULTIPLY", sole, 0.65 - spec.roughness), spec.roughness)
    graph.output(
        graph.principled(
            {
                "Base Color": colour,
                "Roughness": rough,
                "Specular IOR Level": 0.4,
                "Normal": graph.bump(relief, depth_m=0.001),
            }
        )
    )
    return material


def _line(graph: Graph, distance: Socket, at: float, half_width: float) -> Socket:
    return graph.ramp(graph.math("ABSOLUTE", graph.math("SUBTRACT", distance, at)), half_width, 0.4 * half_width)


def _seams(
    graph: Graph, spec: MaterialSpec, surface: tuple[Value, Value], *, along: Socket, aside: Socket
) -> tuple[Value, Value]:
    """Toe cap, and the seam where the tongue's flaps begin."""
    colour, relief = surface
    bent = graph.math("SUBTRACT", along, graph.math("MULTIPLY", graph.math("MULTIPLY", aside, aside), 40.0))
    cap = _line(graph, bent, 0.79, 0.006)
    seams = cap
    if spec.pattern in LACES:
        low, high = LACES[spec.pattern]
        flap = graph.math("MULTIPLY", _line(graph, aside, 0.021, 0.0016), _within(graph, along, low, high))
        seams = graph.math("MAXIMUM", cap, flap)
    colour = graph.mix(graph.math("MULTIPLY", seams, 0.6), colour, darker(spec.colour, 0.35))
    return colour, graph.math("ADD", relief, graph.math("MULTIPLY", seams, -1.2))


def _within(graph: Graph, value: Socket, low: float, high: float) -> Socket:
    return graph.math("MULTIPLY", graph.math("GREATER_THAN", value, low), graph.math("LESS_THAN", value, high))


def _laced(
    graph: Graph, spec: MaterialSpec, surface: tuple[Value, Value], *, along: Socket, aside: Socket, up: Socket
) -> tuple[Value, Value]:
    """Laces across the tongue."""
    colour, relief = surface
    low, high = LACES[spec.pattern]
    on_top = graph.math("MULTIPLY", graph.math("GREATER_THAN", up, 0.25), _within(graph, along, low, high))
    tongue = graph.math("MULTIPLY", on_top, graph.ramp(aside, 0.014, 0.012))
    colour = graph.mix(graph.math("MULTIPLY", tongue, 0.5), colour, darker(spec.colour, 0.5))
    slanted = graph.math("ADD", along, graph.math("MULTIPLY", aside, 1.2))
    row = graph.math(
        "ABSOLUTE", graph.math("SUBTRACT", graph.math("FRACT", graph.math("MULTIPLY", slanted, 22.0)), 0.5)
    )
    lace = graph.math(
        "MULTIPLY", on_top, graph.math("MULTIPLY", graph.ramp(row, 0.24, 0.17), graph.ramp(aside, 0.021, 0.019))
    )
    is_dark = sum(spec.colour) < 0.6 and spec.pattern != "sneaker"
    colour = graph.mix(lace, colour, BLACK if is_dark else (0.7, 0.69, 0.66))
    return colour, graph.math("ADD", relief, graph.math("MULTIPLY", lace, 1.8))
