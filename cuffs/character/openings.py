"""Necklines and armholes that run across a helper's loops: fields that are positive where cloth stays."""

import numpy as np
from jaxtyping import Float

from cuffs.character.body_frame import BodyFrame
from cuffs.character.garment import Opening

Array = np.ndarray

SCOOP_M, SCOOP_FORWARD_M = 0.100, 0.04
"""Radius of a round neckline, and how far before the neck its middle lies."""

VEE_DEPTH_M, VEE_STEEPNESS = 0.155, 1.5
ARMHOLE_AT, ARMHOLE_LEAN = 0.84, 0.12
"""Where a strap ends, as a share of the shoulder's distance from the middle, and by how much it widens downwards."""


def cloth_field(frame: BodyFrame, openings: tuple[Opening, ...], points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """Distance of points of the middling person from the nearest opening, metres; negative inside one.

    Without openings every point is far from one.
    """
    fields = [_FIELDS[opening](frame, points) for opening in openings]
    return np.min([np.ones(len(points)), *fields], axis=0)


def _scoop(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    middle = frame.joint("neck") - [0.0, SCOOP_FORWARD_M, 0.0]
    return np.linalg.norm(points - middle, axis=1) - SCOOP_M


def _vee(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    neck = frame.joint("neck")
    x, y, z = (points - neck).T
    front = (VEE_STEEPNESS * np.abs(x) - (z + VEE_DEPTH_M)) / np.hypot(1, VEE_STEEPNESS)
    return np.maximum(front, y + 0.01)


def _armholes(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    shoulder = frame.joint("left_shoulder")
    edge = ARMHOLE_AT * shoulder[0] + ARMHOLE_LEAN * (shoulder[2] - points[:, 2])
    return (edge - np.abs(points[:, 0])) / np.hypot(1, ARMHOLE_LEAN)


_FIELDS = {"scoop": _scoop, "vee": _vee, "armholes": _armholes}
