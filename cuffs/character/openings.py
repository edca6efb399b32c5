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

STRAP_DEPTH_M = 0.14
HEM_BELOW_HIP_M, CROPPED_ABOVE_HIP_M = 0.075, 0.13


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


def _wide_vee(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    neck = frame.joint("neck")
    x, y, z = (points - neck).T
    front = (0.75 * np.abs(x) - (z + 0.125)) / np.hypot(1, 0.75)
    return np.maximum(front, y + 0.02)


def _boat(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """A wide shallow neckline from shoulder to shoulder."""
    away = (points - frame.joint("neck") + [0.0, 0.02, 0.0]) / [1.5, 1.0, 0.8]
    return np.linalg.norm(away, axis=1) - 0.085


def _straps(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """Armholes that leave narrow straps, and a low straight edge between them."""
    shoulder, neck = frame.joint("left_shoulder"), frame.joint("neck")
    x, z = np.abs(points[:, 0]), points[:, 2]
    outside = (0.72 * shoulder[0] + 0.25 * (shoulder[2] - z) - x) / np.hypot(1, 0.25)
    strap = np.abs(x - 0.58 * shoulder[0]) - 0.012
    above = z - (neck[2] - STRAP_DEPTH_M)
    return np.minimum(outside, -np.minimum(above, strap))


def _level(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """A hem that runs level about the hips, above the fork."""
    return points[:, 2] - (frame.joint("left_hip")[2] - HEM_BELOW_HIP_M)


def _cropped(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """A level hem at the waist."""
    return points[:, 2] - (frame.joint("left_hip")[2] + CROPPED_ABOVE_HIP_M)


def _front(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """Open in front: a slit that is wider towards the hem and the neck."""
    x, y, z = (points - frame.joint("spine2")).T
    return np.maximum(np.abs(x) - 0.018 - 0.16 * np.maximum(z - 0.12, 0) - 0.10 * np.maximum(-z - 0.05, 0), y)


def _lapels(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """Open in front, closed at one button, with a deep neckline above."""
    x, y, z = (points - frame.joint("spine2")).T
    return np.maximum(np.abs(x) - 0.006 - 0.30 * np.maximum(z + 0.05, 0) - 0.25 * np.maximum(-z - 0.09, 0), y)


def _low_shoe(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """The collar of a low shoe: from the heel down below the ankle and up to the tongue."""
    _, y, z = (points - frame.joint("left_ankle")).T
    ahead = -y - 0.005
    collar = -0.020 + 0.42 * np.maximum(ahead, 0) + 0.30 * np.maximum(-ahead - 0.02, 0)
    return collar - z


def _flat_shoe(frame: BodyFrame, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """A shoe that leaves the instep free."""
    _, y, z = (points - frame.joint("left_ankle")).T
    collar = -0.050 + 2.0 * np.maximum(-y - 0.155, 0) + 0.45 * np.maximum(y - 0.005, 0)
    return collar - z


_FIELDS = {
    "scoop": _scoop, "vee": _vee, "wide_vee": _wide_vee, "boat": _boat, "armholes": _armholes, "straps": _straps,
    "level": _level, "cropped": _cropped, "front": _front, "lapels": _lapels,
    "low_shoe": _low_shoe, "flat_shoe": _flat_shoe,
}  # fmt: skip
