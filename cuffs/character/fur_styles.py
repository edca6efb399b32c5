"""Brows, lashes and beards by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Brow:
    """A pair of eyebrows."""

    count: int
    """Hairs of each."""

    width_m: float
    length_m: float = 0.008
    arch_m: float = 0.0055
    """How much higher its middle lies than its ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lashes:
    """Lashes of both eyes."""

    upper: int
    lower: int
    length: float
    """Share of those that MakeHuman's helper shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beard:
    """Hair of the face, in regions that may be combined."""

    count: int
    length_m: float
    cheeks: bool = False
    chin: bool = False
    lip: bool = False


BROWS: Mapping[str, Brow] = MappingProxyType({
    "brows_fine": Brow(count=360, width_m=0.0060, arch_m=0.0065),
    "brows_arched": Brow(count=480, width_m=0.0078, arch_m=0.0085),
    "brows_full": Brow(count=620, width_m=0.0100),
    "brows_straight": Brow(count=520, width_m=0.0085, arch_m=0.003),
    "brows_bushy": Brow(count=780, width_m=0.0130, length_m=0.011, arch_m=0.0045),
})  # fmt: skip

LASHES: Mapping[str, Lashes] = MappingProxyType({
    "lashes_short": Lashes(upper=70, lower=40, length=0.75),
    "lashes_long": Lashes(upper=95, lower=55, length=1.15),
})  # fmt: skip

BEARDS: Mapping[str, Beard] = MappingProxyType({
    "stubble": Beard(count=5000, length_m=0.0018, cheeks=True, chin=True, lip=True),
    "moustache": Beard(count=900, length_m=0.010, lip=True),
    "goatee": Beard(count=1900, length_m=0.011, chin=True, lip=True),
    "beard_short": Beard(count=5500, length_m=0.007, cheeks=True, chin=True, lip=True),
    "beard_full": Beard(count=6500, length_m=0.024, cheeks=True, chin=True, lip=True),
})  # fmt: skip

FUR: tuple[str, ...] = (*BROWS, *LASHES, *BEARDS)
