"""The camera of a scene: what it sees, how its lens bends and blurs, how its sensor makes a picture of it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from cuffs.records.checks import require_intrinsics, require_range, require_rigid
from cuffs.records.surface_spec import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """Size of the picture, pixels."""

    width: int
    height: int

    def __post_init__(self) -> None:
        require_range("image.width", self.width, 16, 8192)
        require_range("image.height", self.height, 16, 8192)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraSpec:
    """A camera, OpenCV axes. Lens and shake show in the picture; distortion is in every label as well."""

    K: Float[np.ndarray, "3 3"]
    T_world_cam: Float[np.ndarray, "4 4"]
    distortion: tuple[float, float, float, float, float] | None = None
    """k1, k2, p1, p2, k3 of `cuffs.lens`; None: a pinhole."""

    aperture_m: float = 0.0
    """Diameter of the entrance pupil: focal length by f-number. 0: everything is sharp."""

    focus_m: float = 2.5
    """Distance along the optical axis that is sharp."""

    shake_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """How far the camera turns about its own x, y and z axes while the shutter is open; the pose is that half-way."""

    def __post_init__(self) -> None:
        require_intrinsics(self.K)
        require_rigid("camera.T_world_cam", self.T_world_cam)
        require_range("camera.aperture_m", self.aperture_m, 0.0, 1.0)
        require_range("camera.focus_m", self.focus_m, 0.01, 1e4)
        for angle in self.shake_deg:
            require_range("camera.shake_deg", angle, -45.0, 45.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopSpec:
    """How light on the sensor becomes a picture (`cuffs.develop`)."""

    metering: Literal["people", "fixed"]
    """people: exposed by the light that falls on them, as with a hand-held meter; fixed: strength 1 is exposed well."""

    exposure_ev: float = 0.0
    """Over (positive) or under what the meter says, stops."""

    white_balance: Colour = (1.0, 1.0, 1.0)
    """Gain of red, green and blue."""

    vignetting: float = 0.0
    """Light lost in the corners, as a share."""

    shot_noise: float = 0.0
    """Standard deviation of a white pixel by photon noise; it goes with the square root of light."""

    read_noise: float = 0.0
    """Standard deviation in the dark."""

    contrast: float = 1.0
    """Exponent about mid-grey."""

    saturation: float = 1.0
    sharpening: float = 0.0
    jpeg_quality: int = 95
    seed: int = 0
    """Of the noise."""

    def __post_init__(self) -> None:
        require_range("develop.jpeg_quality", self.jpeg_quality, 1, 100)
        require_range("develop.exposure_ev", self.exposure_ev, -10, 10)
        for name in ("vignetting", "shot_noise", "read_noise", "sharpening"):
            require_range(f"develop.{name}", getattr(self, name), 0.0, 1.0)
