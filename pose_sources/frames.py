"""From a data set's frame to ours: bodies turned about their pelvis, so that z is up.

SMPL-X turns about the pelvis at rest, j0, not about the origin. A rigid motion x → R x + t of the body is therefore
R0' = R R0, transl' = R (j0 + transl) - j0 + t (`pose_formats.md`, 0.2).
"""

from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat

Array = np.ndarray

Z_FROM_Y: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Turns a world whose y is up (SMPL-X's rest, BEDLAM's motions, AGORA's scans) into one whose z is."""

Z_FROM_CAMERA: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""Turns a level camera's axes (x right, y down, z forward) into a world whose z is up, y away from the camera."""


def turned_root(R: Float[Array, "3 3"], root: Float[Array, "3"]) -> Float[Array, "3"]:
    """The root's rotation after the whole body was turned by R."""
    return rotmat_to_rotvec(R @ rotvec_to_rotmat(root))


def turned_transl(
    R: Float[Array, "3 3"], transl: Float[Array, "3"], j0: Float[Array, "3"] | None
) -> Float[Array, "3"] | None:
    """The translation after the whole body was turned by R about the origin; None where j0 isn't known."""
    return None if j0 is None else R @ (j0 + transl) - j0


def is_rotation(R: Float[Array, "3 3"]) -> bool:
    """Whether a matrix is a rotation, to single precision."""
    return bool(np.abs(R @ R.T - np.eye(3)).max() < 1e-4 and np.linalg.det(R) > 0)
