"""Rotations: axis-angle (radians) and matrices, with any batch dimensions in front.

Blender's worker imports this file, so scipy is imported only where it is used.
"""

import numpy as np
from jaxtyping import Float

Array = np.ndarray


def rotvec_to_rotmat(rotvec: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3 3"]:
    """Axis-angle to rotation matrix: Rodrigues' formula with series near zero, so exact for every angle."""
    rotvec = np.asarray(rotvec, np.float64)
    square = (rotvec**2).sum(-1)[..., None, None]
    small = square < 1e-8
    angle = np.sqrt(np.where(small, 1.0, square))
    first = np.where(small, 1 - square / 6, np.sin(angle) / angle)
    second = np.where(small, 0.5 - square / 24, (1 - np.cos(angle)) / angle**2)
    K = skew(rotvec)
    return np.eye(3) + first * K + second * (K @ K)


def rotmat_to_rotvec(rotmat: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 3"]:
    """Rotation matrix to axis-angle, angle in [0, pi]. The matrix must be a rotation."""
    from scipy.spatial.transform import Rotation

    flat = np.asarray(rotmat, np.float64).reshape(-1, 3, 3)
    if len(flat) == 0:
        return np.zeros((*rotmat.shape[:-2], 3))
    return Rotation.from_matrix(flat).as_rotvec().reshape(*rotmat.shape[:-2], 3)


def angle_between_deg(a: Float[Array, "*batch 3 3"], b: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch"]:
    """Angle of the rotation that takes a to b, degrees. Accurate near zero, where an arc cosine is not."""
    return np.degrees(np.linalg.norm(rotmat_to_rotvec(np.swapaxes(a, -1, -2) @ b), axis=-1))


def project_to_rotation(matrix: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 3 3"]:
    """The rotation nearest to a matrix in the Frobenius norm (Kabsch 1976: SVD with the sign of the determinant)."""
    u, _, vt = np.linalg.svd(matrix)
    sign = np.linalg.det(u @ vt)
    u = u.copy()
    u[..., :, 2] *= sign[..., None]
    return u @ vt


def skew(v: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3 3"]:
    """Matrix S with S x = v cross x."""
    zero = np.zeros_like(v[..., 0])
    x, y, z = v[..., 0], v[..., 1], v[..., 2]
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    return np.stack(rows, -1).reshape(*v.shape[:-1], 3, 3)


def mirror_rotvec(rotvec: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3"]:
    """The rotation as seen in a mirror whose normal is x: components y and z change sign."""
    return rotvec * np.array([1.0, -1.0, -1.0])
