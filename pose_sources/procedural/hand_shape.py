"""A hand as anatomical angles, and where that puts its fingers. Everything is a left hand until it becomes a pose."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.rotations import rotmat_to_rotvec
from cuffs.skeleton import FINGERS, INDEX, LEFT_HAND
from pose_sources.anatomy import MIRROR_X, Anatomy
from pose_sources.limits import RANGES, Range
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

    @property
    def angles(self) -> tuple[float, float, float, float]:
        """In the order of the fields."""
        return self.mcp, self.pip, self.dip, self.ulnar


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

    @property
    def angles(self) -> tuple[float, float, float, float, float]:
        """In the order of the fields."""
        return self.flexion, self.abduction, self.opposition, self.mp, self.ip


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


def _finger_range(name: str) -> tuple[Range, ...]:
    return (*(RANGES[f"{name}{number}"][0] for number in (1, 2, 3)), RANGES[f"{name}1"][1])


_FINGER_LOW: Final = {name: [limit.low_deg for limit in _finger_range(name)] for name in FINGERS}
_FINGER_HIGH: Final = {name: [limit.high_deg for limit in _finger_range(name)] for name in FINGERS}


def within_limits(shape: HandShape) -> HandShape:
    """The shape with every angle brought into its joint's range."""
    fingers = {}
    for name in ("index", "middle", "ring", "pinky"):
        angles = np.minimum(np.maximum(shape.finger(name).angles, _FINGER_LOW[name]), _FINGER_HIGH[name])
        mcp, pip, dip, ulnar = angles.tolist()
        fingers[name] = FingerShape(mcp=mcp, pip=pip, dip=dip, ulnar=ulnar)
    low, high = thumb_range()
    thumb = np.clip(shape.thumb.angles, low, high)
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


def hand_rotmats(anatomy: Anatomy, shape: HandShape, side: str = "left") -> Float[np.ndarray, "15 3 3"]:
    """Rotations of a hand's joints in SMPL-X's order."""
    left = anatomy.rotations(LEFT_HAND, hand_angles(shape))
    return left if side == "left" else MIRROR_X @ left @ MIRROR_X


def hand_angles(shape: HandShape) -> Float[np.ndarray, "15 3"]:
    """The three angles of every joint of a hand, as `anatomy` has them, degrees, in SMPL-X's order."""
    angles = np.zeros((len(FINGERS), 3, 3))
    for digit, name in zip(angles, FINGERS, strict=True):
        if name == "thumb":
            digit[:] = thumb_angles(shape.thumb)
        else:
            finger = shape.finger(name)
            digit[:, 0] = finger.mcp, finger.pip, finger.dip
            digit[0, 1] = finger.ulnar
    return angles.reshape(15, 3)


def thumb_angles(thumb: ThumbShape) -> Float[np.ndarray, "3 3"]:
    """The three angles of a thumb's joints, degrees."""
    return np.array([[thumb.flexion, thumb.abduction, -thumb.opposition], [thumb.mp, 0.0, 0.0], [thumb.ip, 0.0, 0.0]])


def hand_pose(anatomy: Anatomy, shape: HandShape, side: str) -> Float[np.ndarray, "15 3"]:
    """Axis-angle of a hand's joints in SMPL-X's order, absolute, radians."""
    return rotmat_to_rotvec(hand_rotmats(anatomy, shape, side))


@dataclass(frozen=True, slots=True, eq=False)
class PlacedHand:
    """A left hand's digits in the frame of its resting wrist, in the order of `FINGERS`."""

    points: Float[np.ndarray, "5 4 3"]
    """Each digit's three joints and its tip, metres."""

    hinges: Float[np.ndarray, "5 3 3"]
    """Each digit's three flexion axes, unit."""


def place_hand(anatomy: Anatomy, shape: HandShape) -> PlacedHand:
    """Where a hand's digits are."""
    rest = anatomy.rest[LEFT_HAND].reshape(5, 3, 3) - anatomy.rest[INDEX["left_wrist"]]
    rotmats = hand_rotmats(anatomy, shape).reshape(5, 3, 3, 3)
    axes = anatomy.axes[LEFT_HAND].reshape(5, 3, 3, 3)[..., 0]
    last = rest[:, 2] - rest[:, 1]
    tips = last / np.linalg.norm(last, axis=1, keepdims=True) * np.array([TIP_M[name] for name in FINGERS])[:, None]
    bones = [rest[:, 1] - rest[:, 0], last, tips]
    points, hinges, turned = [rest[:, 0]], [], np.tile(np.eye(3), (5, 1, 1))
    for number, bone in enumerate(bones):
        turned = turned @ rotmats[:, number]
        points.append(points[-1] + (turned @ bone[..., None])[..., 0])
        hinges.append((turned @ axes[:, number, :, None])[..., 0])
    return PlacedHand(np.stack(points, 1), np.stack(hinges, 1))
