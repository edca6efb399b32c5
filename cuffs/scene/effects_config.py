"""What lens, hand, sensor and file format do to pictures: configuration and samplers.

None of it moves a label, but distortion, which every label includes. The defaults are a perfect camera with a meter.
"""

from dataclasses import dataclass, replace

import numpy as np

from cuffs.config import require_fraction, require_span
from cuffs.errors import ConfigError
from cuffs.lens import Distortion, edge_radius
from cuffs.records import CameraSpec, DevelopSpec, ImageSpec, LightSpec, PlaceSpec

SENSOR_WIDTH_M = 0.0235
"""APS-C: what makes f-numbers of a picture's field of view."""

LOW_LIGHT_NOISE = 4.0
"""Times the noise in low light: four stops of sensitivity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectsConfig:
    """What the camera does to pictures. Shares are of scenes; spans are uniform unless said otherwise."""

    metering: bool = True
    """Expose by the light that falls on the people. Off: by lamps' nominal strength, as a fixed camera would."""

    exposure_ev: tuple[float, float] = (0.0, 0.0)
    """Over or under the meter, stops."""

    low_light_ev: tuple[float, float] = (-1.6, -0.7)
    """The same, where low light was drawn."""

    blur_share: float = 0.0
    """Scenes with depth of field."""

    f_number: tuple[float, float] = (1.8, 8.0)
    """Of an APS-C camera, log-uniform, for those."""

    focus_error_m: tuple[float, float] = (-0.15, 0.15)
    """Focus behind (positive) or before the middle of the people."""

    shake_share: float = 0.0
    """Scenes with motion blur from an unsteady hand."""

    shake_px: tuple[float, float] = (1.0, 8.0)
    """Length of its streaks in a picture 896 px wide."""

    distortion_share: float = 0.0
    """Scenes whose lens bends lines. Labels go through it, and `camera.distortion` says how to undo it."""

    distortion_k1: tuple[float, float] = (-0.15, 0.06)
    """Negative: barrel, positive: pincushion."""

    distortion_k2: tuple[float, float] = (-0.01, 0.03)
    distortion_p: tuple[float, float] = (-0.001, 0.001)
    """p1 and p2: a lens that isn't quite straight on its sensor."""

    vignetting: tuple[float, float] = (0.0, 0.0)
    """Light lost in the corners."""

    white_balance: float = 0.0
    """How far red and blue stray from neutral, as a share (one standard deviation)."""

    noise: tuple[float, float] = (0.0, 0.0)
    """Standard deviation of a white pixel, of 1; a fifth of it is there in the dark too."""

    contrast: tuple[float, float] = (1.0, 1.0)
    saturation: tuple[float, float] = (1.0, 1.0)
    sharpening: tuple[float, float] = (0.0, 0.0)
    jpeg_quality: tuple[int, int] = (95, 95)

    def __post_init__(self) -> None:
        for name in ("blur_share", "shake_share", "distortion_share"):
            require_fraction(f"effects.{name}", getattr(self, name))
        for name, low, high in _SPANS:
            require_span(f"effects.{name}", getattr(self, name), low, high)
        if not 0 <= self.white_balance <= 0.5:
            raise ConfigError(f"effects.white_balance is {self.white_balance}, but lies between 0 and 0.5.")


_SPANS: tuple[tuple[str, float, float], ...] = (
    ("exposure_ev", -6.0, 6.0),
    ("low_light_ev", -6.0, 6.0),
    ("f_number", 0.7, 64.0),
    ("focus_error_m", -5.0, 5.0),
    ("shake_px", 0.0, 200.0),
    ("distortion_k1", -0.5, 0.5),
    ("distortion_k2", -0.2, 0.2),
    ("distortion_p", -0.02, 0.02),
    ("vignetting", 0.0, 0.9),
    ("noise", 0.0, 0.5),
    ("contrast", 0.3, 2.0),
    ("saturation", 0.0, 2.0),
    ("sharpening", 0.0, 1.0),
    ("jpeg_quality", 1, 100),
)


def sample_distortion(config: EffectsConfig, rng: np.random.Generator) -> Distortion | None:
    """Draw how the lens bends lines; None: not at all."""
    bends = rng.uniform() < config.distortion_share
    k1, k2 = rng.uniform(*config.distortion_k1), rng.uniform(*config.distortion_k2)
    p1, p2 = rng.uniform(*config.distortion_p, size=2)
    return (round(k1, 6), round(k2, 6), round(float(p1), 6), round(float(p2), 6), 0.0) if bends else None


def distortion_holds(distortion: Distortion | None, camera: CameraSpec, image: ImageSpec) -> bool:
    """Whether the polynomial itself, not its straight continuation, reaches past the picture's corners."""
    if distortion is None:
        return True
    corners = np.array([[x, y] for x in (0, image.width) for y in (0, image.height)], float)
    farthest = np.linalg.norm((corners - camera.K[:2, 2]) / camera.K[0, 0], axis=1).max()
    k1, k2, _, _, k3 = distortion
    edge = edge_radius(distortion)
    return bool(edge * (1 + k1 * edge**2 + k2 * edge**4 + k3 * edge**6) > 1.1 * farthest)


def with_lens(
    camera: CameraSpec, config: EffectsConfig, *, image: ImageSpec, focus_m: float, rng: np.random.Generator
) -> CameraSpec:
    """The camera with an aperture and a hand's shake.

    Args:
        camera: where it stands.
        config: what is drawn.
        image: the picture's size.
        focus_m: depth of the middle of the people.
        rng: random numbers.
    """
    blurs, shakes = rng.uniform(size=2) < (config.blur_share, config.shake_share)
    focal_m = camera.K[0, 0] / image.width * SENSOR_WIDTH_M
    f_number = float(np.exp(rng.uniform(*np.log(config.f_number))))
    focus = max(0.2, focus_m + float(rng.uniform(*config.focus_error_m)))
    angle = rng.uniform(0, 2 * np.pi)
    length_px = rng.uniform(*config.shake_px) * image.width / 896
    turn_deg = np.degrees(length_px / camera.K[0, 0]) * np.array([np.cos(angle), np.sin(angle), rng.normal(0, 0.3)])
    x, y, z = (round(float(value), 5) for value in turn_deg)
    return replace(
        camera,
        aperture_m=round(focal_m / f_number, 6) if blurs else 0.0,
        focus_m=round(focus, 4),
        shake_deg=(x, y, z) if shakes else (0.0, 0.0, 0.0),
    )


def sample_develop(config: EffectsConfig, place: PlaceSpec, light: LightSpec, rng: np.random.Generator) -> DevelopSpec:
    """Draw exposure, colour, noise and file quality."""
    low, high = config.low_light_ev if light.low_light else config.exposure_ev
    red, blue = np.exp(rng.normal(0, 1, 2) * config.white_balance)
    noise = rng.uniform(*config.noise) * (LOW_LIGHT_NOISE if light.low_light else 1.0)
    return DevelopSpec(
        metering="people" if config.metering and place.kind != "photo" else "fixed",
        exposure_ev=round(float(rng.uniform(low, high)), 3),
        white_balance=(round(float(red), 4), 1.0, round(float(blue), 4)),
        vignetting=_drawn(rng, config.vignetting),
        shot_noise=round(min(1.0, float(noise)), 5),
        read_noise=round(min(1.0, 0.2 * float(noise)), 5),
        contrast=_drawn(rng, config.contrast),
        saturation=_drawn(rng, config.saturation),
        sharpening=_drawn(rng, config.sharpening),
        jpeg_quality=int(rng.integers(config.jpeg_quality[0], config.jpeg_quality[1] + 1)),
        seed=int(rng.integers(2**31)),
    )


def _drawn(rng: np.random.Generator, span: tuple[float, float]) -> float:
    return round(float(rng.uniform(*span)), 4)
