"""Where trunk and feet go: standing, sitting, crouching and kneeling in all their variety."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pose_sources.anatomy import Anatomy
from pose_sources.kinematics import turn
from pose_sources.procedural.arms import drawn
from pose_sources.procedural.figure import FRONT, LEFT, SIDES, UP, Figure, Side, Vec3, other, sign_of
from pose_sources.procedural.hands import pick
from pose_sources.procedural.legs import (
    SEAT_M,
    SOLE_M,
    FootPlan,
    leg_length,
    lift_heels,
    pose_legs,
    standing_height,
)
from pose_sources.procedural.trunk import TrunkPlan, pose_trunk, sample_trunk

Rng = np.random.Generator

KNEE_M: Final = 0.075
"""Height of a bent knee's joint above the ground that it kneels on."""

NAIL: Final = np.array([0.0, -0.055, 0.2])
"""From its ankle to the toes' upper side, which a kneeling leg's foot lies on."""

POINTED_DEG: Final = -49.0
"""Ankle of a kneeling leg, whose toes lie on the ground."""


@dataclass(frozen=True, slots=True, eq=False)
class Stance:
    """A body with trunk and legs posed."""

    body: Figure
    action: str


def side_of(rng: Rng) -> Side:
    """Left or right, evenly."""
    return SIDES[int(rng.integers(2))]


def stand(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """Upright: from both feet alike to all weight on one leg, feet together or apart, one set forward."""
    support, unit = side_of(rng), leg_length(anatomy, "left")
    one_leg, width, stagger = drawn(rng, (0, 1), (0.17, 0.46), (-0.08, 0.25))
    out = dict(zip(SIDES, drawn(rng, (2, 22), (2, 22)), strict=True))
    hip_drop, turn_deg = 7 * one_leg * sign_of(support), float(rng.normal(0, 5))
    trunk = sample_trunk(rng, lean=lean, pelvis=(float(rng.normal(2, 3)), -hip_drop * 0.7, turn_deg))
    body = pose_trunk(anatomy, trunk)
    shift = 0.3 * one_leg * width * sign_of(support)
    feet = {side: unit * (0.5 * width * sign_of(side) - shift) * LEFT for side in SIDES}
    feet[other(support)] = feet[other(support)] + unit * stagger * FRONT
    height = standing_height(body, feet, {support: drawn(rng, (0.985, 0.999))[0], other(support): 0.998})
    plans = {
        side: FootPlan(ankle=feet[side] - height * UP, toe_out_deg=out[side], knee=knee_out(side, out[side]))
        for side in SIDES
    }
    return Stance(pose_legs(body, plans), "standing")


def knee_out(side: Side, toe_out_deg: float) -> Vec3:
    """Direction of a knee above a foot that is turned out."""
    angle = np.radians(toe_out_deg)
    return np.sin(angle) * sign_of(side) * LEFT + np.cos(angle) * FRONT


def sit(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """On a seat: feet flat, drawn in, stretched out, ankles crossed, or an ankle on the other knee."""
    seat, back, width = drawn(rng, (0.45, 0.53), (-14, 16), (0.16, 0.5))
    trunk = sample_trunk(rng, lean=lean, pelvis=(back, float(rng.normal(0, 2)), 0.0))
    body = pose_trunk(anatomy, trunk)
    manner = pick({"flat": 0.4, "drawn_in": 0.18, "stretched": 0.17, "crossed": 0.13, "ankle_on_knee": 0.12}, rng)
    span = {"flat": (0.43, 0.57), "drawn_in": (0.26, 0.38), "stretched": (0.63, 0.83)}.get(manner, (0.45, 0.57))
    common = drawn(rng, span)[0]
    plans = {
        side: seated_foot(rng, body, side, place=(0.5 * width, seat, common + float(rng.normal(0, 0.025))))
        for side in SIDES
    }
    body = pose_legs(body, plans)
    if manner == "crossed":
        body = cross_ankles(rng, body, seat)
    elif manner == "ankle_on_knee":
        body = ankle_on_knee(rng, body)
    return Stance(body, "sitting on a seat")


def from_hips(body: Figure, side: Side, place: tuple[float, float, float]) -> Vec3:
    """A place in leg lengths: beside the body's middle on the given side, below the hips, before them; metres."""
    out, below, front = place
    hips = (body.at("left_hip") + body.at("right_hip")) / 2
    return hips + leg_length(body.anatomy, side) * (out * sign_of(side) * LEFT - below * UP + front * FRONT)


def seated_foot(rng: Rng, body: Figure, side: Side, *, place: tuple[float, float, float]) -> FootPlan:
    """A foot on the floor before a seat, on its toes when drawn in, on its heel when stretched out.

    Args:
        rng: random numbers.
        body: with its pelvis posed.
        side: left or right.
        place: of the ankle, in leg lengths, as `from_hips` takes it.
    """
    pitch = float(np.interp(place[2], [0.25, 0.4, 0.65, 0.83], [32, 0, 0, -22]))
    knee = 0.6 * UP + FRONT + sign_of(side) * drawn(rng, (0.0, 0.45))[0] * LEFT
    return FootPlan(ankle=from_hips(body, side, place), toe_out_deg=drawn(rng, (0, 22))[0], pitch_deg=pitch, knee=knee)


def cross_ankles(rng: Rng, body: Figure, seat: float) -> Figure:
    """Seated, the feet stretched out a little and crossed."""
    front = side_of(rng)
    forward = drawn(rng, (0.58, 0.74))[0]
    plans: dict[Side, FootPlan] = {}
    for side in SIDES:
        above = side == front
        ankle = from_hips(body, side, (-0.05, seat - (0.08 if above else 0.0), forward + (0.11 if above else -0.03)))
        knee = 0.6 * UP + FRONT + 0.35 * sign_of(side) * LEFT
        plans[side] = FootPlan(ankle=ankle, knee=knee, hanging=(-18.0, 0.0, -8.0) if above else (-10.0, 0.0, -5.0))
    return pose_legs(body, plans)


def ankle_on_knee(rng: Rng, body: Figure) -> Figure:
    """Seated, one ankle laid on the other thigh behind the knee."""
    side = side_of(rng)
    hip, knee = body.at(f"{other(side)}_hip"), body.at(f"{other(side)}_knee")
    place = hip + drawn(rng, (0.9, 1.05))[0] * (knee - hip) + drawn(rng, (0.095, 0.115))[0] * UP
    plan = FootPlan(
        ankle=place - 0.06 * sign_of(side) * LEFT,
        hanging=(-12.0, 0.0, -10.0),
        knee=0.62 * UP + 0.35 * FRONT + 0.9 * sign_of(side) * LEFT,
    )
    return pose_legs(body, {side: plan})


def crouch(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """From slightly bent knees to a deep squat, or down on one knee."""
    if rng.uniform() < 0.25:
        return kneel(anatomy, rng, lean)
    depth, width = drawn(rng, (0.2, 1.0), (0.24, 0.56))
    forward = 8 + 28 * depth + float(rng.normal(0, 6))
    trunk = sample_trunk(rng, lean=lean, pelvis=(forward, float(rng.normal(0, 2)), float(rng.normal(0, 4))))
    body = pose_trunk(anatomy, trunk)
    below, shift = 0.98 - 0.63 * depth, 0.05 + 0.13 * depth
    plans: dict[Side, FootPlan] = {}
    for side in SIDES:
        out = drawn(rng, (5, 28))[0]
        place = (0.5 * width, below, shift + float(rng.normal(0, 0.03)))
        plans[side] = FootPlan(
            ankle=from_hips(body, side, place), toe_out_deg=out, knee=knee_out(side, out + 8 * depth)
        )
    return Stance(lift_heels(body, plans, most_deg=drawn(rng, (12, 26))[0]), "crouching")


def kneel(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """Down on one knee, the other foot flat before the body."""
    down = side_of(rng)
    trunk = sample_trunk(rng, lean=lean, pelvis=(float(rng.normal(6, 5)), 0.0, float(rng.normal(0, 4))))
    body = pose_trunk(anatomy, trunk)
    upright, forward, width = drawn(rng, (0.95, 0.995), (0.4, 0.54), (0.08, 0.16))
    back, ground = kneeling_leg(body, down, upright=upright, forwards=bool(rng.uniform() < 0.5))
    ankle = from_hips(body, other(down), (width, 0.0, forward))
    front = FootPlan(
        ankle=ankle * [1, 0, 1] + (ground + SOLE_M) * UP, knee=FRONT + 0.6 * UP + 0.1 * sign_of(other(down)) * LEFT
    )
    return Stance(pose_legs(body, {other(down): front, down: back}), "kneeling on one knee")


def kneeling_leg(body: Figure, side: Side, *, upright: float, forwards: bool) -> tuple[FootPlan, float]:
    """Knee and toes on the ground; and the height of that ground, metres from the pelvis.

    Args:
        body: with its pelvis posed.
        side: left or right.
        upright: height of the hip over the knee, as a share of the thigh's length.
        forwards: whether the knee lies before the hip rather than behind it.
    """
    bones = (body.anatomy.bone(f"{side}_{a}", f"{side}_{b}") for a, b in (("knee", "hip"), ("ankle", "knee")))
    thigh, shin = (float(np.linalg.norm(bone)) for bone in bones)
    along = thigh * np.sqrt(1 - upright**2) * (1 if forwards else -1)
    knee = body.at(f"{side}_hip") + along * FRONT - upright * thigh * UP
    rise = 0.0
    for _ in range(4):  # of the shin towards the ankle: the higher it is, the less steeply the toes point down
        foot = turn(LEFT, 90 + np.degrees(rise) - POINTED_DEG)
        rise = float(np.arcsin((-(foot @ NAIL)[1] - KNEE_M) / shin))
    ankle = knee + shin * (np.sin(rise) * UP - np.cos(rise) * FRONT)
    return FootPlan(ankle=ankle, hanging=(POINTED_DEG, 0.0, 0.0), knee=FRONT - UP), float(knee[1]) - KNEE_M


def bend_over(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """Bent forward to reach the floor, knees from nearly straight to well bent."""
    bend, width = drawn(rng, (0.0, 1.0), (0.2, 0.5))
    pelvis = (72 - 30 * bend + float(rng.normal(0, 4)), 0.0, float(rng.normal(0, 4)))
    spine = (float(rng.uniform(22, 46)), lean * float(rng.normal(0, 5)), lean * float(rng.normal(0, 6)))
    neck = (float(rng.uniform(-35, 10)), lean * float(rng.normal(0, 5)), lean * float(rng.normal(0, 12)))
    body = pose_trunk(anatomy, TrunkPlan(pelvis=pelvis, spine=spine, neck=neck))
    unit = leg_length(anatomy, "left")
    feet = {side: unit * (0.5 * width * sign_of(side) * LEFT + (0.12 + 0.05 * bend) * FRONT) for side in SIDES}
    height = standing_height(body, feet, dict.fromkeys(SIDES, 0.985 - 0.28 * bend))
    plans = {side: FootPlan(ankle=feet[side] - height * UP, toe_out_deg=drawn(rng, (3, 18))[0]) for side in SIDES}
    return Stance(pose_legs(body, plans), "bending to the floor")


def sit_on_floor(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """On the floor: cross-legged, or with the feet before the body and the knees up."""
    trunk = sample_trunk(rng, lean=lean, pelvis=(drawn(rng, (-20, 0))[0], 0.0, 0.0))
    body = pose_trunk(anatomy, trunk)
    plans: dict[Side, FootPlan] = {}
    below = (SEAT_M - SOLE_M) / leg_length(anatomy, "left")
    if rng.uniform() < 0.5:
        near = side_of(rng)
        for side in SIDES:
            place = (-0.09, below, 0.3 if side == near else 0.45)
            knee = sign_of(side) * LEFT + 0.45 * UP
            plans[side] = FootPlan(ankle=from_hips(body, side, place), hanging=(-20.0, 5.0, -15.0), knee=knee)
        return Stance(pose_legs(body, plans), "cross-legged on the floor")
    for side in SIDES:
        forward, out, width = drawn(rng, (0.45, 0.88), (0, 15), (0.1, 0.2))
        pitch = float(np.interp(forward, [0.7, 0.88], [0, -35]))
        knee = UP + 0.15 * sign_of(side) * LEFT
        ankle = from_hips(body, side, (width, below, forward))
        plans[side] = FootPlan(ankle=ankle, toe_out_deg=out, pitch_deg=pitch, knee=knee)
    return Stance(pose_legs(body, plans), "on the floor with the knees up")
