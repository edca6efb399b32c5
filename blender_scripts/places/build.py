"""One function per kind of place."""

from collections.abc import Callable
from dataclasses import dataclass

import bpy
import numpy as np
from jaxtyping import Float

from blender_scripts.materials import make_material
from blender_scripts.materials.body import backdrop_material
from blender_scripts.materials.floor import floor_material
from blender_scripts.meshes import add_mesh, set_materials
from blender_scripts.places.room import add_outside, add_room, floor_of
from blender_scripts.places.scenery import add_hills, add_scenery
from blender_scripts.places.surfaces import revolved, square
from blender_scripts.things import add_things
from cuffs.errors import RecordError
from cuffs.records import PlaceSpec
from cuffs.seeding import stream

Array = np.ndarray

GROUND_RADIUS_M = 250.0
COVE_M = 0.8
"""Radius of the curve by which a studio's floor becomes its wall."""

WALL_HEIGHT_M = 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """What a place is built around."""

    centre_world: Float[Array, "3"]
    """The middle of the people, metres."""

    eye_world: Float[Array, "3"]
    """The camera."""

    seed: int
    """Of the choices within the place."""


def add_place(spec: PlaceSpec, around: Surroundings) -> None:
    """Build ground and surroundings. The sky or panorama beyond them is `world.add_world`'s.

    Raises:
        RecordError: if a material or thing doesn't exist.
    """
    _BUILDERS[spec.kind](spec, around)
    add_things(spec.things)


def _studio(spec: PlaceSpec, around: Surroundings) -> None:
    """A round floor that curves up into a wall on all sides: whichever way the camera looks, the backdrop is there."""
    centre = around.centre_world
    reach = float(np.hypot(*(around.eye_world - centre)[:2]))
    radius = max(4.5, reach + 1.5)
    _add_ground(spec, square(radius - COVE_M, around=centre[:2]))
    angle = np.linspace(0, np.pi / 2, 9)
    profile = np.concatenate(
        [
            np.stack([radius - COVE_M + COVE_M * np.sin(angle), COVE_M * (1 - np.cos(angle))], 1),
            [[radius, WALL_HEIGHT_M]],
        ]
    )
    wall = add_mesh("backdrop", *revolved(profile, around=centre[:2]))
    material = make_material("backdrop", spec.backdrop) if spec.backdrop else backdrop_material("backdrop", spec.ground)
    set_materials(wall, [material])
    wall.visible_shadow = False  # else a low sun, where a spec asks for one in here, would not get in


def _outdoor(spec: PlaceSpec, around: Surroundings) -> None:
    _add_ground(spec, square(GROUND_RADIUS_M, around=around.centre_world[:2]))
    add_scenery(around.centre_world, around.eye_world, seed=around.seed)


def _hdri(spec: PlaceSpec, around: Surroundings) -> None:
    """A panorama has its own ground, which can't take a shadow: ours ends a few metres off, where it hardly shows."""
    _add_ground(spec, square(6.0, around=around.centre_world[:2]))


def _photo(spec: PlaceSpec, around: Surroundings) -> None:
    """A photograph stands behind all; of the ground only the shadow that falls on it is seen."""
    ground = _add_ground(spec, square(8.0, around=around.centre_world[:2]))
    ground.is_shadow_catcher = True


def _room(spec: PlaceSpec, around: Surroundings) -> None:
    """Walls, ceiling and floor; outside the windows ground and trees below a sky."""
    if spec.room is None:
        raise RecordError("a place of kind room must say which room.")
    add_room(spec.room)
    _add_ground(spec, floor_of(spec.room))
    rng = stream(around.seed, "outside")
    add_outside(spec.room, (0.16, 0.17, 0.13), float(rng.choice([0.3, 3.0, 6.0])))


def _open_air(spec: PlaceSpec, around: Surroundings) -> None:
    """A street or park: its ground reaches to the horizon, hills close the view."""
    ground = _add_ground(spec, square(GROUND_RADIUS_M, around=around.centre_world[:2]))
    ground.location.z = min([0.0, *(thing.at_world[2] for thing in spec.things)])
    if spec.kind != "street":
        add_hills(around.centre_world, stream(around.seed, "scenery"))


def _add_ground(spec: PlaceSpec, shape: tuple[Array, Array]) -> bpy.types.Object:
    ground = add_mesh("ground", *shape, smooth=False)
    if spec.ground.kind == "floor":
        material = floor_material("ground", spec.ground, rotation_rad=float(np.radians(spec.rotation_deg)))
    else:
        material = make_material("ground", spec.ground)
    set_materials(ground, [material])
    return ground


def _blend(_spec: PlaceSpec, _around: Surroundings) -> None:
    """A user's room brings its own floor."""


_BUILDERS: dict[str, Callable[[PlaceSpec, Surroundings], None]] = {
    "studio": _studio,
    "outdoor": _outdoor,
    "hdri": _hdri,
    "photo": _photo,
    "room": _room,
    "street": _open_air,
    "park": _open_air,
    "blend": _blend,
}
