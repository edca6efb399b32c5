"""Legs that reach for the ground: feet are put somewhere, hips and knees follow."""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from cuffs.skeleton import INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.kinematics import reach, turn
from pose_sources.procedural.figure import FRONT, LEFT, SIDES, UP, Figure, Mat3, Side, Vec3, sign_of

SOLE_M: Final = 0.077
"""Height of an ankle above the ground that its foot stands on, metres."""

HEEL: Final = np.array([0.0, -SOLE_M, -0.024])
"""From the ankle to where the heel touches the ground, metres."""

SEAT_M: Final = 0.105
"""Height of the hips above a floor that somebody sits on."""

BALL_M: Final = 0.028
"""Height of the foot's joint, above the ball, over the ground."""

TOE_TIP: Final = np.array([0.0, -0.07, 0.2])
"""From the ankle to the tip of the toes, metres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FootPlan:
    """Where a foot is put."""

    ankle: Vec3
    """Where the ankle would be with the sole flat on the ground, metres, from the pelvis."""

    toe_out_deg: float = 8.0
    pitch_deg: float = 0.0
    """Positive lifts the heel and leaves the toes on the ground, negative lifts the toes."""

    knee: Vec3 = field(default_factory=lambda: FRONT)
    """Direction that the knee sticks out in."""

    hanging: tuple[float, float, float] | None = None
    """Dorsiflexion, toe-in and eversion of a foot that doesn't stand on the ground, degrees; None where it stands."""


def leg_length(anatomy: Anatomy, side: Side) -> float:
    """Hip to ankle of the stretched leg, metres."""
    upper = anatomy.bone(f"{side}_knee", f"{side}_hip")
    return float(np.linalg.norm(upper) + np.linalg.norm(anatomy.bone(f"{side}_ankle", f"{side}_knee")))


def foot_frame(plan: FootPlan, side: Side) -> Mat3:
    """Global rotation of the foot."""
    return turn(UP, sign_of(side) * plan.toe_out_deg) @ turn(LEFT, plan.pitch_deg)


def ankle_place(anatomy: Anatomy, plan: FootPlan, side: Side) -> Vec3:
    """Where the ankle is when the foot is rolled onto its toes or its heel."""
    if plan.hanging is not None:
        return plan.ankle
    to_ground = anatomy.bone(f"{side}_foot", f"{side}_ankle") if plan.pitch_deg > 0 else HEEL
    flat = turn(UP, sign_of(side) * plan.toe_out_deg)
    return plan.ankle + (flat - foot_frame(plan, side)) @ to_ground


def pose_legs(body: Figure, plans: dict[Side, FootPlan]) -> Figure:
    """The figure with its feet where the plans put them, or as near as the legs reach.

    Raises:
        GeometryError: if a foot is too near to its hip.
    """
    rotmats: dict[str, Mat3] = {}
    pelvis = body.frame("pelvis")
    for side, plan in plans.items():
        bones = [body.anatomy.bone(f"{side}_{a}", f"{side}_{b}") for a, b in (("knee", "hip"), ("ankle", "knee"))]
        hinge = body.anatomy.axes[INDEX[f"{side}_knee"]][:, 0]
        target = pelvis.T @ (ankle_place(body.anatomy, plan, side) - body.at(f"{side}_hip"))
        hip, knee = reach(bones[0], bones[1], hinge, target, pelvis.T @ plan.knee)
        shin = pelvis @ hip @ knee
        toes = max(0.0, plan.pitch_deg)
        ankle = shin.T @ foot_frame(plan, side)
        if plan.hanging is not None:
            ankle, toes = body.anatomy.rotation(f"{side}_ankle", plan.hanging), 0.0
        rotmats |= {f"{side}_hip": hip, f"{side}_knee": knee, f"{side}_ankle": ankle}
        rotmats[f"{side}_foot"] = body.anatomy.rotation(f"{side}_foot", (min(toes, 65.0), 0.0, 0.0))
    return body.posed(rotmats)


def lift_heels(body: Figure, plans: dict[Side, FootPlan], most_deg: float) -> Figure:
    """The figure with its feet where the plans put them, heels lifted where ankles would bend further than allowed.

    Args:
        body: with its pelvis posed.
        plans: of both feet.
        most_deg: dorsiflexion that an ankle may have with its heel on the ground.

    Raises:
        GeometryError: if a foot is too near to its hip.
    """
    lifted = dict(plans)
    for _ in range(3):  # lifting a heel moves the ankle, which bends it again a little
        posed = pose_legs(body, lifted)
        for side, plan in lifted.items():
            bend = posed.anatomy.angles_deg(f"{side}_ankle", posed.rotmats[INDEX[f"{side}_ankle"]])[0]
            lifted[side] = replace(plan, pitch_deg=plan.pitch_deg + max(0.0, bend - most_deg))
    return pose_legs(body, lifted)


def standing_height(body: Figure, feet: dict[Side, Vec3], stretch: dict[Side, float]) -> float:
    """How far the ankles lie below the pelvis when no leg is stretched more than asked for, metres.

    Args:
        body: with its pelvis posed.
        feet: where each ankle is, seen from above (x and z count).
        stretch: share of the leg's whole length that each may use.
    """
    heights = []
    for side in SIDES:
        away = feet[side] - body.at(f"{side}_hip")
        length = stretch[side] * leg_length(body.anatomy, side)
        heights.append(np.sqrt(max(length**2 - away[0] ** 2 - away[2] ** 2, 0.01)) - body.at(f"{side}_hip")[1])
    return float(min(heights))


def lowest_of_foot(body: Figure, side: Side) -> float:
    """Height of a foot's lowest point, metres from the pelvis: of heel, ball and toes."""
    foot, toes = body.frame(f"{side}_ankle"), body.frame(f"{side}_foot")
    to_ball = body.anatomy.bone(f"{side}_foot", f"{side}_ankle")
    ball = body.at(f"{side}_foot")
    points = (
        body.at(f"{side}_ankle") + foot @ HEEL,
        ball - BALL_M * foot[:, 1],
        ball + toes @ (TOE_TIP - to_ball * [0, 1, 1]),
    )
    return min(float(point[1]) for point in points)
