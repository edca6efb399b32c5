"""Hair as surfaces grown on the scalp of the middling person: caps with a hairline, hair that hangs, a bun."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.hair_styles import HairStyle, curve
from cuffs.character.hair_tails import bun, ponytail
from cuffs.character.skull import Skull, Surface, joined

Array = np.ndarray
COLUMNS, CAP_ROWS, HANGING_ROWS = 48, 12, 9

SKIN_DEPTH_M = 0.002
"""How deep a hairline's edge lies in the skin: there is no gap, and the line is as smooth as it was drawn."""

HANGS_FROM_DEG = 70.0
FREE_M = 0.15
"""Hair this far below the skull's middle or farther is pushed straight backwards, off the shoulders."""

THICK_M = 0.015
"""Thickness of hair where it begins to hang; half as much at its ends."""


def grow(style: HairStyle, skull: Skull) -> Surface:
    """The surface of a haircut on the middling person."""
    cap = _cap(style, skull)
    whole = cap if style.ends_m is None else _with_hanging(style, skull, cap)
    if style.tail == "none":
        return whole
    tail = bun(style, skull) if style.tail == "bun" else ponytail(style, skull)
    return replace(joined([whole, tail]), volume=whole.volume, tail=tail.tail + len(whole.points))


def columns_deg() -> Float[Array, " columns"]:
    """Azimuths of a cap's columns, from the right side of the back of the head round the front; none is 0."""
    return -180 + 360 * (np.arange(COLUMNS) + 0.5) / COLUMNS


def _hanging_columns() -> Int[Array, " n"]:
    """Columns that hair hangs from, from the left side round the back to the right."""
    azimuth = columns_deg()
    chosen = np.flatnonzero(np.abs(azimuth) >= HANGS_FROM_DEG)
    return chosen[np.argsort((azimuth[chosen] + 360) % 360)]


def _shell(style: HairStyle, azimuth: Array, elevation: Array, share: Array) -> Array:
    """Height of a cap above the scalp; `share` runs from 0 on top to 1 at the hairline."""
    upward = np.clip((elevation - 10) / 60, 0, 1)
    thickness = style.side_m + (style.top_m - style.side_m) * upward**2 * (3 - 2 * upward)
    thickness = thickness * np.clip(1 + (elevation - 5) / 60, 0.25, 1)  # thin at the nape
    round_off = np.sqrt(1 - np.clip((share - 0.6) / 0.4, 0, 1) ** 2)
    is_free = curve(style.is_edge_free, azimuth)
    a, e = np.radians(azimuth), np.radians(elevation)
    waves = np.sin(7 * a + 2 * np.sin(3 * e)) * np.sin(6 * e + 0.7) + 0.6 * np.sin(13 * a - 5 * e)
    height = (thickness + style.unrest_m * waves * np.cos(e)) * (is_free + (1 - is_free) * round_off)
    return height - SKIN_DEPTH_M * (1 - is_free) * (share > 0.999)


def _cap(style: HairStyle, skull: Skull) -> Surface:
    """From the crown to the hairline, with a rim that closes the edge towards the skin where nothing hangs from it."""
    share = np.append(np.arange(1, CAP_ROWS + 1) / CAP_ROWS, 1.0)[:, None]
    azimuth = columns_deg()
    elevation = (90 + (curve(style.line, azimuth) - 90) * share).ravel()
    across = np.broadcast_to(azimuth, (len(share), COLUMNS)).ravel()
    directions = skull.directions(across, elevation)
    height = _shell(style, across, elevation, np.repeat(share, COLUMNS))
    height[-COLUMNS:] = -SKIN_DEPTH_M
    crown = np.array([[0.0, 0.0, 1.0]])
    points = skull.centre + (skull.radius(directions) + height)[:, None] * directions
    top = skull.centre + (skull.radius(crown) + style.top_m)[:, None] * crown
    fan = [[0, 1 + column, 1 + (column + 1) % COLUMNS] for column in range(COLUMNS)]
    faces = np.concatenate([fan, _grid_faces(_cap_rows(), is_closed=True)])
    if style.ends_m is not None:
        rim = _cap_rows()[-1, _hanging_columns()]
        faces = faces[np.isin(faces, rim).sum(1) == 0]
    beneath = skull.centre + np.concatenate([skull.radius(crown), skull.radius(directions)[:-COLUMNS]])[
        :, None
    ] * np.concatenate([crown, directions[:-COLUMNS]])
    outer = np.concatenate([np.zeros((1, COLUMNS), int), _cap_rows()[:-1]])
    everything = np.concatenate([top, points, beneath])
    return Surface(
        points=everything,
        faces=faces,
        hangs=np.zeros(len(everything), bool),
        volume=np.stack([outer + 1 + len(points), outer]),
    )


def _cap_rows() -> Int[Array, "rows columns"]:
    """Numbers of a cap's points: rows from the crown to the hairline, the rim's last."""
    return 1 + np.arange((CAP_ROWS + 1) * COLUMNS).reshape(CAP_ROWS + 1, COLUMNS)


def _grid_faces(grid: Int[Array, "rows columns"], *, is_closed: bool) -> Int[Array, "faces 3"]:
    """Triangles between rows of points that follow one another downwards, turned outwards.

    Args:
        grid: numbers of points; azimuth grows along a row.
        is_closed: whether the last column meets the first.
    """
    wide = np.concatenate([grid, grid[:, :1]], 1) if is_closed else grid
    a, b, c, d = wide[:-1, :-1], wide[:-1, 1:], wide[1:, 1:], wide[1:, :-1]
    return np.stack([np.stack([a, d, c], -1), np.stack([a, c, b], -1)], 2).reshape(-1, 3)


def _with_hanging(style: HairStyle, skull: Skull, cap: Surface) -> Surface:
    """A cap with what hangs from its edge at the sides and behind."""
    columns = _hanging_columns()
    across = columns_deg()[columns]
    edge = _cap_rows()[-2, columns]
    top = cap.points[edge]
    outwards = skull.directions(across, np.zeros_like(across))
    ends = skull.centre[2] - curve(style.ends_m or (), across)
    down = (np.arange(1, HANGING_ROWS + 1) / HANGING_ROWS)[:, None, None]
    rows = top + down * ((ends - top[:, 2])[None, :, None] * [0.0, 0.0, 1.0])
    waves = style.unrest_m * np.sin(9 * np.radians(across))[None, :, None] * down
    rows = rows + (0.008 * np.sin(np.pi * down) + waves) * outwards
    rows = np.concatenate([rows, rows[-1:] - 0.012 * outwards + [0.0, 0.0, 0.006]])  # the ends turn in
    flat = rows.reshape(-1, 3)
    below = np.clip((skull.centre[2] - flat[:, 2]) / FREE_M, 0, 1)[:, None] ** 2
    away = (1 - below) * np.tile(outwards, (len(rows), 1)) + below * [0.0, 1.0, 0.0]  # off the shoulders, backwards
    clear = skull.pushed_clear(flat, away / np.linalg.norm(away, axis=1, keepdims=True))
    numbers = len(cap.points) + np.arange(len(flat)).reshape(len(rows), -1)
    grid = np.concatenate([edge[None], numbers])
    thick = THICK_M * (1 - 0.5 * np.arange(1, HANGING_ROWS + 1) / HANGING_ROWS)[:, None, None]
    inner = clear.reshape(rows.shape)[:-1] - thick * outwards
    everything = np.concatenate([cap.points, clear, inner.reshape(-1, 3)])
    return Surface(
        points=everything,
        faces=np.concatenate([cap.faces, _grid_faces(grid, is_closed=False)]),
        hangs=np.arange(len(everything)) >= len(cap.points),
        volume=_with_hanging_rows(cap.volume, numbers[:-1], first_inner=len(cap.points) + len(flat)),
    )


def _with_hanging_rows(
    volume: Int[Array, "2 rows columns"], outer: Int[Array, "hanging chosen"], *, first_inner: int
) -> Int[Array, "2 more columns"]:
    """A cap's layers with those of what hangs; columns where nothing hangs repeat the nearest that do."""
    azimuth, chosen = columns_deg(), _hanging_columns()
    apart = np.abs((azimuth[:, None] - azimuth[chosen] + 180) % 360 - 180)
    nearest = apart.argmin(1)
    inner = first_inner + np.arange(outer.size).reshape(outer.shape)
    return np.concatenate([volume, np.stack([inner[:, nearest], outer[:, nearest]])], 1)
