"""What both arms do at once: each kind draws a continuous family of plans, in front of the posed body."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from pose_sources.kinematics import unit
from pose_sources.procedural.arms import ArmPlan, HandAim, chest_place, drawn
from pose_sources.procedural.body_capsules import skin_point, trunk_capsules
from pose_sources.procedural.figure import FRONT, UP, Figure, Side, direction, other, sign_of

Rng = np.random.Generator


def crossed(body: Figure, side: Side, rng: Rng) -> dict[Side, ArmPlan]:
    """Arms folded before the chest, each hand at the other upper arm; the given side's forearm lies in front."""
    plans: dict[Side, ArmPlan] = {}
    height = drawn(rng, (-0.26, -0.17))[0]
    for arm, front, higher in ((side, 0.32, 0.0), (other(side), 0.235, 0.09)):
        out, rise = drawn(rng, (-0.11, -0.06), (0.1, 0.5))
        wrist = chest_place(body, arm, out=out, up=height + higher, front=front)
        hand = HandAim(fingers=direction(arm, out=-1, up=rise, front=-0.05), palm=direction(arm, front=-1))
        elbow = direction(arm, out=0.5, up=-1, front=0.1)
        plans[arm] = ArmPlan(wrist=wrist, elbow=elbow, hand=hand, hand_kinds=("resting", "relaxed", "fist"), away=FRONT)
    return plans


def together(body: Figure, side: Side, rng: Rng) -> dict[Side, ArmPlan]:
    """Palms together in front, as if praying, clapping or rubbing; the given side's hand a little higher."""
    up, front, gap, tilt = drawn(rng, (-0.28, 0.0), (0.24, 0.36), (0.029, 0.08), (-0.1, 1.0))
    plans: dict[Side, ArmPlan] = {}
    for arm in (side, other(side)):
        wrist = chest_place(body, arm, out=gap, up=up + (0.02 if arm == side else 0.0), front=front)
        hand = HandAim(fingers=unit(FRONT + tilt * UP), palm=direction(arm, out=-1))
        plans[arm] = ArmPlan(
            wrist=wrist, elbow=direction(arm, out=0.8, up=-1), hand=hand, hand_kinds=("flat", "relaxed")
        )
    return plans


def clasped(body: Figure, side: Side, rng: Rng) -> dict[Side, ArmPlan]:
    """One hand before the other in front of the belly; the given side's in front."""
    up, out = drawn(rng, (0.0, 0.2), (0.06, 0.1))
    plans: dict[Side, ArmPlan] = {}
    belly = body.frame("spine1")
    skin = skin_point(trunk_capsules(body), body.at("spine1"), belly[:, 2]) - body.at("spine1")
    for arm, away in ((side, 0.105), (other(side), 0.055)):
        wrist = body.at("spine1") + skin + belly @ np.array([sign_of(arm) * out, up - 0.06, away])
        hand = HandAim(fingers=direction(arm, out=-0.75, up=-0.7), palm=direction(arm, front=-1))
        elbow = direction(arm, out=1, front=-0.5)
        plans[arm] = ArmPlan(wrist=wrist, elbow=elbow, hand=hand, hand_kinds=("resting", "flat"), away=FRONT)
    return plans


PAIR_KINDS: Final[Mapping[str, Callable[[Figure, Side, Rng], dict[Side, ArmPlan]]]] = {
    "crossed": crossed, "together": together, "clasped": clasped,
}  # fmt: skip
"""What both arms do at once."""
