"""AGORA's cameras: where a scan stands before the camera of a picture (`pose_formats.md`, 2.5).

p_cam = Rx(pitch) Ry(-camera yaw) [Ry(yaw - 90) diag(1, -1, -1) p_scan + T - C]

with T and C the places of the scan and of the camera, from Unreal's centimetres (x forward, y right, z up) to metres
(x right, y down, z forward). The camera is told from the picture's name alone: folders may be called anything.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.rotations import rotvec_to_rotmat

Array = np.ndarray

FLIP: Final = np.diag([1.0, -1.0, -1.0])
SENSOR_MM: Final = 36.0
SIZE_PX: Final = (3840, 2160)
"""What the dataframes' joints are in, whatever size the pictures have."""

GROUND_M: Final = np.array([0.0, -1.7, 0.0])
"""Added to places of cameras that the dataframe gives."""


@dataclass(frozen=True, slots=True)
class FixedCamera:
    """A camera that is the same in all pictures of its name."""

    focal_mm: float
    place_cm: tuple[float, float, float]
    yaw_deg: float
    pitch_deg: float


FIXED: Final[dict[str, FixedCamera]] = {
    "hdri": FixedCamera(50, (0, 0, 170), 0, 0),
    "cam00": FixedCamera(18, (400, -275, 265), 135, 30),
    "cam01": FixedCamera(18, (400, 225, 265), -135, 30),
    "cam02": FixedCamera(18, (-490, 170, 265), -45, 30),
    "cam03": FixedCamera(18, (-490, -275, 265), 45, 30),
    "ag2": FixedCamera(28, (0, 0, 170), 0, 15),
}
"""By a part of the picture's name, tried in this order; all other pictures have the dataframe's camera."""

FREE_FOCAL_MM: Final = 28.0


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A scan before a camera."""

    R_cam_scan: Float[Array, "3 3"]
    R_cam_level: Float[Array, "3 3"]
    """The camera's pitch alone: from a level camera at the same place and heading."""

    offset_cam: Float[Array, "3"]
    """Where the scan's origin is, metres."""

    K: Float[Array, "3 3"]


def place_scan(
    picture: str,
    *,
    person_cm: Float[Array, "3"],
    person_yaw_deg: float,
    camera_cm: Float[Array, "3"],
    camera_yaw_deg: float,
) -> Placed:
    """Where a scan is before the camera of a picture.

    Args:
        picture: the picture's name.
        person_cm: X, Y, Z of the person, in Unreal's axes.
        person_yaw_deg: of the person.
        camera_cm: of the camera, as the dataframe has it; used where the name doesn't tell.
        camera_yaw_deg: likewise.
    """
    name = PurePosixPath(picture).name
    fixed = next((camera for part, camera in FIXED.items() if part in name), None)
    if fixed is None:
        camera_m, yaw, pitch, focal = _metres(camera_cm) + GROUND_M, camera_yaw_deg, 0.0, FREE_FOCAL_MM
    else:
        camera_m, yaw, pitch = _metres(np.array(fixed.place_cm, float)), fixed.yaw_deg, fixed.pitch_deg
        focal = fixed.focal_mm
    R_cam_level = _turn(0, pitch)
    R_cam_world = R_cam_level @ _turn(1, -yaw)
    focal_px = focal / SENSOR_MM * SIZE_PX[0]
    return Placed(
        R_cam_scan=R_cam_world @ _turn(1, person_yaw_deg - 90) @ FLIP,
        R_cam_level=R_cam_level,
        offset_cam=R_cam_world @ (_metres(person_cm) - camera_m),
        K=np.array([[focal_px, 0, SIZE_PX[0] / 2], [0, focal_px, SIZE_PX[1] / 2], [0, 0, 1.0]]),
    )


def _metres(place_cm: Float[Array, "3"]) -> Float[Array, "3"]:
    """From Unreal's axes and centimetres to a camera's axes and metres."""
    x, y, z = (place_cm / 100).tolist()
    return np.array([y, -z, x])


def _turn(axis: int, angle_deg: float) -> Float[Array, "3 3"]:
    return rotvec_to_rotmat(np.radians(angle_deg) * np.eye(3)[axis])
