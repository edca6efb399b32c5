"""The open body's mean hand and hand components: what SMPL-X's file has, in plain form."""

import numpy as np
from jaxtyping import Float

Array = np.ndarray

LEFT_SIGN = np.tile([1.0, -1.0, -1.0], 15)
"""From the right hand's axis-angles to the left's, its mirror image."""


def hands() -> tuple[Float[Array, "45"], Float[Array, "45 45"]]:
    """A relaxed right hand (axis-angle, absolute), and an orthonormal basis of hand poses, the commonest curls first.

    Right fingers point along -x with the palm down: they curl about z, towards -y.
    """
    mean = np.zeros((15, 3))
    mean[:12, 2] = np.tile([0.25, 0.45, 0.25], 4)  # index, middle, pinky, ring
    mean[12:] = [[0.15, 0.2, 0.1], [0.0, 0.1, 0.1], [0.0, 0.2, 0.1]]  # thumb
    curls = np.zeros((6, 15, 3))
    curls[0, :12, 2] = 1
    for finger in range(5):
        curls[finger + 1, 3 * finger : 3 * finger + 3, 2 if finger < 4 else 1] = 1
    rows: list[Array] = []
    for row in np.concatenate([curls.reshape(6, 45), np.eye(45)]):
        left = row - sum((row @ other) * other for other in rows)
        if np.linalg.norm(left) > 1e-6:
            rows.append(left / np.linalg.norm(left))
    return mean.ravel(), np.stack(rows)
