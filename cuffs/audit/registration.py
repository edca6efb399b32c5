"""Whether picture and mask show the same thing at the same place: the border of one lies on the edges of the other."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import gaussian_filter

from cuffs.audit.outline import looking_step

REACH: Final = 9
"""How far the border is moved, looked-at pixels."""

LEAST_POINTS: Final = 60
SMOOTH_PX: Final = 1.0
MARGIN: Final = 12
"""Border pixels nearer to the picture's edge than this are left out, so that all can be moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Where the mask's border would lie best on the picture's edges."""

    x_px: float
    y_px: float
    ratio: float
    """Mean edge strength there over that of where the border is."""

    mirrored_ratio: float
    """Likewise for the border mirrored about the picture's middle, moved by a pixel at most."""


def register(grey: UInt8[np.ndarray, "height width"], mask: UInt8[np.ndarray, "height width"]) -> Registration | None:
    """Compare a picture with a mask.

    Args:
        grey: brightness.
        mask: the instance mask.

    Returns:
        None where the mask has too short a border.
    """
    height, width = mask.shape
    step = looking_step(width, height)
    edges = _edge_strength(grey, step)
    seen = mask[::step, ::step] > 0
    v, u = np.nonzero(seen & ~_eroded(seen))
    rows, columns = seen.shape
    kept = (u >= MARGIN) & (u < columns - MARGIN) & (v >= MARGIN) & (v < rows - MARGIN)
    u, v = u[kept], v[kept]
    if len(u) < LEAST_POINTS:
        return None
    shifts = np.arange(-REACH, REACH + 1)
    flat = (v * columns + u)[None, None] + (shifts[:, None] * columns + shifts[None])[..., None]
    scores = edges.ravel()[flat].mean(-1)
    row, column = np.unravel_index(int(scores.argmax()), scores.shape)
    near = slice(REACH - 1, REACH + 2)
    here = float(scores[near, near].max())
    mirrored = max(float(edges[v, columns - 1 - u + shift].mean()) for shift in (-1, 0, 1))
    return Registration(
        x_px=float((column - REACH) * step),
        y_px=float((row - REACH) * step),
        ratio=float(scores[row, column]) / max(here, 1e-6),
        mirrored_ratio=mirrored / max(here, 1e-6),
    )


def _edge_strength(grey: np.ndarray, step: int) -> Float[np.ndarray, "rows columns"]:
    """Length of the brightness's gradient, strong edges counting no more than good ones."""
    coarse = gaussian_filter(grey.astype(np.float32), SMOOTH_PX * (step if step > 1 else 1))[::step, ::step]
    down, right = np.gradient(coarse)
    strength = np.hypot(right, down)
    return np.minimum(strength, np.percentile(strength, 95))


def _eroded(seen: np.ndarray) -> np.ndarray:
    inner = seen.copy()
    inner[1:] &= seen[:-1]
    inner[:-1] &= seen[1:]
    inner[:, 1:] &= seen[:, :-1]
    inner[:, :-1] &= seen[:, 1:]
    return inner
