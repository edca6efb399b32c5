"""Whether arms and legs run into the body: a rough check with capsules of an average adult.

The planner checks the real meshes again; this keeps it from refusing most of what is drawn.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import FINGERS
from pose_sources.capsules import overlap
from pose_sources.procedural.figure import Figure, Side, Vec3, other, sign_of
from pose_sources.rest_skeleton import finger_tips

TRUNK: Final[tuple[tuple[str, float, float, float, float], ...]] = (
    ("pelvis", 0.068, 0.010, 0.010, 0.118),
    ("spine1", 0.050, 0.065, 0.072, 0.104),
    ("spine2", 0.042, 0.016, 0.059, 0.106),
    ("spine3", 0.065, -0.020, 0.069, 0.118),
    ("spine3", 0.085, 0.065, 0.046, 0.100),
    ("neck", 0.002, 0.030, 0.012, 0.062),
    ("head", 0.002, -0.015, 0.030, 0.090),
    ("head", 0.002, 0.072, 0.012, 0.098),
)
"""Capsules across the trunk: joint that carries them, half length, height and depth against it, radius; metres."""

ARM_RADIUS_M: Final = {"upper": 0.046, "fore": 0.040, "wrist": 0.029, "palm": 0.019, "digit": 0.010}
LEG: Final[tuple[tuple[str, float, float, float, float], ...]] = (
    ("hip", 0.22, -0.016, 0.023, 0.086),
    ("hip", 0.60, -0.010, 0.020, 0.078),
    ("knee", 0.00, -0.004, 0.006, 0.060),
    ("knee", 0.40, 0.010, -0.020, 0.058),
    ("ankle", 0.00, 0.004, -0.010, 0.040),
)
"""Points along a left leg, joined by capsules: joint, share of the way to the next one, then how far muscles lie to the
outside and to the front of the bone, and the radius; metres."""

FOOT_M: Final = 0.035

RAY_M: Final = 0.4
RAY_STEP_M: Final = 0.002
SLOPE_M: Final = 0.05

FOREARM_SLACK_M: Final = 0.015
"""Flesh gives way where arms and legs touch the trunk and each other."""

HAND_AIR_M: Final = 0.006
"""Hands keep this distance from everything: characters may be thicker than the average."""

TOUCH_AIR_M: Final = -0.004
"""But a hand that lies on the body may reach this deep into the capsules."""


@dataclass(frozen=True, slots=True, eq=False)
class Capsules:
    """Some capsules of one part of the body."""

    ends: Float[np.ndarray, "n 2 3"]
    radius: Float[np.ndarray, " n"]


def chain(body: Figure, radius: float, *joints: str) -> Capsules:
    """Capsules from joint to joint."""
    points = np.stack([body.at(joint) for joint in joints])
    return Capsules(np.stack([points[:-1], points[1:]], 1), np.full(len(points) - 1, radius))


def joined(*parts: Capsules) -> Capsules:
    """Several parts as one."""
    return Capsules(np.concatenate([p.ends for p in parts]), np.concatenate([p.radius for p in parts]))


def trunk_capsules(body: Figure) -> Capsules:
    """Trunk, neck and head."""
    ends = []
    for joint, half, up, front, _ in TRUNK:
        local = np.array([[-half, up, front], [half, up, front]])
        ends.append(body.at(joint) + local @ body.frame(joint).T)
    return Capsules(np.stack(ends), np.array([row[-1] for row in TRUNK]))


def forearm_capsules(body: Figure, side: Side) -> Capsules:
    """The thick half of the forearm and the thin one."""
    elbow, wrist = body.at(f"{side}_elbow"), body.at(f"{side}_wrist")
    middle = 0.4 * elbow + 0.6 * wrist
    ends = np.stack([np.stack([elbow, middle]), np.stack([middle, wrist])])
    return Capsules(ends, np.array([ARM_RADIUS_M["fore"], ARM_RADIUS_M["wrist"]]))


def leg_capsules(body: Figure, side: Side) -> Capsules:
    """Thigh below the groin, knee, calf, shin and foot."""
    points = []
    for joint, share, out, front, _ in LEG:
        follower = {"hip": "knee", "knee": "ankle", "ankle": "foot"}[joint]
        along = share * body.anatomy.bone(f"{side}_{follower}", f"{side}_{joint}")
        flesh = np.array([out * sign_of(side), 0.0, front])
        points.append(body.at(f"{side}_{joint}") + body.frame(f"{side}_{joint}") @ (along + flesh))
    points[-1] = body.at(f"{side}_ankle")
    ends = np.stack([np.stack([near, far]) for near, far in pairwise(points)])
    radius = np.array([(near[-1] + far[-1]) / 2 for near, far in pairwise(LEG)])
    return joined(Capsules(ends, radius), chain(body, FOOT_M, f"{side}_ankle", f"{side}_foot"))


def hand_capsules(body: Figure, side: Side) -> Capsules:
    """Palm and digits."""
    rest = body.anatomy.rest
    tips = finger_tips(rest, body.turned, body.placed)
    parts = [
        chain(body, ARM_RADIUS_M["palm"], f"{side}_wrist", f"{side}_{name}1") for name in ("index", "ring", "pinky")
    ]
    for name in FINGERS:
        points = np.stack([*(body.at(f"{side}_{name}{n}") for n in (1, 2, 3)), tips[f"{side}_{name}"]])
        parts.append(Capsules(np.stack([points[:-1], points[1:]], 1), np.full(3, ARM_RADIUS_M["digit"])))
    return joined(*parts)


def skin_point(part: Capsules, start: Vec3, way: Vec3) -> Vec3:
    """Where a ray from inside a part of the body leaves it for good, metres; the start itself if it lies outside.

    Args:
        part: of the body.
        start: from the pelvis, metres.
        way: unit direction.
    """
    points = start + np.arange(0, RAY_M, RAY_STEP_M)[:, None] * way
    inside = np.flatnonzero(_depth(part, points) > 0)
    return points[inside[-1]] if len(inside) else start


def skin_normal(part: Capsules, place: Vec3) -> Vec3:
    """Where the skin of a part of the body looks near a place: the slope of the depth over a hand's breadth, a unit."""
    depth = _depth(part, place + SLOPE_M * np.concatenate([np.eye(3), -np.eye(3)]))
    slope = depth[3:] - depth[:3]
    return slope / np.linalg.norm(slope)


def _depth(part: Capsules, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, " n"]:
    """How deep points lie in a part of the body; negative outside."""
    return overlap(np.stack([points, points], 1), np.zeros(len(points)), part.ends, part.radius).max(1)


def arm_excess(body: Figure, side: Side, air_m: float = HAND_AIR_M) -> float:
    """How much deeper forearm or hand reach into trunk, legs and the other arm than they may, metres; 0 or less: free.

    Args:
        body: the figure.
        side: which arm.
        air_m: distance that the hand keeps from body and arms.
    """
    fore, hand = forearm_capsules(body, side), hand_capsules(body, side)
    upper = chain(body, ARM_RADIUS_M["upper"], f"{other(side)}_shoulder", f"{other(side)}_elbow")
    arm = joined(upper, forearm_capsules(body, other(side)))
    rest = joined(trunk_capsules(body), leg_capsules(body, "left"), leg_capsules(body, "right"), arm)
    own = chain(body, ARM_RADIUS_M["upper"], f"{side}_shoulder", f"{side}_elbow")
    return max(
        _deepest(fore, rest) - FOREARM_SLACK_M,
        _deepest(hand, joined(rest, own)) + air_m,
        _deepest(hand, hand_capsules(body, other(side))),
    )


def below_floor(body: Figure, side: Side) -> float:
    """How far a hand reaches below all that a body stands, sits or kneels on, metres; 0 or less where it doesn't."""
    legs = joined(leg_capsules(body, "left"), leg_capsules(body, "right"), trunk_capsules(body))
    return _lowest(legs) - _lowest(hand_capsules(body, side))


def _lowest(part: Capsules) -> float:
    return float((part.ends[:, :, 1] - part.radius[:, None]).min())


def legs_are_free(body: Figure) -> bool:
    """Whether the legs keep clear of each other, and shins of the trunk."""
    left, right = leg_capsules(body, "left"), leg_capsules(body, "right")
    if _deepest(left, right) > FOREARM_SLACK_M:
        return False
    below = joined(*(Capsules(leg.ends[2:], leg.radius[2:]) for leg in (left, right)))
    return _deepest(below, trunk_capsules(body)) <= FOREARM_SLACK_M


def _deepest(a: Capsules, b: Capsules) -> float:
    return float(overlap(a.ends, a.radius, b.ends, b.radius).max())
