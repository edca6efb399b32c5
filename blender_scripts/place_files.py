"""Panoramas and photographs of a plan, as Blender images."""

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from jaxtyping import Float

from cuffs.errors import AssetBroken

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceImage:
    """A loaded image, with what lighting needs to know of it."""

    image: bpy.types.Image
    width: int
    height: int
    dome_brightness: float
    """Luminance of a white floor under the image as a panorama; only this matters of its exposure."""


def load_place_image(path: Path) -> PlaceImage:
    """Load a panorama or photograph.

    Raises:
        AssetBroken: if it isn't an image, or is all black.
    """
    try:
        image = bpy.data.images.load(str(path))
    except RuntimeError as problem:
        raise AssetBroken("a place's image", path, str(problem).strip(), "make the plan again") from problem
    width, height = image.size
    if width == 0 or height == 0:
        raise AssetBroken("a place's image", path, "no pixels could be read", "make the plan again")
    pixels = np.zeros(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    linear = pixels if image.is_float else pixels**2.2
    brightness = dome_brightness(linear.reshape(height, width, image.channels))
    if not np.isfinite(brightness) or brightness <= 0:
        raise AssetBroken("a place's image", path, "it is all black, or holds no numbers", "choose another image")
    return PlaceImage(image=image, width=width, height=height, dome_brightness=brightness)


def dome_brightness(panorama: Float[np.ndarray, "height width channels"]) -> float:
    """Luminance of a white floor under an equirectangular panorama, rows from below to above.

    The upper half weighs by the cosine to the zenith; the lower half, which lights what faces down, counts a third.
    """
    height = panorama.shape[0]
    polar = np.pi * (1 - (np.arange(height) + 0.5) / height)
    ring = np.sin(polar) * np.abs(np.cos(polar)) * np.where(polar < np.pi / 2, 1.0, 0.33)
    weights = LUMINANCE if panorama.shape[-1] >= len(LUMINANCE) else np.ones(1)
    rows = panorama[..., : len(weights)].mean(1) @ weights
    return float((rows * ring).sum() / ring.sum())
