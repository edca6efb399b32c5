"""Where trunk and feet go in walking."""

from dataclasses import replace
from typing import Final

import numpy as np

from cuffs.skeleton import INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.kinematics import turn
from pose_sources.procedural.arms import drawn
from pose_sources.procedural.figure import SIDES, UP, Figure, Mat3, Side, other
from pose_sources.procedural.legs import BALL_M, SOLE_M, FootPlan, ankle_place, lowest_of_foot, pose_legs
from pose_sources.procedural.stances import Stance, knee_out
from pose_sources.procedural.trunk import pose_trunk, sample_trunk

Rng = np.random.Generator

GAIT_PERCENT: Final = np.array([0, 6, 12, 22, 32, 42, 50, 56, 62, 68, 74, 82, 90, 95, 100.0])
GAIT_DEG: Final = {
    "hip": np.array([22, 21, 18, 9, 0, -10, -16, -16, -10, 2, 13, 23, 25, 24, 22.0]),
    "knee": np.array([4, 10, 17, 16, 10, 6, 8, 20, 40, 56, 60, 46, 18, 5, 4.0]),
    "ankle": np.array([0, -5, -2, 4, 7, 10, 7, -4, -16, -12, -5, 0, 1, 1, 0.0]),
    "foot": np.array([4, 0, 0, 0, 0, 8, 24, 34, 24, 8, 2, 4, 6, 6, 4.0]),
}
"""Flexion (dorsiflexion) over a walking cycle from heel strike: what gait books print for level walking (Perry, Gait
Analysis, 1992; Winter, Biomechanics and Motor Control of Human Movement, 2009), read off at these per cents; the hip's
against the vertical, 6 degrees below those against the pelvis."""


STEP_PITCH_DEG: Final = np.array([-18, -8, 0, 0, 0, 5, 18, 18, 18, 18, 18, 18, 18, 18, 18.0])
"""How the sole of the foot that bears the weight is tilted meanwhile, until half of the cycle is over and the other
one does: on its heel (negative), flat, on its toes."""

MOST_TILT_DEG: Final = 50.0
"""The same for the foot that is pushed off."""

TOE_OFF: Final = 0.62
"""Phase at which a foot leaves the ground."""

BEND_DEG, MOST_BENDS = 3.0, 15
GROUND_SLACK_M: Final = 0.003

HIP_IN_DEG: Final = 3.0
"""Adduction of walking hips: the feet fall nearer to each other than the hips are."""


def walk(anatomy: Anatomy, rng: Rng, lean: float) -> Stance:
    """Anywhere in a step, slow or brisk: what touches the ground stands on it."""
    phase, size = drawn(rng, (0, 1), (0.6, 1.15))
    swing = np.cos(2 * np.pi * phase)
    pelvis = (float(rng.normal(3, 2)), 0.0, -5 * size * swing)
    trunk = sample_trunk(rng, lean=0.7 * lean, pelvis=pelvis)
    body = pose_trunk(anatomy, trunk)
    phases = {"left": phase, "right": (phase + 0.5) % 1.0}
    out = {side: float(rng.normal(6, 3)) for side in SIDES}
    legs = {side: gait_leg(anatomy, side, phases[side], (size, pelvis[0], out[side])) for side in SIDES}
    swung = body.posed(legs["left"] | legs["right"])
    ahead = "left" if phase < 0.5 else "right"
    behind = other(ahead)
    pitch = size * periodic(phases[ahead], STEP_PITCH_DEG)
    plans = {ahead: stance_foot(swung, ahead, toe_out_deg=out[ahead], pitch_deg=pitch)}
    ground = float(plans[ahead].ankle[1]) - SOLE_M
    if phases[behind] < TOE_OFF:
        to_ball = anatomy.bone(f"{behind}_foot", f"{behind}_ankle")
        height = (float(swung.at(f"{behind}_ankle")[1]) - ground - BALL_M) / float(np.hypot(to_ball[1], to_ball[2]))
        tilt = np.degrees(np.arcsin(min(1.0, height)) - np.arctan2(-to_ball[1], to_ball[2]))
        plan = stance_foot(swung, behind, toe_out_deg=out[behind], pitch_deg=float(np.clip(tilt, 0, MOST_TILT_DEG)))
        plans[behind] = replace(plan, ankle=plan.ankle * [1, 0, 1] + (ground + SOLE_M) * UP)
    return Stance(clear_of_ground(pose_legs(swung, plans), ground), "walking")


def gait_leg(anatomy: Anatomy, side: Side, phase: float, figures: tuple[float, float, float]) -> dict[str, Mat3]:
    """A leg's rotations at a phase of the walking cycle.

    Args:
        anatomy: of the rest skeleton.
        side: left or right.
        phase: from heel strike, 0 to 1.
        figures: size of the step (1 is brisk), the pelvis's forward tilt and how far the foot is turned out, degrees.
    """
    size, tilt, out = figures
    angles = {joint: size * periodic(phase, curve) for joint, curve in GAIT_DEG.items()}
    rotmats = {f"{side}_hip": anatomy.rotation(f"{side}_hip", (angles["hip"] + tilt, HIP_IN_DEG, -out))}
    angles["knee"] = max(2.0, angles["knee"])
    return rotmats | {f"{side}_{name}": anatomy.rotation(f"{side}_{name}", (angles[name], 0.0, 0.0))
                      for name in ("knee", "ankle", "foot")}  # fmt: skip


def stance_foot(body: Figure, side: Side, *, toe_out_deg: float, pitch_deg: float) -> FootPlan:
    """A foot put on the ground where a walking leg has it.

    Args:
        body: with the leg posed.
        side: left or right.
        toe_out_deg: how far the foot is turned out.
        pitch_deg: of its sole, as in `FootPlan`.
    """
    ankle = body.at(f"{side}_ankle")
    plan = FootPlan(ankle=ankle, toe_out_deg=toe_out_deg, pitch_deg=pitch_deg, knee=knee_out(side, toe_out_deg))
    return replace(plan, ankle=2 * ankle - ankle_place(body.anatomy, plan, side))


def clear_of_ground(body: Figure, ground: float) -> Figure:
    """The figure with knees bent until neither foot reaches below the ground.

    Args:
        body: with its legs posed.
        ground: height, metres from the pelvis.
    """
    for side in SIDES:
        for _ in range(MOST_BENDS):
            if lowest_of_foot(body, side) > ground - GROUND_SLACK_M:
                break
            hinge = body.anatomy.axes[INDEX[f"{side}_knee"]][:, 0]
            body = body.posed({f"{side}_knee": turn(hinge, BEND_DEG) @ body.rotmats[INDEX[f"{side}_knee"]]})
    return body


def periodic(phase: float, curve: np.ndarray) -> float:
    """A gait curve at a phase, degrees."""
    return float(np.interp(100 * (phase % 1.0), GAIT_PERCENT, curve))
