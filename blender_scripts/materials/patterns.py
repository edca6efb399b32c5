"""Patterns of cloth, in the flat cloth's coordinates."""

from blender_scripts.materials.graph import REST, Graph, Socket
from cuffs.records import MaterialSpec

PATTERNS = (
    "plain", "stripes", "pinstripes", "checks", "plaid", "dots", "melange", "gradient", "flowers", "blocks",
)  # fmt: skip


def pattern_share(graph: Graph, spec: MaterialSpec, cloth: Socket) -> Socket:
    """How much of a cloth's second colour there is, 0 to 1."""
    where = graph.vector("MULTIPLY", cloth, (1 / spec.scale_m,) * 3)
    across, along, _ = graph.axes(where)
    if spec.pattern == "plain":
        return graph.math("MULTIPLY", 0.0, 0.0)
    if spec.pattern == "stripes":
        return _band(graph, along, 0.5)
    if spec.pattern == "pinstripes":
        return graph.math("MULTIPLY", _band(graph, across, 0.1), 0.7)
    if spec.pattern in ("gradient", "blocks"):
        _, _, height = graph.axes(graph.attribute(REST))
        edge = 0.95 + 4.0 * spec.scale_m
        return graph.ramp(height, 0.6, 1.5) if spec.pattern == "gradient" else graph.math("GREATER_THAN", height, edge)
    if spec.pattern == "melange":
        return graph.math("MULTIPLY", graph.ramp(graph.noise(cloth, size_m=0.0025, detail=2.0), 0.3, 0.7), 0.55)
    if spec.pattern == "dots":
        return _dots(graph, across, along)
    if spec.pattern == "flowers":
        return _flowers(graph, where)
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


def _flowers(graph: Graph, where: Socket) -> Socket:
    """1 on blots of all sizes with lobes, as in printed summer cloth."""
    bent = graph.vector("ADD", where, graph.vector("MULTIPLY", graph.noise_colour(where, size_m=0.5), (0.9, 0.9, 0.0)))
    cells = graph.node("ShaderNodeTexVoronoi", {"Vector": bent, "Scale": 0.8, "Randomness": 0.9}).outputs[0]
    return graph.ramp(cells, 0.42, 0.36)
