"""Surroundings and light: configuration and samplers."""

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cuffs.config import require_span, require_weights
from cuffs.errors import ConfigError
from cuffs.records import LightSpec, MaterialSpec, PlaceSpec
from cuffs.records.scene_spec import Colour

GROUNDS = ("planks", "tiles", "concrete", "carpet", "grass", "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceConfig:
    """What surrounds people."""

    kinds: Mapping[str, float] = field(default_factory=lambda: {"studio": 0.5, "outdoor": 0.5})
    """Weights of studio, outdoor, hdri and photo; the last two need their folder."""

    hdri_folder: str | None = None
    """Folder of .hdr or .exr panoramas; a relative path starts at the recipe."""

    photo_folder: str | None = None
    """Folder of photographs used as backgrounds, likewise."""

    def __post_init__(self) -> None:
        require_weights("place.kinds", dict(self.kinds))
        if unknown := self.kinds.keys() - {"studio", "outdoor", "hdri", "photo"}:
            raise ConfigError(f"place.kinds: no such kind {sorted(unknown)}; there are studio, outdoor, hdri, photo.")
        for kind, folder in (("hdri", self.hdri_folder), ("photo", self.photo_folder)):
            if self.kinds.get(kind, 0) > 0 and folder is None:
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
    """How far studio lights stray from white."""

    def __post_init__(self) -> None:
        require_span("light.sun_elevation_deg", self.sun_elevation_deg, 0.0, 90.0)
        require_span("light.sun_size_deg", self.sun_size_deg, 0.01, 90.0)
        require_span("light.strength", self.strength, 0.01, 100.0)


def sample_place(config: PlaceConfig, files: Mapping[str, tuple[str, ...]], rng: np.random.Generator) -> PlaceSpec:
    """Draw surroundings.

    Args:
        config: weights of the kinds.
        files: names of the plan's HDRIs and photographs, by kind.
        rng: random numbers.
    """
    kinds = sorted(kind for kind in config.kinds if config.kinds[kind] > 0)
    weights = np.array([config.kinds[kind] for kind in kinds])
    kind = str(rng.choice(kinds, p=weights / weights.sum()))
    ground = str(rng.choice(GROUNDS))
    tint, shade = _colour(rng, saturation=0.35), _colour(rng, saturation=0.35)
    file = files[kind][int(rng.integers(len(files[kind])))] if kind in files else None
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
        file=file,
        rotation_deg=float(rng.uniform(0, 360)),
    )


def sample_light(config: LightConfig, place: PlaceSpec, rng: np.random.Generator) -> LightSpec:
    """Draw the light that goes with a place."""
    kind = {"studio": "studio", "outdoor": "sun", "hdri": "environment", "photo": "sun"}[place.kind]
    spread = config.colour_spread
    return LightSpec(
        kind=kind,  # pyright: ignore[reportArgumentType]: one of three by the table above
        strength=float(rng.uniform(*config.strength)),
        sun_elevation_deg=float(rng.uniform(*config.sun_elevation_deg)),
        sun_azimuth_deg=float(rng.uniform(0, 360)),
        sun_size_deg=float(rng.uniform(*config.sun_size_deg)),
        sky_turbidity=float(rng.uniform(2, 6)),
        colour=tuple(float(1 - rng.uniform(0, spread)) for _ in range(3)),  # pyright: ignore[reportArgumentType]
    )


def _colour(rng: np.random.Generator, *, saturation: float) -> Colour:
    """A subdued colour, linear RGB."""
    hue, amount, value = rng.uniform(), rng.uniform(0, saturation), rng.uniform(0.12, 0.7)
    red, green, blue = colorsys.hsv_to_rgb(hue, amount, value)
    return (float(red), float(green), float(blue))
