"""What people wear and how they look: drawn from what their topology offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cuffs.character.colours import (
    DENIM,
    LEATHER,
    PLAIN_CLOTH,
    bright_cloth,
    eye_colour,
    hair_colour,
    pick,
    skin_colour,
)
from cuffs.character.records import Identity, Topology
from cuffs.config import require_fraction, require_weights
from cuffs.errors import ConfigError
from cuffs.records import CharacterSpec, GarmentSpec, HairSpec, MaterialSpec
from cuffs.records.scene_spec import Colour

ANCESTRIES = ("african", "asian", "caucasian")
TUCKED_ENDING = "_tucked"
CURLY = "afro"

Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class WardrobeConfig:
    """What people wear. Weights are by the names of the topology's parts; 0 leaves one out."""

    dressed: bool = True
    """False: nothing at all, for control pictures."""

    hair: bool = True
    """False: no hair and no brows, for control pictures."""

    shirts: Weights = field(
        default_factory=lambda: {"shirt_short": 4.0, "shirt_long": 4.0, "sweater": 2.0, "tank": 1.5}
    )
    bottoms_male: Weights = field(default_factory=lambda: {"trousers": 6.0, "shorts": 2.5, "shorts_short": 0.3})
    bottoms_female: Weights = field(
        default_factory=lambda: {
            "trousers": 4.0,
            "shorts": 1.0,
            "shorts_short": 1.0,
            "skirt_long": 0.8,
            "skirt_knee": 1.5,
            "skirt_short": 1.0,
        }
    )
    hair_male: Weights = field(
        default_factory=lambda: {
            "crop": 4.0,
            "short": 4.0,
            "receding": 1.5,
            "bald": 1.0,
            "afro": 3.0,
            "bob": 0.3,
            "long": 0.4,
        }
    )
    hair_female: Weights = field(
        default_factory=lambda: {"long": 3.5, "bob": 3.0, "short": 1.5, "crop": 0.5, "bun": 2.0, "afro": 4.0}
    )
    """The weight of `afro` is multiplied by the share of african ancestry."""

    shoes_share: float = 0.8
    """The others go barefoot or in socks."""

    socks_share: float = 0.5
    """Of those whose ankles may show socks."""

    patterned_share: float = 0.4
    """Shirts and skirts that aren't plain."""

    bright_share: float = 0.45
    """Shirts and skirts of a colour rather than white, grey, black, navy or an earthen tone."""

    dyed_hair_share: float = 0.03

    def __post_init__(self) -> None:
        for name in ("shoes_share", "socks_share", "patterned_share", "bright_share", "dyed_hair_share"):
            require_fraction(f"wardrobe.{name}", getattr(self, name))
        for name in ("shirts", "bottoms_male", "bottoms_female", "hair_male", "hair_female"):
            require_weights(f"wardrobe.{name}", dict(getattr(self, name)))


def sample_look(
    config: WardrobeConfig, topology: Topology, identity: Identity, rng: np.random.Generator
) -> CharacterSpec:
    """Draw colours, clothes and hair that suit an identity's ancestry, sex and age.

    The identity's name is left empty: the caller knows it.

    Raises:
        ConfigError: if the weights name a part that the topology hasn't.
    """
    ancestry = {name: identity.trait(name) for name in ANCESTRIES}
    skin = MaterialSpec(
        kind="skin", colour=skin_colour(ancestry, rng), roughness=round(float(rng.uniform(0.42, 0.58)), 3)
    )
    eyes = eye_colour(ancestry, rng)
    hair = _sample_hair(config, topology, identity, rng)
    garments = _sample_garments(config, topology, identity, rng)
    return CharacterSpec(
        kind="open",
        identity="",
        topology="open",
        skin=skin,
        eye_colour=eyes,
        garments=garments if config.dressed else (),
        hair=hair if config.hair else None,
    )


def _is_female(identity: Identity) -> bool:
    return identity.trait("gender") > 0.5


def _sample_hair(config: WardrobeConfig, topology: Topology, identity: Identity, rng: np.random.Generator) -> HairSpec:
    weights = dict(config.hair_female if _is_female(identity) else config.hair_male)
    ancestry = {name: identity.trait(name) for name in ANCESTRIES}
    if weights.keys() - {CURLY}:
        weights[CURLY] = weights.get(CURLY, 0.0) * ancestry["african"]
    name = _pick_part(weights, topology, "hair", rng)
    colour = hair_colour(ancestry, identity.trait("age"), rng, dyed_share=config.dyed_hair_share)
    roughness = round(float(rng.uniform(0.35, 0.6)), 3)
    return HairSpec(name=name, material=MaterialSpec(kind="hair", colour=colour, roughness=roughness))


def _sample_garments(
    config: WardrobeConfig, topology: Topology, identity: Identity, rng: np.random.Generator
) -> tuple[GarmentSpec, ...]:
    """Socks and shoes, trousers or skirt, shirt. A shirt is tucked into a skirt."""
    bottoms = config.bottoms_female if _is_female(identity) else config.bottoms_male
    bottom = _pick_part(bottoms, topology, "garment", rng)
    shirt = _pick_part(config.shirts, topology, "garment", rng)
    is_skirt = topology.part(bottom).kind == "skirt"
    legs = _cloth(config, rng) if is_skirt else _trouser_cloth(rng)
    top = _cloth(config, rng)
    is_dress = is_skirt and rng.uniform() < 0.35
    worn = [
        GarmentSpec(name=bottom, material=legs),
        GarmentSpec(name=shirt + TUCKED_ENDING if is_skirt else shirt, material=legs if is_dress else top),
    ]
    return (*worn, *_sample_footwear(config, rng, may_show_socks=bottom != "trousers"))


def _sample_footwear(
    config: WardrobeConfig, rng: np.random.Generator, *, may_show_socks: bool
) -> tuple[GarmentSpec, ...]:
    has_shoes, has_socks = rng.uniform() < config.shoes_share, rng.uniform() < config.socks_share
    socks = MaterialSpec(kind="fabric", colour=pick(PLAIN_CLOTH, rng), roughness=0.9)
    shoes = MaterialSpec(kind="plain", colour=pick(LEATHER, rng), roughness=round(float(rng.uniform(0.3, 0.8)), 3))
    worn = []
    if has_socks and (may_show_socks or not has_shoes):
        worn.append(GarmentSpec(name="socks", material=socks))
    if has_shoes:
        worn.append(GarmentSpec(name="shoes", material=shoes))
    return tuple(worn)


def _cloth(config: WardrobeConfig, rng: np.random.Generator) -> MaterialSpec:
    """Of a shirt or a skirt."""
    colours = [bright_cloth(rng) if rng.uniform() < config.bright_share else pick(PLAIN_CLOTH, rng) for _ in range(2)]
    is_patterned = rng.uniform() < config.patterned_share
    pattern = (
        str(rng.choice(["stripes", "checks", "plaid", "dots", "melange", "gradient"])) if is_patterned else "plain"
    )
    return _fabric(colours, pattern, rng)


def _trouser_cloth(rng: np.random.Generator) -> MaterialSpec:
    colours = [pick(DENIM if rng.uniform() < 0.5 else PLAIN_CLOTH, rng) for _ in range(2)]
    return _fabric(colours, "melange" if rng.uniform() < 0.25 else "plain", rng)


def _fabric(colours: Sequence[Colour], pattern: str, rng: np.random.Generator) -> MaterialSpec:
    return MaterialSpec(
        kind="fabric",
        colour=colours[0],
        second_colour=None if pattern == "plain" else colours[1],
        pattern=pattern,
        roughness=round(float(rng.uniform(0.7, 0.95)), 3),
        scale_m=round(float(np.exp(rng.uniform(np.log(0.015), np.log(0.09)))), 4),
    )


def _pick_part(weights: Weights, topology: Topology, what: str, rng: np.random.Generator) -> str:
    """One of the parts that have a weight.

    Raises:
        ConfigError: if the topology has no such part.
    """
    known = [part.name for part in topology.parts if (part.kind == "hair") == (what == "hair")]
    if unknown := [name for name in weights if name not in known]:
        raise ConfigError(f"wardrobe: there is no {what} {unknown[0]!r}; there are {', '.join(known)}.")
    names = sorted(weights)
    shares = np.array([weights[name] for name in names])
    return str(rng.choice(names, p=shares / shares.sum()))
