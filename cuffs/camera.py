"""Pinhole cameras.

Camera axes are OpenCV's: x right, y down, z forward. Pixel (0, 0) is the outer corner of the top-left pixel, so that
pixel's centre is (0.5, 0.5). The world's z is up.
"""

import numpy as np
from jaxtyping import Bool, Float

from cuffs.errors import GeometryError
from cuffs.lens import Distortion, straight_pixels

Array = np.ndarray


def intrinsics(
    *, fov_x_deg: float, width: int, height: int, offset_px: tuple[float, float] = (0.0, 0.0)
) -> Float[Array, "3 3"]:
    """K of a camera with square pixels.

    Args:
        fov_x_deg: the horizontal angle that `width` pixels see when the principal point is in the middle.
        width: pixels.
        height: pixels.
        offset_px: principal point minus image centre, (x, y).

    Raises:
        GeometryError: if the angle is not within (0, 180) degrees.
    """
    if not 0 < fov_x_deg < 180:
        raise GeometryError(f"a field of view of {fov_x_deg} degrees can't be; it lies between 0 and 180.")
    focal_px = width / 2 / np.tan(np.radians(fov_x_deg) / 2)
    return np.array([[focal_px, 0, width / 2 + offset_px[0]], [0, focal_px, height / 2 + offset_px[1]], [0, 0, 1.0]])


def fov_deg(
    K: Float[Array, "3 3"], *, width: int, height: int, distortion: Distortion | None = None
) -> tuple[float, float]:
    """Horizontal and vertical angle of the whole image, degrees, off-centre principal points included.

    Measured along the row and the column of the principal point, from edge to edge of the image.
    """
    edges = np.array([[0.0, K[1, 2]], [width, K[1, 2]], [K[0, 2], 0.0], [K[0, 2], height]])
    straight = straight_pixels(edges, K, distortion)
    angle = np.degrees(np.arctan((straight - K[:2, 2]) / np.array([K[0, 0], K[1, 1]])))
    return float(angle[1, 0] - angle[0, 0]), float(angle[3, 1] - angle[2, 1])


def project(points_cam: Float[Array, "*batch n 3"], K: Float[Array, "3 3"]) -> Float[Array, "*batch n 2"]:
    """Where camera-space points land in the image.

    Args:
        points_cam: metres. Every point must be in front of the camera; cull first.
        K: pixels.

    Returns:
        Pixel coordinates (x, y). They may lie outside the image.

    Raises:
        GeometryError: if a point is not in front of the camera.
    """
    behind = int((points_cam[..., 2] <= 0).sum())
    if behind:
        raise GeometryError(f"{behind} of {points_cam[..., 2].size} points have z <= 0 m.")
    return (points_cam / points_cam[..., 2:] @ K.T)[..., :2]


def unproject(
    pixels: Float[Array, "*batch n 2"], depth_z: Float[Array, "*batch n"], K: Float[Array, "3 3"]
) -> Float[Array, "*batch n 3"]:
    """The camera-space points that land on given pixels at given depths along the optical axis, metres."""
    homogeneous = np.concatenate([pixels, np.ones_like(pixels[..., :1])], -1)
    return homogeneous @ np.linalg.inv(K).T * depth_z[..., None]


def transform(T_to_from: Float[Array, "4 4"], points_from: Float[Array, "*batch n 3"]) -> Float[Array, "*batch n 3"]:
    """Points moved by a rigid transform."""
    return points_from @ T_to_from[:3, :3].T + T_to_from[:3, 3]


def inverse(T_to_from: Float[Array, "4 4"]) -> Float[Array, "4 4"]:
    """Inverse of a rigid transform."""
    T_from_to = np.eye(4)
    T_from_to[:3, :3] = T_to_from[:3, :3].T
    T_from_to[:3, 3] = -T_to_from[:3, :3].T @ T_to_from[:3, 3]
    return T_from_to


def look_at(
    *, eye_world: Float[Array, "3"], target_world: Float[Array, "3"], roll_rad: float = 0.0
) -> Float[Array, "4 4"]:
    """T_world_cam of a camera at one point that looks at another, its x axis level before the roll.

    Args:
        eye_world: metres.
        target_world: metres.
        roll_rad: turns the camera about its own optical axis; the picture turns the other way.

    Raises:
        GeometryError: if the two points coincide, or the camera would look straight up or down.
    """
    forward = target_world - eye_world
    distance = np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    if distance < 1e-6 or np.linalg.norm(right) < 1e-6 * distance:
        raise GeometryError(f"no level camera at {eye_world.tolist()} looks at {target_world.tolist()}.")
    forward, right = forward / distance, right / np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(roll_rad), np.sin(roll_rad)
    T_world_cam = np.eye(4)
    T_world_cam[:3, 0] = cos * right + sin * down
    T_world_cam[:3, 1] = cos * down - sin * right
    T_world_cam[:3, 2] = forward
    T_world_cam[:3, 3] = eye_world
    return T_world_cam


def in_frame(points_cam: Float[Array, "n 3"], K: Float[Array, "3 3"], *, width: int, height: int) -> Bool[Array, " n"]:
    """Which points are seen by the image: 0 <= x < width, 0 <= y < height, z > 0 (half-open)."""
    z = points_cam[:, 2]
    ahead = z > 0
    pixels = points_cam / np.where(ahead, z, 1.0)[:, None] @ K.T
    x, y = pixels[:, 0], pixels[:, 1]
    return ahead & (x >= 0) & (x < width) & (y >= 0) & (y < height)
