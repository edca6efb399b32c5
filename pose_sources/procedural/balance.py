"""Where a body's weight is."""

from typing import Final

import numpy as np

from cuffs.skeleton import INDEX
from pose_sources.procedural.figure import FRONT, SIDES, Figure, Vec3

_TRUNK: Final = (("neck", "pelvis", 0.52, 0.4346), ("neck", "head", 1.6, 0.0694))
_LIMBS: Final = (
    ("shoulder", "elbow", 0.58, 0.0271), ("elbow", "wrist", 0.46, 0.0162), ("wrist", "middle1", 0.8, 0.0061),
    ("hip", "knee", 0.41, 0.1416), ("knee", "ankle", 0.44, 0.0433), ("ankle", "foot", 0.5, 0.0137),
)  # fmt: skip
"""Segments: from joint to joint, where on this way the segment's weight is, and its share of the whole (de Leva,
Adjustments to Zatsiorsky-Seluyanov's segment inertia parameters, J Biomech 29, 1996; men)."""

_SEGMENTS: Final = (
    *_TRUNK,
    *((f"{side}_{near}", f"{side}_{far}", share, mass) for side in SIDES for near, far, share, mass in _LIMBS),
)
_NEAR: Final = [INDEX[near] for near, _, _, _ in _SEGMENTS]
_FAR: Final = [INDEX[far] for _, far, _, _ in _SEGMENTS]
_SHARE: Final = np.array([[share] for _, _, share, _ in _SEGMENTS])
_MASS: Final = np.array([mass for _, _, _, mass in _SEGMENTS])

BELLY_M: Final = 0.017
"""The trunk's weight lies so far before the line of its joints."""


def centre_of_mass(body: Figure) -> Vec3:
    """Of the whole body, metres from the pelvis."""
    middle = body.placed[_NEAR] + _SHARE * (body.placed[_FAR] - body.placed[_NEAR])
    middle[0] += BELLY_M * (body.frame("spine2") @ FRONT)
    return _MASS @ middle / _MASS.sum()
