"""What surrounds the scene at infinity: sky, panorama, or an even glow; and the photograph behind it all."""

import bpy
import numpy as np
from jaxtyping import Float

from blender_scripts.lights import sun_direction
from blender_scripts.materials.graph import Graph, Socket
from blender_scripts.place_files import PlaceImage
from cuffs.plate import Plate, plate_of
from cuffs.records import LightSpec, PlaceSpec
from cuffs.warp import Frame

Array = np.ndarray

SKY_SHARE, EVEN_SHARE, STUDIO_SHARE = 0.55, 0.8, 0.3
"""Of white: what the surroundings bring to a horizontal wall at strength 1, beside a sun, alone, beside lamps."""

LOW_SUN_MORE = 0.25
"""Added to SKY_SHARE as the sun comes down: a camera that looks against a low sun would be opened wider."""

SKY_ELEVATIONS_DEG = np.array([0.0, 5.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0])
SKY_TURBIDITIES = np.array([2.0, 3.0, 4.0, 6.0])
SKY_BRIGHTNESS = np.array([
    [0.0200, 0.0269, 0.0445, 0.0588, 0.0660, 0.0704, 0.0753, 0.0799],
    [0.0210, 0.0287, 0.0493, 0.0669, 0.0763, 0.0813, 0.0861, 0.0911],
    [0.0225, 0.0311, 0.0567, 0.0795, 0.0925, 0.0988, 0.1028, 0.1079],
    [0.0240, 0.0341, 0.0670, 0.0992, 0.1196, 0.1292, 0.1325, 0.1347],
])  # fmt: skip
"""Luminance of a white floor under Blender's Hosek-Wilkie sky at strength 1, turbidities by elevations; measured by
rendering one (bpy 4.5.15 and 5.0.1 agree), 0 degrees extrapolated. It makes strength mean the same at every hour."""

SKY_GREY = 0.45
"""How far the sky's blue is drawn towards grey: cameras balance it away, and shadows would be blue otherwise."""

AMBIENT_REACH_M = 2.5
"""Things nearer than this take away from ambient light."""

INSIDE_SHARE = 0.3
"""Of the sky's light, what rays that find a window by chance bring in: lamps in the windows stand for the rest."""

MAP_PIXELS = {"sky": 256, "panorama": 1024}
"""Width of the map that Cycles samples the surroundings by. Its own choice for a sky costs a second a scene."""


def add_world(
    place: PlaceSpec, light: LightSpec, *, T_world_cam: Float[Array, "4 4"], frame: Frame, file: PlaceImage | None
) -> None:
    """Set the scene's surroundings.

    Args:
        place: hdri uses its panorama; photo shows its photograph to the camera and lights by the light's own sky.
        light: sun brings the sky, studio and environment an even glow.
        T_world_cam: the camera, whose horizon a photograph's is laid on.
        frame: what is rendered, which a photograph is made to cover.
        file: the place's image, where it has one.
    """
    world = bpy.data.worlds.new("world")
    if world.node_tree is None:  # Blender 4.5; later versions always have one, and warn about use_nodes
        world.use_nodes = True
    bpy.context.scene.world = world
    graph = Graph(world.node_tree)
    surroundings, width = _surroundings(graph, place, light, file)
    if place.kind == "photo" and file is not None:
        plate = plate_of(place, T_world_cam, frame, (file.width, file.height))
        surroundings = _seen_as(graph, surroundings, _photograph(graph, plate, file))
    graph.output(surroundings, kind="ShaderNodeOutputWorld")
    world.cycles.sampling_method = "MANUAL" if width else "NONE"
    if width:
        world.cycles.sample_map_resolution = width
    _add_ambient(world, light)


def _surroundings(graph: Graph, place: PlaceSpec, light: LightSpec, file: PlaceImage | None) -> tuple[Socket, int]:
    """What lies at infinity, and the width of the map that it is sampled by; 0: none, it is even."""
    if place.kind == "hdri" and file is not None:
        return _panorama(graph, place, light, file), MAP_PIXELS["panorama"]
    if light.kind == "sun":
        return _sky(graph, light), MAP_PIXELS["sky"]
    if light.kind == "lamps" and place.kind in ("room", "blend"):
        glow = _background(graph, light.colour, INSIDE_SHARE * (light.sky_share or 0.0) * light.strength)
        return _seen_as(graph, glow, _outside(graph, light)), 0
    if light.kind == "lamps" and place.kind != "studio":
        return _outside(graph, light), MAP_PIXELS["sky"] if light.sun_elevation_deg > 0 else 0
    share = STUDIO_SHARE if light.kind == "studio" else EVEN_SHARE
    return _background(graph, light.colour, (share if light.sky_share is None else light.sky_share) * light.strength), 0


def _outside(graph: Graph, light: LightSpec) -> Socket:
    """A sky without its sun's disc: clouded by day, by night dark and a little lighter near the horizon.

    By the CIE's overcast sky (1955): three times as bright at the zenith as at the horizon.
    """
    direction = graph.node("ShaderNodeTexCoord").outputs["Generated"]
    up = graph.math("MAXIMUM", graph.axes(direction)[2], 0.0)
    share = (EVEN_SHARE if light.sky_share is None else light.sky_share) * light.strength
    if light.sun_elevation_deg <= 0:
        level = graph.math("SUBTRACT", 1.3, graph.math("MULTIPLY", up, 0.8))
        return _background(graph, light.colour, graph.math("MULTIPLY", level, share))
    clouds = graph.ramp(graph.noise(direction, size_m=0.35, detail=5.0), 0.25, 0.75)
    level = graph.math("ADD", 0.43, graph.math("MULTIPLY", up, 0.86))
    broken = graph.math("ADD", 0.85, graph.math("MULTIPLY", clouds, 0.3))
    return _background(graph, light.colour, graph.math("MULTIPLY", graph.math("MULTIPLY", level, broken), share))


def _add_ambient(world: bpy.types.World, light: LightSpec) -> None:
    """Light from everywhere, less where things are near: what the few bounces that are traced leave out."""
    cycles = bpy.context.scene.cycles
    cycles.use_fast_gi = light.ambient_share > 0
    cycles.fast_gi_method = "ADD"
    world.light_settings.ao_factor = light.ambient_share * light.strength
    world.light_settings.distance = AMBIENT_REACH_M


def black_world() -> bpy.types.World:
    """Surroundings that give nothing."""
    world = bpy.data.worlds.new("nothing")
    world.color = (0.0, 0.0, 0.0)
    if world.node_tree is not None:
        graph = Graph(world.node_tree)
        graph.output(_background(graph, (0.0, 0.0, 0.0), 0.0), kind="ShaderNodeOutputWorld")
    world.cycles.sampling_method = "NONE"
    return world


def _background(graph: Graph, colour: tuple[float, ...] | Socket, strength: float | Socket) -> Socket:
    return graph.node("ShaderNodeBackground", {"Color": colour, "Strength": strength}).outputs[0]


def _sky(graph: Graph, light: LightSpec) -> Socket:
    """Hosek and Wilkie's clear sky (2012). The sun itself is a lamp, which samples better."""
    turbidity = float(np.clip(light.sky_turbidity, 1.0, 10.0))
    settings = {
        "sky_type": "HOSEK_WILKIE",
        "turbidity": turbidity,
        "ground_albedo": 0.3,
        "sun_direction": sun_direction(light).tolist(),
    }
    sky = graph.node("ShaderNodeTexSky", settings=settings).outputs[0]
    brightness = sky_brightness(turbidity, light.sun_elevation_deg)
    grey = graph.node("ShaderNodeRGBToBW", {0: sky}).outputs[0]
    low = float(np.clip(1 - light.sun_elevation_deg / 40, 0, 1))
    share = SKY_SHARE + LOW_SUN_MORE * low if light.sky_share is None else light.sky_share
    strength = share * light.strength / brightness
    colour = graph.vector("MULTIPLY", graph.mix(SKY_GREY, sky, grey), (strength,) * 3)
    return _background(graph, _without_glare(graph, colour), 1.0)


def _without_glare(graph: Graph, colour: Socket) -> Socket:
    """Colours up to mid-grey as they are, brighter ones ever more subdued, so that the sky by the sun isn't burnt out.

    Luminance goes from Y to 1.05 Y / (Y + 0.65): 0.2 becomes 0.25, 0.4 stays, 1 becomes 0.64, 4 becomes 0.9.
    """
    luminance = graph.node("ShaderNodeRGBToBW", {0: colour}).outputs[0]
    factor = graph.math("DIVIDE", 1.05, graph.math("ADD", luminance, 0.65))
    return graph.vector("MULTIPLY", colour, graph.combine(factor, factor, factor))


def sky_brightness(turbidity: float, elevation_deg: float) -> float:
    """Luminance of a white floor under the sky at strength 1, by interpolation in the table."""
    rows = [np.interp(elevation_deg, SKY_ELEVATIONS_DEG, row) for row in SKY_BRIGHTNESS]
    return float(np.interp(turbidity, SKY_TURBIDITIES, rows))


def _panorama(graph: Graph, place: PlaceSpec, light: LightSpec, file: PlaceImage) -> Socket:
    """The panorama, turned about the vertical, as bright as an overcast sky on average."""
    direction = graph.node("ShaderNodeTexCoord").outputs["Generated"]
    angle = float(np.radians(place.rotation_deg))
    turned = graph.node("ShaderNodeVectorRotate", {"Vector": direction, "Angle": angle}, {"rotation_type": "Z_AXIS"})
    texture = graph.node("ShaderNodeTexEnvironment", {"Vector": turned.outputs[0]}, {"image": file.image})
    strength = EVEN_SHARE * light.strength / file.dome_brightness
    colour = graph.vector("MULTIPLY", texture.outputs[0], tuple(strength * channel for channel in light.colour))
    return _seen_as(graph, _background(graph, colour, 1.0), _without_glare(graph, colour))


def _seen_as(graph: Graph, surroundings: Socket, colour: Socket) -> Socket:
    """Surroundings that light the scene as they are, but show the camera something else."""
    is_camera = graph.node("ShaderNodeLightPath").outputs["Is Camera Ray"]
    seen = _background(graph, colour, 1.0)
    return graph.node("ShaderNodeMixShader", {0: is_camera, 1: surroundings, 2: seen}).outputs[0]


def _photograph(graph: Graph, plate: Plate, file: PlaceImage) -> Socket:
    """The photograph as the camera sees it."""
    window = graph.node("ShaderNodeTexCoord").outputs["Window"]
    x, y, _ = graph.axes(window)
    places = []
    for row in plate.matrix:
        across = graph.math("ADD", graph.math("MULTIPLY", x, float(row[0])), graph.math("MULTIPLY", y, float(row[1])))
        places.append(graph.math("ADD", across, float(row[2])))
    where = graph.combine(*places)
    node = graph.node("ShaderNodeTexImage", {"Vector": where}, {"image": file.image, "extension": "EXTEND"})
    return node.outputs[0]
