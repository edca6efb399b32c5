"""Drawing HumGen3D's humans, looks and faces. Pure functions of what the content lists and of a random stream.

Everything random is drawn here: the add-on is told values. Numbers of hair colours and key spreads follow what the
add-on's own batch generator uses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from cuffs.character.face import FaceConfig, sample_face
from cuffs.errors import ConfigError
from cuffs.humgen3d.config import HumGenConfig
from cuffs.humgen3d.content import Content, Sex
from cuffs.humgen3d.records import TOPOLOGY_NAME, HumanSpec
from cuffs.records import CharacterSpec, GarmentSpec, HairSpec
from cuffs.records.surface_spec import Colour, MaterialSpec

Array = np.ndarray
T = TypeVar("T")

IRISES: Mapping[str, tuple[float, Colour]] = {
    "dark brown": (45, (0.050, 0.030, 0.022)), "brown": (34, (0.145, 0.070, 0.035)),
    "hazel": (8, (0.250, 0.190, 0.080)), "green": (4, (0.200, 0.240, 0.120)), "grey": (3, (0.200, 0.230, 0.250)),
    "blue": (9, (0.130, 0.240, 0.370)),
}  # fmt: skip
"""Weights of eye colours over the world, and what they look like."""

HAIR_COLOURS: Mapping[str, tuple[float, dict[str, float], Colour]] = {
    "black": (5, {"lightness": 0.0, "redness": 1.0, "salt_and_pepper": 0.0}, (0.01, 0.009, 0.008)),
    "dark brown": (3, {"lightness": 0.5, "redness": 1.0, "salt_and_pepper": 0.0}, (0.035, 0.02, 0.012)),
    "brown": (2, {"lightness": 1.0, "redness": 1.0, "salt_and_pepper": 0.0}, (0.09, 0.05, 0.03)),
    "blonde": (1.2, {"lightness": 4.0, "redness": 0.8, "salt_and_pepper": 0.0}, (0.5, 0.33, 0.17)),
    "red": (0.4, {"lightness": 3.0, "redness": 1.0, "salt_and_pepper": 0.0}, (0.32, 0.1, 0.03)),
}
"""Weight, the shader's inputs, and the colour it comes to."""

CLOTH_COLOURS: Sequence[Colour] = (
    (0.02, 0.02, 0.025), (0.08, 0.08, 0.09), (0.3, 0.3, 0.31), (0.75, 0.74, 0.72), (0.03, 0.05, 0.14),
    (0.05, 0.13, 0.32), (0.16, 0.03, 0.03), (0.35, 0.08, 0.06), (0.07, 0.14, 0.06), (0.24, 0.2, 0.12),
    (0.45, 0.33, 0.2), (0.5, 0.4, 0.08), (0.2, 0.06, 0.2), (0.1, 0.3, 0.3),
)  # fmt: skip

OWN_COLOURS = "own colours"
SPOTS = (0, 0, 0, 0, 0, 0, 0.2, 0.3, 0.5)
"""Amounts of freckles and splotches, as the add-on's generator draws them."""

NEUTRAL_FACES = FaceConfig(neutral_share=1.0, shut_eyes_share=0.0)
HEIGHT_KEYS = ("height_150", "height_200")


def sample_human(config: HumGenConfig, content: Content, rng: np.random.Generator) -> HumanSpec:
    """Draw a person.

    Raises:
        ConfigError: if the recipe names a category that the content lacks.
    """
    sex: Sex = "female" if rng.uniform() < config.female_share else "male"
    height = config.female_height_m if sex == "female" else config.male_height_m
    age = int(rng.integers(config.age_years[0], config.age_years[1] + 1))
    preset = _in_category(content.presets[sex], config.preset_categories, "preset_categories", rng)
    shade = {name: float(np.exp(config.skin_spread * rng.normal())) for name in ("tone", "redness", "saturation")}
    spots: dict[str, float] = {name: float(rng.choice(SPOTS)) for name in ("freckles", "splotches")}
    if sex == "male":
        spots["beard_shadow"] = spots["mustache_shadow"] = 2 * float(rng.choice(SPOTS))
    grey = float(np.clip((age - 45) / 40 + 0.2 * rng.normal(), 0, 1))
    hair = {**_weighted({name: entry[0] for name, entry in HAIR_COLOURS.items()}, HAIR_COLOURS, rng)[1]}
    hair["salt_and_pepper"] = grey
    return HumanSpec(
        sex=sex,
        preset=preset,
        height_m=round(height.draw(rng), 4),
        age_years=age,
        keys=_sample_keys(config, content.live_keys, sex, rng),
        texture=_sample_texture(config, content.textures[sex], rng),
        skin_times={name: round(value, 4) for name, value in shade.items()},
        skin={name: round(value, 4) for name, value in spots.items()},
        iris=_weighted({name: entry[0] for name, entry in IRISES.items()}, IRISES, rng)[1],
        hair={name: round(value, 4) for name, value in hair.items()},
        seed=int(rng.integers(2**31)),
    )


def _sample_keys(config: HumGenConfig, paths: Sequence[str], sex: Sex, rng: np.random.Generator) -> dict[str, float]:
    """Body and face proportions; one number a key, in the order of their paths."""
    found: dict[str, float] = {}
    for path in sorted(paths):
        category, _, rest = path.removeprefix("livekeys/").partition("/")
        name = key_name(path, sex)
        draw = float(rng.normal())
        if name is None or name in HEIGHT_KEYS or "special" in rest.lower():
            continue
        if category == "body_proportions" and "length" not in name.lower():
            is_main = rest.startswith("main/")
            found[name] = abs(draw) * config.body_spread if is_main else draw * config.body_spread / 2
        elif category == "face_proportions":
            found[name] = draw * config.face_spread * (0.4 if "distance" in name.lower() else 1.0)
    return {name: round(float(np.clip(value, -1, 1)), 4) for name, value in found.items() if abs(value) > 1e-3}


def key_name(path: str, sex: Sex) -> str | None:
    """The add-on's name for a live key's file; None if it is for the other sex."""
    stem = PurePosixPath(path).stem
    if not stem.startswith(("male_", "female_")) and not stem.endswith(("_male", "_female")):
        return stem
    own = "female" if "female" in stem else "male"
    return stem.replace(f"{own}_", "") if own == sex else None


def _sample_texture(config: HumGenConfig, textures: Sequence[str], rng: np.random.Generator) -> str | None:
    preferred = [path for path in textures if PurePosixPath(path).parent.name == config.texture_folder]
    choice = int(rng.integers(2**31))
    pool = preferred or list(textures)
    return pool[choice % len(pool)] if pool else None


def sample_look(
    config: HumGenConfig,
    content: Content,
    human: HumanSpec,
    *,
    traits: np.random.Generator,
    outfit: np.random.Generator,
) -> CharacterSpec:
    """What a human wears: hair and beard are theirs, clothes change. The identity's name is left empty.

    Raises:
        ConfigError: if the recipe names a category that the content lacks.
    """
    hair, fur = _sample_hair(config, content, human, traits)
    garments = []
    if content.outfits[human.sex]:
        name = _in_category(content.outfits[human.sex], config.outfit_categories, "outfit_categories", outfit)
        garments.append(_garment(config, content, name, outfit))
    if content.footwear[human.sex] and outfit.uniform() >= config.barefoot_share:
        name = _pick(content.footwear[human.sex], outfit)
        garments.append(_garment(replace(config, patterned_share=0.0), content, name, outfit))
    return CharacterSpec(
        kind="humgen3d",
        identity="",
        topology=TOPOLOGY_NAME.format(human.sex),
        skin=MaterialSpec(kind="humgen3d", colour=(0.5, 0.35, 0.28), pattern=human.texture or "preset"),
        eye_colour=human.iris or IRISES["brown"][1],
        garments=tuple(garments),
        hair=hair,
        fur=fur,
    )


def _sample_hair(
    config: HumGenConfig, content: Content, human: HumanSpec, rng: np.random.Generator
) -> tuple[HairSpec | None, tuple[HairSpec, ...]]:
    kind = _weighted(config.hair, {name: name for name in config.hair}, rng)
    name = _pick(content.hair[human.sex], rng)
    has_beard = human.sex == "male" and bool(content.beards) and rng.uniform() < config.beard_share
    material = MaterialSpec(kind=f"humgen3d_{kind}", colour=_hair_colour(human))
    hair = HairSpec(name=name, material=material) if name and kind != "none" else None
    strands = MaterialSpec(kind="humgen3d_particles", colour=material.colour)
    return hair, (HairSpec(name=_pick(content.beards, rng), material=strands),) if has_beard else ()


def _hair_colour(human: HumanSpec) -> Colour:
    lightness = human.hair.get("lightness", 0.5)
    nearest = min(HAIR_COLOURS.values(), key=lambda entry: abs(entry[1]["lightness"] - lightness))
    return nearest[2]


def _garment(config: HumGenConfig, content: Content, name: str, rng: np.random.Generator) -> GarmentSpec:
    first, second = (CLOTH_COLOURS[int(rng.integers(len(CLOTH_COLOURS)))] for _ in range(2))
    is_recoloured = rng.uniform() < config.recoloured_share
    is_patterned = rng.uniform() < config.patterned_share and name in content.patternable
    pattern = _pick(content.patterns, rng)
    material = MaterialSpec(
        kind="humgen3d",
        colour=first,
        second_colour=second,
        pattern=pattern if is_patterned and pattern else "plain",
        trim="plain" if is_recoloured else OWN_COLOURS,
    )
    return GarmentSpec(name=name, material=material)


def sample_expression(
    config: HumGenConfig, content: Content, rng: np.random.Generator
) -> tuple[dict[str, float], Float[Array, "2 3"]]:
    """One of the content's expressions at some strength, and a gaze (as `face.sample_face` gives it)."""
    _, gaze = sample_face(NEUTRAL_FACES, rng)
    is_neutral = rng.uniform() < config.neutral_share
    strength = round(float(rng.uniform(*config.expression_strength)), 4)
    if is_neutral or not content.expressions:
        return {}, gaze
    name = _in_category(content.expressions, config.expression_categories, "expression_categories", rng)
    return {name: strength}, gaze


def _in_category(paths: Sequence[str], weights: Mapping[str, float], key: str, rng: np.random.Generator) -> str:
    """One of the paths: by category where weights are given.

    Raises:
        ConfigError: naming a category that isn't there, and those that are.
    """
    if not weights:
        return _pick(paths, rng)
    folders = {PurePosixPath(path).parent.name for path in paths}
    if unknown := sorted(set(weights) - folders):
        raise ConfigError(f"humgen3d.{key}: no such category {unknown[0]!r}; there are {', '.join(sorted(folders))}.")
    chosen = _weighted(weights, {name: name for name in weights}, rng)
    return _pick([path for path in paths if PurePosixPath(path).parent.name == chosen], rng)


def _pick(paths: Sequence[str], rng: np.random.Generator) -> str:
    """One of the paths; empty if there are none."""
    choice = int(rng.integers(2**31))
    return sorted(paths)[choice % len(paths)] if paths else ""


def _weighted(weights: Mapping[str, float], values: Mapping[str, T], rng: np.random.Generator) -> T:
    names = sorted(weights)
    shares = np.array([weights[name] for name in names], float)
    return values[str(rng.choice(names, p=shares / shares.sum()))]
