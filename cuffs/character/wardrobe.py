"""What people wear and how they look: drawn from what their topology offers."""

from dataclasses import dataclass, field

import numpy as np

from cuffs.character.colours import eye_colour, hair_colour, skin_colour
from cuffs.character.outfit import OutfitConfig, Weights, pick_part, sample_outfit
from cuffs.character.records import Identity, Topology
from cuffs.config import require_fraction, require_weights
from cuffs.records import CharacterSpec, HairSpec, MaterialSpec

ANCESTRIES = ("african", "asian", "caucasian")
CURLY = "afro"


@dataclass(frozen=True, slots=True, kw_only=True)
class WardrobeConfig:
    """What people wear. Weights are by the names of the topology's parts; 0 leaves one out."""

    dressed: bool = True
    """False: nothing at all, for control pictures."""

    hair: bool = True
    """False: no hair and no brows, for control pictures."""

    outfits: OutfitConfig = field(default_factory=OutfitConfig)
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

    dyed_hair_share: float = 0.03

    def __post_init__(self) -> None:
        require_fraction("wardrobe.dyed_hair_share", self.dyed_hair_share)
        for name in ("hair_male", "hair_female"):
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
    garments = sample_outfit(config.outfits, topology, identity, rng)
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
    name = pick_part(weights, topology, rng, kind="hair")
    colour = hair_colour(ancestry, identity.trait("age"), rng, dyed_share=config.dyed_hair_share)
    roughness = round(float(rng.uniform(0.35, 0.6)), 3)
    return HairSpec(name=name, material=MaterialSpec(kind="hair", colour=colour, roughness=roughness))
