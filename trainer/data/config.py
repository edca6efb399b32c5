"""What a recipe's `data:` and `augment:` blocks can say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cuffs.config import require_fraction, require_span
from cuffs.errors import ConfigError

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConfig:
    """Which samples are read, and what happens to broken ones."""

    split: Split = "train"
    """Samples of this split are trained on; identities never appear in two splits."""

    weights: Mapping[str, float] = field(default_factory=dict)
    """Share of each dataset by its name (`--data NAME=FOLDER`; else the folder's own name). Empty: by size."""

    epoch_size: int | None = None
    """Samples in an epoch; null: as many as there are."""

    max_samples: int | None = None
    """The first so many of each dataset; null: all. To try a recipe, or to overfit on purpose."""

    on_corrupt: Literal["stop", "skip"] = "stop"
    """What a sample does that can't be read. skip: another one takes its place, and it is named and counted."""

    max_corrupt: int = 100
    """More different corrupt samples than this stop the run even where they are skipped."""

    workers: int = 2
    """Loading processes of each rank; 0 loads in the training process."""

    prefetch: int = 4
    """Batches that each loading process keeps ready."""

    stream_buffer: int = 1000
    """Samples that a stream's shuffle keeps at hand; streams only."""

    def __post_init__(self) -> None:
        if any(weight < 0 for weight in self.weights.values()):
            raise ConfigError(f"weights must be 0 or more, found {dict(self.weights)}.")
        if self.epoch_size is not None and self.epoch_size < 1:
            raise ConfigError(f"epoch_size is {self.epoch_size}, but must be 1 or more, or null.")
        if self.max_samples is not None and self.max_samples < 1:
            raise ConfigError(f"max_samples is {self.max_samples}, but must be 1 or more, or null.")
        for name, least in (("max_corrupt", 0), ("workers", 0), ("prefetch", 1), ("stream_buffer", 1)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} is {getattr(self, name)}, but must be {least} or more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FramingConfig:
    """How pictures are placed in the network's square. K follows exactly."""

    flip_probability: float = 0.5
    """Mirror image: poses, hands and expression are mirrored too."""

    crop_probability: float = 0.5
    scale: tuple[float, float] = (0.8, 1.4)
    """Relative to the whole picture filling the square, log-uniform; above 1 cuts its border off, below 1 pads."""

    shift: float = 0.15
    """At most, in sides of the square, each way."""

    def __post_init__(self) -> None:
        require_fraction("flip_probability", self.flip_probability)
        require_fraction("crop_probability", self.crop_probability)
        require_span("scale", self.scale, 0.05, 20.0)
        require_fraction("shift", self.shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourConfig:
    """Brightness, contrast, saturation, gamma and white balance, drawn together."""

    probability: float = 0.8
    brightness: float = 0.15
    """Added, at most; 1 is white."""

    contrast: float = 0.25
    """Factor 1 - this to 1 + this about middle grey."""

    saturation: float = 0.3
    """Factor likewise; at 1 the picture may become grey."""

    gamma: float = 0.2
    """Exponent's logarithm, at most."""

    white_balance: float = 0.1
    """Factor of each channel, 1 - this to 1 + this."""

    def __post_init__(self) -> None:
        for name in ("probability", "brightness", "contrast", "saturation", "white_balance"):
            require_fraction(name, getattr(self, name))
        require_span("gamma", (0.0, self.gamma), 0.0, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppearanceConfig:
    """What is done to pixels and leaves the labels alone."""

    colour: ColourConfig = field(default_factory=ColourConfig)
    blur_probability: float = 0.15
    blur_sigma: tuple[float, float] = (0.3, 1.5)
    """Gaussian, pixels at a side of 448; larger squares are blurred in proportion."""

    noise_probability: float = 0.15
    noise_level: tuple[float, float] = (0.01, 0.05)
    """Standard deviation, 1 is white."""

    jpeg_probability: float = 0.2
    jpeg_quality: tuple[int, int] = (30, 90)
    cutout_probability: float = 0.2
    cutout_count: tuple[int, int] = (1, 3)
    """Rectangles of a plain colour that hide parts, as things in front of people do."""

    cutout_side: tuple[float, float] = (0.05, 0.25)
    """In sides of the square."""

    def __post_init__(self) -> None:
        for name in ("blur", "noise", "jpeg", "cutout"):
            require_fraction(f"{name}_probability", getattr(self, f"{name}_probability"))
        require_span("blur_sigma", self.blur_sigma, 0.0, 20.0)
        require_span("noise_level", self.noise_level, 0.0, 1.0)
        require_span("jpeg_quality", self.jpeg_quality, 1, 100)
        require_span("cutout_count", self.cutout_count, 0, 100)
        require_span("cutout_side", self.cutout_side, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentConfig:
    """A recipe's `augment:` block; every probability is of one sample."""

    framing: FramingConfig = field(default_factory=FramingConfig)
    appearance: AppearanceConfig = field(default_factory=AppearanceConfig)


PLAIN = AugmentConfig(
    framing=FramingConfig(flip_probability=0.0, crop_probability=0.0),
    appearance=AppearanceConfig(
        colour=ColourConfig(probability=0.0),
        blur_probability=0.0,
        noise_probability=0.0,
        jpeg_probability=0.0,
        cutout_probability=0.0,
    ),
)
"""Nothing is changed: for validation."""
