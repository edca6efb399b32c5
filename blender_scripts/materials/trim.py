"""What sits on cloth: ribbing, hems, buttons, seams, prints. All procedural, in coordinates that garments carry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from blender_scripts.materials.graph import Graph, Socket, Value, darker
from cuffs.records import MaterialSpec
from cuffs.records.scene_spec import Colour

HEM = "hem"
"""Vertex attribute: metres to the nearest neckline or front edge, end of a sleeve or leg, and waist or lower hem."""

PLACE = "place"
"""Vertex attribute: metres to the wearer's left; how far from pelvis (0) to neck (1); 1 in front to -1 behind."""

THREAD: Colour = (0.42, 0.17, 0.03)
METAL: Colour = (0.35, 0.33, 0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A cloth's colour and its height in millimetres."""

    colour: Value
    height: Value


def trimmed(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    """A cloth with its hems sewn and its trim."""
    neck, end, low = graph.axes(graph.attribute(HEM))
    nearest = graph.math("MINIMUM", neck, graph.math("MINIMUM", end, low))
    sewn = replace(cloth, height=_add(graph, cloth.height, _line(graph, nearest, 0.018, 0.0015), -0.8))
    return _TRIMS[spec.trim](graph, spec, sewn)


def _add(graph: Graph, height: Value, what: Socket, millimetres: float) -> Socket:
    return graph.math("ADD", height, graph.math("MULTIPLY", what, millimetres))


def _line(graph: Graph, distance: Socket, at: float, half_width: float) -> Socket:
    """1 on a line where a distance has a value."""
    return graph.ramp(graph.math("ABSOLUTE", graph.math("SUBTRACT", distance, at)), half_width, 0.4 * half_width)


def _below(graph: Graph, distance: Socket, limit: float) -> Socket:
    return graph.ramp(distance, limit, 0.97 * limit)


def _paint(graph: Graph, surface: Surface, where: Value, colour: Colour) -> Surface:
    return replace(surface, colour=graph.mix(where, surface.colour, colour))


def _front(graph: Graph) -> Socket:
    _, _, facing = graph.axes(graph.attribute(PLACE))
    return graph.math("GREATER_THAN", facing, 0.05)


def _second(spec: MaterialSpec) -> Colour:
    return spec.second_colour or darker(spec.colour, 0.4)


def _plain(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    del graph, spec
    return cloth


def _ribbed(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    """Knitted bands at neck, sleeves and waist."""
    del spec
    neck, end, low = graph.axes(graph.attribute(HEM))
    band = graph.math(
        "MAXIMUM", _below(graph, neck, 0.022), graph.math("MAXIMUM", _below(graph, end, 0.06), _below(graph, low, 0.06))
    )
    across, _, _ = graph.axes(graph.attribute("cloth"))
    ribs = graph.math("MULTIPLY", band, graph.math("SINE", graph.math("MULTIPLY", across, 1000.0)))
    edge = graph.math("MULTIPLY", band, 0.16)
    return replace(_paint(graph, cloth, edge, (0.015, 0.015, 0.015)), height=_add(graph, cloth.height, ribs, 0.7))


def _contrast(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    """Neck and sleeves edged in the second colour."""
    neck, end, _ = graph.axes(graph.attribute(HEM))
    edge = graph.math("MAXIMUM", _below(graph, neck, 0.018), _below(graph, end, 0.018))
    return _paint(graph, cloth, edge, _second(spec))


def _buttoned(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    """A placket down the front, with buttons."""
    aside, up, _ = graph.axes(graph.attribute(PLACE))
    front = _front(graph)
    edge = graph.math("MULTIPLY", front, _line(graph, graph.math("ABSOLUTE", aside), 0.016, 0.0018))
    spacing = graph.math("SUBTRACT", graph.math("FRACT", graph.math("MULTIPLY", up, 7.0)), 0.5)
    dy = graph.math("MULTIPLY", spacing, 0.08)
    radius = graph.math("SQRT", graph.math("ADD", graph.math("MULTIPLY", aside, aside), graph.math("MULTIPLY", dy, dy)))
    button = graph.math("MULTIPLY", front, _below(graph, radius, 0.0055))
    is_dark = sum(spec.colour) < 0.5
    with_edge = _paint(graph, cloth, graph.math("MULTIPLY", edge, 0.5), darker(spec.colour, 0.3))
    painted = _paint(graph, with_edge, button, darker(spec.colour, 0.4) if is_dark else (0.75, 0.73, 0.68))
    height = _add(graph, _add(graph, painted.height, edge, -1.0), button, 1.5)
    return replace(painted, height=height)


def _print(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    """Something printed on the chest: bars like letters, a disc, or blots."""
    aside, up, _ = graph.axes(graph.attribute(PLACE))
    kind = spec.seed % 3
    x = graph.math("ABSOLUTE", aside)
    y = graph.math("MULTIPLY", graph.math("SUBTRACT", up, 0.66), 0.55)
    if kind == 0:
        radius = graph.math("SQRT", graph.math("ADD", graph.math("MULTIPLY", x, x), graph.math("MULTIPLY", y, y)))
        shape = graph.math("SUBTRACT", _below(graph, radius, 0.075), _below(graph, radius, 0.05))
    elif kind == 1:
        box = graph.math("MULTIPLY", _below(graph, x, 0.11), _below(graph, graph.math("ABSOLUTE", y), 0.025))
        bars = graph.noise(graph.vector("MULTIPLY", graph.attribute(PLACE), (1.0, 0.35, 0.0)), size_m=0.012)
        shape = graph.math("MULTIPLY", box, graph.math("GREATER_THAN", bars, 0.48))
    else:
        box = graph.math("MULTIPLY", _below(graph, x, 0.10), _below(graph, graph.math("ABSOLUTE", y), 0.09))
        blots = graph.noise(graph.vector("MULTIPLY", graph.attribute(PLACE), (1.0, 0.55, 0.0)), size_m=0.05, detail=4.0)
        shape = graph.math("MULTIPLY", box, graph.math("GREATER_THAN", blots, 0.52))
    return _paint(graph, cloth, graph.math("MULTIPLY", _front(graph), shape), _second(spec))


def _waistband(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    """A band at the waist and a fly."""
    _, _, low = graph.axes(graph.attribute(HEM))
    aside, up, _ = graph.axes(graph.attribute(PLACE))
    seam = _line(graph, low, 0.036, 0.002)
    in_front = graph.math("MULTIPLY", _front(graph), graph.math("GREATER_THAN", up, 0.0))
    fly = graph.math("MULTIPLY", in_front, _line(graph, graph.math("ABSOLUTE", aside), 0.012, 0.0018))
    lines = graph.math("MAXIMUM", seam, fly)
    painted = _paint(graph, cloth, graph.math("MULTIPLY", lines, 0.5), darker(spec.colour, 0.3))
    return replace(painted, height=_add(graph, painted.height, lines, -1.2))


def _jeans(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    """Waistband, fly, pockets and hems in thick thread."""
    base = _waistband(graph, spec, cloth)
    _, end, low = graph.axes(graph.attribute(HEM))
    aside, up, facing = graph.axes(graph.attribute(PLACE))
    x = graph.math("ABSOLUTE", aside)
    dx = graph.math("SUBTRACT", x, 0.19)
    dy = graph.math("MULTIPLY", graph.math("SUBTRACT", up, 0.19), 0.6)
    radius = graph.math("SQRT", graph.math("ADD", graph.math("MULTIPLY", dx, dx), graph.math("MULTIPLY", dy, dy)))
    pocket = graph.math("MULTIPLY", _front(graph), _line(graph, radius, 0.095, 0.0016))
    bx = graph.math("ABSOLUTE", graph.math("SUBTRACT", x, 0.085))
    by = graph.math("ABSOLUTE", graph.math("MULTIPLY", graph.math("SUBTRACT", up, -0.02), 0.6))
    box = graph.math("MAXIMUM", bx, graph.math("MULTIPLY", by, 0.9))
    behind = graph.math("LESS_THAN", facing, -0.2)
    back = graph.math("MULTIPLY", behind, _line(graph, box, 0.06, 0.0016))
    hems = graph.math("MAXIMUM", _line(graph, end, 0.014, 0.0014), _line(graph, low, 0.03, 0.0014))
    thread = graph.math("MAXIMUM", hems, graph.math("MAXIMUM", pocket, back))
    painted = _paint(graph, base, graph.math("MULTIPLY", thread, 0.7), THREAD)
    return replace(painted, height=_add(graph, painted.height, thread, -1.0))


def _side_stripe(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    """A stripe down the outside of each leg."""
    _, _, facing = graph.axes(graph.attribute(PLACE))
    aside, _, _ = graph.axes(graph.attribute("cloth"))
    outer = graph.math("MULTIPLY", graph.math("GREATER_THAN", graph.math("ABSOLUTE", aside), 0.05), 1.0)
    stripe = graph.math("MULTIPLY", outer, _below(graph, graph.math("ABSOLUTE", facing), 0.2))
    return _paint(graph, _waistband(graph, spec, cloth), stripe, _second(spec))


def _zip(graph: Graph, spec: MaterialSpec, cloth: Surface) -> Surface:
    """A zip along the front edge, ribbed ends."""
    neck, _, _ = graph.axes(graph.attribute(HEM))
    teeth = graph.math("MULTIPLY", _front(graph), _line(graph, neck, 0.006, 0.004))
    painted = _paint(graph, _ribbed(graph, spec, cloth), graph.math("MULTIPLY", teeth, 0.8), METAL)
    return replace(painted, height=_add(graph, painted.height, teeth, 1.0))


_TRIMS: Mapping[str, Callable[[Graph, MaterialSpec, Surface], Surface]] = {
    "plain": _plain,
    "ribbed": _ribbed,
    "contrast": _contrast,
    "buttoned": _buttoned,
    "print": _print,
    "waistband": _waistband,
    "jeans": _jeans,
    "side stripe": _side_stripe,
    "zip": _zip,
}

TRIMS = tuple(_TRIMS)
