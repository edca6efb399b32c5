"""Chains of joints: forward kinematics on the rest skeleton, and two-bone limbs that reach a point."""

import math

import numpy as np
from jaxtyping import Float

from cuffs.errors import GeometryError
from cuffs.skeleton import NUM_JOINTS, PARENTS

Vec3 = Float[np.ndarray, "3"]
Mat3 = Float[np.ndarray, "3 3"]


def unit(vector: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
    """The vector at length 1. It must not be zero."""
    if vector.ndim == 1:
        return vector / math.sqrt(float(vector @ vector))
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)


def cross(a: Float[np.ndarray, "*#rows 3"], b: Float[np.ndarray, "*#rows 3"]) -> Float[np.ndarray, "*#rows 3"]:
    """`np.cross` of vectors, or of rows of vectors, written out because it is called so often."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]).T


def turn(axis: Vec3, angle_deg: float) -> Mat3:
    """Rotation about a unit axis: Rodrigues' formula for one matrix, written out because it is called so often."""
    x, y, z = axis.tolist()
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    rest = 1 - cos
    return np.array(
        [
            [cos + rest * x * x, rest * x * y - sin * z, rest * x * z + sin * y],
            [rest * x * y + sin * z, cos + rest * y * y, rest * y * z - sin * x],
            [rest * x * z - sin * y, rest * y * z + sin * x, cos + rest * z * z],
        ]
    )


def turn_xyz(angles_deg: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation about x, then about the turned y, then about the twice turned z: Rx Ry Rz."""
    angles = np.radians(angles_deg)
    (ca, cb, cc), (sa, sb, sc) = np.cos(angles).T, np.sin(angles).T
    rows = [
        *(cb * cc, -cb * sc, sb),
        *(ca * sc + sa * sb * cc, ca * cc - sa * sb * sc, -sa * cb),
        *(sa * sc - ca * sb * cc, sa * cc + ca * sb * sc, ca * cb),
    ]
    return np.array(rows).T.reshape(*angles.shape, 3)


def angles_xyz(rotmats: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 3"]:
    """The angles of `turn_xyz`, degrees, the second within ±90: the first row is (cos b cos c, -cos b sin c, sin b)."""
    first = np.arctan2(-rotmats[..., 1, 2], rotmats[..., 2, 2])
    second = np.arcsin(np.clip(rotmats[..., 0, 2], -1, 1))
    third = np.arctan2(-rotmats[..., 0, 1], rotmats[..., 0, 0])
    return np.degrees(np.stack([first, second, third], -1))


def across(first: Vec3, second: Vec3) -> Mat3:
    """The frame whose x is the first direction and whose z is square to both; columns are its axes."""
    x = unit(first)
    z = unit(cross(x, second))
    return np.array([x, cross(z, x), z]).T


def posed_joints(
    rest: Float[np.ndarray, "55 3"], rotmats: Float[np.ndarray, "55 3 3"]
) -> tuple[Float[np.ndarray, "55 3 3"], Float[np.ndarray, "55 3"]]:
    """Global rotations and positions of all joints.

    Args:
        rest: joint positions in the rest pose, metres; the pelvis stays where it rests.
        rotmats: rotation of each joint relative to its parent.
    """
    turned, placed = rotmats.copy(), rest.copy()
    for joint in range(1, NUM_JOINTS):
        parent = PARENTS[joint]
        turned[joint] = turned[parent] @ rotmats[joint]
        placed[joint] = placed[parent] + turned[parent] @ (rest[joint] - rest[parent])
    return turned, placed


def bent_limb(upper: Vec3, lower: Vec3, hinge: Vec3, reach_m: float) -> float:
    """Angle of the middle hinge at which a limb's end is a given distance from its root, radians.

    With the lower bone l turned by t about the hinge h, the end's squared distance is
    u² + l² + 2 (p + c cos t + s sin t): p is the product of both bones' parts along the hinge, f is l's part square to
    it, c = u · f and s = u · (h × f).

    Args:
        upper: upper bone in the rest pose, metres.
        lower: lower bone in the rest pose, metres.
        hinge: unit axis that bends the limb when turned about positively.
        reach_m: asked distance; what lies beyond the limb's length gives the straightest limb.

    Raises:
        GeometryError: if the end can't come that near, however the limb is bent.
    """
    along = (upper @ hinge) * (lower @ hinge)
    flat = lower - (lower @ hinge) * hinge
    cosine, sine = float(upper @ flat), float(upper @ cross(hinge, flat))
    size, straight = np.hypot(cosine, sine), np.arctan2(sine, cosine)
    wanted = (reach_m**2 - upper @ upper - lower @ lower) / 2 - along
    if wanted < -size:
        raise GeometryError(f"a limb can't be folded to {reach_m:.3f} m.")
    return float(straight + np.arccos(min(1.0, wanted / size)))


def reach(upper: Vec3, lower: Vec3, hinge: Vec3, target: Vec3, pole: Vec3) -> tuple[Mat3, Mat3]:
    """Rotations of a two-bone limb's root and hinge, so that its end lies at a target.

    Args:
        upper: upper bone in the rest pose, metres.
        lower: lower bone in the rest pose, metres.
        hinge: unit axis of the middle joint in the rest pose, positive when the limb bends.
        target: where the end goes, from the root, in the frame of the root's parent, metres.
        pole: direction in which the middle joint is to stick out, in the same frame; not along the target.

    Returns:
        Rotation of the root joint and of the middle joint, each relative to its parent. A target beyond the limb's
        length is pointed at.

    Raises:
        GeometryError: if the target is too near to be reached.
    """
    middle = turn(hinge, np.degrees(bent_limb(upper, lower, hinge, float(np.linalg.norm(target)))))
    end = upper + middle @ lower
    return across(target, cross(pole, target)) @ across(end, hinge).T, middle
