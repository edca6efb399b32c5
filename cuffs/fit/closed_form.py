"""A start for Gauss-Newton without iterating: each joint turned by Kabsch, then shape by linear least squares."""

from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.fit.basis import FitBasis
from cuffs.fit.linearise import BodyState, joint_derivatives, linear_jacobian, pose_basis
from cuffs.rotations import project_to_rotation
from cuffs.skeleton import LEFT_EYE, NUM_JOINTS, PARENTS, RIGHT_EYE

Array = np.ndarray

OWN_WEIGHT: Final = 0.3
"""A vertex speaks for a joint when it follows it at least this far."""

SHAPE_RIDGE: Final = 1e-4
"""Square metres per squared coefficient; the start's shape needs no precision."""


def start_from_targets(basis: FitBasis, targets: Float[Array, "rows 3"]) -> BodyState:
    """Rotations by Kabsch, then the basis' betas and expression, and translation, by least squares.

    Args:
        basis: of the body model.
        targets: metres, in the basis' vertex order.
    """
    num_betas, num_expressions = basis.shapedirs.shape[-1], basis.exprdirs.shape[-1]
    state = BodyState(
        rotmats=_joint_rotations(basis, targets),
        betas=np.zeros(num_betas),
        expression=np.zeros(num_expressions),
        transl=np.zeros(3),
    )
    posed = pose_basis(basis, state)
    shared, linear = joint_derivatives(basis, state, posed), np.arange(num_betas + num_expressions)
    moved = linear_jacobian(basis, shared, posed.blended, slice(None), linear)
    columns = np.concatenate([moved.reshape(moved.shape[0] * 3, -1), np.tile(np.eye(3), (len(moved), 1))], 1)
    normal = columns.T @ columns
    at = np.arange(num_betas + num_expressions)
    normal[at, at] += SHAPE_RIDGE
    found = np.linalg.solve(normal, columns.T @ (targets - posed.points).ravel())
    betas, expression, transl = np.split(found, [num_betas, num_betas + num_expressions])
    return BodyState(rotmats=state.rotmats, betas=betas, expression=expression, transl=transl)


def _joint_rotations(basis: FitBasis, targets: Float[Array, "rows 3"]) -> Float[Array, "55 3 3"]:
    """Weighted Kabsch of every joint's own vertices; a joint that has none of its own follows its parent."""
    weights = np.where(basis.weights > OWN_WEIGHT, basis.weights, 0.0)
    total = weights.sum(0)
    own = total > 0
    weights = weights / np.where(own, total, 1.0)
    rest_mean, target_mean = weights.T @ basis.template, weights.T @ targets
    outer = (basis.template[:, :, None] * targets[:, None, :]).reshape(-1, 9)
    cross = (weights.T @ outer).reshape(-1, 3, 3) - rest_mean[:, :, None] * target_mean[:, None, :]
    rotmats = project_to_rotation(np.swapaxes(cross, -1, -2))
    own[[LEFT_EYE, RIGHT_EYE]] = False
    for joint in range(1, NUM_JOINTS):
        if not own[joint]:
            rotmats[joint] = rotmats[PARENTS[joint]]
    return rotmats
