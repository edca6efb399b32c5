"""What people look like: clothes, hair, skin, eyes."""

import colorsys
from dataclasses import dataclass

import numpy as np

from cuffs.character.records import Identity, Topology
from cuffs.config import require_fraction
from cuffs.records import CharacterSpec, GarmentSpec, HairSpec, MaterialSpec
from cuffs.records.scene_spec import Colour

PATTERNS = ("plain", "stripes", "checks", "plaid", "dots")
PATTERN_WEIGHTS = (0.6, 0.14, 0.1, 0.1, 0.06)

SKIN_LIGHT: Colour = (0.78, 0.52, 0.40)
SKIN_MIDDLE: Colour = (0.50, 0.27, 0.17)
SKIN_DARK: Colour = (0.09, 0.040, 0.022)
"""Linear RGB of the ends and the middle of human skin, light to dark."""

HAIR_COLOURS: tuple[Colour, ...] = (
    (0.010, 0.008, 0.007), (0.030, 0.016, 0.010), (0.085, 0.045, 0.022), (0.20, 0.11, 0.05), (0.42, 0.28, 0.13),
    (0.25, 0.07, 0.025), (0.33, 0.31, 0.29),
)  # fmt: skip
"""Black, dark brown, brown, light brown, blond, red, grey."""

EYE_COLOURS: tuple[Colour, ...] = (
    (0.055, 0.025, 0.012), (0.11, 0.055, 0.022), (0.12, 0.14, 0.06), (0.10, 0.19, 0.28), (0.16, 0.20, 0.22),
)  # fmt: skip
"""Dark brown, brown, green, blue, grey."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WardrobeConfig:
    """Clothes and hair."""

    dressed: bool = True
    """False: bare bodies, for control renders."""

    hair: bool = True
    bald: float = 0.06
    """Share of people without hair."""

    skirt: float = 0.3
    """Share of skirts among women's clothes."""

    shoes: float = 0.8
    """Share of people with shoes."""

    def __post_init__(self) -> None:
        for name in ("bald", "skirt", "shoes"):
            require_fraction(f"wardrobe.{name}", getattr(self, name))


def sample_look(
    config: WardrobeConfig, topology: Topology, identity: Identity, rng: np.random.Generator
) -> CharacterSpec:
    """Draw clothes, hair, skin and eyes. The identity's name is left to whoever knows it."""
    names = {part.name for part in topology.parts}
    outfit = [name for name in _outfit(config, identity, rng) if name in names]
    garments = tuple(GarmentSpec(name=name, material=_fabric(rng, is_shoe=name == "shoes")) for name in outfit)
    hair = _hair(identity, sorted(name for name in names if name.startswith("hair_")), rng)
    is_bald = rng.uniform() < config.bald
    dark = _darkness(identity, rng)
    eye = EYE_COLOURS[int(rng.choice(len(EYE_COLOURS), p=_eye_weights(dark)))]
    skin = MaterialSpec(kind="skin", colour=_skin_colour(dark), roughness=float(rng.uniform(0.4, 0.6)))
    return CharacterSpec(
        kind="open",
        identity="",
        topology="open",
        skin=skin,
        eye_colour=eye,
        garments=garments if config.dressed else (),
        hair=hair if config.hair and not is_bald else None,
    )


def _outfit(config: WardrobeConfig, identity: Identity, rng: np.random.Generator) -> list[str]:
    """Names of garments, from below outwards."""
    female = identity.trait("gender") > 0.5
    wears_skirt = rng.uniform() < config.skirt
    bottom = str(rng.choice(["trousers", "shorts"], p=[0.75, 0.25]))
    skirt = str(rng.choice(["skirt_long", "skirt_short"]))
    top = str(rng.choice(["shirt_long", "shirt_short", "tank"], p=[0.4, 0.45, 0.15]))
    shoes = ["shoes"] if rng.uniform() < config.shoes else []
    return [skirt if female and wears_skirt else bottom, top, *shoes]


def _fabric(rng: np.random.Generator, *, is_shoe: bool) -> MaterialSpec:
    hue, second_hue = rng.uniform(size=2)
    saturation, second_saturation = rng.beta(1.3, 2.2, 2)
    value, second_value = np.exp(rng.uniform(np.log(0.03), np.log(0.75), 2))
    pattern = str(rng.choice(PATTERNS, p=PATTERN_WEIGHTS))
    scale_m = float(np.exp(rng.uniform(np.log(0.012), np.log(0.08))))
    roughness = float(rng.uniform(0.55, 0.95))
    return MaterialSpec(
        kind="fabric",
        colour=_rgb(hue, saturation, value),
        second_colour=_rgb(second_hue, second_saturation, second_value),
        pattern="plain" if is_shoe else pattern,
        roughness=roughness,
        scale_m=scale_m,
    )


def _rgb(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(float(hue), float(saturation), float(value))
    return (red, green, blue)


def _hair(identity: Identity, styles: list[str], rng: np.random.Generator) -> HairSpec | None:
    """A style and a colour; grey comes with age, short with being male."""
    female = identity.trait("gender")
    weights = np.array([0.15 + 0.85 * female if style != "hair_short" else 1.6 - female for style in styles])
    age = identity.trait("age")
    dark = identity.trait("african") + identity.trait("asian")
    colours = np.array([1.2, 1.0, 0.9 - 0.7 * dark, 0.6 - 0.5 * dark, 0.5 - 0.45 * dark, 0.15 - 0.14 * dark, 0.0])
    colours[6] = max(0.0, (age - 0.75) * 12)
    colours = colours.clip(0.01)
    colour = HAIR_COLOURS[int(rng.choice(len(HAIR_COLOURS), p=colours / colours.sum()))]
    if not styles:
        return None
    name = str(rng.choice(styles, p=weights / weights.sum()))
    return HairSpec(
        name=name, material=MaterialSpec(kind="hair", colour=colour, roughness=float(rng.uniform(0.3, 0.5)))
    )


def _darkness(identity: Identity, rng: np.random.Generator) -> float:
    """0 light to 1 dark: follows the mix of races, with a wide spread of its own."""
    mean = 0.85 * identity.trait("african") + 0.4 * identity.trait("asian") + 0.18 * identity.trait("caucasian")
    return float(np.clip(mean + rng.normal(0, 0.13), 0, 1))


def _skin_colour(dark: float) -> Colour:
    """Between light, middle and dark, evenly to the eye."""
    anchors = np.sqrt(np.array([SKIN_LIGHT, SKIN_MIDDLE, SKIN_DARK]))
    mixed = [float(np.interp(dark, [0, 0.5, 1], anchors[:, channel])) ** 2 for channel in range(3)]
    return (mixed[0], mixed[1], mixed[2])


def _eye_weights(dark: float) -> np.ndarray:
    weights = np.array([0.3 + 2 * dark, 0.4, 0.25 * (1 - dark), 0.5 * (1 - dark), 0.25 * (1 - dark)])
    return weights / weights.sum()
