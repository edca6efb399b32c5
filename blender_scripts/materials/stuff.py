"""What furniture and scenery are made of. Patterns lie in the thing's own coordinates, metres."""

from collections.abc import Callable

import bpy

from blender_scripts.materials.graph import Graph, Socket, Value, darker, material_graph
from cuffs.records.scene_spec import Colour


def stuff_material(stuff: str, colour: Colour) -> bpy.types.Material:
    """A surface by what it is made of, as `STUFF` lists it; made once for each colour.

    Raises:
        KeyError: if there is no such stuff.
    """
    name = f"{stuff} {colour[0]:.4f} {colour[1]:.4f} {colour[2]:.4f}"
    found = bpy.data.materials.get(name)
    if found is not None:
        return found
    material, graph = material_graph(name)
    STUFF[stuff](graph, colour)
    if stuff in GLOWING:
        material.cycles.emission_sampling = "NONE"
    return material


def _here(graph: Graph) -> Socket:
    return graph.node("ShaderNodeTexCoord").outputs["Object"]


def _island(graph: Graph) -> Socket:
    """A number between 0 and 1 for each loose part of the mesh."""
    return graph.node("ShaderNodeNewGeometry").outputs["Random Per Island"]


def _wood(graph: Graph, colour: Colour) -> None:
    where = graph.vector("MULTIPLY", _here(graph), (0.1, 1.0, 1.0))
    where = graph.vector("ADD", where, graph.combine(graph.math("MULTIPLY", _island(graph), 7.0), 0.0, 0.0))
    grain = graph.noise(where, size_m=0.03, detail=5.0)
    streaks = graph.mix(graph.ramp(grain, 0.3, 0.7), darker(colour, 0.62), darker(colour, 1.1))
    graph.output(graph.principled({"Base Color": streaks, "Roughness": 0.42, "Specular IOR Level": 0.35}))


def _paint(graph: Graph, colour: Colour) -> None:
    uneven = graph.noise(_here(graph), size_m=0.25, detail=3.0)
    shade = graph.mix(graph.ramp(uneven, 0.3, 0.7), darker(colour, 0.93), colour)
    graph.output(graph.principled({"Base Color": shade, "Roughness": 0.45, "Specular IOR Level": 0.35}))


def _cloth(graph: Graph, colour: Colour) -> None:
    where = _here(graph)
    weave = graph.noise(where, size_m=0.004, detail=1.0)
    worn = graph.noise(where, size_m=0.16, detail=3.0)
    shade = graph.mix(graph.ramp(weave, 0.3, 0.7), darker(colour, 0.72), colour)
    graph.output(graph.matte(graph.mix(graph.ramp(worn, 0.3, 0.75), darker(colour, 0.85), shade)))


def _leather(graph: Graph, colour: Colour) -> None:
    creases = graph.noise(_here(graph), size_m=0.05, detail=6.0)
    shade = graph.mix(graph.ramp(creases, 0.3, 0.7), darker(colour, 0.7), colour)
    graph.output(
        graph.principled({"Base Color": shade, "Roughness": 0.38, "Normal": graph.bump(creases, depth_m=0.004)})
    )


def _metal(graph: Graph, colour: Colour) -> None:
    graph.output(graph.principled({"Base Color": colour, "Metallic": 1.0, "Roughness": 0.32}))


def _plastic(graph: Graph, colour: Colour) -> None:
    graph.output(graph.principled({"Base Color": colour, "Roughness": 0.3}))


def _lacquer(graph: Graph, colour: Colour) -> None:
    """A car's: smooth, a little brighter where one looks along it."""
    graph.output(graph.principled({"Base Color": colour, "Roughness": 0.12, "Specular IOR Level": 0.6}))


def _glass(graph: Graph, colour: Colour) -> None:
    """Seen from outside by day a pane is a dark mirror."""
    graph.output(graph.principled({"Base Color": darker(colour, 0.15), "Roughness": 0.04, "Specular IOR Level": 0.8}))


def _glow(graph: Graph, colour: Colour) -> None:
    graph.output(graph.node("ShaderNodeEmission", {"Color": colour, "Strength": 1.0}).outputs[0])


def _shade(graph: Graph, colour: Colour) -> None:
    """A lampshade that is lit from within, brightest amid its height."""
    graph.output(graph.node("ShaderNodeEmission", {"Color": colour, "Strength": 1.6}).outputs[0])


def _screen(graph: Graph, colour: Colour) -> None:
    """A switched-on screen with something on it."""
    picture = graph.noise(_here(graph), size_m=0.18, detail=2.0)
    coloured = graph.mix(graph.ramp(picture, 0.35, 0.65), darker(colour, 0.3), colour)
    graph.output(graph.node("ShaderNodeEmission", {"Color": coloured, "Strength": 0.7}).outputs[0])


def _leaf(graph: Graph, colour: Colour) -> None:
    """Each leaf a shade of its own; some of the light shines through."""
    own = _island(graph)
    yellow = (min(1.0, colour[0] * 1.7), colour[1] * 1.15, colour[2] * 0.9)
    shade = graph.mix(own, darker(colour, 0.45), yellow)
    through = graph.node("ShaderNodeBsdfTranslucent", {"Color": shade}).outputs[0]
    graph.output(graph.node("ShaderNodeMixShader", {0: 0.3, 1: graph.matte(shade), 2: through}).outputs[0])


def _bark(graph: Graph, colour: Colour) -> None:
    where = graph.vector("MULTIPLY", _here(graph), (1.0, 1.0, 0.25))
    ridges = graph.noise(where, size_m=0.05, detail=5.0)
    shade = graph.mix(graph.ramp(ridges, 0.35, 0.65), darker(colour, 0.4), darker(colour, 1.15))
    graph.output(graph.matte(shade, normal=graph.bump(ridges, depth_m=0.03)))


def _stone(graph: Graph, colour: Colour) -> None:
    where = _here(graph)
    grain = graph.noise(where, size_m=0.012, detail=3.0)
    stains = graph.noise(where, size_m=0.4, detail=5.0)
    shade = graph.mix(graph.ramp(stains, 0.3, 0.72), darker(colour, 0.72), colour)
    graph.output(graph.matte(graph.mix(graph.ramp(grain, 0.25, 0.6), darker(colour, 0.7), shade)))


def _brick(graph: Graph, colour: Colour) -> None:
    """Bricks on upright walls: courses by height, along x or y by which way the wall faces."""
    x, y, z = graph.axes(_here(graph))
    inputs = {"Vector": graph.combine(graph.math("ADD", x, y), z), "Color1": colour, "Color2": darker(colour, 0.62)}
    inputs |= {
        "Mortar": (0.42, 0.4, 0.37),
        "Scale": 1.0,
        "Mortar Size": 0.006,
        "Brick Width": 0.25,
        "Row Height": 0.075,
    }
    bricks = graph.node("ShaderNodeTexBrick", inputs).outputs[0]
    stains = graph.ramp(graph.noise(_here(graph), size_m=0.8, detail=4.0), 0.3, 0.75)
    graph.output(graph.matte(graph.mix(graph.math("MULTIPLY", stains, 0.3), bricks, darker(colour, 0.5))))


def _paper(graph: Graph, colour: Colour) -> None:
    """Books and boxes: every loose part of a colour of its own, about the given one."""
    own = _island(graph)
    bright = graph.math("ADD", graph.math("MULTIPLY", graph.math("FRACT", graph.math("MULTIPLY", own, 17.0)), 1.1), 0.3)
    inputs: dict[str | int, Value] = {"Hue": graph.math("ADD", graph.math("MULTIPLY", own, 0.9), 0.05), "Value": bright}
    hue = graph.node("ShaderNodeHueSaturation", inputs | {"Saturation": 0.9, "Color": colour})
    graph.output(graph.matte(hue.outputs[0]))


def _card(graph: Graph, colour: Colour) -> None:
    """Cardboard: every loose part a shade of its own."""
    graph.output(graph.matte(graph.mix(_island(graph), darker(colour, 0.7), darker(colour, 1.15))))


def _picture(graph: Graph, colour: Colour) -> None:
    """A print on the wall: soft fields of related colours."""
    where = _here(graph)
    fields = graph.noise(where, size_m=0.22, detail=1.0)
    lines = graph.noise(where, size_m=0.07, detail=4.0)
    other = (colour[2], colour[0] * 0.8, colour[1])
    painted = graph.mix(graph.ramp(fields, 0.46, 0.52), colour, other)
    graph.output(graph.matte(graph.mix(graph.ramp(lines, 0.52, 0.6), painted, (0.75, 0.72, 0.66))))


def _rug(graph: Graph, colour: Colour) -> None:
    x, y, _ = graph.axes(_here(graph))
    bands = graph.math("SINE", graph.math("MULTIPLY", x, 26.0))
    cross = graph.math("SINE", graph.math("MULTIPLY", y, 26.0))
    pattern = graph.ramp(graph.math("MULTIPLY", bands, cross), 0.1, 0.25)
    pile = graph.noise(_here(graph), size_m=0.01, detail=2.0)
    shade = graph.mix(pattern, colour, darker((colour[1], colour[2], colour[0]), 0.8))
    graph.output(graph.matte(graph.mix(graph.ramp(pile, 0.3, 0.7), darker(colour, 0.55), shade)))


def _soil(graph: Graph, colour: Colour) -> None:
    graph.output(graph.matte(darker(colour, 0.5)))


STUFF: dict[str, Callable[[Graph, Colour], None]] = {
    "wood": _wood,
    "paint": _paint,
    "cloth": _cloth,
    "leather": _leather,
    "metal": _metal,
    "plastic": _plastic,
    "lacquer": _lacquer,
    "glass": _glass,
    "glow": _glow,
    "shade": _shade,
    "screen": _screen,
    "leaf": _leaf,
    "bark": _bark,
    "stone": _stone,
    "brick": _brick,
    "paper": _paper,
    "card": _card,
    "picture": _picture,
    "rug": _rug,
    "soil": _soil,
}

GLOWING = {"glow", "shade", "screen"}
"""Seen to shine, but never looked for as lamps: lamps do the lighting."""
