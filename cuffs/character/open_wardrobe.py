"""The garments that open characters own. From the skin outwards: socks, tucked shirts, trousers, skirts, shirts,
jackets, shoes.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from cuffs.character.garment import Garment

WAIST = 0.19
"""Where trousers end, as a share of the way from pelvis to neck; skirts begin there of themselves."""

_SHIRT = Garment(
    kind="shirt",
    helper="helper-tights",
    cuts={"head": -0.2, "arm": 0.354, "leg": 0.12},
    openings=("level",),
    offset_m=0.0045,
    flare_m={"arm": 0.006, "torso": 0.004},
    drape=0.8,
)
_LONG = {**_SHIRT.cuts, "arm": 0.97}
_LONG_FLARE = {"arm": 0.003, "torso": 0.004}

SHIRTS: Mapping[str, Garment] = MappingProxyType({
    "shirt_short": _SHIRT,
    "shirt_long": replace(_SHIRT, cuts=_LONG, flare_m=_LONG_FLARE),
    "shirt_elbow": replace(_SHIRT, cuts={**_SHIRT.cuts, "arm": 0.62}),
    "sweater": replace(_SHIRT, cuts={**_LONG, "head": 0.16}, offset_m=0.008, flare_m={"arm": 0.002}),
    "turtleneck": replace(_SHIRT, cuts={**_LONG, "head": 0.55}, offset_m=0.005, flare_m={"arm": 0.001}),
    "shirt_vee": replace(_SHIRT, openings=("level", "vee")),
    "sweater_vee": replace(_SHIRT, cuts=_LONG, openings=("level", "vee"), offset_m=0.008, flare_m={"arm": 0.002}),
    "blouse": replace(_SHIRT, cuts={**_SHIRT.cuts, "arm": 0.75}, openings=("level", "wide_vee")),
    "shirt_boat": replace(_SHIRT, cuts={**_SHIRT.cuts, "arm": 0.5}, openings=("level", "boat")),
    "tank": replace(
        _SHIRT, cuts={**_SHIRT.cuts, "arm": 0.162}, openings=("level", "scoop", "armholes"), flare_m={"torso": 0.004},
        offset_m=0.004,
    ),
    "top_straps": replace(
        _SHIRT, cuts={**_SHIRT.cuts, "arm": 0.162}, openings=("level", "straps"), flare_m={"torso": 0.004},
        offset_m=0.003,
    ),
    "top_cropped": replace(_SHIRT, openings=("cropped", "scoop")),
})  # fmt: skip

TUCKED: Mapping[str, Garment] = MappingProxyType({
    f"{name}_tucked": replace(
        shirt, kind="tucked shirt", drape=0.3,
        cuts={**{limb: at for limb, at in shirt.cuts.items() if limb != "leg"}, "torso": 0.134},
        openings=tuple(opening for opening in shirt.openings if opening != "level"),
        flare_m={**shirt.flare_m, "torso": -0.8 * shirt.offset_m},
    )
    for name, shirt in SHIRTS.items()
    if "cropped" not in shirt.openings
})  # fmt: skip
"""The same shirts, for under a skirt or trousers."""

_JACKET = Garment(
    kind="jacket",
    helper="helper-tights",
    cuts={**_LONG, "head": 0.0},
    openings=("level", "front"),
    offset_m=0.014,
    flare_m={"arm": 0.004, "torso": 0.008},
    drape=1.0,
)

JACKETS: Mapping[str, Garment] = MappingProxyType({
    "jacket": _JACKET,
    "blazer": replace(_JACKET, openings=("level", "lapels")),
    "cardigan": replace(_JACKET, openings=("level", "lapels"), offset_m=0.011),
    "vest": replace(_JACKET, cuts={**_JACKET.cuts, "arm": 0.162}, openings=("level", "front", "armholes")),
})  # fmt: skip

_TROUSERS = Garment(
    kind="trousers",
    helper="helper-tights",
    cuts={"torso": WAIST, "leg": 0.96},
    offset_m=0.002,
    flare_m={"leg": 0.004},
    drape=0.5,
    seed="pelvis",
)

_SKIRT = Garment(kind="skirt", helper="helper-skirt", cuts={"skirt": 0.63}, offset_m=0.010, seed="pelvis")

_SHOES = Garment(
    kind="shoes", helper="helper-tights", cuts={"leg": 0.96}, openings=("low_shoe",), offset_m=0.004, sole_m=0.004,
    toe_m=0.004, seed="foot",
)  # fmt: skip

GARMENTS: Mapping[str, Garment] = MappingProxyType({
    **SHIRTS,
    **TUCKED,
    **JACKETS,
    "trousers": _TROUSERS,
    "trousers_cropped": replace(_TROUSERS, cuts={"torso": WAIST, "leg": 0.80}),
    "shorts": replace(_TROUSERS, cuts={"torso": WAIST, "leg": 0.40}, flare_m={"leg": 0.015}),
    "shorts_short": replace(_TROUSERS, cuts={"torso": WAIST, "leg": 0.19}, flare_m={"leg": 0.012}),
    "skirt_long": replace(_SKIRT, cuts={"skirt": 0.85}),
    "skirt_knee": _SKIRT,
    "skirt_short": replace(_SKIRT, cuts={"skirt": 0.45}),
    "shoes": _SHOES,
    "sneakers": replace(_SHOES, offset_m=0.005, sole_m=0.007, toe_m=0.007),
    "boots": replace(_SHOES, cuts={"leg": 0.87}, openings=(), offset_m=0.007, sole_m=0.005, toe_m=0.005),
    "flats": replace(_SHOES, openings=("flat_shoe",), offset_m=0.003, sole_m=0.001, toe_m=0.002),
    "socks": Garment(kind="socks", helper="helper-tights", cuts={"leg": 0.86}, offset_m=0.0015, seed="foot"),
    "socks_low": Garment(kind="socks", helper="helper-tights", cuts={"leg": 0.94}, offset_m=0.0015, seed="foot"),
})  # fmt: skip
