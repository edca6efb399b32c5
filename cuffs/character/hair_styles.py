"""Haircuts: their lines over the head, seen from the middle of the skull in azimuth (0 in front, 180 behind) and
elevation, degrees, and how strands run within them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
from jaxtyping import Float

Array = np.ndarray

Profile = Sequence[tuple[float, float]]
"""A curve over azimuth, the same on both sides: (azimuth, value) from 0 to 180."""

HAIRLINE: Profile = (
    (0, 39), (30, 41), (48, 38), (57, 18), (63, -8), (68, -8), (73, 3), (90, 7), (104, 2), (112, -18), (122, -34),
    (150, -43), (180, -45),
)  # fmt: skip
"""Forehead, temple, sideburn before the ear, round the ear, nape."""

RECEDING: Profile = ((0, 52), (12, 56), (32, 68), (50, 52), (60, 20), *HAIRLINE[4:])
BALDING: Profile = ((0, 72), (40, 66), (60, 38), (66, 4), (73, 6), *HAIRLINE[7:])
HANGING: Profile = ((0, 39), (30, 41), (50, 37), (60, 24), (70, 12), (90, 10), (180, 10))
FRINGE: Profile = ((0, 13), (30, 13), (48, 14), (60, 15), (70, 12), (90, 10), (180, 10))

ROOTS_OF_HANGING: Profile = (
    (0, 40), (30, 42), (48, 38), (57, 20), (70, 14), (90, 12), (112, -5), (122, -14), (150, -20), (180, -22),
)  # fmt: skip
"""Where hair begins to grow under a fringe and under hair that hangs."""

Flow = Literal["whorl", "swept", "parted", "middle", "back", "fringe", "outwards"]
"""Away from the crown; likewise, but aside in front; aside from a parting at one side, or in the middle; towards the
back of the head; from the crown to a fringe; straight away from the skin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strands:
    """How the strands of a haircut run."""

    flow: Flow
    count: int
    length_m: tuple[float, float] = (0.03, 0.012)
    """On top and at the sides; where hair hangs it reaches the ends instead."""

    curl_m: float = 0.0
    """Radius of curls."""

    curl_length_m: float = 0.03
    """Length of one turn."""

    lock: float = 0.35
    """0 to 1: how far strands gather in locks towards their ends."""

    frizz_m: float = 0.001
    """By how much strands wander by themselves."""

    points: int = 8
    """Along a strand."""


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

    tail: Literal["none", "bun", "ponytail"] = "none"
    strands: Strands = field(default_factory=lambda: Strands(flow="whorl", count=9000))


_BOB_ENDS: Profile = ((70, 0.125), (180, 0.135))
_LONG_ENDS: Profile = ((70, 0.13), (100, 0.15), (120, 0.19), (140, 0.27), (155, 0.33), (180, 0.36))
_SHOULDER_ENDS: Profile = ((70, 0.13), (100, 0.15), (130, 0.185), (180, 0.21))
_FREE_SIDES: Profile = ((0, 0), (52, 0), (66, 1), (180, 1))

_SHORT = HairStyle(
    line=HAIRLINE, top_m=0.024, side_m=0.009, unrest_m=0.002,
    strands=Strands(flow="whorl", count=11000, length_m=(0.035, 0.013), lock=0.45),
)  # fmt: skip
_BOB = HairStyle(
    line=FRINGE, top_m=0.018, side_m=0.019, unrest_m=0.002, is_edge_free=((0, 0.6), (55, 0.8), (70, 1), (180, 1)),
    ends_m=_BOB_ENDS, strands=Strands(flow="fringe", count=11000, points=16),
)  # fmt: skip
_LONG = HairStyle(
    line=HANGING, top_m=0.016, side_m=0.018, unrest_m=0.003, is_edge_free=_FREE_SIDES, ends_m=_LONG_ENDS,
    strands=Strands(flow="parted", count=11000, points=20, frizz_m=0.002),
)  # fmt: skip
_BACK = Strands(flow="back", count=8000, points=12, length_m=(0.4, 0.4), lock=0.2, frizz_m=0.0006)

STYLES: Mapping[str, HairStyle] = MappingProxyType({
    "buzz": HairStyle(
        line=HAIRLINE, top_m=0.003, side_m=0.002,
        strands=Strands(flow="whorl", count=16000, length_m=(0.004, 0.003), lock=0.0, points=3),
    ),
    "crop": HairStyle(
        line=HAIRLINE, top_m=0.009, side_m=0.004,
        strands=Strands(flow="whorl", count=13000, length_m=(0.014, 0.005), lock=0.2, points=5),
    ),
    "short": _SHORT,
    "side_part": replace(
        _SHORT, top_m=0.026, side_m=0.011,
        strands=Strands(flow="parted", count=11000, length_m=(0.075, 0.02), lock=0.3, points=10),
    ),
    "swept": replace(
        _SHORT, top_m=0.034, side_m=0.007,
        strands=Strands(flow="swept", count=11000, length_m=(0.06, 0.01), lock=0.5, points=10),
    ),
    "curly_short": replace(
        _SHORT, top_m=0.036, side_m=0.018, unrest_m=0.004,
        strands=Strands(
            flow="whorl", count=9000, length_m=(0.07, 0.03), curl_m=0.006, curl_length_m=0.022, lock=0.75, points=18
        ),
    ),
    "receding": HairStyle(
        line=RECEDING, top_m=0.009, side_m=0.007, unrest_m=0.001,
        strands=Strands(flow="whorl", count=9000, length_m=(0.022, 0.012), lock=0.3, points=6),
    ),
    "balding": HairStyle(
        line=BALDING, top_m=0.004, side_m=0.006, unrest_m=0.001,
        strands=Strands(flow="whorl", count=7000, length_m=(0.012, 0.012), lock=0.3, points=6),
    ),
    "afro": HairStyle(
        line=HAIRLINE, top_m=0.055, side_m=0.042, unrest_m=0.003,
        strands=Strands(
            flow="outwards", count=11000, length_m=(0.09, 0.07), curl_m=0.004, curl_length_m=0.012, lock=0.4,
            frizz_m=0.003, points=22,
        ),
    ),
    "afro_short": HairStyle(
        line=HAIRLINE, top_m=0.014, side_m=0.009, unrest_m=0.001,
        strands=Strands(
            flow="outwards", count=14000, length_m=(0.022, 0.014), curl_m=0.0022, curl_length_m=0.008, lock=0.5,
            points=12,
        ),
    ),
    "bun": HairStyle(line=HAIRLINE, top_m=0.009, side_m=0.007, tail="bun", strands=_BACK),
    "ponytail": HairStyle(line=HAIRLINE, top_m=0.010, side_m=0.008, tail="ponytail", strands=_BACK),
    "bob": _BOB,
    "bob_parted": replace(
        _BOB, line=HANGING, is_edge_free=_FREE_SIDES, ends_m=((70, 0.105), (180, 0.12)),
        strands=replace(_BOB.strands, flow="parted"),
    ),
    "long": _LONG,
    "long_middle": replace(_LONG, strands=replace(_LONG.strands, flow="middle")),
    "wavy": replace(
        _LONG, side_m=0.022, ends_m=_SHOULDER_ENDS,
        strands=replace(_LONG.strands, curl_m=0.006, curl_length_m=0.07, lock=0.6, points=26),
    ),
    "curly": replace(
        _LONG, top_m=0.026, side_m=0.034, unrest_m=0.005, ends_m=_SHOULDER_ENDS,
        strands=replace(_LONG.strands, curl_m=0.008, curl_length_m=0.028, lock=0.75, frizz_m=0.003, points=40),
    ),
})  # fmt: skip


def curve(profile: Profile, azimuth_deg: Float[Array, " n"]) -> Float[Array, " n"]:
    """A profile's values at azimuths, turns of 360 degrees apart or not."""
    at, value = np.array(profile, float).T
    wrapped = (azimuth_deg + 180) % 360 - 180
    return np.interp(np.abs(wrapped), at, value)
