"""The garments that open characters own. From the skin outwards: socks, tucked shirts, trousers, skirts, shirts."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from cuffs.character.garment import Garment

WAIST = 0.19
"""Where trousers end, as a share of the way from pelvis to neck; skirts begin there of themselves."""

_SHIRT = Garment(
    kind="shirt",
    helper="helper-tights",
    cuts={"head": -0.2, "arm": 0.354, "torso": -0.068},
    offset_m=0.007,
    flare_m={"arm": 0.012, "torso": 0.006},
    drape=1.0,
)

SHIRTS: Mapping[str, Garment] = MappingProxyType({
    "shirt_short": _SHIRT,
    "shirt_long": replace(_SHIRT, cuts={**_SHIRT.cuts, "arm": 0.97}, flare_m={"arm": 0.005, "torso": 0.006}),
    "sweater": replace(
        _SHIRT, cuts={"head": 0.16, "arm": 0.97, "torso": -0.068}, offset_m=0.011, flare_m={"arm": 0.004}
    ),
    "shirt_vee": replace(_SHIRT, openings=("vee",)),
    "tank": replace(
        _SHIRT, cuts={**_SHIRT.cuts, "arm": 0.162}, openings=("scoop", "armholes"), flare_m={"torso": 0.006},
        offset_m=0.005,
    ),
})  # fmt: skip

TUCKED: Mapping[str, Garment] = MappingProxyType({
    f"{name}_tucked": replace(
        shirt, kind="tucked shirt", cuts={**shirt.cuts, "torso": 0.134}, drape=0.3,
        flare_m={**shirt.flare_m, "torso": -1.3 * shirt.offset_m},
    )
    for name, shirt in SHIRTS.items()
})  # fmt: skip
"""The same shirts, for under a skirt."""

_TROUSERS = Garment(
    kind="trousers",
    helper="helper-tights",
    cuts={"torso": WAIST, "leg": 0.96},
    offset_m=0.002,
    flare_m={"leg": 0.012},
    drape=0.5,
    seed="pelvis",
)

_SKIRT = Garment(kind="skirt", helper="helper-skirt", cuts={"skirt": 0.63}, offset_m=0.010, seed="pelvis")

_SHOES = Garment(kind="shoes", helper="helper-tights", cuts={"leg": 0.96}, offset_m=0.004, seed="foot")

GARMENTS: Mapping[str, Garment] = MappingProxyType({
    **SHIRTS,
    **TUCKED,
    "trousers": _TROUSERS,
    "shorts": replace(_TROUSERS, cuts={"torso": WAIST, "leg": 0.40}, flare_m={"leg": 0.03}),
    "shorts_short": replace(_TROUSERS, cuts={"torso": WAIST, "leg": 0.19}, flare_m={"leg": 0.02}),
    "skirt_long": replace(_SKIRT, cuts={"skirt": 0.85}),
    "skirt_knee": _SKIRT,
    "skirt_short": replace(_SKIRT, cuts={"skirt": 0.45}),
    "shoes": _SHOES,
    "socks": replace(_SHOES, kind="socks", cuts={"leg": 0.86}, offset_m=0.0015),
})  # fmt: skip
