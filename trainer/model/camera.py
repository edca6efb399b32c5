"""Pinhole cameras in torch: rays of patches and what is made of them, projection, the depth number.

Pixel (0, 0) is the outer corner of the top-left pixel. K in pixels. Everything here is float32 whatever autocast says:
Fourier phases reach 100 rad, where bf16 knows nothing.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from trainer.model.config import PATCH, RayConfig

NEUTRAL_FOV_DEG = 60.0
"""Field of view that depth is normalised by, and that is assumed where K is unknown."""

MAX_DEPTH_M = 50.0


def neutral_focal_px(image_side: int) -> float:
    """Focal length of a 60 degree view, pixels."""
    return image_side / 2 / math.tan(math.radians(NEUTRAL_FOV_DEG) / 2)


def neutral_intrinsics(count: int, image_side: int, device: torch.device | str) -> Float[Tensor, "count 3 3"]:
    """Intrinsics of `count` cameras that nothing is known of: 60 degrees, principal point in the middle."""
    focal, centre = neutral_focal_px(image_side), image_side / 2
    K = torch.tensor([[focal, 0, centre], [0, focal, centre], [0, 0, 1]], device=device)
    return K.expand(count, 3, 3)


def rays_through(pixels: Float[Tensor, "*batch n 2"], K: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch n 3"]:
    """K^-1 [u v 1]: the camera-space points at depth 1 that land on pixels; K is a pinhole's without skew.

    Written out: a general inverse waits for the GPU to look for singular matrices, and ONNX has none.
    """
    with torch.autocast(pixels.device.type, enabled=False):
        focal, centre = K[..., [0, 1], [0, 1]], K[..., :2, 2]
        rays = (pixels - centre[..., None, :]) / focal[..., None, :]
        return torch.cat([rays, torch.ones_like(rays[..., :1])], -1)


def project(
    points_cam: Float[Tensor, "people n 3"], K: Float[Tensor, "people 3 3"], *, near_m: float | None
) -> Float[Tensor, "people n 2"]:
    """Where points land, pixels.

    Args:
        points_cam: metres.
        K: pixels.
        near_m: points nearer than this are projected as if they were this far, so that a guess behind the camera has a
            finite error with a useful slope; None divides by z, whatever it is.
    """
    with torch.autocast(points_cam.device.type, enabled=False):
        depth = points_cam[..., 2:] if near_m is None else points_cam[..., 2:].clamp(min=near_m)
        homogeneous = torch.cat([points_cam[..., :2] / depth, torch.ones_like(depth)], -1)
        return (homogeneous @ K.mT)[..., :2]


def patch_rays(
    K: Float[Tensor, "images 3 3"], num_patches: int, *, swap_axes: bool
) -> Float[Tensor, "images patches 3"]:
    """Rays through the centres of all patches, rows first.

    Args:
        K: pixels.
        num_patches: along a side.
        swap_axes: the released weights' quirk; see `RayConfig.swap_patch_axes`.
    """
    centres = (torch.arange(num_patches, device=K.device, dtype=torch.float32) + 0.5) * PATCH
    row, col = torch.meshgrid(centres, centres, indexing="ij")
    pixels = torch.stack([row, col] if swap_axes else [col, row], -1).flatten(0, 1)
    return rays_through(pixels.expand(len(K), -1, -1), K.float())


def fourier_features(
    values: Float[Tensor, "*batch components"], *, num_bands: int, max_band: float
) -> Float[Tensor, "*batch features"]:
    """The values, the sines of pi x band x value, the cosines of the same; all bands of one component together."""
    with torch.autocast(values.device.type, enabled=False):
        bands = torch.linspace(1.0, max_band, num_bands, device=values.device, dtype=values.dtype)
        phases = (math.pi * values[..., None] * bands).flatten(-2)
        return torch.cat([values, phases.sin(), phases.cos()], -1)


class RayEmbedding(nn.Module):
    """What is appended to every token so that it knows its camera; `width` numbers, maybe none."""

    def __init__(self, config: RayConfig, *, image_side: int) -> None:
        super().__init__()
        self.config, self.image_side = config, image_side
        components = {"reference": 3, "paper": 2, "linear": 0, "none": 0}[config.kind]
        self.components = components
        self.width = components * (1 + 2 * config.num_bands)
        if config.kind == "linear":
            self.width = 3 * (1 + 2 * config.num_bands)  # as wide as the reference's: the comparison is of content
            self.linear = nn.Linear(4, self.width)

    def forward(self, K: Float[Tensor, "images 3 3"]) -> Float[Tensor, "images patches width"]:
        """Of all patches, rows first, float32.

        Args:
            K: pixels of the square picture that the network reads.
        """
        num_patches = self.image_side // PATCH
        with torch.autocast(K.device.type, enabled=False):
            K = K.float()
            if self.config.kind == "linear":
                numbers = torch.stack([K[:, 0, 0], K[:, 1, 1], K[:, 0, 2], K[:, 1, 2]], -1) / self.image_side
                return self.linear(numbers)[:, None].expand(-1, num_patches**2, -1)
            if self.config.kind == "none":
                return K.new_zeros(len(K), num_patches**2, 0)
            rays = patch_rays(K, num_patches, swap_axes=self.config.swap_patch_axes)[..., : self.components]
            return fourier_features(rays, num_bands=self.config.num_bands, max_band=self.config.max_band)


DepthMode = Literal["reference", "canonical"]


def encode_depth(
    depth_m: Float[Tensor, " people"], focal_px: Float[Tensor, " people"], *, mode: DepthMode, image_side: int
) -> Float[Tensor, " people"]:
    """The number that the network gives for a depth along the optical axis.

    Args:
        depth_m: above 0.
        focal_px: fx.
        mode: reference: log(d) f_n / f. canonical: log(d f_n / f). f_n is the focal length of 60 degrees.
        image_side: pixels.
    """
    ratio = neutral_focal_px(image_side) / focal_px
    return depth_m.log() * ratio if mode == "reference" else (depth_m * ratio).log()


def decode_depth(
    code: Float[Tensor, " people"], focal_px: Float[Tensor, " people"], *, mode: DepthMode, image_side: int
) -> Float[Tensor, " people"]:
    """Depth in metres, at most 50: the inverse of `encode_depth`.

    The limit is put on the logarithm, where it is the same but can't make an infinity (whose gradient would be NaN).
    """
    ratio = neutral_focal_px(image_side) / focal_px
    log_depth = code / ratio if mode == "reference" else code - ratio.log()
    return log_depth.clamp(max=math.log(MAX_DEPTH_M)).exp()
