"""Skin drawn for somebody: tone, redness, freckles, moles, veins, lines, make-up."""

import numpy as np

from cuffs.character.colours import LIPSTICK, pick
from cuffs.character.records import Identity
from cuffs.character.tones import sample_tone
from cuffs.records import MaterialSpec

ANCESTRIES = ("african", "asian", "caucasian")

FRECKLED_SHARE = 0.3
"""Of wholly caucasian people; freckles need light skin."""

MAKE_UP_SHARE = 0.3
"""Of women; lips, and of those half with nails."""

LINED_FROM, LINED_TO = 0.72, 0.95
"""anny's ages between which faces get lines."""


def sample_skin(identity: Identity, rng: np.random.Generator) -> MaterialSpec:
    """Draw a skin that suits an identity's ancestry, sex and age."""
    ancestry = {name: identity.trait(name) for name in ANCESTRIES}
    colour = sample_tone(ancestry, rng)
    is_female = identity.trait("gender") > 0.5
    lightness = float(np.clip((sum(colour) / 3 - 0.12) / 0.3, 0, 1))
    age = float(np.clip((identity.trait("age") - LINED_FROM) / (LINED_TO - LINED_FROM), 0, 1))
    has_make_up = is_female and rng.uniform() < MAKE_UP_SHARE
    is_freckled = rng.uniform() < FRECKLED_SHARE * ancestry["caucasian"] * lightness
    amounts = {
        "redness": rng.beta(1.6, 2.0) * (0.35 + 0.65 * lightness),
        "freckles": rng.uniform(0.3, 1.0) if is_freckled else 0.0,
        "moles": rng.beta(1.2, 2.5),
        "veins": rng.beta(1.2, 2.0) * (0.3 + 0.7 * age) * lightness,
        "age": age,
        "shadow": 0.0 if is_female else rng.uniform(0, 0.9),
        "lipstick": rng.uniform(0.35, 0.85) if has_make_up else 0.0,
        "polish": 0.9 if has_make_up and rng.uniform() < 0.5 else 0.0,
    }
    lips = pick(LIPSTICK, rng)
    return MaterialSpec(
        kind="skin",
        colour=colour,
        second_colour=lips if has_make_up else None,
        roughness=round(float(rng.uniform(0.42, 0.58)), 3),
        seed=int(rng.integers(2**31)),
        amounts={name: round(float(amount), 3) for name, amount in amounts.items() if amount > 0},
    )
