"""Skin tones on the Monk scale, measured in CIE Lab."""

from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.records.scene_spec import Colour

Array = np.ndarray

MONK_HEX: Final = (
    "f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420",
)  # fmt: skip
"""The ten tones of the Monk Skin Tone scale (Ellis Monk 2019, skintone.google), sRGB."""

TONES_LAB: Final = np.array([
    [93.6, 3.6, 4.6], [88.7, 4.8, 8.8], [91.0, 2.8, 13.5], [84.5, 5.5, 15.0], [74.0, 8.5, 18.0],
    [57.0, 11.0, 21.5], [43.5, 12.5, 19.5], [31.5, 11.5, 14.0], [22.0, 7.0, 9.0], [15.5, 4.0, 5.5],
])  # fmt: skip
"""The skin that is drawn for each tone: nearer to it than to any other, but redder than the scale's paints, as skin
is."""

SPREAD_LAB: Final = np.array([0.35, 1.2, 0.7, 2.0, 3.0, 3.0, 2.5, 2.2, 1.2, 0.6])
"""How far skins of one tone lie apart, at most, along each axis."""

SHARES: Final = np.array([0.075, 0.075, 0.075, 0.11, 0.125, 0.125, 0.125, 0.115, 0.095, 0.08])
"""Of all people, those of each tone."""

DARKNESS: Final = {"african": 1.0, "asian": 0.42, "caucasian": 0.16}
UNLIKE: Final = 0.13
"""How far people of the same ancestry differ in darkness (standard deviation)."""

DARKNESS_QUANTILES: Final = np.array([
    -0.336, 0.148, 0.217, 0.267, 0.309, 0.346, 0.379, 0.412, 0.444, 0.476, 0.508, 0.542, 0.577, 0.614, 0.655, 0.699,
    0.748, 0.803, 0.868, 0.956, 1.484,
])  # fmt: skip
"""Of people's darkness by the default recipe, every twentieth; drawn 400 000 times."""

D65: Final = np.array([0.95047, 1.0, 1.08883])
XYZ_OF_RGB: Final = np.array([
    [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
"""sRGB's primaries (IEC 61966-2-1)."""


def lab_of(rgb: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3"]:
    """CIE L*a*b* under D65 of linear sRGB colours (CIE 15:2004)."""
    ratio = rgb @ XYZ_OF_RGB.T / D65
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def rgb_of(lab: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3"]:
    """The inverse of `lab_of`; may leave 0 to 1."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    ratio = np.where(f > 6 / 29, f**3, (116 * f - 16) * 27 / 24389)
    return (ratio * D65) @ np.linalg.inv(XYZ_OF_RGB).T


def monk_lab() -> Float[Array, "10 3"]:
    """The scale in Lab."""
    srgb = np.array([[int(code[at : at + 2], 16) for at in (0, 2, 4)] for code in MONK_HEX]) / 255
    return lab_of(np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4))


def monk_tone(colour: Colour) -> int:
    """The tone, 1 to 10, nearest in Lab to a linear RGB colour."""
    return 1 + int(np.linalg.norm(monk_lab() - lab_of(np.array(colour)), axis=1).argmin())


def sample_tone(ancestry: dict[str, float], rng: np.random.Generator) -> Colour:
    """Draw a skin colour, linear RGB: people of all tones by `SHARES`, darker ones the likelier of darker ancestry."""
    darkness = sum(DARKNESS[name] * ancestry[name] for name in DARKNESS) + UNLIKE * rng.normal()
    rank = np.interp(darkness, DARKNESS_QUANTILES, np.linspace(0, 1, len(DARKNESS_QUANTILES)))
    tone = min(int(np.searchsorted(np.cumsum(SHARES), rank, side="right")), len(SHARES) - 1)
    spread = SPREAD_LAB[tone] * rng.uniform(-1, 1, 3) * [1.0, 0.6, 0.6]
    red, green, blue = np.clip(rgb_of(TONES_LAB[tone] + spread), 0.004, 0.95).round(4).tolist()
    return (red, green, blue)
