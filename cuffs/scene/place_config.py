"""Surroundings and light: configuration and samplers."""

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from cuffs.config import require_span, require_weights
from cuffs.errors import ConfigError
from cuffs.records import LightSpec, MaterialSpec, PlaceFile, PlaceSpec, ThingSpec
from cuffs.records.surface_spec import Colour
from cuffs.scene.layout import Layout, Stage, rectangle
from cuffs.scene.moods import MOODS, Lighting, Setting
from cuffs.scene.occluders import OccluderConfig
from cuffs.scene.outside import sample_outside
from cuffs.scene.rooms import sample_room, style_for

GROUNDS = ("planks", "tiles", "concrete", "carpet", "grass", "plain")

KINDS = ("room", "street", "park", "studio", "outdoor", "hdri", "photo", "blend")

FOLDERS = ("hdri", "photo", "blend")
"""Kinds of place that need files of the user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceConfig:
    """What surrounds people."""

    kinds: Mapping[str, float] = field(
        default_factory=lambda: {"room": 0.45, "street": 0.2, "park": 0.17, "studio": 0.12, "outdoor": 0.06}
    )
    """Weights of room, street, park, studio, outdoor (bare country), hdri, photo and blend; the last three need their
    folder."""

    hdri_folder: str | None = None
    """Folder of .hdr or .exr panoramas; a relative path starts at the recipe."""

    photo_folder: str | None = None
    """Folder of photographs used as backgrounds, likewise."""

    blend_folder: str | None = None
    """Folder of .blend files with rooms, likewise (README, "Your own places")."""

    occluders: OccluderConfig = field(default_factory=OccluderConfig)
    """Things that stand between camera and people."""

    def __post_init__(self) -> None:
        require_weights("place.kinds", dict(self.kinds))
        if unknown := self.kinds.keys() - set(KINDS):
            raise ConfigError(f"place.kinds: no such kind {sorted(unknown)}; there are {', '.join(KINDS)}.")
        for kind in FOLDERS:
            if self.kinds.get(kind, 0) > 0 and getattr(self, f"{kind}_folder") is None:
                raise ConfigError(f"place.kinds.{kind} is above 0, so place.{kind}_folder must name a folder.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LightConfig:
    """Where light comes from."""

    sun_elevation_deg: tuple[float, float] = (15.0, 75.0)
    sun_size_deg: tuple[float, float] = (0.5, 8.0)
    """Apparent size: larger is softer."""

    strength: tuple[float, float] = (0.7, 1.3)
    """Relative to a well exposed picture."""

    colour_spread: float = 0.08
    """How far lamps stray from their colour."""

    moods: Mapping[str, float] = field(default_factory=dict)
    """Weights of single moods (clear, golden hour, overcast, open shade, blue hour, night lamps; window, sunny window,
    ceiling lamps, evening lamps, coloured lamps; softbox, hard key, high key, studio gel) among those of their kind of
    place; the others keep theirs, 0 leaves one out."""

    def __post_init__(self) -> None:
        require_span("light.sun_elevation_deg", self.sun_elevation_deg, 0.0, 90.0)
        require_span("light.sun_size_deg", self.sun_size_deg, 0.01, 90.0)
        require_span("light.strength", self.strength, 0.01, 100.0)
        known = {name for moods in MOODS.values() for name in moods}
        if unknown := self.moods.keys() - known:
            raise ConfigError(f"light.moods: no such mood {sorted(unknown)}; there are {', '.join(sorted(known))}.")
        for where, moods in MOODS.items():
            require_weights(f"light.moods of a {where}", {name: self.weight(where, name) for name in moods})

    def weight(self, where: str, mood: str) -> float:
        """How often a mood is drawn, against the others of its kind of place."""
        return self.moods.get(mood, MOODS[where][mood][0])


def sample_place(
    config: PlaceConfig, files: Mapping[str, tuple[PlaceFile, ...]], stage: Stage, rng: np.random.Generator
) -> PlaceSpec:
    """Draw surroundings.

    Args:
        config: weights of the kinds.
        files: the plan's HDRIs, photographs and rooms, by kind.
        stage: people and camera.
        rng: random numbers.
    """
    kinds = sorted(kind for kind in config.kinds if config.kinds[kind] > 0)
    weights = np.array([config.kinds[kind] for kind in kinds])
    kind = str(rng.choice(kinds, p=weights / weights.sum()))
    if kind == "room":
        return sample_room(style_for(stage, rng), stage, rng)
    if kind in ("street", "park"):
        return sample_outside(kind, stage, rng)
    return _plain_place(kind, files, rng)


def _plain_place(kind: str, files: Mapping[str, tuple[PlaceFile, ...]], rng: np.random.Generator) -> PlaceSpec:
    """A studio, open country, or a place of a file."""
    ground = str(rng.choice(GROUNDS))
    tint, shade = _colour(rng, saturation=0.35), _colour(rng, saturation=0.35)
    file = files[kind][int(rng.integers(len(files[kind])))] if kind in files else None
    spots = file.spots if file else ((0.0, 0.0, 0.0),)
    return PlaceSpec(
        kind=kind,  # pyright: ignore[reportArgumentType]: checked by PlaceConfig
        ground=MaterialSpec(
            kind="floor",
            colour=tint,
            second_colour=shade,
            pattern=ground,
            roughness=float(rng.uniform(0.35, 0.95)),
            scale_m=float(np.exp(rng.uniform(np.log(0.1), np.log(0.6)))),
        ),
        backdrop=MaterialSpec(kind="backdrop", colour=_colour(rng, saturation=0.5), roughness=0.9),
        file=file.name if file else None,
        rotation_deg=float(rng.uniform(0, 360)),
        horizon=file.horizon if file else 0.5,
        photo_fov_x_deg=file.fov_x_deg if file else 65.0,
        origin_m=spots[int(rng.integers(len(spots)))],
    )


BLEND_AMBIENT = 0.12
"""Light from everywhere in a .blend room, so that one without lamps isn't black."""

WHERE = {"room": "room", "studio": "studio", "street": "outside", "park": "outside", "outdoor": "outside"}
"""Kinds of place to the moods that they are drawn from; files bring a light of their own."""


def sample_light(config: LightConfig, place: PlaceSpec, stage: Stage, rng: np.random.Generator) -> Lighting:
    """Draw the light that goes with a place, and the fixtures that seem to give it."""
    strength = round(float(rng.uniform(*config.strength)), 4)
    if place.kind not in WHERE:
        return Lighting(light=replace(_light_of_file(config, place, rng), strength=strength))
    where = WHERE[place.kind]
    names = sorted(MOODS[where])
    if place.room is not None and not any(opening.kind == "window" for opening in place.room.openings):
        names = [name for name in names if "window" not in name]
    weights = np.array([config.weight(where, name) for name in names])
    mood = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    setting = Setting(
        place=place, stage=stage, sun_elevation_deg=config.sun_elevation_deg, sun_size_deg=config.sun_size_deg
    )
    drawn = MOODS[where][mood][1](setting, rng)
    lamps = tuple(replace(lamp, colour=_strayed(lamp.colour, config.colour_spread, rng)) for lamp in drawn.light.lamps)
    light = replace(drawn.light, strength=strength, lamps=lamps)
    layout = Layout(stage=stage)
    fixtures = tuple(thing for thing in drawn.fixtures if _is_clear(thing, layout))
    return replace(drawn, light=light, fixtures=fixtures)


def _light_of_file(config: LightConfig, place: PlaceSpec, rng: np.random.Generator) -> LightSpec:
    """A panorama lights by itself; before a photograph stands a sun; a .blend room has lamps of its own."""
    kind = {"hdri": "environment", "photo": "sun", "blend": "lamps"}[place.kind]
    return LightSpec(
        kind=kind,  # pyright: ignore[reportArgumentType]: one of three by the table above
        mood=place.kind,
        sun_elevation_deg=round(float(rng.uniform(*config.sun_elevation_deg)), 3),
        sun_azimuth_deg=round(float(rng.uniform(0, 360)), 3),
        sun_size_deg=round(float(rng.uniform(*config.sun_size_deg)), 3),
        sun_share=0.0 if place.kind == "blend" else 0.85,
        sky_turbidity=round(float(rng.uniform(2, 6)), 3),
        ambient_share=BLEND_AMBIENT if place.kind == "blend" else 0.0,
    )


def _is_clear(thing: ThingSpec, layout: Layout) -> bool:
    """Whether a fixture hangs above everybody, or stands where nobody is and nobody is hidden."""
    outline = rectangle(np.array(thing.at_world[:2]), thing.size_m[:2], np.radians(thing.yaw_deg))
    return thing.at_world[2] > layout.stage.head_z or layout.is_free(outline)


def _strayed(colour: Colour, spread: float, rng: np.random.Generator) -> Colour:
    red, green, blue = (round(channel * float(1 - rng.uniform(0, spread)), 4) for channel in colour)
    return (red, green, blue)


def _colour(rng: np.random.Generator, *, saturation: float) -> Colour:
    """A subdued colour, linear RGB."""
    hue, amount, value = rng.uniform(), rng.uniform(0, saturation), rng.uniform(0.12, 0.7)
    red, green, blue = colorsys.hsv_to_rgb(hue, amount, value)
    return (float(red), float(green), float(blue))
