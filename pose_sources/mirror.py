"""Poses as seen in a mirror: left and right change places."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from cuffs.records import PoseOrigin, PoseSample
from cuffs.rotations import mirror_rotvec
from cuffs.skeleton import MIRROR

MIRRORED = ", mirrored"


def mirror_pose(pose: Float[np.ndarray, "55 3"]) -> Float[np.ndarray, "55 3"]:
    """Joint rotations of the mirror image, in a mirror that stands across the world's (and the body's) x axis."""
    return mirror_rotvec(pose)[list(MIRROR)]


def mirror_origin(origin: PoseOrigin) -> PoseOrigin:
    """The origin of a mirrored pose: its action says so. Mirroring twice gives the first origin back."""
    action = origin.action or ""
    action = action.removesuffix(MIRRORED) if action.endswith(MIRRORED) else action + MIRRORED
    return replace(origin, action=action or None)


def mirror_sample(sample: PoseSample) -> PoseSample:
    """The mirror image of a pose. The recorded body's shape is kept: bodies are close to symmetric."""
    valid = replace(sample.valid, left_hand=sample.valid.right_hand, right_hand=sample.valid.left_hand)
    transl = None if sample.transl is None else sample.transl * np.array([-1.0, 1.0, 1.0])
    return replace(
        sample, pose=mirror_pose(sample.pose), transl=transl, valid=valid, origin=mirror_origin(sample.origin)
    )
