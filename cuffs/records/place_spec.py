"""What surrounds the people of a scene, and what lights it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from cuffs.records.checks import require_rigid
from cuffs.records.surface_spec import Colour, MaterialSpec


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PropSpec:
    """A thing in the scene that is nobody: a seat, a wall, an occluder."""

    kind: Literal["box", "cylinder", "plane", "stool"]
    """A stool is a round seat on four legs."""

    T_world_prop: Float[np.ndarray, "4 4"]
    size_m: tuple[float, float, float]
    material: MaterialSpec

    def __post_init__(self) -> None:
        require_rigid("prop.T_world_prop", self.T_world_prop)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingSpec:
    """A piece of furniture or scenery, built by its kind."""

    kind: str
    """As `blender_scripts/things` lists them."""

    at_world: tuple[float, float, float]
    """Middle of its underside, metres."""

    yaw_deg: float
    """Turn about the vertical: at 0 its front looks along world -y."""

    size_m: tuple[float, float, float]
    """Width, depth and height as seen from its front."""

    colour: Colour
    second_colour: Colour
    variant: int = 0
    """Decides what is left open: which of its forms, which books on a shelf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningSpec:
    """A window or door in one of a room's walls."""

    kind: Literal["window", "door"]
    wall: Literal[0, 1, 2, 3]
    """0 at -y, 1 at +x, 2 at +y, 3 at -x of the room's own frame."""

    middle_m: float
    """From the wall's middle, towards the right as seen from within the room."""

    sill_m: float
    size_m: tuple[float, float]
    """Width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSpec:
    """Four walls, a ceiling and what is in them. The floor lies at z = 0."""

    middle_world: tuple[float, float]
    yaw_deg: float
    size_m: tuple[float, float, float]
    """Along its own x, y and z."""

    wall: MaterialSpec
    ceiling: MaterialSpec
    trim: Colour
    """Skirting, frames, doors."""

    openings: tuple[OpeningSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSpec:
    """What surrounds the people."""

    kind: Literal["studio", "outdoor", "hdri", "photo", "room", "street", "park", "blend"]
    ground: MaterialSpec
    backdrop: MaterialSpec | None = None
    file: str | None = None
    """Name of an HDRI, photograph or .blend file in the plan's assets."""

    rotation_deg: float = 0.0
    """Turns the surroundings about the vertical."""

    style: str = "plain"
    """Which sort of its kind: a kitchen among rooms. For statistics; what is there is in `room` and `things`."""

    room: RoomSpec | None = None
    things: tuple[ThingSpec, ...] = ()
    horizon: float = 0.5
    """Of a photograph: where its horizon lies, as a share of its height from the top."""

    photo_fov_x_deg: float = 65.0
    """Of a photograph: its horizontal angle of view."""

    origin_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of a .blend room: its point that comes to lie at the world's origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LampSpec:
    """One lamp."""

    kind: Literal["disk", "rectangle", "point", "spot"]
    at_world: tuple[float, float, float]
    target_world: tuple[float, float, float]
    size_m: tuple[float, float]
    """Of the shining face; a point's or spot's diameter is the first."""

    share: float
    """Of white: what it brings, `reach_m` away, to a surface that faces it."""

    reach_m: float
    colour: Colour
    spread_deg: float = 180.0
    """A spot's cone; how far a disk or rectangle shines to its sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LightSpec:
    """Where the light comes from."""

    kind: Literal["sun", "studio", "environment", "lamps"]
    strength: float = 1.0
    sun_elevation_deg: float = 45.0
    sun_azimuth_deg: float = 0.0
    sun_size_deg: float = 0.5
    sky_turbidity: float = 3.0
    colour: Colour = (1.0, 1.0, 1.0)
    mood: str = "plain"
    """What a person would call it: golden hour, window, gel. For statistics; what shines is said by the rest."""

    sun_share: float = 0.85
    """Of white: what the sun alone brings to a surface that faces it."""

    sky_share: float | None = None
    """Of white: what the sky (or an even glow) brings to a horizontal floor; None: as the kind has it."""

    ambient_share: float = 0.0
    """Of white: light from everywhere, less in corners; stands for what bounces off walls more often than is traced."""

    low_light: bool = False
    """A dark picture is what was asked for."""

    lamps: tuple[LampSpec, ...] = ()
    """Lamps, besides what the kind brings."""
