"""What a garment is: which part of a helper, how wide, with which openings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Opening = Literal[
    "scoop", "vee", "wide_vee", "boat", "armholes", "straps", "level", "cropped", "front", "lapels", "low_shoe",
    "flat_shoe",
]  # fmt: skip
"""Holes that run across the helper's loops (`openings.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Garment:
    """A garment cut from one of MakeHuman's helpers. Limbs are arm, leg, torso, head, and skirt."""

    kind: str
    helper: str
    cuts: Mapping[str, float]
    """Which loops bound it: those nearest to so far along a limb, 0 being where the limb begins and 1 where it ends."""

    openings: tuple[Opening, ...] = ()

    offset_m: float
    """How far the garment stands off the helper, which itself lies about 6 mm off the skin."""

    flare_m: Mapping[str, float] = field(default_factory=dict)
    """How much farther it stands off at the end of a limb, growing along it; on the torso, downwards."""

    drape: float = 0.0
    """How far it spans hollows of the body instead of following them: 0 not at all, 1 like a taut cloth."""

    sole_m: float = 0.0
    """How far the edge of a shoe's sole stands out."""

    toe_m: float = 0.0
    """How much room a shoe has over and before the toes."""

    seed: str = "spine2"
    """The joint at whose front it surely is; a joint without its side stands for both."""


def both_sides(limb: str) -> tuple[str, ...]:
    """Names of a limb in `skeleton.LIMBS`: arms and legs come in pairs."""
    return (f"left_{limb}", f"right_{limb}") if limb in ("arm", "leg") else (limb,)
