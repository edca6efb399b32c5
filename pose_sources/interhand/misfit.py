"""How far a hand's fit is from the joints that were annotated: on the average hand, so without MANO."""

import numpy as np
from jaxtyping import Bool, Float

from cuffs.body.model import chain
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import HANDS, INDEX, NUM_JOINTS
from pose_sources.interhand.annotations import JOINT_OF, WRIST
from pose_sources.procedural.figure import Side

LEAST_JOINTS = 8
"""Fewer annotated joints fit almost any hand."""


def hand_misfit_mm(
    side: Side,
    hand: Float[np.ndarray, "15 3"],
    joints_mm: Float[np.ndarray, "21 3"],
    valid: Bool[np.ndarray, "21"],
    *,
    rest_joints: Float[np.ndarray, "55 3"],
) -> float | None:
    """Root mean square distance of wrist and finger joints, the posed hand scaled, turned and moved onto them.

    A hand's size and proportions are not in it, so a perfect fit is still some millimetres off.

    Args:
        side: left or right.
        hand: absolute finger rotations.
        joints_mm: annotated joints in InterHand's order.
        valid: which of them count.
        rest_joints: of an average body, metres.

    Returns:
        Millimetres; None where too few joints were annotated.
    """
    pose = np.zeros((NUM_JOINTS, 3))
    pose[HANDS[side]] = hand
    _, placed = chain(rotvec_to_rotmat(pose), rest_joints)
    rows = [INDEX[f"{side}_wrist"], *range(NUM_JOINTS)[HANDS[side]]]
    theirs = [WRIST, *JOINT_OF]
    known = valid[theirs]
    if known.sum() < LEAST_JOINTS:
        return None
    return similarity_residual(1000 * placed[rows][known], joints_mm[theirs][known])


def similarity_residual(points: Float[np.ndarray, "n 3"], target: Float[np.ndarray, "n 3"]) -> float:
    """Root mean square distance after the best scale, rotation and translation (Umeyama 1991, equations 39 to 42)."""
    a, b = points - points.mean(0), target - target.mean(0)
    u, singular, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = float((singular * sign).sum() / max((a**2).sum(), 1e-12))
    moved = scale * a @ (u * sign @ vt).T
    return float(np.sqrt(((moved - b) ** 2).sum(1).mean()))
