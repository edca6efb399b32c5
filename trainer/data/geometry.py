"""Where a picture's pixels go in the network's square: scale, shift, flip; K follows exactly.

All maps are of the form out = scale * in + shift, in pixels whose (0, 0) is the outer corner of the top-left one, so a
point's projection by the new K is its old projection moved by the same map, principal points off the middle included.
"""

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from PIL import Image

from cuffs.errors import RecordError
from trainer.data.config import FramingConfig
from trainer.data.people import PeopleLabels

PAD_COLOUR = (124, 116, 104)
"""ImageNet's mean: 0 after normalisation."""

TRIES = 8
"""Framings that are drawn before the plain one is taken, if each loses all heads that the picture shows."""

MAX_SIDE = 16384
"""No picture here is larger; a header that claims more is a broken or hostile file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """The map from a picture to the network's square, then the mirror if `flipped`."""

    side: int
    scale: float
    shift_x: float
    """Pixels of the square."""

    shift_y: float
    flipped: bool

    def matrix(self) -> Float[np.ndarray, "3 3"]:
        """Homogeneous pixels of the picture to those of the square, without the mirror."""
        return np.array([[self.scale, 0, self.shift_x], [0, self.scale, self.shift_y], [0, 0, 1.0]])

    def intrinsics(self, K: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3 3"]:
        """K of the square. In the mirror the camera's x axis turns too: only the principal point moves."""
        framed = self.matrix() @ K
        if self.flipped:
            framed[0, 2] = self.side - framed[0, 2]
        return framed


def whole_picture(width: int, height: int, *, side: int) -> Framing:
    """The largest scale at which all of the picture is in the square, centred; what is left over is padding."""
    scale = side / max(width, height)
    return Framing(
        side=side,
        scale=scale,
        shift_x=(side - scale * width) / 2,
        shift_y=(side - scale * height) / 2,
        flipped=False,
    )


def draw_framing(
    config: FramingConfig,
    people: PeopleLabels,
    K: Float[np.ndarray, "3 3"],
    *,
    size: tuple[int, int],
    side: int,
    rng: np.random.Generator,
) -> Framing:
    """Draw flip, scale and shift. A framing that loses every head that the picture shows is drawn again.

    Args:
        config: the recipe's `augment.framing`.
        people: of the picture.
        K: pixels of the picture.
        size: width and height, pixels.
        side: of the square.
        rng: where all choices come from. As many numbers are drawn whatever the picture is.
    """
    plain = whole_picture(*size, side=side)
    flipped = bool(rng.uniform() < config.flip_probability)
    moved = rng.uniform() < config.crop_probability
    draws = rng.uniform(size=(TRIES, 3))
    candidates = [_moved(plain, config, size, draw) for draw in draws] if moved else []
    seen = heads_inside(people, K, plain)
    chosen = next((framing for framing in candidates if seen == 0 or heads_inside(people, K, framing)), plain)
    return Framing(
        side=side, scale=chosen.scale, shift_x=chosen.shift_x, shift_y=chosen.shift_y, flipped=flipped
    )  # fmt: skip


def _moved(plain: Framing, config: FramingConfig, size: tuple[int, int], draw: np.ndarray) -> Framing:
    """The plain framing scaled about the square's middle (log-uniformly), then shifted."""
    low, high = np.log(config.scale)
    zoom = float(np.exp(low + (high - low) * draw[0]))
    shift = config.shift * plain.side * (2 * draw[1:] - 1)
    scale = plain.scale * zoom
    return Framing(
        side=plain.side,
        scale=scale,
        shift_x=float((plain.side - scale * size[0]) / 2 + shift[0]),
        shift_y=float((plain.side - scale * size[1]) / 2 + shift[1]),
        flipped=False,
    )


def heads_inside(people: PeopleLabels, K: Float[np.ndarray, "3 3"], framing: Framing) -> int:
    """How many head joints are in the square."""
    ahead = people.head_cam[people.head_cam[:, 2] > 0]
    pixels = (ahead / ahead[:, 2:]) @ (framing.matrix() @ K).T
    return int(((pixels[:, :2] >= 0) & (pixels[:, :2] < framing.side)).all(1).sum())


def decode_picture(data: bytes, size: tuple[int, int], scale: float, *, where: str) -> Image.Image:
    """An RGB picture from a JPEG or PNG, decoded at a half, quarter or eighth where so little is needed.

    Args:
        data: the file's bytes.
        size: width and height that the annotation states.
        scale: what the picture is going to be scaled by.
        where: the sample, for messages.

    Raises:
        RecordError: if it can't be decoded, or its size is another than the annotation's.
    """
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
        if max(picture.size) > MAX_SIDE:
            raise RecordError(f"{where}: the picture claims {picture.size} pixels, more than any here has.")
        if picture.size != size:
            raise RecordError(f"{where}: the picture is {picture.size}, but its annotation says {size}.")
        for fraction in (8, 4, 2):
            if scale * fraction <= 1 and all(length % fraction == 0 for length in size):
                picture.draft("RGB", (size[0] // fraction, size[1] // fraction))
                break
        return picture.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise RecordError(f"{where}: the picture can't be decoded ({problem}).") from problem


def frame_picture(picture: Image.Image, size: tuple[int, int], framing: Framing) -> Image.Image:
    """The network's square: resampled with antialiasing, padded with a plain colour.

    Whole pixels of the square that lie in the picture are computed from exactly the part of the picture that they
    cover, so nothing shifts by rounding. A border narrower than a pixel is padding.

    Args:
        picture: RGB, maybe decoded at a fraction of its size.
        size: width and height at full size, pixels.
        framing: where it goes.
    """
    side = framing.side
    left, right = _whole_pixels(framing.shift_x, framing.scale * size[0], side)
    top, bottom = _whole_pixels(framing.shift_y, framing.scale * size[1], side)
    square = Image.new("RGB", (side, side), PAD_COLOUR)
    if right > left and bottom > top:
        across, down = picture.width / size[0] / framing.scale, picture.height / size[1] / framing.scale
        box = (
            max(0.0, (left - framing.shift_x) * across),
            max(0.0, (top - framing.shift_y) * down),
            min(float(picture.width), (right - framing.shift_x) * across),
            min(float(picture.height), (bottom - framing.shift_y) * down),
        )
        part = picture.resize((right - left, bottom - top), Image.Resampling.BILINEAR, box=box)
        square.paste(part, (left, top))
    return square.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if framing.flipped else square


def _whole_pixels(start: float, length: float, side: int) -> tuple[int, int]:
    """First pixel, and the one after the last, that lie between start and start + length and in the square.

    A hair is forgiven: a picture that fills the square up to rounding fills its last pixel.
    """
    return max(0, int(np.ceil(start - 1e-6))), min(side, int(np.floor(start + length + 1e-6)))
