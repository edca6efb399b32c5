"""What arms do: each kind draws a continuous family of plans for one arm, beside or in front of the posed body.

Directions that aren't the body's own (`out`: to the arm's side) are in the figure's axes.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from pose_sources.kinematics import unit
from pose_sources.procedural.arms import ArmPlan, HandAim, HandTurn, chest_place, drawn, spread_about, touching
from pose_sources.procedural.body_capsules import Capsules, leg_capsules, skin_normal, skin_point, trunk_capsules
from pose_sources.procedural.figure import FRONT, UP, Figure, Side, Vec3, direction, other, sign_of
from pose_sources.procedural.legs import SEAT_M

Rng = np.random.Generator
ArmKind = Callable[[Figure, Side, Rng], ArmPlan]

LAID: Final = ("resting",)
"""Hands that lie on something."""

LOOSE: Final = ("relaxed", "relaxed", "relaxed", "relaxed", "fist", "flat", "bar")
"""Hands of arms that do nothing."""


def arm_length(body: Figure, side: Side) -> float:
    """Shoulder to wrist of the stretched arm, metres."""
    bones = body.anatomy.bone(f"{side}_elbow", f"{side}_shoulder"), body.anatomy.bone(f"{side}_wrist", f"{side}_elbow")
    return float(sum(np.linalg.norm(bone) for bone in bones))


def any_turn(rng: Rng, pronation: tuple[float, float] = (-50, 60)) -> HandTurn:
    """A hand turned freely about a comfortable wrist."""
    flexion, ulnar = np.clip(rng.normal([-4, 2], [16, 7]), [-45, -16], [45, 24]).tolist()
    return HandTurn(pronation=float(rng.uniform(*pronation)), flexion=flexion, ulnar=ulnar)


def laid_on(part: Capsules, contact: Vec3, *, fingers: Vec3, elbow: Vec3) -> ArmPlan:
    """An arm whose palm lies on the body at a point of the skin.

    Args:
        part: of the body, what the hand lies on.
        contact: point of its skin, metres from the pelvis.
        fingers: where the fingers point along the skin.
        elbow: where the elbow sticks out.
    """
    surface = skin_normal(part, contact)
    wrist, hand = touching(contact, surface=surface, fingers=fingers)
    return ArmPlan(wrist=wrist, elbow=elbow, hand=hand, hand_kinds=LAID, away=surface)


def hang(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """At the side, elbow a little bent."""
    out, front, share = drawn(rng, (0.16, 0.34), (-0.12, 0.3), (0.955, 0.995))
    wrist = body.at(f"{side}_shoulder") + share * arm_length(body, side) * direction(side, out=out, up=-1, front=front)
    elbow = direction(side, out=0.5, front=-1)
    return ArmPlan(wrist=wrist, elbow=elbow, hand=any_turn(rng, (-15, 45)), hand_kinds=LOOSE)


def swing(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Swinging beside a walking body, against the legs."""
    step = float(body.at(f"{other(side)}_ankle")[2] - body.at(f"{side}_ankle")[2])
    out, share = drawn(rng, (0.14, 0.26), (0.93, 0.99))
    front = 0.75 * step + 0.12
    wrist = body.at(f"{side}_shoulder") + share * arm_length(body, side) * direction(side, out=out, up=-1, front=front)
    elbow = direction(side, out=0.4, front=-1)
    return ArmPlan(wrist=wrist, elbow=elbow, hand=any_turn(rng, (-10, 40)), hand_kinds=LOOSE)


def on_hip(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Hand on the hip, elbow out to the side."""
    up, front, back, tilt = drawn(rng, (0.06, 0.14), (-0.1, 0.35), (0.1, 0.8), (-0.25, 0.25))
    pelvis = body.frame("pelvis")
    surface = pelvis @ direction(side, out=1, front=front)
    contact = skin_point(trunk_capsules(body), body.at("pelvis") + up * pelvis[:, 1], surface)
    elbow = direction(side, out=1, front=-back)
    bent = body.at(f"{side}_shoulder") + 0.28 * unit(elbow - 0.9 * UP)  # where the elbow will be, about
    return laid_on(trunk_capsules(body), contact, fingers=unit(contact - bent) + tilt * FRONT, elbow=elbow)


def behind_back(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Hand behind the small of the back, palm backwards."""
    up, away = drawn(rng, (0.02, 0.12), (0.035, 0.05))
    back = body.frame("spine1") @ direction(side, front=-1)
    start = body.at("spine1") + body.frame("spine1") @ np.array([sign_of(side) * 0.09, up, 0.0])
    wrist = skin_point(trunk_capsules(body), start, back) + away * back
    hand = HandAim(fingers=direction(side, out=-1, up=-0.3), palm=back)
    return ArmPlan(
        wrist=wrist, elbow=direction(side, out=1, front=-0.6), hand=hand, hand_kinds=("relaxed", "fist", "bar")
    )


def on_thigh(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Palm on the thigh or knee."""
    share, roll, inwards, tilt = drawn(rng, (0.4, 0.95), (-0.5, 0.4), (-0.1, 0.5), (-0.3, 0.3))
    hip, knee, leg = body.at(f"{side}_hip"), body.at(f"{side}_knee"), leg_capsules(body, side)
    bone = unit(knee - hip)
    up = unit(UP + roll * direction(side, out=1) + 0.1 * FRONT)
    contact = skin_point(leg, hip + share * (knee - hip), unit(up - (up @ bone) * bone))
    elbow = direction(side, out=1 - inwards, front=-0.6, up=-0.4)
    return laid_on(leg, contact, fingers=bone + tilt * direction(side, out=1), elbow=elbow)


def on_floor(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Palm on the floor beside or behind somebody who sits on it."""
    out, back, turned = drawn(rng, (0.26, 0.42), (-0.05, 0.3), (0.0, 1.2))
    hips = (body.at("left_hip") + body.at("right_hip")) / 2
    contact = hips * [0, 1, 0] + np.array([sign_of(side) * out, -SEAT_M, -back])
    wrist, hand = touching(contact, surface=UP, fingers=direction(side, out=turned, front=0.3 - 2 * back))
    return ArmPlan(wrist=wrist, elbow=direction(side, front=-1, out=0.4), hand=hand, hand_kinds=LAID, away=UP)


def talk(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """A hand that talks, in front of the chest."""
    out, up, front = drawn(rng, (0.02, 0.34), (-0.30, 0.02), (0.20, 0.42))
    wrist = chest_place(body, side, out=out, up=up, front=front)
    elbow = spread_about(rng, direction(side, out=0.7, up=-1, front=-0.3), 14)
    return ArmPlan(wrist=wrist, elbow=elbow, hand=any_turn(rng))


def show_palm(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """A palm or the back of a hand shown near the face, fingers up."""
    out, up, front = drawn(rng, (0.08, 0.32), (-0.10, 0.14), (0.20, 0.36))
    wrist = chest_place(body, side, out=out, up=up, front=front)
    ahead = FRONT if rng.uniform() < 0.65 else -FRONT
    hand = HandAim(fingers=spread_about(rng, direction(side, up=1, out=0.1), 14), palm=spread_about(rng, ahead, 18))
    elbow = spread_about(rng, direction(side, out=0.8, up=-1), 10)
    return ArmPlan(wrist=wrist, elbow=elbow, hand=hand)


def stop(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """A hand held out towards whoever stands in front: palm forwards as if to stop, or palm up as if to take."""
    out, up, share = drawn(rng, (-0.15, 0.45), (-0.3, 0.15), (0.7, 0.95))
    way = body.frame("spine3") @ direction(side, out=out, up=up, front=1)
    wrist = body.at(f"{side}_shoulder") + share * arm_length(body, side) * way
    elbow = spread_about(rng, direction(side, out=0.6, up=-1), 10)
    if rng.uniform() < 0.4:
        pronation = drawn(rng, (-85, -45))[0]
        turned = HandTurn(pronation=pronation, flexion=drawn(rng, (-15, 15))[0])
        return ArmPlan(wrist=wrist, elbow=elbow, hand=turned, hand_kinds=("relaxed", "flat", "ball", "spread"))
    fingers = spread_about(rng, direction(side, up=1, front=0.25, out=0.1), 10)
    aim = HandAim(fingers=fingers, palm=spread_about(rng, way, 12))
    return ArmPlan(wrist=wrist, elbow=elbow, hand=aim, hand_kinds=("flat", "spread", "spread", "count"))


def wave(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """A raised open hand beside the head."""
    out, up, front, tilt = drawn(rng, (0.32, 0.46), (0.02, 0.26), (0.02, 0.22), (-0.4, 0.5))
    wrist = chest_place(body, side, out=out, up=up, front=front)
    hand = HandAim(fingers=direction(side, up=1, out=tilt), palm=spread_about(rng, FRONT, 12))
    return ArmPlan(
        wrist=wrist,
        elbow=direction(side, out=0.6, up=-1, front=-0.2),
        hand=hand,
        hand_kinds=("spread", "flat", "count"),
    )


def point_at(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Pointing with a nearly stretched arm: ahead, aside or upwards."""
    out, up, share = drawn(rng, (-0.25, 1.0), (-0.35, 0.9), (0.78, 1.0))
    way = body.frame("spine3") @ direction(side, out=out, up=up, front=0.9)
    wrist = body.at(f"{side}_shoulder") + share * arm_length(body, side) * way
    elbow = spread_about(rng, direction(side, out=0.4, up=-1), 15)
    return ArmPlan(
        wrist=wrist,
        elbow=elbow,
        hand=HandTurn(pronation=drawn(rng, (-10, 60))[0]),
        hand_kinds=("point", "point", "count"),
    )


def carry(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Forearm level in front, as if carrying or offering something, palm up or inwards."""
    out, up, front, pronation = drawn(rng, (0.08, 0.26), (-0.32, -0.2), (0.2, 0.36), (-85, -10))
    wrist = chest_place(body, side, out=out, up=up, front=front)
    elbow = direction(side, out=0.35, up=-1, front=-0.4)
    return ArmPlan(wrist=wrist, elbow=elbow, hand=HandTurn(pronation=pronation, flexion=drawn(rng, (-25, 10))[0]))


def to_ear(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Hand at the ear, as with a telephone."""
    up, front = drawn(rng, (0.02, 0.07), (0.0, 0.4))
    head = body.frame("head")
    contact = skin_point(
        trunk_capsules(body), body.at("head") + up * head[:, 1], head @ direction(side, out=1, front=front)
    )
    elbow = direction(side, out=0.8, up=-1, front=0.3)
    return laid_on(trunk_capsules(body), contact, fingers=head @ direction(side, up=1, front=-0.3), elbow=elbow)


def to_chin(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """A loose hand under or before the chin."""
    out, up, front = drawn(rng, (0.0, 0.08), (-0.2, -0.1), (0.19, 0.26))
    wrist = body.at("head") + body.frame("head") @ np.array([sign_of(side) * out, up, front])
    hand = HandAim(fingers=direction(side, up=1, out=-0.4), palm=direction(side, out=-0.5, front=-1))
    kinds = ("fist", "point", "relaxed", "pinch")
    return ArmPlan(wrist=wrist, elbow=direction(side, out=0.5, up=-1), hand=hand, hand_kinds=kinds)


def behind_head(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Hand behind or on top of the head, elbow out."""
    up, out = drawn(rng, (0.04, 0.12), (0.2, 0.9))
    head = body.frame("head")
    surface = head @ direction(side, out=out, front=-1, up=0.3)
    contact = skin_point(trunk_capsules(body), body.at("head") + up * head[:, 1], surface)
    elbow = direction(side, out=1, front=0.3, up=0.1)
    return laid_on(trunk_capsules(body), contact, fingers=head @ direction(side, out=-1, up=0.5), elbow=elbow)


def on_chest(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Palm on the chest."""
    out, up = drawn(rng, (-0.06, 0.04), (-0.02, 0.08))
    chest = body.frame("spine3")
    start = body.at("spine3") + chest @ np.array([sign_of(side) * out, up, 0.0])
    contact = skin_point(trunk_capsules(body), start, chest @ direction(side, front=1))
    elbow = direction(side, out=1, up=-0.7)
    return laid_on(trunk_capsules(body), contact, fingers=chest @ direction(side, out=-1, up=0.35), elbow=elbow)


def reach_to(body: Figure, side: Side, rng: Rng, way: Vec3) -> ArmPlan:
    """A nearly stretched arm towards a direction."""
    wrist = body.at(f"{side}_shoulder") + drawn(rng, (0.8, 1.0))[0] * arm_length(body, side) * spread_about(
        rng, way, 16
    )
    elbow = spread_about(rng, direction(side, out=0.6, up=-0.8, front=-0.2), 12)
    return ArmPlan(wrist=wrist, elbow=elbow, hand=any_turn(rng, (-40, 50)))


def reach_up(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Reaching overhead."""
    out, front = drawn(rng, (-0.05, 0.5), (0.05, 0.6))
    plan = reach_to(body, side, rng, direction(side, up=1, out=out, front=front))
    return ArmPlan(wrist=plan.wrist, elbow=direction(side, out=1, front=0.5), hand=any_turn(rng, (-20, 45)))


def reach_front(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Reaching ahead."""
    out, up = drawn(rng, (-0.4, 0.4), (-0.5, 0.5))
    return reach_to(body, side, rng, body.frame("spine3") @ direction(side, out=out, up=up, front=1))


def reach_side(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Reaching to the side."""
    up, front = drawn(rng, (-0.5, 0.6), (-0.2, 0.6))
    return reach_to(body, side, rng, body.frame("spine3") @ direction(side, out=1, up=up, front=front))


def reach_across(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Reaching over to the other side."""
    (up,) = drawn(rng, (-0.4, 0.4))
    wrist = body.at(f"{side}_shoulder") + 0.88 * arm_length(body, side) * unit(
        direction(side, out=-0.75, up=up, front=1)
    )
    return ArmPlan(wrist=wrist, elbow=direction(side, out=0.5, up=-1, front=0.2), hand=any_turn(rng, (-20, 50)))


def reach_down(body: Figure, side: Side, rng: Rng) -> ArmPlan:
    """Reaching for the floor."""
    out, front = drawn(rng, (-0.1, 0.35), (0.0, 0.45))
    wrist = body.at(f"{side}_shoulder") + drawn(rng, (0.9, 1.0))[0] * arm_length(body, side) * direction(
        side, out=out, up=-1, front=front
    )
    return ArmPlan(wrist=wrist, elbow=direction(side, out=0.8, front=-0.7, up=0.2), hand=any_turn(rng, (-10, 50)))


ARM_KINDS: Final[Mapping[str, ArmKind]] = {
    "hang": hang, "swing": swing, "on_hip": on_hip, "behind_back": behind_back, "on_thigh": on_thigh,
    "on_floor": on_floor, "talk": talk, "show_palm": show_palm, "stop": stop, "wave": wave, "point_at": point_at,
    "carry": carry, "to_ear": to_ear, "to_chin": to_chin, "behind_head": behind_head, "on_chest": on_chest,
    "reach_up": reach_up, "reach_front": reach_front, "reach_side": reach_side, "reach_across": reach_across,
    "reach_down": reach_down,
}  # fmt: skip
