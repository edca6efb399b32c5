"""Lamps. Strength 1 lights a white wall facing the main light to about 0.9 of white."""

import bpy
import numpy as np
from jaxtyping import Float
from mathutils import Vector

from cuffs.records import LampSpec, LightSpec

Array = np.ndarray

WHITE = np.pi
"""Irradiance that makes a white Lambertian wall exactly white, W/m²."""

KEY_SHARE, FILL_SHARE, RIM_SHARE = 0.8, 0.32, 0.45
"""Of WHITE, at the people: main light, its softer opposite, and the one from behind."""

KEY_SWING_DEG = 70.0
"""How far to the side of the camera the main light may stand: farther, and faces turned to us are in the dark."""


def add_lamps(spec: LightSpec, *, centre_world: Float[Array, "3"], eye_world: Float[Array, "3"]) -> None:
    """Add the lamps of a light; the sky or surroundings that go with it are `world.add_world`'s.

    Args:
        spec: which light.
        centre_world: the middle of the people, metres.
        eye_world: the camera, metres.
    """
    if spec.kind == "sun" or (spec.kind == "lamps" and spec.sun_share > 0):
        _add_sun(spec)
    elif spec.kind == "studio":
        _add_studio(spec, centre_world, eye_world)
    for number, lamp in enumerate(spec.lamps):
        _add_lamp(f"lamp_{number}", lamp, spec.strength)


def sun_direction(spec: LightSpec) -> Float[Array, "3"]:
    """Unit vector from the ground towards the sun, world."""
    elevation, azimuth = np.radians(spec.sun_elevation_deg), np.radians(spec.sun_azimuth_deg)
    return np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])


def _add_sun(spec: LightSpec) -> None:
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.energy = spec.strength * spec.sun_share * WHITE
    lamp.angle = float(np.radians(spec.sun_size_deg))
    lamp.color = tuple(np.multiply(spec.colour, _daylight(spec.sun_elevation_deg)))
    _place(lamp, 100.0 * sun_direction(spec), np.zeros(3))


def _daylight(elevation_deg: float) -> Float[Array, "3"]:
    """Tint of sunlight: white when high, orange when low."""
    low = np.clip(1 - elevation_deg / 40.0, 0, 1)
    return np.array([1.0, 1 - 0.22 * low, 1 - 0.5 * low])


def _add_studio(spec: LightSpec, centre_world: Float[Array, "3"], eye_world: Float[Array, "3"]) -> None:
    """A key light beside the camera, a large weak fill on the other side, a rim light behind."""
    view = eye_world - centre_world
    front = float(np.arctan2(view[1], view[0]))
    swing = np.radians(KEY_SWING_DEG) * ((spec.sun_azimuth_deg % 360.0) / 180.0 - 1.0)
    side = 1.0 if swing >= 0 else -1.0
    elevation = float(np.clip(spec.sun_elevation_deg, 15.0, 65.0))
    lamps = (
        ("key", KEY_SHARE, front + swing, elevation, 2.8, 1.2),
        ("fill", FILL_SHARE, front - side * np.radians(50.0), 25.0, 3.2, 2.2),
        ("rim", RIM_SHARE, front + np.pi - side * np.radians(35.0), 50.0, 3.0, 0.7),
    )
    for name, share, azimuth, elevation_deg, distance_m, size_m in lamps:
        lamp = bpy.data.lights.new(name, "AREA")
        lamp.shape = "DISK"
        lamp.size = size_m
        lamp.energy = spec.strength * share * WHITE * np.pi * distance_m**2  # a small diffuse disc's flux
        lamp.color = spec.colour
        lamp.cycles.use_multiple_importance_sampling = False  # nothing mirrors them sharply
        lift = np.radians(elevation_deg)
        offset = [np.cos(lift) * np.cos(azimuth), np.cos(lift) * np.sin(azimuth), np.sin(lift)]
        _place(lamp, centre_world + distance_m * np.array(offset), centre_world)


def _add_lamp(name: str, spec: LampSpec, strength: float) -> None:
    """A lamp of a spec, as bright as it says: the flux of a small lamp, good enough for large ones."""
    at, target = np.array(spec.at_world), np.array(spec.target_world)
    irradiance = strength * spec.share * WHITE
    if spec.kind in ("disk", "rectangle"):
        lamp = bpy.data.lights.new(name, "AREA")
        lamp.shape = "DISK" if spec.kind == "disk" else "RECTANGLE"
        lamp.size, lamp.size_y = spec.size_m
        lamp.spread = float(np.radians(spec.spread_deg))
        lamp.energy = irradiance * np.pi * spec.reach_m**2
    else:
        lamp = bpy.data.lights.new(name, "POINT" if spec.kind == "point" else "SPOT")
        lamp.shadow_soft_size = spec.size_m[0] / 2
        lamp.energy = irradiance * 4 * np.pi * spec.reach_m**2
        if spec.kind == "spot":
            lamp.spot_size, lamp.spot_blend = float(np.radians(spec.spread_deg)), 0.5
    lamp.color = spec.colour
    lamp.cycles.use_multiple_importance_sampling = False  # nothing mirrors them sharply
    _place(lamp, at, target)


def _place(lamp: bpy.types.Light, eye_world: Float[Array, "3"], target_world: Float[Array, "3"]) -> None:
    """Stand a lamp somewhere, shining at something. No camera sees it."""
    thing = bpy.data.objects.new(lamp.name, lamp)
    thing.location = eye_world.tolist()
    direction = Vector((target_world - eye_world).tolist())
    thing.rotation_mode = "QUATERNION"
    thing.rotation_quaternion = direction.to_track_quat("-Z", "Y")
    thing.visible_camera = False
    bpy.context.scene.collection.objects.link(thing)
