"""Distorted pictures from undistorted ones: which pinhole picture to render, and how its pixels are moved.

A pinhole picture that covers all the lens sees is rendered, larger than the final one, and looked up at the place of
every final pixel's centre: smoothly for the picture, nearest for data.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from cuffs.lens import straight_pixels
from cuffs.records import CameraSpec, ImageSpec

Array = np.ndarray

MARGIN_PX = 3
"""Around what is needed: the smooth look-up reads two pixels to each side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A pinhole picture: its intrinsics and size in pixels."""

    K: Float[Array, "3 3"]
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Warp:
    """From a rendered pinhole frame to the final picture."""

    frame: Frame
    """What is rendered."""

    places: Float[Array, "height width 2"] | None
    """For each final pixel's centre its (x, y) in the frame, pixels; None: the frame is the picture."""


def plan_warp(camera: CameraSpec, image: ImageSpec, *, density: int = 1) -> Warp:
    """What to render, and where to look it up.

    Args:
        camera: the final camera.
        image: the final size.
        density: rendered pixels for a final one, along each side; 1 where nothing is distorted.

    Raises:
        GeometryError: if the distortion can't be undone within the image.
    """
    if camera.distortion is None:
        return Warp(frame=Frame(K=camera.K, width=image.width, height=image.height), places=None)
    y, x = np.mgrid[: image.height, : image.width] + 0.5
    straight = straight_pixels(np.stack([x, y], -1), camera.K, camera.distortion)
    low = np.floor(straight.min((0, 1))).astype(int) - MARGIN_PX
    high = np.ceil(straight.max((0, 1))).astype(int) + MARGIN_PX
    move = np.array([[1.0, 0.0, -low[0]], [0.0, 1.0, -low[1]], [0.0, 0.0, 1.0]])
    K = np.diag([density, density, 1.0]) @ move @ camera.K
    width, height = (int(extent) * density for extent in high - low)
    return Warp(frame=Frame(K=K, width=width, height=height), places=(straight - low) * density)


def looked_up(pixels: Shaped[Array, "rows columns"], warp: Warp) -> Shaped[Array, "height width"]:
    """Data at the final pixels' centres: what the nearest rendered pixel holds."""
    if warp.places is None:
        return pixels
    column, row = np.floor(warp.places).astype(int).transpose(2, 0, 1)
    return pixels[row, column]


def smoothly_looked_up(
    light: Float[Array, "rows columns channels"], warp: Warp
) -> Float[Array, "height width channels"]:
    """A picture at the final pixels' centres, by cubic interpolation (Catmull and Rom), never below 0."""
    if warp.places is None:
        return light
    base = np.floor(warp.places - 0.5).astype(int)
    share = (warp.places - 0.5 - base).astype(np.float32)
    across, down = (_cubic_weights(share[..., axis]) for axis in (0, 1))
    result = np.zeros((*warp.places.shape[:2], light.shape[2]), np.float32)
    for row, weight_y in zip(range(-1, 3), down, strict=True):
        for column, weight_x in zip(range(-1, 3), across, strict=True):
            tap = light[base[..., 1] + row, base[..., 0] + column]
            result += (weight_x * weight_y)[..., None] * tap
    return np.maximum(result, 0.0)


def _cubic_weights(t: Float[Array, "height width"]) -> tuple[Float[Array, "height width"], ...]:
    return (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
