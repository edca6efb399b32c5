"""Colour, blur, noise, cut-outs, JPEG: what cameras, networks and things in front do to pixels."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from trainer.data.config import AppearanceConfig, ColourConfig

LUMA = np.array([0.299, 0.587, 0.114])
"""Of red, green, blue (ITU-R BT.601)."""

BLUR_SIDE = 448
"""Side of the square that blur is stated for, pixels."""


def draw_appearance(config: AppearanceConfig, picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A changed picture. Which changes are made is drawn first; each then has its own numbers, whatever the others do.

    Args:
        config: the recipe's `augment.appearance`.
        picture: RGB, square.
        rng: where all choices come from.
    """
    wanted = rng.uniform(size=5) < [
        config.blur_probability,
        config.colour.probability,
        config.cutout_probability,
        config.noise_probability,
        config.jpeg_probability,
    ]
    streams = rng.spawn(5)
    steps = (_blur, _colour, _cut_out, _add_noise, _compress)
    for step, chosen, stream in zip(steps, wanted, streams, strict=True):
        if chosen:
            picture = step(config, picture, stream)
    return picture


def _blur(config: AppearanceConfig, picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    sigma = rng.uniform(*config.blur_sigma) * picture.width / BLUR_SIDE
    return picture.filter(ImageFilter.GaussianBlur(sigma))


def _colour(config: AppearanceConfig, picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Saturation and white balance by a matrix, then brightness, contrast and gamma by a table."""
    colour = config.colour
    matrix = _colour_matrix(colour, rng)
    return picture.convert("RGB", matrix).point(_tone_table(colour, rng) * 3)


def _colour_matrix(colour: ColourConfig, rng: np.random.Generator) -> tuple[float, ...]:
    saturation = 1 + colour.saturation * rng.uniform(-1, 1)
    gain = 1 + colour.white_balance * rng.uniform(-1, 1, 3)
    mixed = gain[:, None] * (saturation * np.eye(3) + (1 - saturation) * LUMA)
    return tuple(np.concatenate([mixed, np.zeros((3, 1))], 1).ravel().tolist())


def _tone_table(colour: ColourConfig, rng: np.random.Generator) -> list[int]:
    """New value of each of the 256."""
    gamma = np.exp(colour.gamma * rng.uniform(-1, 1))
    contrast = 1 + colour.contrast * rng.uniform(-1, 1)
    brightness = colour.brightness * rng.uniform(-1, 1)
    values = (np.linspace(0, 1, 256) ** gamma - 0.5) * contrast + 0.5 + brightness
    return (values.clip(0, 1) * 255).round().astype(int).tolist()


def _cut_out(config: AppearanceConfig, picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    picture = picture.copy()
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.integers(config.cutout_count[0], config.cutout_count[1] + 1)):
        extent = rng.uniform(*config.cutout_side, 2) * picture.width
        corner = rng.uniform(-extent / 2, picture.width - extent / 2)
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        draw.rectangle([*corner.tolist(), *(corner + extent).tolist()], fill=colour)
    return picture


def _add_noise(config: AppearanceConfig, picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    level = np.float32(255 * rng.uniform(*config.noise_level))
    pixels = np.asarray(picture, np.float32)
    noisy = pixels + level * rng.standard_normal(pixels.shape, np.float32)
    return Image.fromarray(noisy.round().clip(0, 255).astype(np.uint8))


def _compress(config: AppearanceConfig, picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    quality = int(rng.integers(config.jpeg_quality[0], config.jpeg_quality[1] + 1))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")
