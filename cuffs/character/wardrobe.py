"""What people wear and how they look: drawn from what their topology offers."""

from dataclasses import dataclass, field

import numpy as np

from cuffs.character.colours import GREY_HAIR, darkened, eye_colour, hair_colour, natural, pick
from cuffs.character.complexion import ANCESTRIES, sample_skin
from cuffs.character.outfit import OutfitConfig, Weights, pick_part, sample_outfit
from cuffs.character.records import Identity, Topology
from cuffs.config import require_fraction, require_weights
from cuffs.records import CharacterSpec, HairSpec, MaterialSpec
from cuffs.records.scene_spec import Colour

AFRO = ("afro", "afro_short")
NO_HAIR = "none"
HATTED = ("buzz", "crop", "receding", "balding")
"""Hair that fits beneath a hat."""

BROW_DARKNESS = 0.6
BROWS_MALE: Weights = {"brows_full": 2.0, "brows_straight": 2.0, "brows_bushy": 1.5}
BROWS_FEMALE: Weights = {"brows_fine": 1.5, "brows_arched": 2.0, "brows_full": 1.0, "brows_straight": 0.7}


@dataclass(frozen=True, slots=True, kw_only=True)
class WardrobeConfig:
    """What people wear. Weights are by the names of the topology's parts; 0 leaves one out."""

    dressed: bool = True
    """False: nothing at all, for control pictures."""

    hair: bool = True
    """False: no hair and no brows, for control pictures."""

    added: tuple[str, ...] = ()
    """Names of assets that `cuffs assets add` has kept (`cuffs assets list`): some people wear them."""

    outfits: OutfitConfig = field(default_factory=OutfitConfig)
    hair_male: Weights = field(
        default_factory=lambda: {
            "buzz": 1.5, "crop": 3.0, "short": 3.0, "side_part": 2.0, "swept": 2.0, "curly_short": 1.2, "receding": 1.2,
            "balding": 0.8, NO_HAIR: 0.7, "afro": 2.0, "afro_short": 6.0, "bob_parted": 0.2, "wavy": 0.3, "bun": 0.2,
        }
    )  # fmt: skip
    hair_female: Weights = field(
        default_factory=lambda: {
            "long": 1.8, "long_middle": 1.8, "wavy": 2.0, "curly": 1.5, "bob": 1.2, "bob_parted": 1.2, "ponytail": 2.0,
            "bun": 1.5, "short": 0.5, "side_part": 0.4, "crop": 0.3, "afro": 4.0, "afro_short": 2.5,
        }
    )  # fmt: skip
    """The weights of `afro` and `afro_short` are multiplied by the share of african ancestry; `none` is a bald head."""

    beards: Weights = field(
        default_factory=lambda: {
            NO_HAIR: 4.5, "stubble": 3.0, "moustache": 0.4, "goatee": 0.7, "beard_short": 1.6, "beard_full": 0.9,
        }
    )  # fmt: skip
    """Of men."""

    dyed_hair_share: float = 0.03

    def __post_init__(self) -> None:
        require_fraction("wardrobe.dyed_hair_share", self.dyed_hair_share)
        for name in ("hair_male", "hair_female", "beards"):
            require_weights(f"wardrobe.{name}", dict(getattr(self, name)))


def sample_look(
    config: WardrobeConfig,
    topology: Topology,
    identity: Identity,
    *,
    traits: np.random.Generator,
    outfit: np.random.Generator,
) -> CharacterSpec:
    """Draw colours, hair and clothes that suit an identity's ancestry, sex and age.

    The identity's name is left empty: the caller knows it.

    Args:
        config: what there is to choose from.
        topology: what there is.
        identity: who.
        traits: for skin, eyes and hair; the same for all scenes of one identity, so that they stay the same person.
        outfit: for clothes.

    Raises:
        ConfigError: if the weights name a part that the topology hasn't.
    """
    ancestry = {name: identity.trait(name) for name in ANCESTRIES}
    skin = sample_skin(identity, traits)
    eyes = eye_colour(ancestry, traits)
    colour = hair_colour(
        ancestry,
        identity.trait("age"),
        traits,
        is_female=_is_female(identity),
        dyed_share=config.dyed_hair_share,
    )
    hair = _sample_hair(config, topology, identity, colour, traits)
    fur = _sample_fur(config, topology, identity, colour, traits)
    garments = sample_outfit(config.outfits, topology, identity, outfit)
    if hair is not None and hair.name not in HATTED:
        garments = tuple(garment for garment in garments if topology.part(garment.name).kind != "fitted hat")
    return CharacterSpec(
        kind="open",
        identity="",
        topology="open",
        skin=skin,
        eye_colour=eyes,
        garments=garments if config.dressed else (),
        hair=hair if config.hair else None,
        fur=fur if config.hair else (),
    )


def _is_female(identity: Identity) -> bool:
    return identity.trait("gender") > 0.5


def _sample_hair(
    config: WardrobeConfig, topology: Topology, identity: Identity, colour: Colour, rng: np.random.Generator
) -> HairSpec | None:
    weights = dict(config.hair_female if _is_female(identity) else config.hair_male)
    for name in AFRO:
        if name in weights and len(weights) > 1:
            weights[name] *= identity.trait("african")
    name = pick_part(weights, topology, rng, kind="hair", nothing=NO_HAIR)
    material = _hair_of(colour, rng)
    return None if name == NO_HAIR else HairSpec(name=name, material=material)


def _sample_fur(
    config: WardrobeConfig, topology: Topology, identity: Identity, colour: Colour, rng: np.random.Generator
) -> tuple[HairSpec, ...]:
    """Brows, lashes and, on men's faces, a beard. Brows and beards are darker than most hair, and grey later."""
    is_female = _is_female(identity)
    age = identity.trait("age")
    is_grey = age > 0.85 and rng.uniform() < 0.5
    dark = pick(GREY_HAIR, rng) if is_grey else darkened(natural(colour), BROW_DARKNESS)
    brows = pick_part(BROWS_FEMALE if is_female else BROWS_MALE, topology, rng, kind="fur")
    lashes = "lashes_long" if is_female or rng.uniform() < 0.25 else "lashes_short"
    found = [
        HairSpec(name=brows, material=_hair_of(dark, rng)),
        HairSpec(name=lashes, material=_hair_of(darkened(dark, 0.25), rng)),
    ]
    beard = pick_part(config.beards, topology, rng, kind="fur", nothing=NO_HAIR)
    if not is_female and beard != NO_HAIR:
        found.append(HairSpec(name=beard, material=_hair_of(darkened(natural(colour), 0.8), rng)))
    return tuple(found)


def _hair_of(colour: Colour, rng: np.random.Generator) -> MaterialSpec:
    roughness = round(float(rng.uniform(0.35, 0.6)), 3)
    return MaterialSpec(kind="hair", colour=colour, roughness=roughness, seed=int(rng.integers(2**31)))
