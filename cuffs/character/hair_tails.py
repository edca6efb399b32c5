"""Buns and ponytails, as layers of points on the middling person."""

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.hair_styles import HairStyle
from cuffs.character.skull import Skull, Surface

Array = np.ndarray

BACK_DEG = (180.0, 28.0)
"""Azimuth and elevation of the place where hair is tied."""

BUN_M, RINGS, SECTORS = 0.038, 9, 14
TAIL_M, TAIL_ROWS = 0.30, 14
TAIL_RADII_M = ((0.0, 0.011), (0.08, 0.014), (0.35, 0.024), (0.7, 0.020), (1.0, 0.008))
"""Radius of a ponytail by the share of its length."""

INNER_SHARE = 0.55
"""Radius of the inner layer, as a share of the outer's."""


def tied_at(style: HairStyle, skull: Skull) -> tuple[Float[Array, "3"], Float[Array, "3"]]:
    """Where hair is tied behind, and the direction away from the head there."""
    azimuth, elevation = BACK_DEG
    towards = skull.directions(np.array([azimuth]), np.array([elevation]))
    return skull.centre + (skull.radius(towards)[0] + style.side_m) * towards[0], towards[0]


def bun(style: HairStyle, skull: Skull) -> Surface:
    """A ball at the back of the head."""
    tie, towards = tied_at(style, skull)
    middle = tie + 0.55 * BUN_M * towards
    polar = np.pi * (np.arange(RINGS) + 0.5) / RINGS
    across = np.array([1.0, 0.0, 0.0])
    upward = np.cross(towards, across)
    around = _circle(across, upward)
    rings = np.sin(polar)[:, None, None] * around + np.cos(polar)[:, None, None] * towards
    outer = middle + BUN_M * rings * [1.0, 0.85, 1.0]
    return _layers(outer, middle + INNER_SHARE * (outer - middle), hangs=False)


def ponytail(style: HairStyle, skull: Skull) -> Surface:
    """A tail that rises from the back of the head and falls behind the neck."""
    tie, towards = tied_at(style, skull)
    share = np.linspace(0, 1, TAIL_ROWS)
    out = 0.055 * np.sin(np.clip(share / 0.3, 0, 1) * np.pi / 2)
    fall = TAIL_M * np.clip(share - 0.06, 0, 1) ** 1.25
    path = tie + out[:, None] * towards - fall[:, None] * [0.0, 0.0, 1.0]
    path = skull.pushed_clear(path, np.tile([0.0, 1.0, 0.0], (TAIL_ROWS, 1)))
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.tile([1.0, 0.0, 0.0], (TAIL_ROWS, 1))
    upward = np.cross(along, across)
    radius = np.interp(share, *np.array(TAIL_RADII_M).T)
    angle = 2 * np.pi * np.arange(SECTORS) / SECTORS
    around = np.cos(angle)[None, :, None] * across[:, None] + np.sin(angle)[None, :, None] * upward[:, None]
    outer = path[:, None] + radius[:, None, None] * around
    return _layers(outer, path[:, None] + 0.1 * (outer - path[:, None]), hangs=True)


def _circle(across: Float[Array, "3"], upward: Float[Array, "3"]) -> Float[Array, "sectors 3"]:
    angle = 2 * np.pi * np.arange(SECTORS) / SECTORS
    return np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * upward


def _layers(outer: Float[Array, "rows sectors 3"], inner: Float[Array, "rows sectors 3"], *, hangs: bool) -> Surface:
    """Rings of points as a closed surface, with an inner layer that no face uses."""
    rows, sectors, _ = outer.shape
    count = rows * sectors
    numbers = np.arange(count).reshape(rows, sectors)
    ends = np.stack([outer[0].mean(0), outer[-1].mean(0)])
    points = np.concatenate([outer.reshape(-1, 3), inner.reshape(-1, 3), ends])
    found = np.concatenate([_tube_faces(numbers), *_caps(numbers, 2 * count)])
    corners = points[found]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    if np.einsum("fi,fi->", normals, corners.mean(1) - outer.reshape(-1, 3).mean(0)) < 0:
        found = found[:, ::-1]
    return Surface(
        points=points,
        faces=found,
        hangs=np.full(len(points), hangs),
        tail=np.stack([numbers + count, numbers]),
    )


def _tube_faces(numbers: Int[Array, "rows sectors"]) -> Int[Array, "faces 3"]:
    after = np.roll(numbers, -1, 1)
    a, b, c, d = numbers[:-1], after[:-1], after[1:], numbers[1:]
    return np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], 2).reshape(-1, 3)


def _caps(numbers: Int[Array, "rows sectors"], first: int) -> tuple[Int[Array, "faces 3"], Int[Array, "faces 3"]]:
    """Fans over both ends, about points `first` and `first + 1`."""
    top, bottom = numbers[0], numbers[-1]
    start = np.stack([np.full(len(top), first), np.roll(top, -1), top], 1)
    end = np.stack([np.full(len(top), first + 1), bottom, np.roll(bottom, -1)], 1)
    return start, end
