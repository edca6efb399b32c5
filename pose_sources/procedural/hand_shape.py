"""A hand as anatomical angles, and where that puts its fingers. Everything is a left hand until it becomes a pose."""

from dataclasses import astuple, dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.rotations import mirror_rotvec, rotmat_to_rotvec
from cuffs.skeleton import FINGERS, INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.limits import RANGES
from pose_sources.rest_skeleton import TIP_M

DIP_OF_PIP: Final = 2 / 3
"""The last joint of a finger follows the middle one (Rijpkema and Girard, Computer animation of knowledge-based human
grasping, SIGGRAPH 1991)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerShape:
    """Angles of one of the four fingers, degrees."""

    mcp: float = 0.0
    """Flexion at the knuckle."""

    pip: float = 0.0
    """Flexion of the middle joint."""

    dip: float = 0.0
    """Flexion of the last joint."""

    ulnar: float = 0.0
    """Sideways at the knuckle, towards the little finger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbShape:
    """Angles of the thumb, degrees; zero lies in the plane of the palm (`anatomy.THUMB_RADIAL_DEG`)."""

    flexion: float = 0.0
    """At the base, within the plane of the palm, towards the fingers."""

    abduction: float = 0.0
    """At the base, away from the plane of the palm, to where the palm looks."""

    opposition: float = 0.0
    """At the base, about the bone, until the pad looks at the fingers' pads."""

    mp: float = 0.0
    """Flexion of the middle joint."""

    ip: float = 0.0
    """Flexion of the last joint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandShape:
    """A whole hand."""

    index: FingerShape
    middle: FingerShape
    ring: FingerShape
    pinky: FingerShape
    thumb: ThumbShape

    def finger(self, name: str) -> FingerShape:
        """One of the four fingers by its name."""
        return {"index": self.index, "middle": self.middle, "ring": self.ring, "pinky": self.pinky}[name]


def curled(amount: float, ulnar: float = 0.0) -> FingerShape:
    """A finger from straight (0) to curled into a fist (1), all joints in step. A bent knuckle can't be spread."""
    pip = 104 * amount
    return FingerShape(mcp=80 * amount, pip=pip, dip=DIP_OF_PIP * pip, ulnar=ulnar * (1 - min(1.0, max(0.0, amount))))


def within_limits(shape: HandShape) -> HandShape:
    """The shape with every angle brought into its joint's range."""
    fingers = {}
    for name in ("index", "middle", "ring", "pinky"):
        finger = shape.finger(name)
        ranges = [RANGES[f"{name}{number}"][0] for number in (1, 2, 3)] + [RANGES[f"{name}1"][1]]
        mcp, pip, dip, ulnar = (
            float(np.clip(angle, limit.low_deg, limit.high_deg))
            for angle, limit in zip(astuple(finger), ranges, strict=True)
        )
        fingers[name] = FingerShape(mcp=mcp, pip=pip, dip=dip, ulnar=ulnar)
    low, high = thumb_range()
    thumb = np.clip(astuple(shape.thumb), low, high)
    return replace(shape, **fingers, thumb=thumb_from(thumb))


def thumb_from(angles: Float[np.ndarray, "5"]) -> ThumbShape:
    """The thumb with these angles, in the order of its fields."""
    flexion, abduction, opposition, mp, ip = (float(angle) for angle in angles)
    return ThumbShape(flexion=flexion, abduction=abduction, opposition=opposition, mp=mp, ip=ip)


def thumb_range() -> tuple[Float[np.ndarray, "5"], Float[np.ndarray, "5"]]:
    """Lowest and highest of the thumb's five angles, degrees."""
    flexion, abduction, supination = RANGES["thumb1"]
    mp, ip = RANGES["thumb2"][0], RANGES["thumb3"][0]
    low = [flexion.low_deg, abduction.low_deg, -supination.high_deg, mp.low_deg, ip.low_deg]
    high = [flexion.high_deg, abduction.high_deg, -supination.low_deg, mp.high_deg, ip.high_deg]
    return np.array(low, np.float64), np.array(high, np.float64)


def finger_rotmats(anatomy: Anatomy, finger: FingerShape, name: str) -> Float[np.ndarray, "3 3 3"]:
    """Rotations of a left finger's three joints."""
    angles = ((finger.mcp, finger.ulnar, 0.0), (finger.pip, 0.0, 0.0), (finger.dip, 0.0, 0.0))
    return np.stack([anatomy.rotation(f"left_{name}{n}", angle) for n, angle in enumerate(angles, 1)])


def thumb_rotmats(anatomy: Anatomy, thumb: ThumbShape) -> Float[np.ndarray, "3 3 3"]:
    """Rotations of a left thumb's three joints."""
    angles = ((thumb.flexion, thumb.abduction, -thumb.opposition), (thumb.mp, 0.0, 0.0), (thumb.ip, 0.0, 0.0))
    return np.stack([anatomy.rotation(f"left_thumb{n}", angle) for n, angle in enumerate(angles, 1)])


def digit_rotmats(anatomy: Anatomy, shape: HandShape, name: str) -> Float[np.ndarray, "3 3 3"]:
    """Rotations of the three joints of a left finger or thumb."""
    return thumb_rotmats(anatomy, shape.thumb) if name == "thumb" else finger_rotmats(anatomy, shape.finger(name), name)


def hand_pose(anatomy: Anatomy, shape: HandShape, side: str) -> Float[np.ndarray, "15 3"]:
    """Axis-angle of a hand's joints in SMPL-X's order, absolute, radians."""
    left = rotmat_to_rotvec(np.concatenate([digit_rotmats(anatomy, shape, name) for name in FINGERS]))
    return left if side == "left" else mirror_rotvec(left)


def digit_points(anatomy: Anatomy, rotmats: Float[np.ndarray, "3 3 3"], name: str) -> Float[np.ndarray, "4 3"]:
    """A left digit's three joints and its tip, metres, in the frame of the resting wrist."""
    wrist = anatomy.rest[INDEX["left_wrist"]]
    rest = np.stack([anatomy.rest[INDEX[f"left_{name}{n}"]] - wrist for n in (1, 2, 3)])
    tip = rest[2] - rest[1]
    bones = [rest[1] - rest[0], rest[2] - rest[1], tip / np.linalg.norm(tip) * TIP_M[name]]
    points, turned = [rest[0]], np.eye(3)
    for rotmat, bone in zip(rotmats, bones, strict=True):
        turned = turned @ rotmat
        points.append(points[-1] + turned @ bone)
    return np.stack(points)


def hand_points(anatomy: Anatomy, shape: HandShape) -> dict[str, Float[np.ndarray, "4 3"]]:
    """All five digits' points by name."""
    return {name: digit_points(anatomy, digit_rotmats(anatomy, shape, name), name) for name in FINGERS}
