"""Clothes cut from MakeHuman's own helpers: tights around the whole body, and a skirt.

A garment is the part of a helper between edge loops, lifted off the body. Its hems are lined: a band turns inwards and
meets the skin, so that nobody looks through a sleeve into a body without skin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.character.base_mesh import BaseMesh, triangles
from cuffs.character.body_frame import BodyFrame, limb_shares, vertex_normals
from cuffs.character.quad_loops import QuadMesh, border_loops
from cuffs.character.records import Part

Array = np.ndarray

LINING_M = 0.0005
"""How far off the helper a hem's lining ends. Helpers lie about 6 mm off the skin."""

HIDDEN_DEPTH = 2
"""Skin is masked beneath faces that are as many rings or more away from any hem."""

NEAR_M = 0.045
"""Skin farther than this from a garment is not beneath it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Garment:
    """What a garment is cut from, where, and how wide it is."""

    kind: str
    helper: str
    cuts: Mapping[str, float]
    """Which loops bound it, by limb: 0 is where the limb begins and 1 where it ends (`body_frame.LIMB_JOINTS`)."""

    offset_m: float
    flare_m: Mapping[str, float] = MappingProxyType({})
    """How much farther it stands off at the cut of a limb, growing from where the limb begins."""

    seed: str = "spine2"
    """Joint in front of which it surely is."""


TORSO = {"neck": 0.33, "arm": 0.36, "trunk": -0.06}
"""Collar, short sleeves, and a hem over the hips."""

WAIST = 0.25
"""Where trousers and skirts sit, as a share of the trunk."""

TUCKED = 0.10

GARMENTS: Mapping[str, Garment] = MappingProxyType({
    "shirt_short": Garment(
        kind="shirt", helper="helper-tights", cuts=TORSO, offset_m=0.006, flare_m={"arm": 0.012, "trunk": 0.006}
    ),
    "shirt_long": Garment(
        kind="shirt", helper="helper-tights", cuts=TORSO | {"arm": 0.97}, offset_m=0.006,
        flare_m={"arm": 0.006, "trunk": 0.006},
    ),
    "tank": Garment(
        kind="shirt", helper="helper-tights", cuts=TORSO | {"neck": 0.0, "arm": 0.0}, offset_m=0.005,
        flare_m={"trunk": 0.005},
    ),
    "trousers": Garment(
        kind="trousers", helper="helper-tights", cuts={"trunk": WAIST, "leg": 0.97}, offset_m=0.002,
        flare_m={"leg": 0.014}, seed="pelvis",
    ),
    "shorts": Garment(
        kind="trousers", helper="helper-tights", cuts={"trunk": WAIST, "leg": 0.42}, offset_m=0.002,
        flare_m={"leg": 0.02}, seed="pelvis",
    ),
    "skirt_long": Garment(kind="skirt", helper="helper-skirt", cuts={"skirt": 0.85}, offset_m=0.005, seed="pelvis"),
    "skirt_knee": Garment(kind="skirt", helper="helper-skirt", cuts={"skirt": 0.62}, offset_m=0.005, seed="pelvis"),
    "skirt_short": Garment(kind="skirt", helper="helper-skirt", cuts={"skirt": 0.45}, offset_m=0.005, seed="pelvis"),
})  # fmt: skip
