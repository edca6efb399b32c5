"""Where the camera stands and what it sees: configuration and sampler."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from cuffs.camera import intrinsics, look_at
from cuffs.config import require_span, require_weights
from cuffs.errors import ConfigError
from cuffs.records import CameraSpec, ImageSpec

LOOK_AT_PARTS = ("body", "head", "upper_body", "hands", "legs")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraConfig:
    """The ranges that a scene's camera is drawn from. Angles in degrees, lengths in metres."""

    distance_m: tuple[float, float] = (2.3, 2.7)
    """Camera to the point it looks at; log-uniform, so that near and far are equally common."""

    height_m: tuple[float, float] = (0.9, 1.7)
    """Of the camera above the ground."""

    yaw_deg: tuple[float, float] = (-180.0, 180.0)
    """Around the first person: 0 is in front, 90 on their left, 180 behind."""

    pitch_deg: tuple[float, float] = (-3.0, 3.0)
    """Added to looking at the target; positive looks further down."""

    pan_deg: tuple[float, float] = (-3.0, 3.0)
    """Added to looking at the target; positive looks further right."""

    roll_deg: tuple[float, float] = (-3.0, 3.0)
    """Turn of the camera about its own axis."""

    fov_x_deg: tuple[float, float] = (56.0, 56.0)
    """Horizontal field of view."""

    principal_offset: tuple[float, float] = (0.0, 0.0)
    """Largest shift of the principal point from the image's centre, as shares of width and height."""

    look_at: Mapping[str, float] = field(default_factory=lambda: {"body": 1.0})
    """Weights of what is looked at: body, head, upper_body, hands, legs."""

    def __post_init__(self) -> None:
        require_span("camera.distance_m", self.distance_m, 0.2, 1000.0)
        require_span("camera.height_m", self.height_m, 0.02, 100.0)
        require_span("camera.yaw_deg", self.yaw_deg, -360.0, 360.0)
        require_span("camera.pitch_deg", self.pitch_deg, -89.0, 89.0)
        require_span("camera.pan_deg", self.pan_deg, -89.0, 89.0)
        require_span("camera.roll_deg", self.roll_deg, -180.0, 180.0)
        require_span("camera.fov_x_deg", self.fov_x_deg, 1.0, 170.0)
        for share in self.principal_offset:
            if not 0 <= share < 0.5:
                raise ConfigError(f"camera.principal_offset is {list(self.principal_offset)}; each lies in [0, 0.5).")
        if unknown := self.look_at.keys() - set(LOOK_AT_PARTS):
            raise ConfigError(f"camera.look_at: no such part {sorted(unknown)}; there are {', '.join(LOOK_AT_PARTS)}.")
        require_weights("camera.look_at", dict(self.look_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraDraw:
    """What is drawn before it is known where people stand."""

    distance_m: float
    height_m: float
    yaw_deg: float
    pitch_deg: float
    pan_deg: float
    roll_deg: float
    fov_x_deg: float
    principal_offset: tuple[float, float]
    look_at: str


def sample_camera(config: CameraConfig, rng: np.random.Generator) -> CameraDraw:
    """Draw a camera."""
    near, far = np.log(config.distance_m)
    parts = sorted(config.look_at)
    weights = np.array([config.look_at[part] for part in parts])
    width_share, height_share = config.principal_offset
    return CameraDraw(
        distance_m=float(np.exp(rng.uniform(near, far))),
        height_m=float(rng.uniform(*config.height_m)),
        yaw_deg=float(rng.uniform(*config.yaw_deg)),
        pitch_deg=float(rng.uniform(*config.pitch_deg)),
        pan_deg=float(rng.uniform(*config.pan_deg)),
        roll_deg=float(rng.uniform(*config.roll_deg)),
        fov_x_deg=float(rng.uniform(*config.fov_x_deg)),
        principal_offset=(
            float(rng.uniform(-width_share, width_share)),
            float(rng.uniform(-height_share, height_share)),
        ),
        look_at=str(rng.choice(parts, p=weights / weights.sum())),
    )


def place_camera(
    draw: CameraDraw, *, target_world: Float[np.ndarray, "3"], facing_rad: float, image: ImageSpec
) -> CameraSpec:
    """The camera that a draw gives, once it is known what it looks at.

    Args:
        draw: from `sample_camera`.
        target_world: the point looked at, metres.
        facing_rad: direction in which the first person faces, from world x towards y.
        image: its size.

    Where the drawn height can't be reached at the drawn distance, the camera is as high (or low) as 75 degrees of
    elevation allow: distance is kept, because it decides how large a hand is.
    """
    rise = np.clip((draw.height_m - target_world[2]) / draw.distance_m, *np.sin(np.radians([-75, 75])))
    run = np.sqrt(1 - rise**2)
    azimuth = facing_rad + np.radians(draw.yaw_deg)
    eye_world = target_world + draw.distance_m * np.array([run * np.cos(azimuth), run * np.sin(azimuth), rise])
    eye_world[2] = max(eye_world[2], 0.05)
    T_world_cam = look_at(eye_world=eye_world, target_world=target_world, roll_rad=0.0)
    T_world_cam[:3, :3] = T_world_cam[:3, :3] @ _turn(draw)
    offset_px = (draw.principal_offset[0] * image.width, draw.principal_offset[1] * image.height)
    K = intrinsics(fov_x_deg=draw.fov_x_deg, width=image.width, height=image.height, offset_px=offset_px)
    return CameraSpec(K=K, T_world_cam=T_world_cam)


def _turn(draw: CameraDraw) -> Float[np.ndarray, "3 3"]:
    """Pan, then pitch, then roll, in camera axes."""
    pan, pitch, roll = np.radians([draw.pan_deg, -draw.pitch_deg, draw.roll_deg])
    about_y = np.array([[np.cos(pan), 0, np.sin(pan)], [0, 1, 0], [-np.sin(pan), 0, np.cos(pan)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return about_y @ about_x @ about_z
