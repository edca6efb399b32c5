"""Where a hand's digits touch each other and the palm, and whether they run into each other. Left hands, metres."""

from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import FINGERS
from pose_sources.anatomy import Anatomy
from pose_sources.capsules import overlap
from pose_sources.kinematics import cross, unit
from pose_sources.procedural.hand_shape import HandShape, PlacedHand, place_hand

Vec3 = Float[np.ndarray, "3"]

RADIUS_M: Final = {"index": 0.0092, "middle": 0.0092, "pinky": 0.0078, "ring": 0.0088, "thumb": 0.0105}
"""Half the thickness of each digit at its middle phalanx."""

TIP_SHARE: Final = 0.8
"""Last phalanges are thinner by this."""

TOUCH_M: Final = 0.0035
"""Flesh gives way by this much where digits meet."""

PALM_M: Final = 0.007
"""And by this much where fingers are pressed into the palm."""

METACARPAL_M: Final = 0.012
"""From the middle of the hand to the skin of the palm."""

ON_PAD: Final = 0.8
"""Where a finger is met: this share of the way along its last phalanx."""

_DIGIT: Final = np.repeat(np.arange(5), 3)
_PHALANX: Final = np.tile(np.arange(3), 5)
_RADII: Final = np.array([RADIUS_M[name] for name in FINGERS])[_DIGIT] * np.where(_PHALANX == 2, TIP_SHARE, 1.0)
_THUMB: Final = FINGERS.index("thumb")


def _compared() -> np.ndarray:
    """Which pairs of phalanges must not overlap.

    Fingers against each other by their last two, the thumb by its last two against all of the fingers'.
    """
    moving = _PHALANX >= 1
    with_thumb = (_DIGIT == _THUMB) & moving
    fingers = (_DIGIT != _THUMB) & moving
    pairs = fingers[:, None] & fingers[None] & (_DIGIT[:, None] < _DIGIT[None])
    return pairs | ((_DIGIT != _THUMB)[:, None] & with_thumb[None])


_PAIRS: Final = _compared()


def is_possible(anatomy: Anatomy, shape: HandShape) -> bool:
    """Whether no digit runs into another or into the palm."""
    hand = place_hand(anatomy, shape)
    return digit_overlap(hand) <= TOUCH_M and palm_overlap(anatomy, hand) <= PALM_M


def digit_overlap(hand: PlacedHand) -> float:
    """How deep two digits reach into each other, metres; negative for a gap."""
    ends = phalanges(hand)
    return float(overlap(ends, _RADII, ends, _RADII)[_PAIRS].max())


def palm_overlap(anatomy: Anatomy, hand: PlacedHand) -> float:
    """How deep the last phalanx of any finger reaches into the palm, metres; negative for a gap.

    The palm is a plate of capsules from the wrist to each knuckle; the part next to the knuckles is left out.
    """
    names = [name for name in FINGERS if name != "thumb"]
    knuckles = np.stack([anatomy.bone(f"left_{name}1", "left_wrist") for name in names])
    plate = np.stack([0.1 * knuckles, 0.85 * knuckles], 1)
    last = (_DIGIT != _THUMB) & (_PHALANX == 2)
    return float(overlap(phalanges(hand)[last], _RADII[last], plate, np.full(len(plate), METACARPAL_M)).max())


def phalanges(hand: PlacedHand) -> Float[np.ndarray, "15 2 3"]:
    """Both ends of every phalanx, digit by digit."""
    return np.stack([hand.points[:, :-1], hand.points[:, 1:]], 2).reshape(15, 2, 3)


def finger_pad(anatomy: Anatomy, shape: HandShape, name: str) -> tuple[Vec3, Vec3]:
    """The skin of a finger's pad and the direction it looks in, in the frame of the resting left wrist."""
    return _palmar_side(place_hand(anatomy, shape), name, phalanx=2, share=ON_PAD)


def finger_back(anatomy: Anatomy, shape: HandShape, name: str) -> tuple[Vec3, Vec3]:
    """Middle of the back of a finger's middle phalanx, where a fist's thumb lies, and the direction it looks in."""
    place, looks = _palmar_side(place_hand(anatomy, shape), name, phalanx=1, share=0.5)
    return place - 2 * RADIUS_M[name] * looks, -looks


def _palmar_side(hand: PlacedHand, name: str, *, phalanx: int, share: float) -> tuple[Vec3, Vec3]:
    """A point of a phalanx's palmar side, and where that looks: to where flexion moves it."""
    digit = FINGERS.index(name)
    near, far = hand.points[digit, phalanx], hand.points[digit, phalanx + 1]
    looks = unit(cross(hand.hinges[digit, phalanx], far - near))
    thickness = RADIUS_M[name] * (TIP_SHARE if phalanx == 2 else 1.0)
    return near + share * (far - near) + thickness * looks, looks
