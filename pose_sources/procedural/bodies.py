"""Whole bodies: a stance, arms that go with it, hands that go with them; what can't be is drawn again."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from cuffs.errors import GeometryError
from pose_sources.anatomy import Anatomy
from pose_sources.limits import arm_violations, violations
from pose_sources.procedural.arm_kinds import ARM_KINDS
from pose_sources.procedural.arm_pairs import PAIR_KINDS
from pose_sources.procedural.arms import ArmPlan, pose_arm
from pose_sources.procedural.body_capsules import (
    HAND_AIR_M,
    TOUCH_AIR_M,
    Around,
    Capsules,
    arm_excess,
    around_arm,
    behind_excess,
    core_capsules,
    legs_are_free,
    reach_excess,
)
from pose_sources.procedural.figure import SIDES, Figure, Side, other, with_hand
from pose_sources.procedural.hands import HandDraw, pick, sample_hand
from pose_sources.procedural.stances import Stance, bend_over, crouch, side_of, sit, sit_on_floor, stand
from pose_sources.procedural.walking import walk

Rng = np.random.Generator
Weights = Mapping[str, float]

STANCE_TRIES: Final = 40
ARM_TRIES: Final = 12
LIFTS: Final = 4
MOST_LIFT_M: Final = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyKind:
    """Stances, and what arms do in them."""

    stances: tuple[tuple[Callable[[Anatomy, Rng, float], Stance], float], ...]
    """With their weights."""

    arms: Weights
    """Kinds of `ARM_KINDS` and `PAIR_KINDS` with their weights, for the leading arm."""

    rest: Weights
    """Kinds of `ARM_KINDS` for the other arm."""

    alike: float = 0.0
    """Chance that the other arm does the same as the leading one."""


IDLE: Final[Weights] = {"hang": 5, "on_hip": 1.7, "behind_back": 0.5, "carry": 0.7}
SEATED: Final[Weights] = {"on_thigh": 4, "talk": 2, "carry": 1, "hang": 0.4, "to_chin": 0.6}
LIVELY: Final[Weights] = {
    "talk": 4, "show_palm": 2.5, "stop": 2, "wave": 1.5, "point_at": 1.5, "carry": 1, "to_ear": 0.7, "to_chin": 1,
    "behind_head": 0.6, "on_chest": 0.7,
}  # fmt: skip

BODY_KINDS: Final[Mapping[str, BodyKind]] = {
    "standing": BodyKind(
        stances=((stand, 1),), arms={**IDLE, "crossed": 1.2, "clasped": 1.0, "talk": 1}, rest={**IDLE, "talk": 0.5}
    ),
    "walking": BodyKind(
        stances=((walk, 1),), arms={"swing": 6, "talk": 0.8, "to_ear": 0.6, "carry": 0.6},
        rest={"swing": 6, "carry": 0.4},
    ),
    "sitting": BodyKind(
        stances=((sit, 1),),
        arms={**SEATED, "show_palm": 0.7, "carry": 0.6, "crossed": 0.6, "together": 0.6},
        rest=SEATED,
    ),
    "floor": BodyKind(
        stances=((sit_on_floor, 1),),
        arms={"on_thigh": 2, "talk": 1.5, "on_floor": 2, "carry": 0.6, "show_palm": 0.5, "together": 0.5},
        rest={"on_thigh": 2, "on_floor": 2, "talk": 0.7},
    ),
    "crouching": BodyKind(
        stances=((crouch, 1),), arms={"on_thigh": 3, "reach_front": 1, "reach_down": 1, "talk": 1, "carry": 0.6},
        rest={"on_thigh": 3, "hang": 1, "carry": 0.5},
    ),
    "reaching": BodyKind(
        stances=((stand, 3.2), (bend_over, 0.8), (crouch, 0.5), (sit, 0.5)),
        arms={"reach_up": 1.2, "reach_front": 1.2, "reach_side": 1.2, "reach_across": 0.6, "reach_down": 0.6},
        rest={**IDLE, "reach_up": 1, "reach_front": 1, "reach_side": 1, "on_thigh": 0.6}, alike=0.25,
    ),
    "gesturing": BodyKind(
        stances=((stand, 3), (sit, 1)), arms={**LIVELY, "together": 1.2},
        rest={**LIVELY, "hang": 7, "on_hip": 3, "on_thigh": 1}, alike=0.3,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyDraw:
    """A whole body as drawn."""

    figure: Figure
    action: str
    hands: Mapping[Side, str]
    """Kind of each hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the configuration asks of single bodies."""

    hands: Weights
    own_hands: float
    """Chance that a hand follows what its arm does, where that says something, rather than `hands`."""

    lean: float
    fingers: float


def sample_body(anatomy: Anatomy, kind: str, wishes: Wishes, rng: Rng) -> BodyDraw:
    """Draw a body of a kind: within the limits of human joints, arms and legs clear of the body.

    Raises:
        GeometryError: if `STANCE_TRIES` draws gave nothing possible, as with a skeleton far from a human's.
    """
    for _ in range(STANCE_TRIES):
        stance = _sample_stance(anatomy, BODY_KINDS[kind], wishes.lean, rng)
        drawn = None if stance is None else _sample_arms(stance, BODY_KINDS[kind], wishes, rng)
        if drawn is not None:
            return drawn
    raise GeometryError(f"no possible pose of the kind {kind!r} in {STANCE_TRIES} draws: is the skeleton a human's?")


def _sample_stance(anatomy: Anatomy, kind: BodyKind, lean: float, rng: Rng) -> Stance | None:
    shares = np.array([weight for _, weight in kind.stances])
    make, _ = kind.stances[int(rng.choice(len(shares), p=shares / shares.sum()))]
    try:
        stance = make(anatomy, rng, lean)
    except GeometryError:  # a foot drawn too near to its hip
        return None
    possible = legs_are_free(stance.body) and not violations(anatomy, stance.body.rotmats)
    return stance if possible else None


def _sample_arms(stance: Stance, kind: BodyKind, wishes: Wishes, rng: Rng) -> BodyDraw | None:
    first = side_of(rng)
    leading = pick(kind.arms, rng)
    core = core_capsules(stance.body)
    if leading in PAIR_KINDS:
        return _both_arms(stance, leading, core, wishes, rng)
    one = _one_arm(stance.body, around_arm(stance.body, first, core), (first, leading), wishes, rng)
    if one is None:
        return None
    following = leading if rng.uniform() < kind.alike else pick(kind.rest, rng)
    two = _one_arm(one[0], around_arm(one[0], other(first), core), (other(first), following), wishes, rng)
    if two is None or behind_excess(two[0], first) > 0:
        return None
    action = f"{stance.action}, {leading} and {following}".replace("_", " ")
    return BodyDraw(figure=two[0], action=action, hands={first: one[1], other(first): two[1]})


def _one_arm(
    body: Figure, around: Around, doing: tuple[Side, str], wishes: Wishes, rng: Rng
) -> tuple[Figure, str] | None:
    side, kind = doing
    hands: dict[tuple[str, ...], HandDraw] = {}
    for _ in range(ARM_TRIES):
        plan = ARM_KINDS[kind](body, side, rng)
        bare = _with_arms(body, {side: plan})
        if bare is None or reach_excess(bare, side, around) > MOST_LIFT_M:  # before the slower search for a hand
            continue
        if plan.hand_kinds not in hands:
            hands[plan.hand_kinds] = _hand_for(body, plan, wishes, rng)
        hand = hands[plan.hand_kinds]
        posed = _settled(with_hand(bare, side, hand.rotmats(body.anatomy, side)), side, plan, around)
        if posed is not None:
            return posed, hand.kind
    return None


def _settled(posed: Figure | None, side: Side, plan: ArmPlan, around: Around) -> Figure | None:
    """The figure where the posed arm is clear of the rest; a hand that lies on the body is lifted until it is."""
    air_m = HAND_AIR_M if plan.away is None else TOUCH_AIR_M
    for _ in range(LIFTS):
        if posed is None or (excess := arm_excess(posed, side, air_m, around)) <= 0:
            return posed
        if plan.away is None or excess > MOST_LIFT_M:
            return None
        plan = replace(plan, wrist=plan.wrist + (excess + 0.001) * plan.away)
        posed = _with_arms(posed, {side: plan})
    return None


def _both_arms(stance: Stance, kind: str, core: Capsules, wishes: Wishes, rng: Rng) -> BodyDraw | None:
    for _ in range(ARM_TRIES):
        plans = PAIR_KINDS[kind](stance.body, side_of(rng), rng)
        posed = _with_arms(stance.body, plans)
        if posed is None or any(reach_excess(posed, side, around_arm(posed, side, core)) > 0 for side in SIDES):
            continue
        hands = {side: _hand_for(posed, plan, wishes, rng) for side, plan in plans.items()}
        for side, hand in hands.items():
            posed = with_hand(posed, side, hand.rotmats(posed.anatomy, side))
        if all(arm_excess(posed, side, TOUCH_AIR_M, around_arm(posed, side, core)) <= 0 for side in SIDES):
            action = f"{stance.action}, arms {kind}"
            return BodyDraw(figure=posed, action=action, hands={side: hand.kind for side, hand in hands.items()})
    return None


def _hand_for(body: Figure, plan: ArmPlan, wishes: Wishes, rng: Rng) -> HandDraw:
    own = rng.uniform() < wishes.own_hands or plan.away is not None
    weights = Counter(plan.hand_kinds) if plan.hand_kinds and own else wishes.hands
    return sample_hand(body.anatomy, weights, wishes.fingers, rng)


def _with_arms(body: Figure, plans: Mapping[Side, ArmPlan]) -> Figure | None:
    try:
        for side, plan in plans.items():
            body = pose_arm(body, side, plan)
    except GeometryError:  # a wrist drawn too near to its shoulder
        return None
    return None if any(arm_violations(body.anatomy, body.rotmats, side) for side in plans) else body
