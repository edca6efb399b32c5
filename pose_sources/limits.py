"""How far human joints move: the range of each anatomical angle, and a check of whole poses.

Sources, by their names in the table below:

AAOS      American Academy of Orthopaedic Surgeons, Joint Motion: Method of Measuring and Recording, 1965.
BOONE     Boone and Azen, Normal range of motion of joints in male subjects, J Bone Joint Surg 61-A, 1979.
KAPANDJI  Kapandji, The Physiology of the Joints, volumes 1-3: where a range depends on the neighbouring joint (a hip
          flexes and turns further with a bent knee), and for the collarbone, knee rotation and the thumb's base.
COONEY    Cooney, Lucca, Chao and Linscheid, The kinesiology of the thumb trapeziometacarpal joint, J Bone Joint Surg
          63-A, 1981.
SLACK     no motion of its own; a few degrees for joints that a skeleton places differently than a body does.

SMPL-X splits the spine into three joints, the neck into two and the forearm's twist over elbow and wrist; published
ranges are shared out evenly, and the forearm's two twists are also checked as their sum.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import FINGERS, INDEX, JOINTS
from pose_sources.anatomy import Anatomy

ROUNDING_DEG: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Range:
    """How far one angle of a joint goes."""

    angle: str
    low_deg: float
    high_deg: float
    source: str


@dataclass(frozen=True, slots=True)
class Violation:
    """An angle outside its range."""

    joint: str
    range: Range
    found_deg: float

    def __str__(self) -> str:
        span = f"{self.range.low_deg:g} to {self.range.high_deg:g}"
        return f"{self.joint}: {self.range.angle} is {self.found_deg:.1f}°, but goes from {span}° ({self.range.source})"


Ranges = tuple[Range, ...]

_SPINE: Final[Ranges] = (
    Range("flexion", -10, 27, "AAOS: 80 and 25 over three joints"),
    Range("bend", -12, 12, "AAOS: 35 over three joints"),
    Range("turn", -15, 15, "AAOS: 45 over three joints"),
)
_NECK: Final[Ranges] = (
    Range("flexion", -22.5, 22.5, "AAOS: 45 over two joints"),
    Range("bend", -22.5, 22.5, "AAOS: 45 over two joints"),
    Range("turn", -30, 30, "AAOS: 60 over two joints"),
)
_MCP: Final[Ranges] = (
    Range("flexion", -45, 95, "AAOS, BOONE"),
    Range("ulnar deviation", -25, 25, "KAPANDJI"),
    Range("twist", -5, 5, "SLACK"),
)
_PIP: Final[Ranges] = (
    Range("flexion", -8, 115, "AAOS: 100; KAPANDJI: up to 135 at the little finger"),
    Range("ulnar deviation", -5, 5, "SLACK"),
    Range("twist", -5, 5, "SLACK"),
)
_DIP: Final[Ranges] = (
    Range("flexion", -12, 90, "AAOS"),
    Range("ulnar deviation", -5, 5, "SLACK"),
    Range("twist", -5, 5, "SLACK"),
)
_EYE: Final[Ranges] = (
    Range("down", -35, 35, "KAPANDJI"),
    Range("to the left", -40, 40, "KAPANDJI"),
    Range("roll", -5, 5, "SLACK"),
)

RANGES: Final[dict[str, Ranges]] = {
    "spine1": _SPINE, "spine2": _SPINE, "spine3": _SPINE, "neck": _NECK, "head": _NECK, "eye": _EYE,
    "jaw": (
        Range("opening", -2, 30, "KAPANDJI"),
        Range("to the left", -10, 10, "KAPANDJI"),
        Range("roll", -5, 5, "SLACK"),
    ),
    "hip": (
        Range("flexion", -30, 140, "AAOS: 120; KAPANDJI: 145 with a bent knee"),
        Range("adduction", -70, 35, "AAOS: 45 and 30; KAPANDJI: further when bent"),
        Range("internal rotation", -80, 45, "AAOS: 45; KAPANDJI: 60 outwards when bent, 90 by practice"),
    ),
    "knee": (
        Range("flexion", -10, 160, "AAOS: 10 and 135; KAPANDJI: 160 when kneeling"),
        Range("valgus", -6, 6, "SLACK"),
        Range("internal rotation", -30, 30, "KAPANDJI: 30 inwards, 40 outwards when bent"),
    ),
    "ankle": (
        Range("dorsiflexion", -50, 30, "AAOS: 20 and 50; KAPANDJI: 30 with a bent knee"),
        Range("toe-in", -25, 25, "KAPANDJI"),
        Range("eversion", -35, 25, "AAOS: 35 and 15; KAPANDJI: 25"),
    ),
    "foot": (
        Range("dorsiflexion", -45, 70, "AAOS: great toe"),
        Range("toe-in", -5, 5, "SLACK"),
        Range("eversion", -5, 5, "SLACK"),
    ),
    "collar": (
        Range("elevation", -10, 45, "KAPANDJI"),
        Range("protraction", -25, 30, "KAPANDJI"),
        Range("axial rotation", -30, 30, "KAPANDJI"),
    ),
    "elbow": (
        Range("flexion", -5, 150, "AAOS, BOONE"),
        Range("carrying angle", -8, 8, "SLACK"),
        Range("pronation", -50, 50, "KAPANDJI: 90 and 85 over elbow and wrist"),
    ),
    "wrist": (
        Range("pronation", -50, 50, "KAPANDJI: 90 and 85 over elbow and wrist"),
        Range("palmar flexion", -75, 80, "AAOS: 70 and 80; BOONE: 75 and 76"),
        Range("ulnar deviation", -22, 36, "AAOS: 20 and 30; BOONE: 22 and 36"),
    ),
    "thumb1": (
        Range("flexion", -30, 40, "COONEY: 53 in all; AAOS: 15 and 20 from its own zero"),
        Range("palmar abduction", -10, 70, "AAOS"),
        Range("supination", -50, 15, "COONEY, KAPANDJI: comes with opposition"),
    ),
    "thumb2": (
        Range("flexion", -15, 60, "AAOS: 50; KAPANDJI"),
        Range("to the palm", -12, 12, "KAPANDJI"),
        Range("twist", -8, 8, "SLACK"),
    ),
    "thumb3": (
        Range("flexion", -20, 85, "AAOS: 20 and 80"),
        Range("to the palm", -5, 5, "SLACK"),
        Range("twist", -5, 5, "SLACK"),
    ),
    **{f"{finger}{number}": ranges for finger in FINGERS if finger != "thumb"
       for number, ranges in ((1, _MCP), (2, _PIP), (3, _DIP))},
}  # fmt: skip
"""By the joint's name without its side: the ranges of its three angles, in the order of `anatomy`."""

SHOULDER: Final[Ranges] = (
    Range("elevation", 0, 180, "AAOS"),
    Range("behind", -90, 60, "AAOS: 60 of extension"),
    Range("inwards", -90, 50, "AAOS: 130 of horizontal adduction"),
    Range(
        "internal rotation",
        -130,
        110,
        "AAOS: 90 out, 40 further by the arm's direction; KAPANDJI: 110 in behind the back",
    ),
)
"""Of the upper arm against the chest, collar included: `Anatomy.shoulder_angles`."""

FOREARM: Final = Range("pronation", -90, 90, "KAPANDJI: 90 and 85")
"""Sum of the twists of elbow and wrist."""


def _ranges_of(joint: str) -> Ranges:
    """Empty for pelvis and shoulders."""
    return RANGES.get(joint.removeprefix("left_").removeprefix("right_"), ())


LIMITED: Final = tuple(joint for joint in JOINTS if _ranges_of(joint))


@dataclass(frozen=True, slots=True, eq=False)
class _Limits:
    """The ranges of some joints as arrays."""

    joints: tuple[str, ...]
    rows: list[int]
    low: Float[np.ndarray, "joints 3"]
    high: Float[np.ndarray, "joints 3"]


def _limits(*joints: str) -> _Limits:
    low = np.array([[limit.low_deg for limit in _ranges_of(joint)] for joint in joints], np.float64)
    high = np.array([[limit.high_deg for limit in _ranges_of(joint)] for joint in joints], np.float64)
    return _Limits(joints, [INDEX[joint] for joint in joints], low, high)


_ALL: Final = _limits(*LIMITED)
_ARM: Final = {side: _limits(f"{side}_collar", f"{side}_elbow", f"{side}_wrist") for side in ("left", "right")}


def violations(anatomy: Anatomy, rotmats: Float[np.ndarray, "55 3 3"]) -> tuple[Violation, ...]:
    """The angles of a pose that a human joint doesn't reach; none for a possible pose.

    Args:
        anatomy: frames of the joints, from the rest skeleton of the body that the pose is for.
        rotmats: joint rotations relative to their parents; the root is free.
    """
    found = _beyond(anatomy, rotmats, _ALL)
    return (*found, *(one for side in _ARM for one in _shoulder_and_forearm(anatomy, rotmats, side)))


def arm_violations(anatomy: Anatomy, rotmats: Float[np.ndarray, "55 3 3"], side: str) -> tuple[Violation, ...]:
    """The same for the joints of one arm, from the collar to the wrist."""
    return (*_beyond(anatomy, rotmats, _ARM[side]), *_shoulder_and_forearm(anatomy, rotmats, side))


def _beyond(anatomy: Anatomy, rotmats: Float[np.ndarray, "55 3 3"], limits: _Limits) -> list[Violation]:
    angles = anatomy.all_angles_deg(rotmats[limits.rows], limits.rows)
    outside = (angles < limits.low - ROUNDING_DEG) | (angles > limits.high + ROUNDING_DEG)
    if not outside.any():
        return []
    return [
        Violation(limits.joints[row], _ranges_of(limits.joints[row])[n], float(angles[row, n]))
        for row, n in np.argwhere(outside)
    ]


def _shoulder_and_forearm(anatomy: Anatomy, rotmats: Float[np.ndarray, "55 3 3"], side: str) -> list[Violation]:
    arm = rotmats[INDEX[f"{side}_collar"]] @ rotmats[INDEX[f"{side}_shoulder"]]
    forearm = [INDEX[f"{side}_elbow"], INDEX[f"{side}_wrist"]]
    angles = anatomy.all_angles_deg(rotmats[forearm], forearm)
    found = _outside(f"{side}_shoulder", SHOULDER, anatomy.shoulder_angles(side, arm))
    return found + _outside(f"{side}_wrist", (FOREARM,), (float(angles[0, 2] + angles[1, 0]),))


def _outside(joint: str, ranges: Ranges, angles_deg: tuple[float, ...]) -> list[Violation]:
    return [
        Violation(joint, limit, angle)
        for limit, angle in zip(ranges, angles_deg, strict=True)
        if not limit.low_deg - ROUNDING_DEG <= angle <= limit.high_deg + ROUNDING_DEG
    ]
