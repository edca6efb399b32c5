"""Lens distortion: Brown and Conrady's model, with OpenCV's five coefficients (k1, k2, p1, p2, k3).

With x, y = X/Z, Y/Z of a camera-space point and r² = x² + y²::

    x' = x (1 + k1 r² + k2 r⁴ + k3 r⁶) + 2 p1 x y + p2 (r² + 2 x²)
    y' = y (1 + k1 r² + k2 r⁴ + k3 r⁶) + p1 (r² + 2 y²) + 2 p2 x y
    pixel = K (x', y', 1)

Source: D. C. Brown, "Close-range camera calibration", 1971; `cv2.projectPoints` and `cv2.undistortPoints` take the same
numbers. Far outside the image, where the polynomial would fold back, it is continued straight (`edge_radius`), so that
no point behind the frame's edge can appear within it.
"""

import numpy as np
from jaxtyping import Float

from cuffs.errors import GeometryError

Array = np.ndarray
Distortion = tuple[float, float, float, float, float]
"""k1, k2, p1, p2, k3."""

LEAST_SLOPE = 0.25
"""Of r' over r, from where on the polynomial is continued straight."""

FARTHEST = 3.0
"""Largest radius (tangent of the angle to the axis) that is looked at: 72 degrees."""

TOLERANCE = 1e-10
"""Of (x', y'): a millionth of a pixel."""

MAX_STEPS = 60
DIFFERENCE = 1e-5


def edge_radius(distortion: Distortion) -> float:
    """Undistorted radius up to which the polynomial itself holds: beyond, r' would hardly grow."""
    k1, k2, _, _, k3 = distortion
    radius = np.linspace(0, FARTHEST, 3001)
    slope = 1 + 3 * k1 * radius**2 + 5 * k2 * radius**4 + 7 * k3 * radius**6
    flat = np.flatnonzero(slope < LEAST_SLOPE)
    return float(radius[flat[0]]) if len(flat) else FARTHEST


def distort(xy: Float[Array, "*batch 2"], distortion: Distortion) -> Float[Array, "*batch 2"]:
    """Where a lens shows the direction (x, y, 1): the (x', y') that K turns into pixels."""
    k1, k2, p1, p2, k3 = distortion
    edge = edge_radius(distortion)
    radius = np.linalg.norm(xy, axis=-1, keepdims=True)
    held = np.minimum(radius, edge)
    unit = xy / np.where(radius > 0, radius, 1.0)
    slope = 1 + 3 * k1 * edge**2 + 5 * k2 * edge**4 + 7 * k3 * edge**6
    length = held * (1 + k1 * held**2 + k2 * held**4 + k3 * held**6) + slope * (radius - held)
    x, y = np.moveaxis(unit * held, -1, 0)
    square = x**2 + y**2
    tangential = np.stack(
        [2 * p1 * x * y + p2 * (square + 2 * x**2), p1 * (square + 2 * y**2) + 2 * p2 * x * y], axis=-1
    )
    return unit * length + tangential


def undistort(xy: Float[Array, "*batch 2"], distortion: Distortion) -> Float[Array, "*batch 2"]:
    """The direction (x, y, 1) that a lens shows at (x', y'): the inverse of `distort`.

    Raises:
        GeometryError: if the iteration finds none; the coefficients describe no lens.
    """
    found = xy.copy()
    for _ in range(MAX_STEPS):
        missing = xy - distort(found, distortion)
        if float(np.abs(missing).max(initial=0.0)) < TOLERANCE:
            return found
        found = found + np.linalg.solve(_jacobian(found, distortion), missing[..., None])[..., 0]
    raise GeometryError(f"the distortion {list(distortion)} can't be undone; are the coefficients a lens's?")


def bend(points_cam: Float[Array, "*batch 3"], distortion: Distortion | None) -> Float[Array, "*batch 3"]:
    """Points moved sideways, depths kept, so that a pinhole of the same K shows them where the lens would.

    With it all that projects through K alone serves distorted images too. Points at or behind the camera stay.

    Args:
        points_cam: metres.
        distortion: None leaves the points as they are.
    """
    if distortion is None:
        return points_cam
    depth = points_cam[..., 2:]
    ahead = depth > 0
    z = np.where(ahead, depth, 1.0)
    moved = np.concatenate([distort(points_cam[..., :2] / z, distortion) * z, depth], -1)
    return np.where(ahead, moved, points_cam)


def straight_pixels(
    pixels: Float[Array, "*batch 2"], K: Float[Array, "3 3"], distortion: Distortion | None
) -> Float[Array, "*batch 2"]:
    """Where a pinhole of the same K shows what the lens shows at given pixels: undistorts picture coordinates.

    Raises:
        GeometryError: as `undistort`.
    """
    if distortion is None:
        return pixels
    focal, centre = np.array([K[0, 0], K[1, 1]]), K[:2, 2]
    return undistort((pixels - centre) / focal, distortion) * focal + centre


def _jacobian(xy: Float[Array, "*batch 2"], distortion: Distortion) -> Float[Array, "*batch 2 2"]:
    """Derivative of `distort`, by central differences: good to 1e-9, and Newton's steps need no more."""
    columns = [
        (distort(xy + step, distortion) - distort(xy - step, distortion)) / (2 * DIFFERENCE)
        for step in DIFFERENCE * np.eye(2)
    ]
    return np.stack(columns, -1)
