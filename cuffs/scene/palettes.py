"""Colours that places are painted in, linear RGB: measured off photographs by eye, then varied."""

import colorsys
from collections.abc import Sequence

import numpy as np

from cuffs.records.surface_spec import Colour

Rng = np.random.Generator

WALLS: Sequence[Colour] = (
    (0.72, 0.70, 0.66), (0.68, 0.68, 0.67), (0.62, 0.57, 0.49), (0.55, 0.50, 0.44), (0.45, 0.50, 0.52),
    (0.32, 0.42, 0.36), (0.24, 0.32, 0.42), (0.60, 0.48, 0.40), (0.58, 0.56, 0.38), (0.50, 0.34, 0.30),
    (0.20, 0.22, 0.24), (0.66, 0.60, 0.58), (0.40, 0.46, 0.36), (0.70, 0.66, 0.55),
)  # fmt: skip

WOODS: Sequence[Colour] = (
    (0.45, 0.30, 0.17), (0.33, 0.20, 0.11), (0.20, 0.11, 0.06), (0.56, 0.42, 0.27), (0.10, 0.065, 0.045),
    (0.62, 0.60, 0.56), (0.04, 0.04, 0.042), (0.30, 0.25, 0.20), (0.52, 0.37, 0.22),
)  # fmt: skip

FABRICS: Sequence[Colour] = (
    (0.30, 0.30, 0.31), (0.13, 0.14, 0.16), (0.45, 0.40, 0.33), (0.10, 0.16, 0.25), (0.16, 0.22, 0.17),
    (0.42, 0.22, 0.13), (0.50, 0.36, 0.16), (0.35, 0.10, 0.10), (0.55, 0.52, 0.47), (0.26, 0.19, 0.30),
    (0.10, 0.25, 0.26), (0.05, 0.05, 0.055),
)  # fmt: skip

PAINTS: Sequence[Colour] = (
    (0.70, 0.69, 0.66), (0.55, 0.55, 0.54), (0.16, 0.18, 0.20), (0.05, 0.05, 0.055), (0.16, 0.26, 0.28),
    (0.28, 0.34, 0.26), (0.40, 0.14, 0.09), (0.10, 0.16, 0.30), (0.50, 0.38, 0.12),
)  # fmt: skip

CARS: Sequence[Colour] = (
    (0.55, 0.55, 0.56), (0.25, 0.26, 0.28), (0.02, 0.02, 0.022), (0.68, 0.68, 0.67), (0.30, 0.03, 0.03),
    (0.03, 0.07, 0.20), (0.10, 0.13, 0.11), (0.35, 0.30, 0.22),
)  # fmt: skip

FACADES: Sequence[Colour] = (
    (0.55, 0.50, 0.42), (0.62, 0.58, 0.50), (0.48, 0.40, 0.30), (0.42, 0.42, 0.41), (0.55, 0.45, 0.30),
    (0.58, 0.42, 0.34), (0.36, 0.40, 0.42), (0.66, 0.64, 0.60), (0.40, 0.34, 0.30),
)  # fmt: skip

BRICKS: Sequence[Colour] = ((0.30, 0.12, 0.08), (0.36, 0.18, 0.11), (0.24, 0.14, 0.11), (0.42, 0.33, 0.24))

LEAVES: Sequence[Colour] = (
    (0.055, 0.10, 0.025), (0.07, 0.13, 0.03), (0.045, 0.085, 0.03), (0.10, 0.13, 0.03), (0.12, 0.10, 0.03),
)  # fmt: skip

AUTUMN: Sequence[Colour] = ((0.30, 0.14, 0.03), (0.28, 0.07, 0.03), (0.30, 0.21, 0.04))

STONES: Sequence[Colour] = ((0.36, 0.35, 0.33), (0.46, 0.43, 0.38), (0.28, 0.28, 0.29), (0.42, 0.38, 0.33))

ASPHALTS: Sequence[Colour] = ((0.085, 0.085, 0.088), (0.13, 0.128, 0.124), (0.18, 0.175, 0.168), (0.115, 0.12, 0.128))
"""New, worn, dusty, bluish."""

SANDS: Sequence[Colour] = ((0.42, 0.34, 0.22), (0.52, 0.44, 0.31), (0.36, 0.27, 0.17), (0.48, 0.42, 0.35))
SNOWS: Sequence[Colour] = ((0.76, 0.78, 0.82), (0.70, 0.71, 0.74))
MEADOWS: Sequence[Colour] = (
    (0.17, 0.27, 0.06), (0.26, 0.31, 0.08), (0.40, 0.36, 0.15), (0.19, 0.24, 0.10), (0.47, 0.40, 0.23),
)  # fmt: skip
"""Fresh, yellowing, dry, dark, harvested."""

FLOOR_WOODS: Sequence[Colour] = (
    (0.40, 0.26, 0.15),
    (0.28, 0.17, 0.10),
    (0.50, 0.38, 0.26),
    (0.17, 0.10, 0.065),
    (0.46, 0.42, 0.37),
)


def pick(rng: Rng, colours: Sequence[Colour], *, spread: float = 0.12) -> Colour:
    """One of some colours, its hue, saturation and brightness varied a little."""
    red, green, blue = colours[int(rng.integers(len(colours)))]
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    varied = colorsys.hsv_to_rgb(
        (hue + float(rng.normal(0, 0.25 * spread))) % 1.0,
        float(np.clip(saturation * np.exp(rng.normal(0, spread)), 0, 1)),
        float(np.clip(value * np.exp(rng.normal(0, spread)), 0.01, 0.78)),
    )
    return (round(varied[0], 4), round(varied[1], 4), round(varied[2], 4))


def vivid(hue: float) -> Colour:
    """A coloured lamp's light, brightest channel 1."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, 0.72, 1.0)
    return (round(red, 4), round(green, 4), round(blue, 4))
