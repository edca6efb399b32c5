"""Plausible colours of skin, hair, eyes and cloth. Linear RGB, 0 to 1."""

import colorsys
from collections.abc import Mapping, Sequence

import numpy as np

from cuffs.records.scene_spec import Colour

DARK_HAIR: Sequence[Colour] = ((0.006, 0.005, 0.005), (0.012, 0.008, 0.006), (0.026, 0.014, 0.008))
LIGHT_HAIR: Sequence[Colour] = (
    (0.045, 0.022, 0.010), (0.090, 0.046, 0.021), (0.210, 0.120, 0.050), (0.360, 0.230, 0.110), (0.190, 0.055, 0.018),
)  # fmt: skip
"""Brown, light brown, dark blond, blond, red."""

GREY_HAIR: Sequence[Colour] = ((0.12, 0.12, 0.125), (0.30, 0.30, 0.31), (0.55, 0.55, 0.56))
DYED_HAIR: Sequence[Colour] = ((0.25, 0.02, 0.03), (0.03, 0.06, 0.30), (0.35, 0.05, 0.20), (0.04, 0.22, 0.16))

DARK_EYES: Sequence[Colour] = ((0.018, 0.009, 0.005), (0.040, 0.019, 0.009), (0.075, 0.036, 0.014))
LIGHT_EYES: Sequence[Colour] = (
    (0.10, 0.055, 0.018), (0.075, 0.095, 0.035), (0.060, 0.130, 0.230), (0.095, 0.180, 0.260), (0.140, 0.155, 0.165),
)  # fmt: skip
"""Hazel, green, blue, light blue, grey."""

LIPSTICK: Sequence[Colour] = (
    (0.36, 0.020, 0.030), (0.30, 0.050, 0.070), (0.42, 0.110, 0.110), (0.16, 0.015, 0.030), (0.38, 0.150, 0.120),
)  # fmt: skip
"""Red, rose, coral, dark red, nude."""

PLAIN_CLOTH: Sequence[Colour] = (
    (0.78, 0.78, 0.76), (0.55, 0.53, 0.49), (0.25, 0.25, 0.26), (0.09, 0.09, 0.095), (0.02, 0.02, 0.022),
    (0.018, 0.028, 0.075), (0.42, 0.33, 0.22), (0.12, 0.075, 0.045), (0.075, 0.085, 0.045), (0.16, 0.022, 0.028),
)  # fmt: skip
"""White, cream, grey, charcoal, black, navy, beige, brown, olive, burgundy."""

DENIM: Sequence[Colour] = ((0.012, 0.022, 0.060), (0.035, 0.075, 0.170), (0.130, 0.220, 0.360), (0.022, 0.024, 0.032))
LEATHER: Sequence[Colour] = (
    (0.012, 0.011, 0.010), (0.060, 0.028, 0.014), (0.160, 0.080, 0.038), (0.700, 0.700, 0.690), (0.030, 0.035, 0.050),
)  # fmt: skip

SOLES: Sequence[Colour] = ((0.02, 0.019, 0.018), (0.10, 0.055, 0.025), (0.70, 0.68, 0.62), (0.30, 0.19, 0.09))


def pick(colours: Sequence[Colour], rng: np.random.Generator) -> Colour:
    """One of the colours, varied a little."""
    return varied(colours[int(rng.integers(len(colours)))], rng)


def varied(colour: Colour, rng: np.random.Generator, spread: float = 0.18) -> Colour:
    """The colour, lighter or darker, its channels hardly apart."""
    light = float(np.exp(spread * rng.uniform(-1, 1)))
    red, green, blue = (
        float(np.clip(channel * light * np.exp(0.04 * rng.uniform(-1, 1)), 0.004, 0.85)) for channel in colour
    )
    return (round(red, 4), round(green, 4), round(blue, 4))


def between(a: Colour, b: Colour, share: float) -> Colour:
    """A colour between two, geometrically: halfway looks halfway."""
    red, green, blue = (float(x ** (1 - share) * y**share) for x, y in zip(a, b, strict=True))
    return (red, green, blue)


def darkened(colour: Colour, factor: float) -> Colour:
    """A colour scaled, above black."""
    red, green, blue = (round(max(channel * factor, 0.003), 4) for channel in colour)
    return (red, green, blue)


def natural(colour: Colour) -> Colour:
    """A dyed colour's natural ground: brown as dark as it; natural hair as it is."""
    red, green, blue = colour
    if red >= green >= blue and red < 4 * green + 0.02:
        return colour
    grey = (red + green + blue) / 3
    if max(colour) - min(colour) < 0.03:
        return colour
    return darkened((1.0, 0.55, 0.3), 0.5 * grey)


def bright_cloth(rng: np.random.Generator) -> Colour:
    """Cloth of any hue."""
    hue, saturation, value = rng.uniform(), rng.uniform(0.35, 0.95), rng.uniform(0.25, 0.9)
    red, green, blue = (channel**2.2 for channel in colorsys.hsv_to_rgb(hue, saturation, value))
    return (round(max(red, 0.004), 4), round(max(green, 0.004), 4), round(max(blue, 0.004), 4))


def muted_cloth(rng: np.random.Generator) -> Colour:
    """Cloth of any hue, as most dyed cloth is: neither garish nor grey."""
    hue, saturation, value = rng.uniform(), rng.uniform(0.18, 0.6), rng.uniform(0.2, 0.8)
    red, green, blue = (channel**2.2 for channel in colorsys.hsv_to_rgb(hue, saturation, value))
    return (round(max(red, 0.004), 4), round(max(green, 0.004), 4), round(max(blue, 0.004), 4))


def hair_colour(
    ancestry: Mapping[str, float], age: float, rng: np.random.Generator, *, is_female: bool, dyed_share: float
) -> Colour:
    """Dark for most, light for some of caucasian ancestry, grey with age (anny's, 1 is 90 years); women hide it."""
    if rng.uniform() < dyed_share:
        return pick(DYED_HAIR, rng)
    if rng.uniform() < np.clip((age - 0.78) / 0.17, 0, 0.95) * (0.5 if is_female else 1.0):
        return pick(GREY_HAIR, rng)
    is_light = rng.uniform() < 0.75 * ancestry["caucasian"] ** 2 + (0.1 if is_female else 0.0)
    return pick(LIGHT_HAIR if is_light else DARK_HAIR, rng)


def eye_colour(ancestry: Mapping[str, float], rng: np.random.Generator) -> Colour:
    """Brown for most, light for some of caucasian ancestry."""
    is_light = rng.uniform() < 0.65 * ancestry["caucasian"] ** 2
    return pick(LIGHT_EYES if is_light else DARK_EYES, rng)
