"""Hair as surfaces grown on the scalp of the middling person: caps with a hairline, hair that hangs, a bun."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.character.body_frame import BodyFrame
from cuffs.character.hair_styles import HairStyle, Profile

Array = np.ndarray
COLUMNS, CAP_ROWS, HANGING_ROWS = 48, 12, 9

SKIN_DEPTH_M = 0.002
"""How deep a hairline's edge lies in the skin: there is no gap, and the line is as smooth as it was drawn."""

HANGS_FROM_DEG = 70.0
FREE_M = 0.15
"""Hair this far below the skull's middle or farther is pushed straight backwards, off the shoulders."""

MOST_PUSHES, NEAR_ENOUGH_M = 20, 1e-3

CLEAR_M = 0.03
"""Hair that hangs lower than the head keeps this far from the skin: shirts lie between."""

NECK_M = 0.10
"""Hair this far below the skull's middle or farther hangs beside neck and shoulders."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Triangles of hair."""

    points: Float[Array, "points 3"]
    faces: Int[Array, "faces 3"]
    hangs: Bool[Array, " points"]
    """Points that hang free, rather than lie on the scalp."""


class Skull:
    """The skull of the middling person, seen from its middle."""

    def __init__(self, frame: BodyFrame, scalp: Int[Array, "faces 3"], body: Int[Array, "body_faces 3"]) -> None:
        import trimesh

        self.centre = (frame.joint("left_eye") + frame.joint("right_eye")) / 2 + [0.0, 0.085, 0.013]
        self._scalp = trimesh.Trimesh(frame.rest, scalp, process=False)
        self._body = trimesh.Trimesh(frame.rest, body, process=False)

    def directions(self, azimuth_deg: Array, elevation_deg: Array) -> Array:
        """Unit vectors; azimuth grows towards the person's left."""
        a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
        return np.stack([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)], -1)

    def radius(self, directions: Float[Array, "n 3"]) -> Float[Array, " n"]:
        """Distance from the middle to the scalp, metres; across the ears' holes that of the nearest ray that hits."""
        origins = np.tile(self.centre, (len(directions), 1))
        points, rays, _ = self._scalp.ray.intersects_location(origins, directions)
        found = np.full(len(directions), np.nan)
        for ray, distance in zip(rays, np.linalg.norm(points - self.centre, axis=1), strict=True):
            found[ray] = np.nanmin([found[ray], distance])
        found[found > 0.16] = np.nan  # through an ear's hole, out at the shoulder
        hits = np.flatnonzero(np.isfinite(found))
        for ray in np.flatnonzero(np.isnan(found)):
            found[ray] = found[hits[(directions[hits] @ directions[ray]).argmax()]]
        return found

    def pushed_clear(self, points: Float[Array, "n 3"], outwards: Float[Array, "n 3"]) -> Float[Array, "n 3"]:
        """Points beside neck and shoulders moved outwards until they keep clear of the skin."""
        import trimesh

        moved = points.copy()
        close = np.flatnonzero(points[:, 2] < self.centre[2] - NECK_M)
        for _ in range(MOST_PUSHES):
            short = CLEAR_M + trimesh.proximity.signed_distance(self._body, moved[close])  # positive inside
            close, short = close[short > NEAR_ENOUGH_M], short[short > NEAR_ENOUGH_M]
            if not len(close):
                break
            moved[close] += np.clip(short, 0, 0.02)[:, None] * outwards[close]
        return moved


def grow(style: HairStyle, skull: Skull) -> Surface:
    """The surface of a haircut on the middling person."""
    surfaces = [_cap(style, skull) if style.ends_m is None else _with_hanging(style, skull, _cap(style, skull))]
    if style.bun:
        surfaces.append(_bun(style, skull))
    return joined(surfaces)


def joined(surfaces: Sequence[Surface]) -> Surface:
    """Several surfaces as one."""
    first = np.cumsum([0, *(len(surface.points) for surface in surfaces[:-1])])
    return Surface(
        points=np.concatenate([surface.points for surface in surfaces]),
        faces=np.concatenate([surface.faces + start for surface, start in zip(surfaces, first, strict=True)]),
        hangs=np.concatenate([surface.hangs for surface in surfaces]),
    )


def _columns() -> Float[Array, " columns"]:
    """Azimuths of a cap's columns, from the right side of the back of the head round the front; none is 0."""
    return -180 + 360 * (np.arange(COLUMNS) + 0.5) / COLUMNS


def _hanging_columns() -> Int[Array, " n"]:
    """Columns that hair hangs from, from the left side round the back to the right."""
    azimuth = _columns()
    chosen = np.flatnonzero(np.abs(azimuth) >= HANGS_FROM_DEG)
    return chosen[np.argsort((azimuth[chosen] + 360) % 360)]


def _curve(profile: Profile, azimuth_deg: Float[Array, " n"]) -> Float[Array, " n"]:
    at, value = np.array(profile, float).T
    return np.interp(np.abs(azimuth_deg), at, value)


def _shell(style: HairStyle, azimuth: Array, elevation: Array, share: Array) -> Array:
    """Height of a cap above the scalp; `share` runs from 0 on top to 1 at the hairline."""
    upward = np.clip((elevation - 10) / 60, 0, 1)
    thickness = style.side_m + (style.top_m - style.side_m) * upward**2 * (3 - 2 * upward)
    round_off = np.sqrt(1 - np.clip((share - 0.6) / 0.4, 0, 1) ** 2)
    is_free = _curve(style.is_edge_free, azimuth)
    a, e = np.radians(azimuth), np.radians(elevation)
    waves = np.sin(7 * a + 2 * np.sin(3 * e)) * np.sin(6 * e + 0.7) + 0.6 * np.sin(13 * a - 5 * e)
    height = (thickness + style.unrest_m * waves * np.cos(e)) * (is_free + (1 - is_free) * round_off)
    return height - SKIN_DEPTH_M * (1 - is_free) * (share > 0.999)


def _cap(style: HairStyle, skull: Skull) -> Surface:
    """From the crown to the hairline, with a rim that closes the edge towards the skin where nothing hangs from it."""
    share = np.append(np.arange(1, CAP_ROWS + 1) / CAP_ROWS, 1.0)[:, None]
    azimuth = _columns()
    elevation = (90 + (_curve(style.line, azimuth) - 90) * share).ravel()
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
    return Surface(points=np.concatenate([top, points]), faces=faces, hangs=np.zeros(1 + len(points), bool))


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
    across = _columns()[columns]
    edge = _cap_rows()[-2, columns]
    top = cap.points[edge]
    outwards = skull.directions(across, np.zeros_like(across))
    ends = skull.centre[2] - _curve(style.ends_m or (), across)
    down = (np.arange(1, HANGING_ROWS + 1) / HANGING_ROWS)[:, None, None]
    rows = top + down * ((ends - top[:, 2])[None, :, None] * [0.0, 0.0, 1.0])
    waves = style.unrest_m * np.sin(9 * np.radians(across))[None, :, None] * down
    rows = rows + (0.008 * np.sin(np.pi * down) + waves) * outwards
    rows = np.concatenate([rows, rows[-1:] - 0.012 * outwards + [0.0, 0.0, 0.006]])  # the ends turn in
    flat = rows.reshape(-1, 3)
    below = np.clip((skull.centre[2] - flat[:, 2]) / FREE_M, 0, 1)[:, None] ** 2
    away = (1 - below) * np.tile(outwards, (len(rows), 1)) + below * [0.0, 1.0, 0.0]  # off the shoulders, backwards
    clear = skull.pushed_clear(flat, away / np.linalg.norm(away, axis=1, keepdims=True))
    grid = np.concatenate([edge[None], len(cap.points) + np.arange(len(flat)).reshape(len(rows), -1)])
    return Surface(
        points=np.concatenate([cap.points, clear]),
        faces=np.concatenate([cap.faces, _grid_faces(grid, is_closed=False)]),
        hangs=np.concatenate([cap.hangs, np.ones(len(clear), bool)]),
    )


def _bun(style: HairStyle, skull: Skull, *, radius_m: float = 0.04, rings: int = 7, sectors: int = 14) -> Surface:
    """A ball at the back of the head."""
    towards = skull.directions(np.array([180.0]), np.array([28.0]))
    middle = skull.centre + (skull.radius(towards)[0] + style.side_m + 0.55 * radius_m) * towards[0]
    polar = np.pi * np.arange(1, rings + 1) / (rings + 1)
    around = 2 * np.pi * np.arange(sectors) / sectors
    ring = np.stack(
        [np.outer(np.sin(polar), np.cos(around)), np.outer(np.sin(polar), np.sin(around)),
         np.outer(np.cos(polar), np.ones(sectors))], -1,
    ).reshape(-1, 3)  # fmt: skip
    ball = np.concatenate([[[0, 0, 1.0]], ring, [[0, 0, -1.0]]])
    last = len(ball) - 1
    faces = []
    for sector in range(sectors):
        after = (sector + 1) % sectors
        faces += [[0, 1 + sector, 1 + after], [last, last - sectors + after, last - sectors + sector]]
        for row in range(rings - 1):
            a, b = 1 + row * sectors + sector, 1 + row * sectors + after
            faces += [[a, a + sectors, b + sectors], [a, b + sectors, b]]
    points = middle + radius_m * ball * [1.0, 0.85, 1.0]
    return Surface(points=points, faces=np.array(faces), hangs=np.zeros(len(points), bool))
