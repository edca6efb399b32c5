"""Checks that every source can be put through: its poses alone."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from cuffs.records import PoseSample
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import BODY, HANDS, INDEX
from pose_sources.checking.finding import Finding, verdict
from pose_sources.mean_hand import MeanHand, detect_convention

CURLING: Final = [INDEX[f"left_{finger}2"] - HANDS["left"].start for finger in ("index", "middle", "ring", "pinky")]
"""Middle joints of fingers: they bend one way only, about z."""

FAR_M: Final = 100.0
TYPICAL_RAD: Final = (0.02, 1.5)
"""Half of all body joints turn by an angle in here, whatever people do; degrees would be fifty times as much."""


def check_poses(samples: Sequence[PoseSample], mean: MeanHand | None) -> Iterator[Finding]:
    """What poses tell by themselves: units, the upward axis, hands.

    Args:
        samples: some of a source.
        mean: the mean hand, where it is at hand.
    """
    bodies = [sample for sample in samples if sample.valid.body]
    if bodies:
        yield from _bodies(bodies)
    yield from _hands(samples, mean)
    yield Finding("note", "known parts", _shares(samples))


def _bodies(samples: Sequence[PoseSample]) -> Iterator[Finding]:
    poses = np.stack([sample.pose for sample in samples])
    angle = float(np.median(np.linalg.norm(poses[:, BODY], axis=-1)))
    yield verdict(
        TYPICAL_RAD[0] < angle < TYPICAL_RAD[1], "rotations", f"half of the body's joints turn by {angle:.3f} and more",
        "That is no angle in radians.",
    )  # fmt: skip
    up = rotvec_to_rotmat(poses[:, 0])[:, 2, 1]
    yield verdict(
        float(np.median(up)) > 0.5, "upward axis", f"{np.mean(up > 0.5):.0%} of people are upright, z being up",
        "The axes are others than the reader takes them for; up_axis, where the source has it, says which.",
    )  # fmt: skip
    known = [sample.transl for sample in samples if sample.transl is not None]
    if not known:
        yield Finding("note", "places", "not known: the source's body model is not at hand, or it gives none")
        return
    far = float(np.median(np.linalg.norm(np.stack(known), axis=1)))
    yield verdict(far < FAR_M, "places", f"half are within {far:.2f} m of the origin", "That is no place in metres.")


def _hands(samples: Sequence[PoseSample], mean: MeanHand | None) -> Iterator[Finding]:
    hands = np.stack([np.stack([sample.pose[part] for part in HANDS.values()]) for sample in samples])
    found = detect_convention(hands, mean)
    if found.convention is None:
        yield Finding("note", "hands", f"absolute, as far as can be told: {found.why}")
    else:
        yield verdict(
            found.convention == "absolute", "hands", f"as read they are {found.convention}: {found.why}",
            "Set `hands` of the source, where it has it, to the other convention.",
        )  # fmt: skip
    known = np.array([[sample.valid.left_hand, sample.valid.right_hand] for sample in samples])
    curls = [hands[known[:, side], side][:, CURLING, 2].ravel() * sign for side, sign in ((0, -1), (1, 1))]
    if min(map(len, curls)) < 40:
        yield Finding("note", "left and right hands", "too few measured hands to tell them apart")
        return
    left, right = (float(np.median(curl)) for curl in curls)
    yield verdict(
        left > 0 and right > 0, "left and right hands",
        f"fingers bend towards the palm: {left:.2f} rad on the left, {right:.2f} on the right",
        "A hand whose fingers bend backwards is the other hand, or mirrored.",
    )  # fmt: skip


def _shares(samples: Sequence[PoseSample]) -> str:
    parts = ("body", "left_hand", "right_hand", "jaw", "eyes")
    shares = {part: np.mean([getattr(sample.valid, part) for sample in samples]) for part in parts}
    kids = np.mean([sample.is_kid for sample in samples])
    text = ", ".join(f"{part.replace('_', ' ')} {share:.0%}" for part, share in shares.items())
    return f"{text}; kids {kids:.0%}; shapes of {', '.join(sorted({str(one.betas_model) for one in samples}))}"
