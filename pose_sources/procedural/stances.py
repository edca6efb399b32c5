"""Where trunk and feet go: standing, walking, sitting and crouching in all their variety."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pose_sources.anatomy import Anatomy
from pose_sources.procedural.arms import drawn
from pose_sources.procedural.figure import FRONT, LEFT, SIDES, UP, Figure, Side, other, sign_of
from pose_sources.procedural.legs import FootPlan, pose_legs, standing_height
from pose_sources.procedural.trunk import TrunkPlan, pose_trunk, sample_trunk

Rng = np.random.Generator

GAIT_PERCENT: Final = np.array([0, 6, 12, 22, 32, 42, 50, 56, 62, 68, 74, 82, 90, 95, 100.0])
GAIT_DEG: Final = {
    "hip": np.array([28, 27, 24, 15, 6, -4, -10, -10, -4, 8, 19, 29, 31, 30, 28.0]),
    "knee": np.array([4, 10, 17, 16, 10, 6, 8, 20, 40, 56, 60, 46, 18, 5, 4.0]),
    "ankle": np.array([0, -5, -2, 4, 7, 10, 7, -4, -16, -12, -5, 0, 1, 1, 0.0]),
    "foot": np.array([4, 0, 0, 0, 0, 8, 24, 34, 24, 8, 2, 4, 6, 6, 4.0]),
}
"""Flexion (dorsiflexion) over a walking cycle from heel strike: what gait books print for level walking (Perry, Gait
Analysis, 1992; Winter, Biomechanics and Motor Control of Human Movement, 2009), read off at these per cents."""


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
    support = side_of(rng)
    one_leg, width, stagger = drawn(rng, (0, 1), (0.13, 0.36), (-0.06, 0.2))
    out = dict(zip(SIDES, drawn(rng, (2, 22), (2, 22)), strict=True))
    hip_drop, turn_deg = 7 * one_leg * sign_of(support), float(rng.normal(0, 5))
    trunk = sample_trunk(rng, lean=lean, pelvis=(float(rng.normal(2, 3)), -hip_drop * 0.7, turn_deg))
    body = pose_trunk(anatomy, trunk)
    shift = 0.3 * one_leg * width * sign_of(support)
    feet = {side: (0.5 * width * sign_of(side) - shift) * LEFT for side in SIDES}
    feet[other(support)] = feet[other(support)] + stagger * FRONT
    height = standing_height(body, feet, {support: drawn(rng, (0.985, 0.999))[0], other(support): 0.998})
    plans: dict[Side, FootPlan] = {}
    for side in SIDES:
        angle = np.radians(out[side])
        knee = np.sin(angle) * sign_of(side) * LEFT + np.cos(angle) * FRONT
        plans[side] = FootPlan(ankle=feet[side] - height * UP, toe_out_deg=out[side], knee=knee)
    return Stance(pose_legs(body, plans), "standing")


def walk(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """Anywhere in a step, slow or brisk."""
    phase, size = drawn(rng, (0, 1), (0.6, 1.15))
    swing = np.cos(2 * np.pi * phase)
    pelvis = (float(rng.normal(3, 2)), 0.0, -5 * size * swing)
    trunk = sample_trunk(rng, lean=0.7 * lean, pelvis=pelvis)
    body = pose_trunk(anatomy, trunk)
    rotmats = {}
    for side, start in (("left", phase), ("right", phase + 0.5)):
        angles = {joint: size * periodic(start, curve) for joint, curve in GAIT_DEG.items()}
        angles["knee"] = max(2.0, angles["knee"])
        out = float(rng.normal(-6, 3))
        rotmats[f"{side}_hip"] = anatomy.rotation(f"{side}_hip", (angles["hip"] + pelvis[0], 1.5, out))
        for joint in ("knee", "ankle", "foot"):
            rotmats[f"{side}_{joint}"] = anatomy.rotation(f"{side}_{joint}", (angles[joint], 0.0, 0.0))
    return Stance(body.posed(rotmats), "walking")


def periodic(phase: float, curve: np.ndarray) -> float:
    """A gait curve at a phase, degrees."""
    return float(np.interp(100 * (phase % 1.0), GAIT_PERCENT, curve))


def sit(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """On a seat: feet flat, drawn in, stretched out, ankles crossed, or an ankle on the other knee."""
    height, back, width = drawn(rng, (0.36, 0.44), (-14, 16), (0.14, 0.42))
    trunk = sample_trunk(rng, lean=lean, pelvis=(back, float(rng.normal(0, 2)), 0.0))
    body = pose_trunk(anatomy, trunk)
    manner = str(
        rng.choice(["flat", "drawn_in", "stretched", "crossed", "ankle_on_knee"], p=[0.4, 0.18, 0.17, 0.13, 0.12])
    )
    span = {"flat": (0.34, 0.46), "drawn_in": (0.2, 0.3), "stretched": (0.5, 0.66)}.get(manner, (0.36, 0.46))
    common = drawn(rng, span)[0]
    plans = {
        side: seated_foot(rng, side, forward=common + float(rng.normal(0, 0.02)), height=height, width=width)
        for side in SIDES
    }
    body = pose_legs(body, plans)
    if manner == "crossed":
        body = cross_ankles(rng, body, height)
    elif manner == "ankle_on_knee":
        body = ankle_on_knee(rng, body)
    return Stance(body, "sitting on a seat")


def seated_foot(rng: Rng, side: Side, *, forward: float, height: float, width: float) -> FootPlan:
    """A foot on the floor before a seat.

    Args:
        rng: random numbers.
        side: left or right.
        forward: ankle before the hip, metres.
        height: hip above the ankle, metres.
        width: between the ankles, metres.
    """
    pitch = float(np.interp(forward, [0.2, 0.32, 0.52, 0.66], [32, 0, 0, -22]))
    knee = 0.6 * UP + FRONT + sign_of(side) * drawn(rng, (0.0, 0.45))[0] * LEFT
    ankle = 0.5 * width * sign_of(side) * LEFT - (height + 0.053) * UP + forward * FRONT
    return FootPlan(ankle=ankle, toe_out_deg=drawn(rng, (0, 22))[0], pitch_deg=pitch, knee=knee)


def cross_ankles(rng: Rng, body: Figure, height: float) -> Figure:
    """Seated, the feet stretched out a little and crossed."""
    front = side_of(rng)
    forward = drawn(rng, (0.46, 0.6))[0]
    plans: dict[Side, FootPlan] = {}
    for side in SIDES:
        above = side == front
        ankle = np.array(
            [-0.03 * sign_of(side), -height - (0.0 if above else 0.06), forward + (0.10 if above else -0.03)]
        )
        plans[side] = FootPlan(
            ankle=ankle, toe_out_deg=18, pitch_deg=-12, knee=0.6 * UP + FRONT + 0.35 * sign_of(side) * LEFT
        )
    return pose_legs(body, plans)


def ankle_on_knee(rng: Rng, body: Figure) -> Figure:
    """Seated, one ankle laid on the other thigh behind the knee."""
    side = side_of(rng)
    thigh = body.at(f"{other(side)}_knee") - body.at(f"{other(side)}_hip")
    place = body.at(f"{other(side)}_hip") + drawn(rng, (0.8, 0.92))[0] * thigh + 0.125 * UP
    place = place - 0.05 * sign_of(side) * LEFT
    plan = FootPlan(ankle=place, hanging=(-12.0, 0.0, -10.0), knee=0.35 * UP + 0.4 * FRONT + sign_of(side) * LEFT)
    return pose_legs(body, {side: plan})


def crouch(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """From slightly bent knees to a deep squat, or down on one knee."""
    if rng.uniform() < 0.25:
        return kneel(anatomy, rng, lean)
    depth, width = drawn(rng, (0.25, 1.0), (0.2, 0.46))
    forward = 8 + 34 * depth + float(rng.normal(0, 6))
    trunk = sample_trunk(rng, lean=lean, pelvis=(forward, float(rng.normal(0, 2)), float(rng.normal(0, 4))))
    body = pose_trunk(anatomy, trunk)
    reach_down, heel = 0.80 - 0.52 * depth, 45 * max(0.0, depth - 0.55) / 0.45 * drawn(rng, (0.3, 1.0))[0]
    shift = 0.05 + 0.10 * depth
    plans: dict[Side, FootPlan] = {}
    for side in SIDES:
        out = drawn(rng, (5, 28))[0]
        angle = np.radians(out + 8 * depth)
        knee = np.sin(angle) * sign_of(side) * LEFT + np.cos(angle) * FRONT
        ankle = (
            0.5 * width * sign_of(side) * LEFT
            - (reach_down + 0.053) * UP
            + (shift + float(rng.normal(0, 0.03))) * FRONT
        )
        plans[side] = FootPlan(ankle=ankle, toe_out_deg=out, pitch_deg=heel, knee=knee)
    return Stance(pose_legs(body, plans), "crouching")


def kneel(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """Down on one knee, the other foot flat before the body."""
    down = side_of(rng)
    trunk = sample_trunk(rng, lean=lean, pelvis=(float(rng.normal(6, 5)), 0.0, float(rng.normal(0, 4))))
    body = pose_trunk(anatomy, trunk)
    forward, width = drawn(rng, (0.32, 0.44), (0.12, 0.26))
    ground = 0.053 + 0.392 + 0.02
    front = np.array([0.5 * width * sign_of(other(down)), -ground + 0.03, forward])
    back = np.array([0.08 * sign_of(down), -ground + 0.02, -0.36])
    body = pose_legs(
        body,
        {
            other(down): FootPlan(ankle=front, knee=FRONT + 0.6 * UP + 0.1 * sign_of(other(down)) * LEFT),
            down: FootPlan(ankle=back, pitch_deg=62, toe_out_deg=2, knee=FRONT - UP),
        },
    )
    return Stance(body, "kneeling on one knee")


def bend_over(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """Bent forward to reach the floor, knees from nearly straight to well bent."""
    bend = drawn(rng, (0.0, 1.0))[0]
    pelvis = (72 - 30 * bend + float(rng.normal(0, 4)), 0.0, float(rng.normal(0, 4)))
    spine = (float(rng.uniform(22, 46)), lean * float(rng.normal(0, 5)), lean * float(rng.normal(0, 6)))
    neck = (float(rng.uniform(-35, 10)), lean * float(rng.normal(0, 5)), lean * float(rng.normal(0, 12)))
    body = pose_trunk(anatomy, TrunkPlan(pelvis=pelvis, spine=spine, neck=neck))
    width, back = drawn(rng, (0.16, 0.4))[0], 0.10 + 0.04 * bend
    feet = {side: 0.5 * width * sign_of(side) * LEFT + back * FRONT for side in SIDES}
    height = standing_height(body, feet, dict.fromkeys(SIDES, 0.985 - 0.28 * bend))
    plans = {side: FootPlan(ankle=feet[side] - height * UP, toe_out_deg=drawn(rng, (3, 18))[0]) for side in SIDES}
    return Stance(pose_legs(body, plans), "bending to the floor")


def sit_on_floor(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """On the floor: cross-legged, or with the feet before the body and the knees up."""
    trunk = sample_trunk(rng, lean=lean, pelvis=(drawn(rng, (-20, 0))[0], 0.0, 0.0))
    body = pose_trunk(anatomy, trunk)
    plans: dict[Side, FootPlan] = {}
    if rng.uniform() < 0.5:
        near = side_of(rng)
        for side in SIDES:
            forward = 0.24 if side == near else 0.36
            ankle = np.array([-0.07 * sign_of(side), -0.053 - 0.02, forward])
            plans[side] = FootPlan(ankle=ankle, hanging=(-20.0, 5.0, -15.0), knee=sign_of(side) * LEFT + 0.45 * UP)
        return Stance(pose_legs(body, plans), "cross-legged on the floor")
    for side in SIDES:
        forward, out, width = drawn(rng, (0.36, 0.7), (0, 15), (0.08, 0.16))
        ankle = np.array([width * sign_of(side), -0.053 - 0.02, forward])
        pitch = float(np.interp(forward, [0.55, 0.7], [0, -35]))
        plans[side] = FootPlan(ankle=ankle, toe_out_deg=out, pitch_deg=pitch, knee=UP + 0.15 * sign_of(side) * LEFT)
    return Stance(pose_legs(body, plans), "on the floor with the knees up")
