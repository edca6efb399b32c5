"""Hands of one source onto bodies of another: fingers exchanged, the wrist kept or moved towards the donor's.

A hand that was fitted alone (InterHand) has no forearm: its wrist is unknown, and the body's stays. Where the donor
is a whole body, the wrist may go part of the way to the donor's, as far as human wrists go.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from cuffs.config import require_fraction, require_span
from cuffs.records import PoseSample
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.skeleton import HANDS, INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.limits import FOREARM, RANGES
from pose_sources.mirror import mirror_sample
from pose_sources.procedural.figure import SIDES, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapConfig:
    """How hands are put onto bodies."""

    share: float = 1.0
    """Chance that a hand that the body's source knows is replaced nevertheless. Unknown ones always are."""

    together: float = 0.0
    """Chance that both hands come from one frame, as they were there; otherwise each is drawn by itself."""

    mirror: float = 0.5
    """Chance that a left hand is made from the source's right one, and the other way round."""

    wrist: tuple[float, float] = (0.0, 0.0)
    """How far the wrist goes to the donor's, drawn from this range: 0 keeps the body's, 1 takes the donor's. Hands
    without a forearm (InterHand) leave it. It never leaves the range of human wrists on the way."""

    def __post_init__(self) -> None:
        for name in ("share", "together", "mirror"):
            require_fraction(name, getattr(self, name))
        require_span("wrist", self.wrist, 0.0, 1.0)


def hand_known(sample: PoseSample, side: Side) -> bool:
    """Whether the source measured this hand."""
    return sample.valid.left_hand if side == "left" else sample.valid.right_hand


def both_hands_known(sample: PoseSample) -> bool:
    """Whether the source measured both."""
    return all(hand_known(sample, side) for side in SIDES)


def with_hand(body: PoseSample, side: Side, donor: PoseSample) -> PoseSample:
    """The body with its fingers on one side taken from the same side of another pose. Its wrist stays."""
    pose = body.pose.copy()
    pose[HANDS[side]] = donor.pose[HANDS[side]]
    known = hand_known(donor, side)
    valid = replace(body.valid, left_hand=known) if side == "left" else replace(body.valid, right_hand=known)
    return replace(body, pose=pose, valid=valid)


def with_wrist(body: PoseSample, side: Side, donor: PoseSample, *, share: float, anatomy: Anatomy) -> PoseSample:
    """The body with its wrist turned part of the way to the donor's, within the range of human wrists.

    Args:
        body: whose wrist is turned.
        side: left or right.
        donor: where it is turned to; one that has no arm leaves the body as it is.
        share: 0 keeps the wrist, 1 takes the donor's.
        anatomy: frames of the wrist and elbow.
    """
    if share == 0 or not donor.valid.body:
        return body
    wrist = INDEX[f"{side}_wrist"]
    start, end = rotvec_to_rotmat(body.pose[wrist]), rotvec_to_rotmat(donor.pose[wrist])
    blended = start @ rotvec_to_rotmat(share * rotmat_to_rotvec(start.T @ end))
    elbow = anatomy.angles_deg(f"{side}_elbow", rotvec_to_rotmat(body.pose[INDEX[f"{side}_elbow"]]))
    angles = wrist_within_limits(np.array(anatomy.angles_deg(f"{side}_wrist", blended)), elbow_pronation_deg=elbow[2])
    pose = body.pose.copy()
    pronation, flexion, deviation = angles.tolist()
    pose[wrist] = rotmat_to_rotvec(anatomy.rotation(f"{side}_wrist", (pronation, flexion, deviation)))
    return replace(body, pose=pose)


def wrist_within_limits(angles_deg: Float[np.ndarray, "3"], *, elbow_pronation_deg: float) -> Float[np.ndarray, "3"]:
    """A wrist's angles brought into their ranges, the pronation also into what the elbow's leaves of the forearm's."""
    low = np.array([limit.low_deg for limit in RANGES["wrist"]], float)
    high = np.array([limit.high_deg for limit in RANGES["wrist"]], float)
    elbow = float(np.clip(elbow_pronation_deg, FOREARM.low_deg, FOREARM.high_deg))
    low[0], high[0] = max(low[0], FOREARM.low_deg - elbow), min(high[0], FOREARM.high_deg - elbow)
    return np.clip(angles_deg, low, high)


def donor_for(donor: PoseSample, side: Side, *, mirrored: bool, may_mirror: bool) -> PoseSample | None:
    """The donor, or its mirror image, that has a measured hand on a side; None where it has none to give.

    Args:
        donor: a drawn pose.
        side: which hand is needed.
        mirrored: whether the mirror image is wanted.
        may_mirror: whether the other one of the two may stand in where only that has the hand.
    """
    images = (mirror_sample(donor), donor) if mirrored else (donor, mirror_sample(donor))
    allowed = images if may_mirror else images[:1]
    return next((one for one in allowed if hand_known(one, side)), None)
