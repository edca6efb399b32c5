"""Lamps. Strength 1 lights a white wall facing the main light to about 0.9 of white."""

import bpy
import numpy as np
from jaxtyping import Float
from mathutils import Vector

from cuffs.records import LightSpec

Array = np.ndarray

WHITE = np.pi
"""Irradiance that makes a white Lambertian wall exactly white, W/m²."""

SUN_SHARE = 0.85
"""Of WHITE: what the sun alone brings to a surface that faces it; the sky adds the rest."""

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
    if spec.kind == "sun":
        _add_sun(spec)
    elif spec.kind == "studio":
        _add_studio(spec, centre_world, eye_world)


def sun_direction(spec: LightSpec) -> Float[Array, "3"]:
    """Unit vector from the ground towards the sun, world."""
    elevation, azimuth = np.radians(spec.sun_elevation_deg), np.radians(spec.sun_azimuth_deg)
    return np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])


def _add_sun(spec: LightSpec) -> None:
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.energy = spec.strength * SUN_SHARE * WHITE
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


def _place(lamp: bpy.types.Light, eye_world: Float[Array, "3"], target_world: Float[Array, "3"]) -> None:
    """Stand a lamp somewhere, shining at something. No camera sees it."""
    thing = bpy.data.objects.new(lamp.name, lamp)
    thing.location = eye_world.tolist()
    direction = Vector((target_world - eye_world).tolist())
    thing.rotation_mode = "QUATERNION"
    thing.rotation_quaternion = direction.to_track_quat("-Z", "Y")
    thing.visible_camera = False
    bpy.context.scene.collection.objects.link(thing)
