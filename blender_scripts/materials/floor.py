"""What people stand on. Patterns lie in world coordinates, metres."""

import bpy

from blender_scripts.materials.graph import Graph, Socket, Value, darker, material_graph
from cuffs.errors import RecordError
from cuffs.records import MaterialSpec

PATTERNS = (
    "plain", "planks", "tiles", "concrete", "carpet", "grass",
    "asphalt", "paving", "cobbles", "gravel", "sand", "court",
    "snow",
)  # fmt: skip

SHINY_BELOW = 0.55
"""Roughness from which on a floor is quite matte, which renders faster."""


def floor_material(name: str, spec: MaterialSpec, *, rotation_rad: float = 0.0) -> bpy.types.Material:
    """A floor of the spec's pattern.

    Args:
        name: of the material.
        spec: `scale_m` is the width of a plank or tile, and the size of stains elsewhere.
        rotation_rad: turns the pattern about the vertical.

    Raises:
        RecordError: if there is no such pattern.
    """
    if spec.pattern not in PATTERNS:
        raise RecordError(f"a floor has no pattern {spec.pattern!r}; there are {', '.join(PATTERNS)}.")
    material, graph = material_graph(name)
    turned = graph.node("ShaderNodeVectorRotate", {"Vector": graph.position(), "Angle": rotation_rad}).outputs[0]
    inputs = _SURFACES[spec.pattern](graph, spec, turned)
    roughness = inputs.pop("Roughness", spec.roughness)
    if isinstance(roughness, float) and roughness < SHINY_BELOW:
        graph.output(graph.principled({"Roughness": roughness, "Specular IOR Level": 0.3} | inputs))
    else:
        graph.output(graph.matte(inputs["Base Color"], normal=inputs.get("Normal")))
    return material


def _second(spec: MaterialSpec) -> tuple[float, float, float]:
    return spec.second_colour or darker(spec.colour, 0.6)


def _plain(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    stains = graph.noise(where, size_m=0.7, detail=4.0)
    return {"Base Color": graph.mix(graph.ramp(stains, 0.3, 0.75), spec.colour, darker(spec.colour, 0.94))}


def _planks(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    boards = _bricks(graph, spec, where, length=9.0, offset=0.37)
    grain = graph.noise(graph.vector("MULTIPLY", where, (0.08, 1.0, 1.0)), size_m=0.012, detail=4.0)
    dark = graph.mix(graph.ramp(grain, 0.35, 0.7), darker(spec.colour, 0.6), (1.0, 1.0, 1.0))
    return {"Base Color": graph.mix(0.45, boards, dark, blend="MULTIPLY")}


def _tiles(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    return {
        "Base Color": _bricks(graph, spec, where, length=1.0, offset=0.0),
        "Roughness": min(spec.roughness, 0.4),
    }


def _concrete(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    stains = graph.noise(where, size_m=0.6, detail=6.0)
    grain = graph.noise(where, size_m=0.02, detail=2.0)
    grey = graph.mix(0.6, spec.colour, (0.32, 0.31, 0.3))
    stained = graph.mix(graph.ramp(stains, 0.3, 0.7), darker(grey_of(spec), 0.75), grey)
    return {"Base Color": graph.mix(graph.ramp(grain, 0.2, 0.6), darker(grey_of(spec), 0.8), stained)}


def _carpet(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    pile = graph.noise(where, size_m=0.012, detail=2.0)
    colour = graph.mix(graph.ramp(pile, 0.3, 0.7), darker(spec.colour, 0.55), spec.colour)
    return {"Base Color": colour, "Roughness": 1.0, "Normal": graph.bump(pile, depth_m=0.02)}


def _grass(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    patches = graph.noise(where, size_m=0.8, detail=3.0)
    blades = graph.noise(where, size_m=0.018, detail=3.0)
    green = darker(spec.colour, 0.62)
    patched = graph.mix(graph.ramp(patches, 0.3, 0.7), green, (green[0] * 1.5, green[1] * 1.12, green[2]))
    colour = graph.mix(graph.ramp(blades, 0.3, 0.65), darker(green, 0.35), patched)
    return {"Base Color": colour, "Roughness": 1.0, "Normal": graph.bump(blades, depth_m=0.03)}


def _asphalt(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    grain = graph.noise(where, size_m=0.006, detail=2.0)
    patches = graph.noise(where, size_m=1.4, detail=5.0)
    shade = graph.mix(graph.ramp(patches, 0.35, 0.7), darker(spec.colour, 0.75), spec.colour)
    colour = graph.mix(graph.ramp(grain, 0.35, 0.75), darker(spec.colour, 0.55), shade)
    return {"Base Color": colour, "Roughness": 1.0, "Normal": graph.bump(grain, depth_m=0.004)}


def _paving(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    slabs = _bricks(graph, spec, where, length=1.0, offset=0.5)
    stains = graph.noise(where, size_m=0.7, detail=6.0)
    grain = graph.noise(where, size_m=0.012, detail=2.0)
    stained = graph.mix(graph.ramp(stains, 0.3, 0.72), (0.62, 0.6, 0.57), (1.0, 1.0, 1.0))
    colour = graph.mix(1.0, slabs, stained, blend="MULTIPLY")
    return {"Base Color": graph.mix(graph.ramp(grain, 0.3, 0.6), darker(spec.colour, 0.7), colour), "Roughness": 1.0}


def _cobbles(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    inputs: dict[str | int, Value] = {"Vector": where, "Scale": 9.0, "Randomness": 0.55}
    stones = graph.node("ShaderNodeTexVoronoi", inputs, {"feature": "DISTANCE_TO_EDGE"}).outputs[0]
    own = graph.node("ShaderNodeTexVoronoi", inputs).outputs["Color"]
    shade = graph.mix(graph.node("ShaderNodeRGBToBW", {0: own}).outputs[0], darker(spec.colour, 0.6), spec.colour)
    height = graph.ramp(stones, 0.0, 0.16)
    colour = graph.mix(graph.ramp(stones, 0.02, 0.09), darker(spec.colour, 0.25), shade)
    return {"Base Color": colour, "Roughness": 1.0, "Normal": graph.bump(height, depth_m=0.02)}


def _gravel(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    stones = graph.node("ShaderNodeTexVoronoi", {"Vector": where, "Scale": 55.0})
    own = graph.node("ShaderNodeRGBToBW", {0: stones.outputs["Color"]}).outputs[0]
    shade = graph.mix(own, darker(spec.colour, 0.5), darker(spec.colour, 1.3))
    return {"Base Color": shade, "Roughness": 1.0, "Normal": graph.bump(stones.outputs[0], depth_m=0.02)}


def _sand(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    dunes = graph.noise(where, size_m=0.5, detail=4.0)
    grain = graph.noise(where, size_m=0.004, detail=1.0)
    sand = (0.42 + 0.2 * spec.colour[0], 0.34 + 0.16 * spec.colour[1], 0.22 + 0.12 * spec.colour[2])
    shade = graph.mix(graph.ramp(grain, 0.25, 0.75), darker(sand, 0.8), sand)
    return {"Base Color": shade, "Roughness": 1.0, "Normal": graph.bump(dunes, depth_m=0.12)}


def _snow(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    drifts = graph.noise(where, size_m=0.9, detail=5.0)
    grain = graph.noise(where, size_m=0.02, detail=3.0)
    rough = graph.math("ADD", drifts, graph.math("MULTIPLY", grain, 0.12))
    shade = graph.mix(graph.ramp(drifts, 0.3, 0.7), darker(spec.colour, 0.92), spec.colour)
    return {"Base Color": shade, "Roughness": 1.0, "Normal": graph.bump(rough, depth_m=0.14)}


def _court(graph: Graph, spec: MaterialSpec, where: Socket) -> dict[str | int, Value]:
    """A sports floor: one colour with painted lines."""
    x, y, _ = graph.axes(where)
    lines = [
        graph.math(
            "LESS_THAN", graph.math("ABSOLUTE", graph.math("SUBTRACT", graph.math("PINGPONG", axis, 4.5), gap)), 0.025
        )
        for axis, gap in ((x, 1.3), (y, 3.1))
    ]
    line = graph.math("MAXIMUM", *lines)
    worn = graph.ramp(graph.noise(where, size_m=0.9, detail=5.0), 0.3, 0.75)
    floor = graph.mix(worn, darker(spec.colour, 0.85), spec.colour)
    return {"Base Color": graph.mix(line, floor, (0.7, 0.7, 0.68)), "Roughness": min(spec.roughness, 0.5)}


def grey_of(spec: MaterialSpec) -> tuple[float, float, float]:
    """The colour, most of its hue taken away."""
    red, green, blue = (0.4 * channel + 0.6 * 0.31 for channel in spec.colour)
    return (red, green, blue)


def _bricks(graph: Graph, spec: MaterialSpec, where: Socket, *, length: float, offset: float) -> Socket:
    """Boards or tiles `scale_m` wide and `length` times as long, with joints between."""
    node = graph.node(
        "ShaderNodeTexBrick",
        {
            "Vector": where,
            "Color1": spec.colour,
            "Color2": _second(spec),
            "Mortar": darker(spec.colour, 0.25),
            "Scale": 1.0,
            "Mortar Size": 0.004,
            "Mortar Smooth": 0.2,
            "Brick Width": spec.scale_m * length,
            "Row Height": spec.scale_m,
        },
        {"offset": offset},
    )
    return node.outputs[0]


_SURFACES = {
    "plain": _plain,
    "planks": _planks,
    "tiles": _tiles,
    "concrete": _concrete,
    "carpet": _carpet,
    "grass": _grass,
    "asphalt": _asphalt,
    "paving": _paving,
    "cobbles": _cobbles,
    "gravel": _gravel,
    "sand": _sand,
    "snow": _snow,
    "court": _court,
}
