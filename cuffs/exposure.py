"""Whether a picture is burnt or black: how much of it is at the ends of what a file can hold, and how bright it is."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

Array = np.ndarray

WHITE_FROM = 250
"""A pixel all of whose channels reach this shows nothing but white."""

BLACK_TO = 6
"""A pixel none of whose channels exceeds this shows nothing but black."""

LUMA = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureLimits:
    """From where on a picture can't be learned from."""

    white_share: float = 0.3
    """Of the frame: a bright sky or window may be white, a third of the picture may not."""

    white_people_share: float = 0.08
    """Of the people's pixels."""

    black_share: float = 0.5
    black_people_share: float = 0.3
    mean: tuple[float, float] = (35.0, 225.0)
    """Of 255: the frame's."""

    low_light_mean: float = 12.0
    """Of 255: the least where a dark picture was asked for."""

    people_median: tuple[float, float] = (14.0, 238.0)
    """Of 255: the people's; black skin in black clothes at noon is above it."""

    low_light_people_median: float = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How a picture is exposed; brightness is luma, of 255."""

    mean: float
    white_share: float
    black_share: float
    people_median: float | None
    """None where nobody is seen."""

    white_people_share: float
    black_people_share: float

    def causes(self, limits: ExposureLimits, *, low_light: bool) -> tuple[str, ...]:
        """Names of what is wrong, for counting; none where all is well.

        Args:
            limits: from where on it is.
            low_light: whether a dark picture was asked for (`provenance.low_light`).
        """
        least = limits.low_light_mean if low_light else limits.mean[0]
        least_people = limits.low_light_people_median if low_light else limits.people_median[0]
        median = self.people_median
        black_people = self.black_people_share > limits.black_people_share and not low_light
        found = {
            "burnt_frame": self.white_share > limits.white_share or self.mean > limits.mean[1],
            "black_frame": self.mean < least or (self.black_share > limits.black_share and not low_light),
            "burnt_people": self.white_people_share > limits.white_people_share
            or (median is not None and median > limits.people_median[1]),
            "black_people": black_people or (median is not None and median < least_people),
        }
        return tuple(name for name, is_so in found.items() if is_so)


def exposure_of(
    picture: UInt8[Array, "height width 3"], is_person: Bool[Array, "height width"] | None = None
) -> Exposure:
    """Measure a picture.

    Args:
        picture: as a viewer shows it.
        is_person: pixels that show somebody; None where that isn't known.
    """
    white = (picture >= WHITE_FROM).all(-1)
    black = (picture <= BLACK_TO).all(-1)
    luma = picture @ LUMA
    people = np.zeros(luma.shape, bool) if is_person is None else is_person
    seen = bool(people.any())
    return Exposure(
        mean=float(luma.mean()),
        white_share=float(white.mean()),
        black_share=float(black.mean()),
        people_median=float(np.median(luma[people])) if seen else None,
        white_people_share=float(white[people].mean()) if seen else 0.0,
        black_people_share=float(black[people].mean()) if seen else 0.0,
    )
