"""From light on the sensor to a picture: exposure, lens shading, white balance, noise, tone.

Everything happens after the render, on linear RGB, and changes no label: annotation comes from the sharp data pass.
Numpy alone, because Blender's worker does it.
"""

import numpy as np
from jaxtyping import Bool, Float

from cuffs.records import DevelopSpec

Array = np.ndarray

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])

LIT = 0.88
"""Of white: where the meter puts a white surface in the light that falls on the people's brighter side."""

BRIGHT_SIDE = 0.7
"""Quantile of the light over a person's pixels that is taken for the brighter side."""

SCENE_WEIGHT = 0.2
"""Of the whole frame's light against the people's, in logarithms: a camera looks at both."""

BLACK_ALBEDO = 0.02
"""Surfaces darker than this say nothing of the light on them."""

BURNT_SHARE = 0.06
"""Of the frame: what may come out above white before the exposure is taken back, by a stop at most."""

KNEE = 0.7
"""Of white: from here on brighter light is compressed, as film and phones do."""

GREY = 0.18

GREY_NOISE = 0.7
"""Of the noise's variance, what all channels share."""


def metered_gain(
    light: Float[Array, "height width 3"],
    albedo: Float[Array, "height width 3"],
    is_person: Bool[Array, "height width"],
) -> float:
    """The exposure that a meter held at the people would ask for.

    Light falling on a surface is what it sends back by its albedo, so that dark skin stays dark and a white dress
    white.

    Args:
        light: linear RGB as rendered.
        albedo: of the first surface at each pixel.
        is_person: pixels that show somebody.

    Returns:
        What `light` is to be multiplied by. 1 where nothing is lit at all.
    """
    brightness, reflected = light @ LUMINANCE, albedo @ LUMINANCE
    usable = reflected > BLACK_ALBEDO
    incident = np.where(usable, brightness / np.maximum(reflected, BLACK_ALBEDO), 0.0)
    everywhere = incident[usable & (incident > 0)]
    if len(everywhere) == 0:
        return 1.0
    people = incident[usable & is_person & (incident > 0)]
    scene = float(np.median(everywhere))
    on_people = float(np.quantile(people, BRIGHT_SIDE)) if len(people) else scene
    level = np.exp((1 - SCENE_WEIGHT) * np.log(on_people) + SCENE_WEIGHT * np.log(max(scene, on_people / 4)))
    gain = LIT / level
    return gain / float(np.clip(np.quantile(brightness, 1 - BURNT_SHARE) * gain, 1.0, 2.0))


def develop(light: Float[Array, "height width 3"], spec: DevelopSpec, *, gain: float) -> Float[Array, "height width 3"]:
    """Linear RGB within 0 to 1, ready for the display's own curve.

    Args:
        light: linear RGB on the sensor.
        spec: what is done; it holds the noise's seed.
        gain: exposure by the meter.
    """
    seen = np.maximum(light, 0.0) * (gain * 2.0**spec.exposure_ev)
    height, width = light.shape[:2]
    seen = seen * _shading((height, width), spec.vignetting)[..., None]
    seen = _noisy(seen, spec) * np.array(spec.white_balance)
    toned = _toned(np.maximum(seen, 0.0), spec)
    return sharpened(toned, spec.sharpening).clip(0.0, 1.0)


def _shading(shape: tuple[int, int], lost: float) -> Float[Array, "height width"]:
    """What a lens lets through, by the distance from the middle: 1 there, 1 - `lost` in the corners."""
    height, width = shape
    y, x = np.mgrid[:height, :width] + 0.5
    square = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) / 0.5
    return 1.0 - lost * square


def _noisy(light: Float[Array, "height width 3"], spec: DevelopSpec) -> Float[Array, "height width 3"]:
    """Photon and read noise.

    Neighbours share some of it, because a camera reconstructs colour from its mosaic, and so do the channels, because
    it smooths colour more than brightness.
    """
    if spec.shot_noise == 0 and spec.read_noise == 0:
        return light
    drawn = np.random.default_rng(spec.seed).standard_normal((*light.shape[:2], 4), np.float32)
    mixed = np.sqrt(GREY_NOISE) * drawn[..., 3:] + np.sqrt(1 - GREY_NOISE) * drawn[..., :3]
    grain = 0.62 * mixed + 0.19 * sum(np.roll(mixed, step, axis) for step in (-1, 1) for axis in (0, 1))
    grain /= np.sqrt(0.62**2 + 4 * 0.19**2)
    return light + np.sqrt(spec.shot_noise**2 * light + spec.read_noise**2) * grain


def _toned(light: Float[Array, "height width 3"], spec: DevelopSpec) -> Float[Array, "height width 3"]:
    """Contrast about mid-grey, saturation, and a soft shoulder instead of a hard end at white."""
    toned = GREY * (light / GREY) ** spec.contrast
    grey = (toned @ LUMINANCE)[..., None]
    toned = np.maximum(grey + spec.saturation * (toned - grey), 0.0)
    over = np.maximum(toned - KNEE, 0.0)
    return np.where(toned > KNEE, KNEE + (1 - KNEE) * (1 - np.exp(-over / (1 - KNEE))), toned)


def sharpened(picture: Float[Array, "height width 3"], amount: float) -> Float[Array, "height width 3"]:
    """Differences to the neighbourhood's mean made larger, as cameras do."""
    if amount == 0:
        return picture
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = picture.shape[:2]
    around = sum(padded[row : row + height, column : column + width] for row in range(3) for column in range(3)) / 9
    return picture + amount * (picture - around)
