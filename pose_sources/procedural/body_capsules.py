"""Whether arms and legs run into the body: a rough check with capsules of an average adult.

The planner checks the real meshes again; this keeps it from refusing most of what is drawn.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import FINGERS, HANDS, INDEX
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
    points = body.placed[[INDEX[joint] for joint in joints]]
    return Capsules(_ends(points), np.full(len(points) - 1, radius))


def _ends(points: Float[np.ndarray, "*chains points 3"]) -> Float[np.ndarray, "segments 2 3"]:
    """Segments from each point to the next."""
    return np.stack([points[..., :-1, :], points[..., 1:, :]], -2).reshape(-1, 2, 3)


def joined(*parts: Capsules) -> Capsules:
    """Several parts as one."""
    return Capsules(np.concatenate([p.ends for p in parts]), np.concatenate([p.radius for p in parts]))


def trunk_capsules(body: Figure) -> Capsules:
    """Trunk, neck and head."""
    joints = [INDEX[row[0]] for row in TRUNK]
    ends = body.placed[joints, None] + _TRUNK_ENDS @ np.swapaxes(body.turned[joints], 1, 2)
    return Capsules(ends, _TRUNK_RADIUS)


_TRUNK_ENDS: Final = np.array([[[-half, up, front], [half, up, front]] for _, half, up, front, _ in TRUNK])
_TRUNK_RADIUS: Final = np.array([row[-1] for row in TRUNK])


def upper_arm_capsules(body: Figure, side: Side) -> Capsules:
    """From the shoulder to the elbow."""
    return chain(body, ARM_RADIUS_M["upper"], f"{side}_shoulder", f"{side}_elbow")


def forearm_capsules(body: Figure, side: Side) -> Capsules:
    """The thick half of the forearm and the thin one."""
    elbow, wrist = body.at(f"{side}_elbow"), body.at(f"{side}_wrist")
    middle = 0.4 * elbow + 0.6 * wrist
    ends = np.stack([np.stack([elbow, middle]), np.stack([middle, wrist])])
    return Capsules(ends, np.array([ARM_RADIUS_M["fore"], ARM_RADIUS_M["wrist"]]))


def leg_capsules(body: Figure, side: Side) -> Capsules:
    """Thigh below the groin, knee, calf, shin and foot."""
    joints = [INDEX[f"{side}_{joint}"] for joint in _LEG_JOINTS]
    along = _LEG_SHARE * body.anatomy.bones[[INDEX[f"{side}_{joint}"] for joint in _LEG_FOLLOWERS]]
    flesh = along + _LEG_FLESH * [sign_of(side), 1, 1]
    points = body.placed[joints] + (body.turned[joints] @ flesh[..., None])[..., 0]
    points[-1] = body.at(f"{side}_ankle")
    foot = np.stack([points[-1], body.at(f"{side}_foot")])
    return Capsules(np.concatenate([_ends(points), foot[None]]), _LEG_RADIUS)


_LEG_JOINTS: Final = [row[0] for row in LEG]
_LEG_FOLLOWERS: Final = [{"hip": "knee", "knee": "ankle", "ankle": "foot"}[joint] for joint in _LEG_JOINTS]
_LEG_SHARE: Final = np.array([[row[1]] for row in LEG])
_LEG_FLESH: Final = np.array([[row[2], 0.0, row[3]] for row in LEG])
_LEG_RADIUS: Final = np.array([*((near[-1] + far[-1]) / 2 for near, far in pairwise(LEG)), FOOT_M])


def hand_capsules(body: Figure, side: Side) -> Capsules:
    """Palm and digits."""
    tips = finger_tips(body.anatomy.rest, body.turned, body.placed, side)
    digits = np.concatenate([body.placed[HANDS[side]].reshape(5, 3, 3), tips[:, None]], 1)
    wrist = np.broadcast_to(body.at(f"{side}_wrist"), (len(_PALM), 3))
    ends = np.concatenate([np.stack([wrist, digits[_PALM, 0]], 1), _ends(digits)])
    return Capsules(ends, _HAND_RADIUS)


_PALM: Final = [FINGERS.index(name) for name in ("index", "ring", "pinky")]
_HAND_RADIUS: Final = np.repeat([ARM_RADIUS_M["palm"], ARM_RADIUS_M["digit"]], [len(_PALM), 3 * len(FINGERS)])


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


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """What an arm may run into."""

    rest: Capsules
    """Trunk, legs and the other arm without its hand."""

    other_hand: Capsules
    floor: float
    """Height of the lowest point of what the body stands, sits or kneels on, metres from the pelvis."""


def core_capsules(body: Figure) -> Capsules:
    """Trunk and legs."""
    return joined(trunk_capsules(body), leg_capsules(body, "left"), leg_capsules(body, "right"))


def around_arm(body: Figure, side: Side, core: Capsules) -> Around:
    """All but the arm itself; `core_capsules` are the same whatever the arms do."""
    arm = joined(core, upper_arm_capsules(body, other(side)), forearm_capsules(body, other(side)))
    return Around(arm, hand_capsules(body, other(side)), _lowest(core))


def arm_excess(body: Figure, side: Side, air_m: float, around: Around) -> float:
    """How much deeper forearm or hand reach into trunk, legs and the other arm than they may, metres; 0 or less: free.

    Args:
        body: the figure.
        side: which arm.
        air_m: distance that the hand keeps from body and arms.
        around: what is around it.
    """
    fore, hand = forearm_capsules(body, side), hand_capsules(body, side)
    obstacles = joined(around.rest, upper_arm_capsules(body, side), around.other_hand)
    depth = _depths(joined(fore, hand), obstacles)
    rest, own = len(around.rest.radius), len(obstacles.radius) - len(around.other_hand.radius)
    arm = len(fore.radius)
    return max(
        float(depth[:arm, :rest].max()) - FOREARM_SLACK_M,
        float(depth[arm:, :own].max()) + air_m,
        float(depth[arm:, own:].max()),
        around.floor - _lowest(hand),
    )


def reach_excess(body: Figure, side: Side, around: Around) -> float:
    """The same for the forearm alone, whatever the hand does."""
    return _deepest(forearm_capsules(body, side), around.rest) - FOREARM_SLACK_M


def behind_excess(body: Figure, side: Side) -> float:
    """The same for forearm and hand against the other upper arm, where that was posed later."""
    upper = upper_arm_capsules(body, other(side))
    return max(
        _deepest(forearm_capsules(body, side), upper) - FOREARM_SLACK_M,
        _deepest(hand_capsules(body, side), upper) + TOUCH_AIR_M,
    )


def _lowest(part: Capsules) -> float:
    return float((part.ends[:, :, 1] - part.radius[:, None]).min())


def legs_are_free(body: Figure) -> bool:
    """Whether the legs keep clear of each other, and shins of the trunk."""
    left, right = leg_capsules(body, "left"), leg_capsules(body, "right")
    if _deepest(left, right) > FOREARM_SLACK_M:
        return False
    below = joined(*(Capsules(leg.ends[2:], leg.radius[2:]) for leg in (left, right)))
    return _deepest(below, trunk_capsules(body)) <= FOREARM_SLACK_M


def _depths(a: Capsules, b: Capsules) -> Float[np.ndarray, "m n"]:
    return overlap(a.ends, a.radius, b.ends, b.radius)


def _deepest(a: Capsules, b: Capsules) -> float:
    return float(_depths(a, b).max())
