"""What rooms' walls and ceilings are finished with. Patterns lie in world coordinates, metres."""

import bpy

from blender_scripts.materials.graph import Graph, Socket, Value, darker, material_graph
from cuffs.errors import RecordError
from cuffs.records import MaterialSpec

PATTERNS = ("plaster", "wallpaper", "brick", "panels", "tiles", "two_tone", "concrete")


def wall_material(name: str, spec: MaterialSpec, *, rotation_rad: float = 0.0) -> bpy.types.Material:
    """A wall of the spec's pattern.

    Args:
        name: of the material.
        spec: `scale_m` is the width of a stripe, panel or tile.
        rotation_rad: the room's turn about the vertical.

    Raises:
        RecordError: if there is no such pattern.
    """
    if spec.pattern not in PATTERNS:
        raise RecordError(f"a wall has no pattern {spec.pattern!r}; there are {', '.join(PATTERNS)}.")
    material, graph = material_graph(name)
    turn: dict[str | int, Value] = {"Vector": graph.position(), "Angle": -rotation_rad}
    turned = graph.node("ShaderNodeVectorRotate", turn, {"rotation_type": "Z_AXIS"}).outputs[0]
    x, y, z = graph.axes(turned)
    flat = graph.combine(graph.math("ADD", x, y), z)  # walls stand along x or along y: either way their sum runs along
    graph.output(graph.matte(_SURFACES[spec.pattern](graph, spec, flat)))
    return material


def _stained(graph: Graph, colour: Value, spec: MaterialSpec) -> Socket:
    """The colour with the unevenness of what was painted by hand."""
    cloudy = graph.ramp(graph.noise(graph.position(), size_m=0.9, detail=4.0), 0.3, 0.75)
    return graph.mix(graph.math("MULTIPLY", cloudy, 0.16), colour, darker(spec.colour, 0.6))


def _plaster(graph: Graph, spec: MaterialSpec, _flat: Socket) -> Socket:
    return _stained(graph, spec.colour, spec)


def _wallpaper(graph: Graph, spec: MaterialSpec, flat: Socket) -> Socket:
    along, up, _ = graph.axes(flat)
    wave = graph.math("SINE", graph.math("MULTIPLY", along, 6.2832 / spec.scale_m))
    rows = graph.math("SINE", graph.math("MULTIPLY", up, 6.2832 / spec.scale_m))
    figure = graph.math("MULTIPLY", wave, rows) if spec.scale_m > 0.3 else wave
    second = tuple(0.65 * a + 0.35 * b for a, b in zip(spec.colour, spec.second_colour or spec.colour, strict=True))
    return _stained(graph, graph.mix(graph.ramp(figure, -0.1, 0.1), spec.colour, second), spec)


def _brick(graph: Graph, spec: MaterialSpec, flat: Socket) -> Socket:
    return _laid(graph, flat, spec, size=(0.25, 0.075), joint=(0.42, 0.40, 0.37))


def _tiles(graph: Graph, spec: MaterialSpec, flat: Socket) -> Socket:
    """Tiles up to a man's height, paint above."""
    size = (0.1, 0.1) if spec.scale_m < 0.25 else (0.2, 0.1)
    tiled = _laid(graph, flat, spec, size=size, joint=darker(spec.colour, 0.6))
    up = graph.axes(flat)[1]
    above = spec.second_colour or spec.colour
    return graph.mix(graph.math("GREATER_THAN", up, 1.5), tiled, _stained(graph, above, spec))


def _laid(
    graph: Graph, flat: Socket, spec: MaterialSpec, *, size: tuple[float, float], joint: tuple[float, ...]
) -> Socket:
    inputs: dict[str | int, Value] = {
        "Vector": flat,
        "Color1": spec.colour,
        "Color2": darker(spec.colour, 0.85 if size[1] == 0.1 else 0.62),
        "Mortar": joint,
        "Scale": 1.0,
        "Mortar Size": 0.003,
        "Mortar Smooth": 0.3,
        "Brick Width": size[0],
        "Row Height": size[1],
    }
    return graph.node("ShaderNodeTexBrick", inputs, {"offset": 0.5 if size[0] > size[1] else 0.0}).outputs[0]


def _panels(graph: Graph, spec: MaterialSpec, flat: Socket) -> Socket:
    """Upright boards with dark joints."""
    along, up, _ = graph.axes(flat)
    across = graph.math("PINGPONG", along, max(0.08, spec.scale_m) / 2)
    grain = graph.noise(graph.combine(along, graph.math("MULTIPLY", up, 0.08)), size_m=0.02, detail=4.0)
    board = graph.mix(graph.ramp(grain, 0.3, 0.7), darker(spec.colour, 0.7), spec.colour)
    return graph.mix(graph.math("LESS_THAN", across, 0.004), board, darker(spec.colour, 0.2))


def _two_tone(graph: Graph, spec: MaterialSpec, flat: Socket) -> Socket:
    up = graph.axes(flat)[1]
    below = spec.second_colour or darker(spec.colour, 0.5)
    painted = graph.mix(graph.math("LESS_THAN", up, 1.2), spec.colour, below)
    return _stained(graph, painted, spec)


def _concrete(graph: Graph, spec: MaterialSpec, flat: Socket) -> Socket:
    cast = _laid(graph, flat, spec, size=(1.2, 2.4), joint=darker(spec.colour, 0.5))
    stains = graph.ramp(graph.noise(graph.position(), size_m=0.6, detail=7.0), 0.3, 0.7)
    return graph.mix(graph.math("MULTIPLY", stains, 0.5), cast, darker(spec.colour, 0.55))


_SURFACES = {
    "plaster": _plaster,
    "wallpaper": _wallpaper,
    "brick": _brick,
    "panels": _panels,
    "tiles": _tiles,
    "two_tone": _two_tone,
    "concrete": _concrete,
}
