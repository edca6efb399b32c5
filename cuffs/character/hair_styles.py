"""Haircuts: their lines over the head, seen from the middle of the skull in azimuth (0 in front, 180 behind) and
elevation, degrees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

Profile = Sequence[tuple[float, float]]
"""A curve over azimuth, the same on both sides: (azimuth, value) from 0 to 180."""

HAIRLINE: Profile = (
    (0, 39), (30, 41), (48, 38), (57, 18), (63, -8), (68, -8), (73, 3), (90, 7), (104, 2), (112, -18), (122, -34),
    (150, -43), (180, -45),
)  # fmt: skip
"""Forehead, temple, sideburn before the ear, round the ear, nape."""

RECEDING: Profile = ((0, 58), (12, 62), (32, 74), (50, 56), (60, 20), *HAIRLINE[4:])
HANGING: Profile = ((0, 39), (30, 41), (50, 37), (60, 24), (70, 12), (90, 10), (180, 10))
FRINGE: Profile = ((0, 13), (30, 13), (48, 14), (60, 15), (70, 12), (90, 10), (180, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class HairStyle:
    """One cut."""

    line: Profile
    """Elevation at which the cap ends."""

    top_m: float
    """Thickness on top of the head."""

    side_m: float
    """Thickness above the ears and behind."""

    is_edge_free: Profile = ((0, 0), (180, 0))
    """1 where the cap's edge hangs free above the skin, 0 where it meets the skin."""

    ends_m: Profile | None = None
    """How far below the skull's middle hanging hair ends; None: nothing hangs. It hangs from azimuth 70 backwards."""

    unrest_m: float = 0.0
    """Height of waves in the surface."""

    bun: bool = False


STYLES: Mapping[str, HairStyle] = MappingProxyType({
    "crop": HairStyle(line=HAIRLINE, top_m=0.005, side_m=0.003),
    "short": HairStyle(line=HAIRLINE, top_m=0.022, side_m=0.009, unrest_m=0.004),
    "receding": HairStyle(line=RECEDING, top_m=0.007, side_m=0.006, unrest_m=0.001),
    "afro": HairStyle(line=HAIRLINE, top_m=0.055, side_m=0.042, unrest_m=0.003),
    "bun": HairStyle(line=HAIRLINE, top_m=0.009, side_m=0.007, bun=True),
    "bob": HairStyle(
        line=FRINGE, top_m=0.018, side_m=0.019, unrest_m=0.002, is_edge_free=((0, 0.6), (55, 0.8), (70, 1), (180, 1)),
        ends_m=((70, 0.125), (180, 0.135)),
    ),
    "long": HairStyle(
        line=HANGING, top_m=0.016, side_m=0.018, unrest_m=0.003, is_edge_free=((0, 0), (52, 0), (66, 1), (180, 1)),
        ends_m=((70, 0.13), (100, 0.15), (120, 0.19), (140, 0.27), (155, 0.33), (180, 0.36)),
    ),
})  # fmt: skip
"""`bald` is the part that has brows alone."""
