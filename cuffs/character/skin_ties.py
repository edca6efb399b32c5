"""Which place of the skin lies beneath each point of a garment."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.body_frame import BodyFrame
from cuffs.character.grown import tie

Array = np.ndarray

OWN_SHARE = 0.2
"""A garment's point that follows a limb lies on skin which follows that limb by so much or more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skin:
    """The skin of the person that clothes are cut on."""

    frame: BodyFrame
    body: Int[Array, " body"]
    """Full numbers of the body mesh's vertices."""

    faces: Int[Array, "faces 3"]
    """Its triangles of skin, in full numbers."""


def skin_ties(
    skin: Skin, points: Float[Array, "n 3"], limb_weights: Float[Array, "n limbs"], *, is_close: bool
) -> tuple[Int[Array, "n 3"], Float[Array, "n 3"]]:
    """Corners and barycentric weights of the nearest place of skin on each point's own limb.

    Args:
        skin: of the person.
        points: of a garment at rest, metres.
        limb_weights: how far each follows each limb.
        is_close: False for what hangs free of the limbs: any skin will do.
    """
    limb = limb_weights.argmax(1) if is_close else np.zeros(len(points), int)
    corners, bary = np.zeros((len(points), 3), int), np.zeros((len(points), 3))
    for number in np.unique(limb):
        chosen = limb == number
        own = skin.frame.limb_weights[:, number][skin.faces].max(1) >= OWN_SHARE if is_close else slice(None)
        found = tie(points[chosen], skin.frame.rest, skin.faces[own])
        corners[chosen], bary[chosen] = found.corners, found.bary
    return corners, bary
