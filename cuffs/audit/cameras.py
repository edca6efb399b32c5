"""Whether another camera would explain the picture better than the label's own: exchanged, mirrored, too long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.audit.outline import EDGE_GAP, Agreement, agree, looking_step, shift_scores
from cuffs.camera import project

SCALES: Final = np.linspace(-0.03, 0.03, 25)
"""Relative changes of the focal length that are tried."""

SHIFT_REACH: Final = 9
"""How far labels are moved to see whether they lie better there, looked-at pixels."""

LEAST_POINTS: Final = 30
"""Of an outline; fewer say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """Points of one person's outline, and the mask that they should lie on."""

    around: Agreement
    points_cam: Float[np.ndarray, "points 3"]
    """Metres, bent as the lens does; all ahead of the camera."""

    bare_cam: Float[np.ndarray, "bare 3"]
    """Those of them on bare skin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Where a sample's labels would lie best."""

    x_px: float
    y_px: float
    gain: float
    """Mean agreement there less that of where they are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraEvidence:
    """What one sample's outlines say about its camera."""

    gains: Mapping[str, float]
    """By other camera: mean agreement with it less that with the label's own. Cameras like it are left out."""

    scale_curve: Float[np.ndarray, " scales"] | None
    """Mean agreement of bare skin for each of `SCALES`."""

    radius: float
    """Root mean square distance of those points from the principal point, looked-at pixels."""

    shift: Shift


def camera_evidence(
    outlines: Sequence[Outline], K: Float[np.ndarray, "3 3"], *, width: int, height: int
) -> CameraEvidence | None:
    """Compare cameras.

    Args:
        outlines: of a sample's people.
        K: the label's, pixels.
        width: pixels.
        height: pixels.

    Returns:
        None where the outlines are too short to say anything.
    """
    step = looking_step(width, height)
    seen = [_well_inside(project(one.points_cam, K), width, height, step) for one in outlines]
    number = sum(int(one.sum()) for one in seen)
    if number < LEAST_POINTS:
        return None
    own = sum(agree(one.around, project(one.points_cam[s], K)).sum() for one, s in zip(outlines, seen, strict=True))
    gains = {}
    for name, (other, mirrored) in other_cameras(K, width=width, height=height).items():
        total = 0.0
        for one, s in zip(outlines, seen, strict=True):
            pixels = project(one.points_cam[s], other)
            if mirrored:
                pixels = pixels * [-1, 1] + [width, 0]
            total += agree(one.around, pixels).sum()
        gains[name] = float(total - own) / number
    scores = sum(
        shift_scores(one.around, project(one.points_cam[s], K), reach=SHIFT_REACH)
        for one, s in zip(outlines, seen, strict=True)
    )
    curve, radius = _scale_curve(outlines, K, width=width, height=height, step=step)
    return CameraEvidence(
        gains=gains, scale_curve=curve, radius=radius, shift=_best_shift(np.asarray(scores) / number, step)
    )


def other_cameras(
    K: Float[np.ndarray, "3 3"], *, width: int, height: int
) -> Mapping[str, tuple[Float[np.ndarray, "3 3"], bool]]:
    """Cameras that mistakes make of one: K, and whether the picture is mirrored; those that differ from K."""
    swapped, tall, wide = K.copy(), K.copy(), K.copy()
    swapped[0, 2], swapped[1, 2] = K[1, 2], K[0, 2]
    tall[[0, 1], [0, 1]] *= width / height
    wide[[0, 1], [0, 1]] *= height / width
    found = {"cx and cy exchanged": (swapped, False), "mirrored": (K, True)}
    found |= {"fov_y taken for fov_x": (wide, False), "fov_x taken for fov_y": (tall, False)}
    least = 0.005 * max(width, height)
    return {
        name: (other, mirrored)
        for name, (other, mirrored) in found.items()
        if mirrored or float(np.abs(other - K).max()) > least
    }


def _well_inside(pixels: np.ndarray, width: int, height: int, step: int) -> np.ndarray:
    gap = EDGE_GAP * step
    x, y = pixels[:, 0], pixels[:, 1]
    return (x > gap) & (x < width - gap) & (y > gap) & (y < height - gap)


def _scale_curve(
    outlines: Sequence[Outline], K: np.ndarray, *, width: int, height: int, step: int
) -> tuple[np.ndarray | None, float]:
    middle = K[:2, 2]
    total, square, number = np.zeros(len(SCALES)), 0.0, 0
    for one in outlines:
        pixels = project(one.bare_cam, K)
        offset = pixels[_well_inside(pixels, width, height, step)] - middle
        total += agree(one.around, middle + offset * (1 + SCALES)[:, None, None]).sum(1)
        square += float((offset**2).sum())
        number += len(offset)
    if number < LEAST_POINTS:
        return None, 0.0
    return total / number, float(np.sqrt(square / number)) / step


def _best_shift(scores: Float[np.ndarray, "shifts shifts"], step: int) -> Shift:
    row, column = np.unravel_index(int(scores.argmax()), scores.shape)
    return Shift(
        x_px=float((column - SHIFT_REACH) * step),
        y_px=float((row - SHIFT_REACH) * step),
        gain=float(scores[row, column] - scores[SHIFT_REACH, SHIFT_REACH]),
    )


def peak(curve: Float[np.ndarray, " scales"]) -> float:
    """Where a curve over `SCALES` is highest, between its points by a parabola."""
    place = int(np.clip(curve.argmax(), 1, len(curve) - 2))
    before, there, after = curve[place - 1 : place + 2]
    bend = before - 2 * there + after
    offset = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(SCALES[place] + (SCALES[1] - SCALES[0]) * np.clip(offset, -1, 1))
