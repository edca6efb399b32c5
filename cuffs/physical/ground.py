"""How far feet are from the ground."""

import numpy as np
from jaxtyping import Float

from cuffs.character import Topology
from cuffs.skeleton import INDEX

SIDES = ("left", "right")

STANDING = frozenset({"standing"})
"""What pose sources call it where both feet bear; `standing, arms crossed` is one, too."""


def is_standing(action: str | None) -> bool:
    """Whether somebody who does this stands on both feet."""
    return action is not None and action.partition(",")[0].strip() in STANDING


def foot_heights_mm(topology: Topology, verts: Float[np.ndarray, "body 3"]) -> tuple[float, float]:
    """Height of the lowest skin of the left and the right foot above the ground (z = 0), millimetres.

    Args:
        topology: says which vertices are a foot's.
        verts: the posed body mesh, world, metres.
    """
    left, right = (float(verts[foot_vertices(topology, side), 2].min()) * 1000 for side in SIDES)
    return left, right


def foot_vertices(topology: Topology, side: str) -> np.ndarray:
    """Numbers of the body mesh's vertices that follow a foot's bones most."""
    rows = topology.body_vertices
    strongest = topology.skin_weights[rows].argmax(1)
    bone = np.take_along_axis(topology.skin_bones[rows], strongest[:, None], 1)[:, 0]
    joints = [INDEX[f"{side}_ankle"], INDEX[f"{side}_foot"]]
    return np.flatnonzero(np.isin(topology.bone_joint[bone], joints))
