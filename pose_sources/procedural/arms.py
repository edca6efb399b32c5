"""Arms: collarbone, shoulder, elbow and wrist that bring a hand somewhere and turn it as asked."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.kinematics import across, cross, reach, turn, unit
from pose_sources.limits import FOREARM, RANGES
from pose_sources.procedural.figure import FRONT, LEFT, UP, Figure, Mat3, Side, Vec3, sign_of

PALM_M: Final = 0.085
"""From the wrist to the middle of the palm."""

PALM_DEPTH_M: Final = 0.028
"""From the plane of the hand's bones to its palmar skin, with a little air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandAim:
    """How a hand is turned, by directions in the figure's axes."""

    fingers: Vec3
    """Where the stretched fingers would point."""

    palm: Vec3
    """Where the palm looks; only its part square to the fingers counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandTurn:
    """How a hand is turned, by angles against the forearm, degrees."""

    pronation: float = 0.0
    """0 has the thumb's side where the elbow bends to, positive turns the palm away from there."""

    flexion: float = 0.0
    ulnar: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPlan:
    """What an arm does."""

    wrist: Vec3
    """Where the wrist goes, metres, from the pelvis; what is too far is pointed at."""

    elbow: Vec3
    """Direction that the elbow sticks out in."""

    hand: HandAim | HandTurn
    hand_kinds: tuple[str, ...] = ()
    """Kinds of hand that go with it, named more than once where they are likelier; any where empty."""

    away: Vec3 | None = None
    """Where a hand that lies on the body comes away from it, a unit direction; None for a hand that doesn't."""


def pose_arm(body: Figure, side: Side, plan: ArmPlan) -> Figure:
    """The figure with an arm posed. The hand is turned as asked as far as the joints allow.

    Raises:
        GeometryError: if the wrist is to come nearer to the shoulder than the arm folds.
    """
    anatomy = body.anatomy
    collar = collar_for(body, side, plan.wrist)
    chest = body.frame("spine3")
    shoulder_at = body.at(f"{side}_collar") + chest @ collar @ anatomy.bone(f"{side}_shoulder", f"{side}_collar")
    upper, lower = anatomy.bone(f"{side}_elbow", f"{side}_shoulder"), anatomy.bone(f"{side}_wrist", f"{side}_elbow")
    hinge = anatomy.axes[INDEX[f"{side}_elbow"]][:, 0]
    base = chest @ collar
    shoulder, elbow = reach(upper, lower, hinge, base.T @ (plan.wrist - shoulder_at), base.T @ plan.elbow)
    wanted = wanted_hand(anatomy, side, plan.hand, forearm=base @ shoulder @ elbow)
    pronation, flexion, ulnar = clip_hand(wanted)
    twist = turn(anatomy.axes[INDEX[f"{side}_elbow"]][:, 2], pronation / 2)
    return body.posed(
        {
            f"{side}_collar": collar,
            f"{side}_shoulder": shoulder,
            f"{side}_elbow": elbow @ twist,
            f"{side}_wrist": anatomy.rotation(f"{side}_wrist", (pronation / 2, flexion, ulnar)),
        }
    )


def collar_for(body: Figure, side: Side, wrist: Vec3) -> Mat3:
    """How the collarbone follows the arm: up above shoulder height, forward and back with the hand.

    About a third of an arm's elevation comes from the shoulder girdle, most of it above 90 degrees (Inman, Saunders and
    Abbott, Observations on the function of the shoulder joint, J Bone Joint Surg 26, 1944).
    """
    bones = body.anatomy.bone(f"{side}_elbow", f"{side}_shoulder"), body.anatomy.bone(f"{side}_wrist", f"{side}_elbow")
    away = body.frame("spine3").T @ (wrist - body.at(f"{side}_shoulder"))
    share = min(1.0, float(np.linalg.norm(away)) / sum(float(np.linalg.norm(bone)) for bone in bones))
    way = unit(away)
    elevation = float(np.interp(np.degrees(np.arccos(-way[1])), [40, 90, 170], [0, 7, 30])) * share
    protraction = share * (16 * way[2] - 8 * min(0.0, way[0] * sign_of(side)))
    return body.anatomy.rotation(f"{side}_collar", (elevation, float(np.clip(protraction, -14, 22)), 0.0))


def wanted_hand(anatomy: Anatomy, side: Side, hand: HandAim | HandTurn, *, forearm: Mat3) -> tuple[float, float, float]:
    """Pronation, palmar flexion and ulnar deviation that turn the hand as asked, degrees, unlimited.

    Args:
        anatomy: of the rest skeleton.
        side: left or right.
        hand: what is asked.
        forearm: global rotation of the forearm before it is twisted.
    """
    if isinstance(hand, HandTurn):
        return hand.pronation, hand.flexion, hand.ulnar
    fingers, palm = rest_hand(anatomy, side)
    asked = across(hand.fingers, hand.palm) @ across(fingers, palm).T
    return anatomy.angles_deg(f"{side}_wrist", forearm.T @ asked)


def rest_hand(anatomy: Anatomy, side: Side) -> tuple[Vec3, Vec3]:
    """Where fingers and palm point in the rest pose."""
    fingers = unit(anatomy.bone(f"{side}_middle1", f"{side}_wrist"))
    sideways = anatomy.bone(f"{side}_index1", f"{side}_pinky1") * sign_of(side)
    return fingers, unit(cross(fingers, sideways))


def clip_hand(angles: tuple[float, float, float]) -> tuple[float, float, float]:
    """The nearest angles that forearm and wrist allow."""
    _, flexion, ulnar = RANGES["wrist"]
    limits = (FOREARM, flexion, ulnar)
    first, second, third = (
        float(np.clip(angle, limit.low_deg, limit.high_deg)) for angle, limit in zip(angles, limits, strict=True)
    )
    return first, second, third


def chest_place(body: Figure, side: Side, *, out: float, up: float, front: float) -> Vec3:
    """A place near the chest, metres: from the middle between the resting shoulders, carried along with the chest.

    Args:
        body: with its trunk posed.
        side: which side `out` goes to.
        out: away from the body's middle.
        up: along the chest.
        front: forwards of the shoulders.
    """
    rest = body.anatomy.rest
    middle = (rest[INDEX["left_shoulder"]] + rest[INDEX["right_shoulder"]]) / 2 - rest[INDEX["spine3"]]
    local = middle + out * sign_of(side) * LEFT + up * UP + front * FRONT
    return body.at("spine3") + body.frame("spine3") @ local


def touching(contact: Vec3, *, surface: Vec3, fingers: Vec3) -> tuple[Vec3, HandAim]:
    """Where the wrist goes, and how the hand is turned, when the palm lies on a surface.

    Args:
        contact: point of the surface under the middle of the palm, metres.
        surface: unit direction that the surface looks in.
        fingers: where the fingers point along it.
    """
    along = unit(fingers - (fingers @ surface) * surface)
    return contact + PALM_DEPTH_M * surface - PALM_M * along, HandAim(fingers=along, palm=-surface)


Interval = tuple[float, float]


def drawn(rng: np.random.Generator, *ranges: Interval) -> list[float]:
    """One number from each range."""
    return [float(rng.uniform(low, high)) for low, high in ranges]


def spread_about(rng: np.random.Generator, way: Float[np.ndarray, "3"], angle_deg: float) -> Vec3:
    """A unit direction near another; the angle between is of the given size on average, roughly."""
    return unit(unit(way) + np.radians(angle_deg) * rng.normal(size=3) / np.sqrt(2))
