"""What people wear, drawn: cuts, fits, fabrics and patterns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cuffs.character.colours import DENIM, LEATHER, PLAIN_CLOTH, SOLES, bright_cloth, muted_cloth, pick
from cuffs.character.records import HAIR_KINDS, Identity, Part, Topology
from cuffs.config import require_fraction, require_span, require_weights
from cuffs.errors import ConfigError
from cuffs.records import GarmentSpec, MaterialSpec
from cuffs.records.scene_spec import Colour

TUCKED_ENDING = "_tucked"
Weights = Mapping[str, float]

WEAVES: Mapping[str, tuple[float, float]] = {
    "jersey": (0.03, 0.9), "woven": (0.05, 0.8), "knit": (0.09, 0.95), "denim": (0.08, 0.85), "leather": (0.12, 0.4),
    "satin": (0.03, 0.35),
}  # fmt: skip
"""Stiffness and roughness by how a cloth is made."""

PATTERNS = ("stripes", "pinstripes", "checks", "plaid", "dots", "melange", "gradient", "flowers", "blocks")
BUTTONED = ("shirt_long", "shirt_short", "shirt_elbow", "blouse")
KNITTED = ("sweater", "sweater_vee", "turtleneck", "cardigan")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutfitConfig:
    """What people wear. Weights are by the names of the topology's parts; 0 leaves one out."""

    tops_male: Weights = field(
        default_factory=lambda: {
            "shirt_short": 4.0, "shirt_long": 4.0, "sweater": 1.5, "sweater_vee": 0.7, "turtleneck": 0.5,
            "shirt_vee": 0.8, "tank": 0.7,
        }
    )  # fmt: skip
    tops_female: Weights = field(
        default_factory=lambda: {
            "shirt_short": 2.5, "shirt_long": 2.5, "shirt_elbow": 1.0, "sweater": 1.2, "sweater_vee": 0.6,
            "turtleneck": 0.8, "shirt_vee": 1.0, "blouse": 1.5, "shirt_boat": 1.0, "tank": 1.0, "top_straps": 0.8,
            "top_cropped": 0.4,
        }
    )  # fmt: skip
    bottoms_male: Weights = field(
        default_factory=lambda: {"trousers": 6.0, "trousers_cropped": 0.4, "shorts": 2.0, "shorts_short": 0.2}
    )
    bottoms_female: Weights = field(
        default_factory=lambda: {
            "trousers": 4.0, "trousers_cropped": 1.0, "shorts": 0.8, "shorts_short": 0.7, "skirt_long": 0.7,
            "skirt_knee": 1.3, "skirt_short": 0.8,
        }
    )  # fmt: skip
    jackets: Weights = field(default_factory=lambda: {"jacket": 2.0, "blazer": 1.0, "cardigan": 1.0, "vest": 0.4})
    jacket_share: float = 0.22
    """Over shirts with sleeves."""

    dress_share: float = 0.4
    """Of skirts, those that are one piece with the shirt."""

    tucked_share: float = 0.2
    """Of shirts over trousers, those tucked in; under skirts all are."""

    ease_m: tuple[float, float] = (0.002, 0.028)
    """How much wider than cut tops and trousers are."""

    tight_share_male: float = 0.08
    tight_share_female: float = 0.3
    """Trousers and shorts that lie close."""

    flare_m: tuple[float, float] = (0.0, 0.12)
    """How far skirts stand out at 45 cm below the waist."""

    shoes_male: Weights = field(default_factory=lambda: {"sneakers": 3.0, "shoes": 2.5, "boots": 1.2})
    shoes_female: Weights = field(default_factory=lambda: {"sneakers": 3.0, "shoes": 1.2, "boots": 1.5, "flats": 2.0})
    shoes_share: float = 0.92
    """The others go barefoot or in socks."""

    socks_share: float = 0.5
    """Of those whose ankles may show socks."""

    added_share: float = 0.35
    """People who wear an added asset of a kind, where the recipe names some."""

    patterned_share: float = 0.4
    """Tops and skirts that aren't plain."""

    bright_share: float = 0.12
    muted_share: float = 0.4
    """Colours of any hue, bright or muted; the rest is white, grey, black, navy or an earthen tone."""

    print_share: float = 0.15
    """T-shirts with something printed on the chest."""

    def __post_init__(self) -> None:
        for name in (
            "jacket_share", "dress_share", "tucked_share", "shoes_share", "socks_share", "patterned_share",
            "bright_share", "muted_share", "print_share", "added_share",
        ):  # fmt: skip
            require_fraction(f"wardrobe.outfits.{name}", getattr(self, name))
        for name in (
            "tops_male", "tops_female", "bottoms_male", "bottoms_female", "jackets", "shoes_male", "shoes_female",
        ):  # fmt: skip
            require_weights(f"wardrobe.outfits.{name}", dict(getattr(self, name)))
        require_span("wardrobe.outfits.ease_m", self.ease_m, 0.0, 0.08)
        require_span("wardrobe.outfits.flare_m", self.flare_m, 0.0, 0.2)


def sample_outfit(
    config: OutfitConfig, topology: Topology, identity: Identity, rng: np.random.Generator
) -> tuple[GarmentSpec, ...]:
    """Draw trousers or skirt, top, jacket, socks and shoes.

    Raises:
        ConfigError: if the weights name a part that the topology hasn't.
    """
    is_female = identity.trait("gender") > 0.5
    bottom = pick_part(config.bottoms_female if is_female else config.bottoms_male, topology, rng)
    top = pick_part(config.tops_female if is_female else config.tops_male, topology, rng)
    jacket = pick_part(config.jackets, topology, rng) if rng.uniform() < config.jacket_share else None
    is_skirt = topology.part(bottom).kind == "skirt"
    cloth = _top_cloth(config, top, rng)
    legs = _skirt_cloth(config, rng) if is_skirt else _trouser_cloth(rng)
    if is_skirt and rng.uniform() < config.dress_share:
        legs = cloth
    has_tucked = any(part.name == top + TUCKED_ENDING for part in topology.parts)
    is_tucked = has_tucked and (is_skirt or rng.uniform() < config.tucked_share)
    ease = _ease(config, rng)
    worn = [
        _garment(
            bottom, legs, rng.uniform(*config.flare_m) if is_skirt else _leg_ease(config, rng, is_female=is_female), rng
        ),
        _garment(top + TUCKED_ENDING if is_tucked else top, cloth, min(ease, 0.008) if is_tucked else ease, rng),
    ]
    if jacket is not None and "straps" not in top and "cropped" not in top:
        worn[1] = _garment(worn[1].name, cloth, min(ease, 0.006), rng)
        worn.append(_garment(jacket, _jacket_cloth(config, jacket, rng), rng.uniform(0.004, 0.014), rng))
    shows_ankles = bottom not in ("trousers", "skirt_long")
    footwear = _sample_footwear(config, rng, is_female=is_female, may_show_socks=shows_ankles)
    return with_added(config, topology, (*worn, *footwear), rng, is_female=is_female)


REPLACED: Mapping[str, tuple[str, ...]] = {
    "suit": ("trousers", "skirt", "shirt", "tucked shirt", "jacket"),
    "fitted trousers": ("trousers", "skirt"),
    "fitted shirt": ("shirt", "tucked shirt", "jacket"),
    "fitted shoes": ("shoes", "socks"),
    "fitted hat": (),
    "fitted glasses": (),
}
"""What kinds of added assets are worn instead of."""


def with_added(
    config: OutfitConfig,
    topology: Topology,
    worn: tuple[GarmentSpec, ...],
    rng: np.random.Generator,
    *,
    is_female: bool,
) -> tuple[GarmentSpec, ...]:
    """An outfit in which added assets take the place of what they replace, for some people."""
    others = "male" if is_female else "female"
    found = list(worn)
    for kind in REPLACED:
        parts = [part for part in topology.parts if part.kind == kind and part.wearer != others]
        if not parts or rng.uniform() >= config.added_share:
            continue
        if kind in ("fitted trousers", "fitted shirt") and any(
            topology.part(each.name).kind == "suit" for each in found
        ):
            continue
        part = parts[int(rng.integers(len(parts)))]
        found = [garment for garment in found if topology.part(garment.name).kind not in REPLACED[kind]]
        found.append(GarmentSpec(name=part.name, material=added_material(part, rng), fullness=(1.0, 1.0)))
    return tuple(found)


def added_material(part: Part, rng: np.random.Generator) -> MaterialSpec:
    """An added asset's own picture, or a cloth where it has none."""
    if part.texture:
        red, green, blue = part.colour.tolist()
        return MaterialSpec(kind="picture", colour=(red, green, blue), pattern=part.texture, roughness=0.7)
    if part.kind == "fitted shoes":
        return MaterialSpec(kind="plain", colour=pick(LEATHER, rng), roughness=0.5)
    if part.kind == "fitted glasses":
        return MaterialSpec(kind="plain", colour=(0.02, 0.02, 0.02), roughness=0.3)
    return fabric([pick(PLAIN_CLOTH, rng), pick(PLAIN_CLOTH, rng)], "plain", "woven", trim="plain", rng=rng)


def pick_part(
    weights: Weights, topology: Topology, rng: np.random.Generator, *, kind: str = "garment", nothing: str = ""
) -> str:
    """One of the parts that have a weight.

    Args:
        weights: by name.
        topology: what there is.
        rng: draws.
        kind: garment, hair or fur.
        nothing: a name that stands for no part at all.

    Raises:
        ConfigError: if the topology has no such part.
    """
    known = [part.name for part in topology.parts if (part.kind if part.kind in HAIR_KINDS else "garment") == kind]
    if unknown := [name for name in weights if name not in known and name != nothing]:
        raise ConfigError(f"wardrobe: there is no {kind} {unknown[0]!r}; there are {', '.join(known)}.")
    names = sorted(weights)
    shares = np.array([weights[name] for name in names])
    return str(rng.choice(names, p=shares / shares.sum()))


def _ease(config: OutfitConfig, rng: np.random.Generator) -> float:
    """Close fits are commoner than wide ones."""
    low, high = config.ease_m
    return float(low + (high - low) * rng.beta(1.3, 2.2))


def _leg_ease(config: OutfitConfig, rng: np.random.Generator, *, is_female: bool) -> float:
    """Tight trousers are rarer on men."""
    is_tight = rng.uniform() < (config.tight_share_female if is_female else config.tight_share_male)
    return float(rng.uniform(0.001, 0.004) if is_tight else rng.uniform(0.007, 0.022))


def _garment(name: str, material: MaterialSpec, ease_m: float, rng: np.random.Generator) -> GarmentSpec:
    wide = float(np.clip(ease_m / 0.028, 0, 1))
    return GarmentSpec(
        name=name,
        material=material,
        ease_m=round(float(ease_m), 4),
        hang=round(0.25 + 0.7 * wide, 3),
        fullness=(round(float(rng.uniform(1.05, 1.14)), 3), round(float(rng.uniform(1.02, 1.05) + 0.05 * wide), 3)),
        stiffness=WEAVES[material.weave][0],
        seed=int(rng.integers(2**31)),
    )


def _sample_footwear(
    config: OutfitConfig, rng: np.random.Generator, *, is_female: bool, may_show_socks: bool
) -> tuple[GarmentSpec, ...]:
    has_shoes, has_socks = rng.uniform() < config.shoes_share, rng.uniform() < config.socks_share
    weights = config.shoes_female if is_female else config.shoes_male
    names = sorted(weights)
    shares = np.array([weights[name] for name in names])
    name = str(rng.choice(names, p=shares / shares.sum()))
    material = _shoe(name, rng)
    sock = MaterialSpec(kind="fabric", colour=pick(PLAIN_CLOTH, rng), roughness=0.9, weave="knit", trim="ribbed")
    worn = []
    if has_socks and (not has_shoes or (may_show_socks and name != "flats")):
        length = "socks" if name == "boots" or rng.uniform() < 0.5 else "socks_low"
        worn.append(GarmentSpec(name=length, material=sock, fullness=(1.0, 1.0)))
    if has_shoes:
        worn.append(GarmentSpec(name=name, material=material, fullness=(1.0, 1.0), stiffness=0.5))
    return tuple(worn)


def _shoe(name: str, rng: np.random.Generator) -> MaterialSpec:
    """Colours of a shoe: sneakers of cloth in any colour, the others of leather."""
    pattern = {"sneakers": "sneaker", "boots": "boot", "flats": "flat"}.get(name, "leather")
    if pattern == "sneaker":
        colour = pick(PLAIN_CLOTH, rng) if rng.uniform() < 0.65 else bright_cloth(rng)
        sole = (0.72, 0.71, 0.68) if rng.uniform() < 0.7 else pick(SOLES, rng)
        return MaterialSpec(kind="shoe", colour=colour, second_colour=sole, pattern=pattern, roughness=0.75)
    roughness = round(float(rng.uniform(0.25, 0.7)), 3)
    return MaterialSpec(
        kind="shoe", colour=pick(LEATHER, rng), second_colour=pick(SOLES, rng), pattern=pattern, roughness=roughness
    )


def _colours(config: OutfitConfig, rng: np.random.Generator) -> list[Colour]:
    """Two that may go together: the second is often plain."""
    found = []
    for _ in range(2):
        share = rng.uniform()
        if share < config.bright_share:
            found.append(bright_cloth(rng))
        elif share < config.bright_share + config.muted_share:
            found.append(muted_cloth(rng))
        else:
            found.append(pick(PLAIN_CLOTH, rng))
    return found


def _top_cloth(config: OutfitConfig, name: str, rng: np.random.Generator) -> MaterialSpec:
    if name in KNITTED:
        weave, trims = "knit", ["ribbed"]
    elif name in BUTTONED and rng.uniform() < 0.5:
        weave, trims = ("satin" if name == "blouse" and rng.uniform() < 0.3 else "woven"), ["buttoned"]
    else:
        weave, trims = "jersey", ["plain", "plain", "contrast"]
    is_patterned = rng.uniform() < config.patterned_share
    pattern = str(rng.choice(PATTERNS)) if is_patterned else "plain"
    if weave == "jersey" and not is_patterned and rng.uniform() < config.print_share:
        trims = ["print"]
    return fabric(_colours(config, rng), pattern, weave, trim=str(rng.choice(trims)), rng=rng)


def _skirt_cloth(config: OutfitConfig, rng: np.random.Generator) -> MaterialSpec:
    weave = str(rng.choice(["woven", "jersey", "denim", "satin", "leather"], p=[0.45, 0.2, 0.15, 0.1, 0.1]))
    if weave == "denim":
        return fabric([pick(DENIM, rng), pick(DENIM, rng)], "plain", weave, trim="waistband", rng=rng)
    if weave == "leather":
        return fabric([pick(LEATHER, rng), pick(LEATHER, rng)], "plain", weave, trim="waistband", rng=rng)
    is_patterned = rng.uniform() < config.patterned_share
    pattern = str(rng.choice(PATTERNS)) if is_patterned else "plain"
    return fabric(_colours(config, rng), pattern, weave, trim="waistband", rng=rng)


def _trouser_cloth(rng: np.random.Generator) -> MaterialSpec:
    weave = str(rng.choice(["denim", "woven", "jersey", "leather"], p=[0.45, 0.37, 0.15, 0.03]))
    palette = {"denim": DENIM, "leather": LEATHER}.get(weave, PLAIN_CLOTH)
    trim = {"denim": "jeans", "jersey": str(rng.choice(["waistband", "side stripe"]))}.get(weave, "waistband")
    pattern = str(rng.choice(["plain", "melange", "pinstripes", "plaid"], p=[0.72, 0.16, 0.07, 0.05]))
    colours = [pick(palette, rng), pick(PLAIN_CLOTH, rng)]
    return fabric(colours, pattern if weave == "woven" else "plain", weave, trim=trim, rng=rng)


def _jacket_cloth(config: OutfitConfig, name: str, rng: np.random.Generator) -> MaterialSpec:
    if name == "cardigan":
        return fabric(_colours(config, rng), "plain", "knit", trim="ribbed", rng=rng)
    weave = "woven" if name == "blazer" else str(rng.choice(["denim", "leather", "woven", "jersey"]))
    palette: Sequence[Colour] = {"denim": DENIM, "leather": LEATHER}.get(weave, PLAIN_CLOTH)
    pattern = str(rng.choice(["plain", "pinstripes", "plaid", "melange"])) if name == "blazer" else "plain"
    trim = "jeans" if weave == "denim" else "zip" if name != "blazer" else "plain"
    return fabric([pick(palette, rng), pick(PLAIN_CLOTH, rng)], pattern, weave, trim=trim, rng=rng)


def fabric(colours: Sequence[Colour], pattern: str, weave: str, *, trim: str, rng: np.random.Generator) -> MaterialSpec:
    """A cloth of one or two colours."""
    needs_second = pattern != "plain" or trim in ("contrast", "print", "side stripe")
    return MaterialSpec(
        kind="fabric",
        colour=colours[0],
        second_colour=colours[1] if needs_second else None,
        pattern=pattern,
        weave=weave,
        trim=trim,
        roughness=round(float(np.clip(WEAVES[weave][1] + rng.uniform(-0.08, 0.08), 0.2, 1.0)), 3),
        scale_m=round(float(np.exp(rng.uniform(np.log(0.012), np.log(0.08)))), 4),
    )
