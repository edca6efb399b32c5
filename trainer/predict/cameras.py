"""What the user knows of the camera, as intrinsics of the picture and of the network's square."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from cuffs.camera import intrinsics
from cuffs.errors import ConfigError
from trainer.model.camera import neutral_intrinsics


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GivenCamera:
    """At most one of the two; with neither, a view of 60 degrees along the longer side is assumed."""

    fov_deg: float | None
    """Horizontal field of view of the whole picture."""

    K: Float[np.ndarray, "3 3"] | None
    """Pixels of the picture."""

    def __post_init__(self) -> None:
        if self.fov_deg is not None and self.K is not None:
            raise ConfigError("both --fov and --K are given: K says all there is to say, leave --fov out.")
        if self.fov_deg is not None and not 0 < self.fov_deg < 180:
            raise ConfigError(f"--fov is {self.fov_deg} degrees; a field of view lies between 0 and 180.")


def parse_camera(fov_deg: float | None, K: str | None) -> GivenCamera:
    """The camera of `--fov DEG` or `--K fx,fy,cx,cy`.

    Raises:
        ConfigError: if both are given, or one is no camera.
    """
    if K is None:
        return GivenCamera(fov_deg=fov_deg, K=None)
    try:
        fx, fy, cx, cy = (float(part) for part in K.split(","))
    except ValueError:
        raise ConfigError(f"--K is {K!r}; give four numbers in pixels: fx,fy,cx,cy.") from None
    matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
    if not (np.isfinite(matrix).all() and fx > 0 and fy > 0):
        raise ConfigError(f"--K is {K}: all must be finite numbers, and the focal lengths above 0.")
    return GivenCamera(fov_deg=fov_deg, K=matrix)


def picture_intrinsics(camera: GivenCamera, *, width: int, height: int, where: str) -> Float[np.ndarray, "3 3"]:
    """K of a picture, pixels.

    Args:
        camera: what is known.
        width: of the picture, pixels.
        height: likewise.
        where: the picture, for messages.

    Raises:
        ConfigError: if K's principal point is outside of the picture: it is then another size's.
    """
    if camera.K is not None:
        cx, cy = camera.K[0, 2], camera.K[1, 2]
        if not (0 <= cx <= width and 0 <= cy <= height):
            raise ConfigError(
                f"{where} is {width} x {height} pixels, but --K has its principal point at ({cx:g}, {cy:g}): it is "
                "of another size of picture. Scale it, or use --fov."
            )
        return camera.K
    if camera.fov_deg is not None:
        return intrinsics(fov_x_deg=camera.fov_deg, width=width, height=height)
    longer = max(width, height)
    square = neutral_intrinsics(1, longer, torch.device("cpu"))[0].double().numpy()
    return square - np.array([[0, 0, (longer - width) / 2], [0, 0, (longer - height) / 2], [0, 0, 0]])
