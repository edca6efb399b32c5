"""Which vertices of a body may not lie inside which of its surfaces.

Flesh folds where a limb bends: neighbours along the skeleton (upper arm and forearm, thigh and shin) overlap in every
skinned mesh without anything being wrong, and how far they bend is a matter of joint limits. So a limb is compared with
everything but its neighbours, and with the neighbour beyond (a thigh with the belly) only by what lies far from the
joint between them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Int

from cuffs.body import BodyModel
from cuffs.skeleton import EYEBALLS, FINGERS, INDEX, NUM_VERTS, SEGMENT_OF_JOINT, SEGMENTS
from pose_sources.procedural.figure import SIDES, other

KINDS: Final = ("finger_finger", "finger_palm", "hand_hand", "hand_body", "body_body")
"""finger_finger: within one hand, digits into each other. finger_palm: into their own palm, which a fist presses in.
hand_hand: one hand into the other. hand_body: a hand into anything else. body_body: the rest."""

SHOULDER_M: Final = 0.15
"""An upper arm's flesh belongs to the armpit this far from the shoulder's joint, in the rest pose."""

HIP_M: Final = 0.22
"""A thigh's flesh belongs to groin and buttock this far from the hip's joint."""

NECK_M: Final = 0.12
"""A head's flesh belongs to the neck this far from the neck's joint."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Vertices that are looked for inside surfaces."""

    name: str
    points: Int[np.ndarray, " points"]
    """Numbers of the vertices."""

    own: Bool[np.ndarray, " segments"]
    """By segment of `skeleton.SEGMENTS`: the limb that the vertices are part of. It is cut away."""

    counted: Bool[np.ndarray, " segments"]
    """Segments that the vertices may not lie in. The others still stand between them and these."""


def contact_segments(model: BodyModel) -> Int[np.ndarray, " verts"]:
    """The segment of each vertex, in `skeleton.SEGMENTS`; the ball of the thumb is part of the palm."""
    joint = model.weights.argmax(1)
    segment = SEGMENT_OF_JOINT[joint]
    for side in SIDES:
        segment[joint == INDEX[f"{side}_thumb1"]] = SEGMENTS.index(f"{side}_palm")
    return segment


def contact_groups(model: BodyModel) -> tuple[Group, ...]:
    """Everything that is compared, for a body in SMPL-X's layout."""
    skin = np.ones(NUM_VERTS, bool)
    for eyeball in EYEBALLS.values():
        skin[eyeball] = False
    segment = np.where(skin, contact_segments(model), -1)
    parts = _Parts(segment=segment, joint=model.weights.argmax(1), model=model)
    return tuple(group for group in _groups(parts) if len(group.points))


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    segment: Int[np.ndarray, " verts"]
    """-1 for what is inside the head."""

    joint: Int[np.ndarray, " verts"]
    model: BodyModel

    def of(self, *segments: str) -> Bool[np.ndarray, " verts"]:
        return np.isin(self.segment, _numbers(*segments))

    def beyond(self, joint: str, distance_m: float) -> Bool[np.ndarray, " verts"]:
        place = self.model.joint_template[INDEX[joint]]
        return np.linalg.norm(self.model.v_template - place, axis=1) > distance_m


def _numbers(*segments: str) -> list[int]:
    return [SEGMENTS.index(name) for name in segments]


def _group(name: str, points: Bool[np.ndarray, " verts"], own: tuple[str, ...], spared: tuple[str, ...] = ()) -> Group:
    is_own, counted = np.zeros(len(SEGMENTS), bool), np.ones(len(SEGMENTS), bool)
    is_own[_numbers(*own)] = True
    counted[_numbers(*own, *spared)] = False
    return Group(name, np.flatnonzero(points), is_own, counted)


def hand_segments(side: str) -> tuple[str, ...]:
    """Palm and digits."""
    return (f"{side}_palm", *(f"{side}_{finger}" for finger in FINGERS))


BOTH_HANDS: Final = (*hand_segments("left"), *hand_segments("right"))


def _groups(parts: _Parts) -> Iterator[Group]:
    for side in SIDES:
        hand = hand_segments(side)
        arm = (f"{side}_upper_arm", f"{side}_forearm", *hand)
        leg = (f"{side}_thigh", f"{side}_shin", f"{side}_foot")
        yield from _digits(parts, side)
        yield _group(f"{side}_hand", parts.of(*hand), (f"{side}_forearm", *hand))
        yield _group(f"{side}_forearm", parts.of(f"{side}_forearm"), arm)
        upper = parts.of(f"{side}_upper_arm") & parts.beyond(f"{side}_shoulder", SHOULDER_M)
        yield _group(f"{side}_upper_arm", upper, arm)
        yield _group(f"{side}_shin", parts.of(f"{side}_shin", f"{side}_foot"), leg, BOTH_HANDS)
        thigh = parts.of(f"{side}_thigh") & parts.beyond(f"{side}_hip", HIP_M)
        yield _group(f"{side}_thigh", thigh, leg, BOTH_HANDS)
    head = parts.of("head") & parts.beyond("neck", NECK_M)
    yield _group("head", head, ("head",), ("torso", *BOTH_HANDS))


def _digits(parts: _Parts, side: str) -> Iterator[Group]:
    """The last two phalanges of each digit, against the rest of the hand: the first ones are joined by the web."""
    outside = set(SEGMENTS) - set(hand_segments(side))
    for finger in FINGERS:
        name = f"{side}_{finger}"
        last = np.isin(parts.joint, [INDEX[f"{name}{number}"] for number in (2, 3)])
        yield _group(name, last & parts.of(name), (name,), tuple(outside))


def kind_of(group: str, entered: str) -> str:
    """What it is called when a group's vertex lies inside a segment."""
    side = "left" if group.startswith("left") else "right"
    part = group.removeprefix(f"{side}_")
    if part in FINGERS:
        return "finger_palm" if entered == f"{side}_palm" else "finger_finger"
    if part == "hand":
        return "hand_hand" if entered in hand_segments(other(side)) else "hand_body"
    return "hand_body" if entered in BOTH_HANDS else "body_body"
