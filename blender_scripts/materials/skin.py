"""Skin: tones in layers, redness and paleness where the body has them, freckles, veins, pores, lines, shaven hair."""

from dataclasses import dataclass, replace

import bpy

from blender_scripts.materials.graph import REST, Graph, Socket, darker, material_graph
from cuffs.records import MaterialSpec
from cuffs.records.scene_spec import Colour

ZONES, GROWTH = "zones", "growth"
"""Vertex attributes, see `cuffs.character.skin_zones`: redness, paleness, face; hair, beard, and where one would be."""

SCATTER_RADIUS = (1.0, 0.35, 0.2)
"""Relative distance that red, green and blue travel beneath skin."""

SCATTER_SHARE, SCATTER_M = 0.22, 0.006
AMOUNTS = ("redness", "freckles", "moles", "veins", "age", "shadow", "lipstick", "polish")
"""What `MaterialSpec.amounts` of a skin may say, each 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Colours of hair and beard, whose roots show through skin; None where there is none."""

    hair: Colour | None = None
    beard: Colour | None = None


def skin_material(
    name: str, spec: MaterialSpec, *, redness: float = 0.0, growth: Growth | None = None
) -> bpy.types.Material:
    """Skin of the spec's colour with light scattering beneath.

    Args:
        name: of the material.
        spec: colour, roughness, amounts.
        redness: 0 for plain skin, towards 1 for lips.
        growth: hair that shows on it.
    """
    material, graph = material_graph(name)
    spec = replace(spec, colour=reflectance(spec.colour))
    rest = graph.vector("ADD", graph.attribute(REST), _place_of(spec.seed))
    tone = _tone(graph, spec, rest, redness)
    tone = _spotted(graph, spec, tone, rest)
    tone = _grown(graph, spec, tone, rest, growth or Growth())
    pores = graph.noise(rest, size_m=0.0035, detail=2.0)
    shine = graph.noise(rest, size_m=0.03, detail=2.0)
    rough = graph.math("ADD", spec.roughness - 0.06 - 0.2 * redness, graph.math("MULTIPLY", shine, 0.14))
    height = graph.math("ADD", graph.math("MULTIPLY", pores, 0.3), _lines(graph, spec, rest))
    graph.output(
        graph.node(
            "ShaderNodeBsdfPrincipled",
            {
                "Base Color": tone,
                "Roughness": rough,
                "Specular IOR Level": 0.38,
                "Subsurface Weight": SCATTER_SHARE,
                "Subsurface Radius": SCATTER_RADIUS,
                "Subsurface Scale": SCATTER_M,
                "Normal": graph.bump(height, depth_m=0.001),
            },
            {"subsurface_method": "BURLEY"},
        ).outputs[0]
    )
    return material


def reflectance(tone: Colour) -> Colour:
    """What skin of a tone reflects, linear RGB.

    Scales of skin tones show how skin looks in well exposed photographs. The lightest skin reflects about 0.65 of red
    light and 0.4 of blue (Xiao et al. 2017, "Characterising the variations in ethnic skin colours"); dark skin is
    shown as it is.
    """
    light = min(1.0, max(0.0, (sum(tone) / 3 - 0.1) / 0.75))
    red, green, blue = tone
    return (red * (1 - 0.28 * light), green * (1 - 0.36 * light), blue * (1 - 0.42 * light))


def _amount(spec: MaterialSpec, name: str) -> float:
    return float(spec.amounts.get(name, 0.0))


def _place_of(seed: int) -> tuple[float, float, float]:
    """Where in noise somebody's skin lies: nobody has another's freckles."""
    return (float(seed % 97), float(seed // 97 % 89), float(seed // 8633 % 83))


def _redder(colour: Colour, share: float = 1.0) -> Colour:
    """With more blood beneath it: green and blue are swallowed."""
    red, green, blue = colour
    return (min(1.0, red * (1 + 0.03 * share)), green * (1 - 0.42 * share), blue * (1 - 0.40 * share))


def _paler(colour: Colour) -> Colour:
    """As of palms, which hardly tan: the darker the skin, the larger the difference."""
    return (colour[0] ** 0.62 * 0.8, colour[1] ** 0.66 * 0.74, colour[2] ** 0.68 * 0.72)


def _tone(graph: Graph, spec: MaterialSpec, rest: Socket, redness: float) -> Socket:
    """Base colour: uneven in large blots and small ones, red and pale where the body is."""
    red, pale, _ = graph.axes(graph.attribute(ZONES))
    base = graph.mix(redness, spec.colour, _redder(darker(spec.colour, 0.85), 1.15))
    large = graph.ramp(graph.noise(rest, size_m=0.12, detail=2.0), 0.35, 0.7)
    base = graph.mix(graph.math("MULTIPLY", large, 0.10), base, darker(_redder(spec.colour, 0.3), 0.85))
    is_pale = sum(spec.colour) < sum(_paler(spec.colour))
    if is_pale and redness == 0:
        base = graph.mix(graph.math("MULTIPLY", pale, 0.75), base, _paler(spec.colour))
    small = graph.ramp(graph.noise(rest, size_m=0.012, detail=3.0), 0.3, 0.75)
    blood = 0.18 + 0.5 * _amount(spec, "redness")
    flush = graph.math("MULTIPLY", graph.math("ADD", graph.math("MULTIPLY", red, blood), 0.06), small)
    flush = graph.math("ADD", flush, graph.math("MULTIPLY", red, 0.7 * blood))
    base = graph.mix(graph.math("MINIMUM", flush, 0.9), base, _redder(spec.colour))
    paint = _amount(spec, "lipstick" if redness > 0.4 else "polish")
    if redness > 0.2 and paint > 0 and spec.second_colour is not None:
        base = graph.mix(paint, base, spec.second_colour)
    return base


def _spotted(graph: Graph, spec: MaterialSpec, tone: Socket, rest: Socket) -> Socket:
    """Freckles, moles and veins."""
    _, pale, face = graph.axes(graph.attribute(ZONES))
    if freckles := _amount(spec, "freckles"):
        dots = graph.ramp(graph.noise(rest, size_m=0.0032, detail=1.0), 0.66 - 0.1 * freckles, 0.74 - 0.1 * freckles)
        where = graph.math("MULTIPLY", graph.ramp(graph.noise(rest, size_m=0.09), 0.35, 0.6), 0.6)
        where = graph.math("MAXIMUM", where, face)
        shown = graph.math("MULTIPLY", graph.math("MULTIPLY", dots, where), graph.math("SUBTRACT", 0.75, pale))
        tone = graph.mix(shown, tone, darker(_redder(spec.colour, 0.45), 0.55))
    if moles := _amount(spec, "moles"):
        node = graph.node("ShaderNodeTexVoronoi", {"Vector": rest, "Scale": 16.0, "Randomness": 1.0})
        chance, _, _ = graph.axes(node.outputs["Color"])
        dot = graph.ramp(node.outputs["Distance"], 0.035, 0.022)
        dot = graph.math("MULTIPLY", dot, graph.math("LESS_THAN", chance, 0.4 * moles))
        tone = graph.mix(graph.math("MULTIPLY", dot, 0.8), tone, darker(spec.colour, 0.25))
    if veins := _amount(spec, "veins"):
        ridge = graph.math("ABSOLUTE", graph.math("SUBTRACT", graph.noise(rest, size_m=0.045, detail=1.0), 0.5))
        line = graph.math("MULTIPLY", graph.ramp(ridge, 0.035, 0.0), graph.math("SUBTRACT", 1.0, face))
        blue = (spec.colour[0] * 0.72, spec.colour[1] * 0.9, spec.colour[2] * 0.98)
        tone = graph.mix(graph.math("MULTIPLY", line, 0.5 * veins), tone, blue)
    return tone


def _grown(graph: Graph, spec: MaterialSpec, tone: Socket, rest: Socket, growth: Growth) -> Socket:
    """Roots of hair of the head, of a beard, and of a beard shaven off."""
    hair, beard, shaven = graph.axes(graph.attribute(GROWTH))
    grain = graph.ramp(graph.noise(rest, size_m=0.0016, detail=1.0), 0.25, 0.6)
    for density, colour, most in ((hair, growth.hair, 0.97), (beard, growth.beard, 0.55)):
        if colour is not None:
            share = graph.math("MULTIPLY", density, graph.math("ADD", graph.math("MULTIPLY", grain, 0.35), most - 0.35))
            tone = graph.mix(share, tone, darker(_between(colour, spec.colour), 0.8))
    if shadow := _amount(spec, "shadow"):
        share = graph.math("MULTIPLY", graph.math("MULTIPLY", shaven, grain), 0.6 * shadow)
        red, green, blue = spec.colour
        tone = graph.mix(share, tone, (red * 0.42, green * 0.5, blue * 0.58))
    return tone


def _between(hair: Colour, skin: Colour) -> Colour:
    red, green, blue = (0.9 * a + 0.1 * b for a, b in zip(hair, skin, strict=True))
    return (red, green, blue)


def _lines(graph: Graph, spec: MaterialSpec, rest: Socket) -> Socket:
    """Height of small lines, millimetres: everywhere a little, on old faces across the forehead and beside the eyes."""
    _, _, face = graph.axes(graph.attribute(ZONES))
    crossed = graph.noise(graph.vector("MULTIPLY", rest, (1.0, 1.0, 2.5)), size_m=0.009, detail=3.0)
    everywhere = graph.math("MULTIPLY", crossed, 0.5)
    age = _amount(spec, "age")
    if age == 0:
        return everywhere
    bent = graph.vector("ADD", rest, graph.vector("MULTIPLY", graph.noise_colour(rest, size_m=0.03), (0.0, 0.0, 0.008)))
    level = graph.noise(graph.vector("MULTIPLY", bent, (0.25, 0.25, 1.6)), size_m=0.012, detail=1.0)
    folds = graph.ramp(graph.math("ABSOLUTE", graph.math("SUBTRACT", level, 0.5)), 0.0, 0.07)
    where = graph.math("MULTIPLY", face, graph.ramp(graph.noise(rest, size_m=0.05), 0.4, 0.6))
    return graph.math("ADD", everywhere, graph.math("MULTIPLY", graph.math("MULTIPLY", folds, where), 0.28 * age))
