"""Strands of hair: grown once for a haircut, in coordinates of the space between its inner and outer layer, and placed
on anybody by where those layers are. Numpy alone.

A strand's point has a column (turns about the head, 0 in the middle behind, growing towards the left over the front),
a row of the layers' grid, and a height from 0, the inner layer, to 1.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.character.hair_styles import ROOTS_OF_HANGING, HairStyle, curve
from cuffs.character.open_hair import CAP_ROWS, HANGING_ROWS, HANGS_FROM_DEG

Array = np.ndarray

STEP_M, SKULL_M = 0.008, 0.1
"""Length of the steps that strands are grown by, and the radius of the head that they are grown on."""

WHORL_DEG, CROWN_DEG, TIE_DEG = (170.0, 62.0), (180.0, 82.0), (180.0, 28.0)
PARTING_DEG = 16.0
"""How far aside of the middle a parting lies."""

RISE_M = 0.05
"""Hair that hangs reaches its height within this length."""

EDGE_ROWS = 0.35
"""How far from a cap's edge, which lies in the skin, its strands keep."""

EDGE_SHARE, EDGE_DEG = 0.3, 9.0
SPREAD_DEG = 3.0
"""Hairlines are not sharp: roots lie up to so far beyond, ever fewer."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strands:
    """Strands in the layers' coordinates."""

    points: Float[Array, "strands points 3"]
    """Column in turns, row, height."""

    is_tail: Bool[Array, " strands"]
    """Whether a strand belongs to the bun or ponytail."""


def grown_strands(style: HairStyle, rng: np.random.Generator, *, share: float = 1.0) -> Strands:
    """Grow a haircut's strands.

    Args:
        style: the haircut.
        rng: for their roots and how they wander.
        share: of the style's count.
    """
    count = int(style.strands.count * share)
    roots = _roots(style, count, rng)
    path, length = _paths(style, roots, rng)
    points = _resampled(path, length, style.strands.points)
    if style.tail == "none":
        return Strands(points=points, is_tail=np.zeros(len(points), bool))
    tail = _tail(style, int(count * 0.35), rng)
    return Strands(points=np.concatenate([points, tail]), is_tail=np.arange(len(points) + len(tail)) >= len(points))


def _direction(azimuth_deg: Array | float, elevation_deg: Array | float) -> Array:
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    return np.stack([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)], -1)


def _angles(direction: Float[Array, "n 3"]) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    x, y, z = direction.T
    return np.degrees(np.arctan2(x, -y)), np.degrees(np.arcsin(np.clip(z, -1, 1)))


def _roots(style: HairStyle, count: int, rng: np.random.Generator) -> Float[Array, "n 3"]:
    """Directions of roots, even over the scalp."""
    lowest = min(value for _, value in style.line) - SPREAD_DEG
    found = []
    while sum(map(len, found)) < count:
        elevation = np.degrees(np.arcsin(rng.uniform(np.sin(np.radians(lowest)), 1, 2 * count)))
        azimuth = rng.uniform(-180, 180, 2 * count)
        line = curve(style.line, azimuth)
        if style.ends_m is not None:  # what hangs over the forehead or the neck has its roots higher up
            line = np.maximum(line, curve(ROOTS_OF_HANGING, azimuth))
        above = elevation - line + SPREAD_DEG * rng.uniform(-1, 1, 2 * count) ** 3
        if style.strands.flow == "back":  # hair that is combed back is seen to its roots along its line
            is_edge = rng.uniform(size=2 * count) < EDGE_SHARE
            elevation = np.where(is_edge, line + rng.uniform(0, EDGE_DEG, 2 * count), elevation)
            above = np.where(is_edge, 1.0, above)
        found.append(_direction(azimuth, elevation)[above > 0])
    return np.concatenate(found)[:count]


def _flow(style: HairStyle, at: Float[Array, "n 3"], side: float) -> Float[Array, "n 3"]:
    """Directions in which hair lies at places of the head; not yet tangential."""
    x, y, z = at.T
    kind = style.strands.flow
    if kind == "back":
        return np.tile(_direction(*TIE_DEG), (len(at), 1))
    if kind == "outwards":
        return np.stack([0 * x, 0 * x, -0.2 - 0 * x], 1)
    pole = _direction(*(CROWN_DEG if kind == "fringe" else WHORL_DEG))
    away = -np.tile(pole, (len(at), 1)) + [0.0, 0.0, -0.5] * np.clip(0.6 - z, 0, 1)[:, None]
    if kind in ("whorl", "fringe"):
        return away
    front = np.clip((0.35 - y) / 0.4, 0, 1)[:, None]
    if kind == "swept":
        aside = np.stack([np.full_like(x, 0.9 * side), 0.35 + 0 * x, 0.5 + 0 * x], 1)
        return (1 - front * (z > 0.35)[:, None]) * away + front * (z > 0.35)[:, None] * aside
    parting = side * np.sin(np.radians(PARTING_DEG)) if kind == "parted" else 0.0
    lateral = np.where(x > parting, 1.0, -1.0)
    hangs = style.ends_m is not None
    backward = 0.55 if hangs else 0.25
    aside = np.stack([lateral, np.full_like(x, backward), -0.4 - 0 * x], 1)
    return front * aside + (1 - front) * (away + (0.5 * np.stack([lateral, 0 * x, -1 + 0 * x], 1) if hangs else 0))


def _paths(
    style: HairStyle, roots: Float[Array, "n 3"], rng: np.random.Generator
) -> tuple[Float[Array, "n steps 3"], Float[Array, " n"]]:
    """Every strand in small steps, and how many of them it has."""
    count, run = len(roots), style.strands
    side = 1.0 if rng.uniform() < 0.5 else -1.0
    top = np.clip((_angles(roots)[1] - 15) / 45, 0, 1)
    length_m = run.length_m[1] + (run.length_m[0] - run.length_m[1]) * top
    length_m = length_m * np.exp(rng.normal(scale=0.15, size=count))
    hangs = style.ends_m is not None
    steps = 70 if hangs else max(6, int(1.5 * max(run.length_m) / STEP_M) + 2)
    if hangs:
        length_m = np.full(count, 10.0)
    step_m = STEP_M if hangs else length_m / (steps - 1)
    bend = _bends(roots, rng) + rng.normal(scale=0.12, size=count)
    height = _final_height(style, rng, count)
    at, azimuth, row = roots.copy(), _angles(roots)[0], np.zeros(count)
    found = np.zeros((count, steps, 3))
    is_hanging = np.zeros(count, bool)
    ended = np.full(count, steps - 1.0)
    limit = CAP_ROWS + HANGING_ROWS * rng.uniform(0.9, 1.0, count)
    for number in range(steps):
        line = curve(style.line, azimuth)
        elevation = _angles(at)[1]
        row = np.where(is_hanging, row, CAP_ROWS * (90 - elevation) / (90 - line))
        if not hangs:
            row = np.minimum(row, CAP_ROWS - EDGE_ROWS)
        travelled = number * step_m
        rise = np.clip(travelled / RISE_M, 0, 1) if hangs else np.sqrt(number / (steps - 1))
        found[:, number] = np.stack([azimuth / 360 + 0.5, row, height * rise * (2 - rise)], 1)
        at, azimuth, row, is_hanging = _advanced(
            style, at, azimuth, row, is_hanging, step_m=step_m, bend=bend, side=side, limit=limit
        )
        done = (row >= limit) & (ended == steps - 1)
        ended[done] = number
    return found, ended


def _advanced(  # noqa: PLR0913
    style: HairStyle, at: Array, azimuth: Array, row: Array, is_hanging: Array, *,
    step_m: Array | float, bend: Array, side: float, limit: Array,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """One step of all strands."""
    flow = _flow(style, at, side)
    flow = flow - np.einsum("ni,ni->n", flow, at)[:, None] * at
    flow /= np.linalg.norm(flow, axis=1, keepdims=True).clip(1e-6)
    flow = flow * np.cos(bend)[:, None] + np.cross(at, flow) * np.sin(bend)[:, None]
    moved = at + flow * (np.asarray(step_m) / SKULL_M).reshape(-1, 1)
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    new_azimuth, new_elevation = _angles(moved)
    new_azimuth = azimuth + (new_azimuth - azimuth + 180) % 360 - 180
    wrapped = (new_azimuth + 180) % 360 - 180
    if style.ends_m is None:
        return moved, new_azimuth, row, is_hanging
    line = curve(style.line, wrapped)
    below = (new_elevation < line) & ~is_hanging
    may_hang = np.abs(wrapped) > HANGS_FROM_DEG + 2
    starts = below & may_hang
    slides = below & ~may_hang
    if style.strands.flow == "fringe":
        limit[slides] = row[slides]  # a fringe ends here
    slid = wrapped + np.sign(wrapped) * np.degrees(np.asarray(step_m) / SKULL_M)
    new_azimuth = np.where(slides, azimuth + (slid - wrapped), new_azimuth)
    moved[slides] = _direction(slid, curve(style.line, slid) + 0.5)[slides]
    hung_m = curve(style.ends_m, wrapped) + SKULL_M * np.sin(np.radians(line))
    row = np.where(is_hanging, row + HANGING_ROWS * step_m / hung_m, np.where(starts, CAP_ROWS, row))
    new_azimuth = np.where(is_hanging, azimuth, new_azimuth)
    moved = np.where(is_hanging[:, None], at, moved)
    return moved, new_azimuth, row, is_hanging | starts


def _bends(roots: Float[Array, "n 3"], rng: np.random.Generator) -> Float[Array, " n"]:
    """Smooth turns of the flow over the head, radians."""
    found = np.zeros(len(roots))
    for _ in range(5):
        direction = rng.normal(size=3)
        found += 0.12 * np.sin(roots @ direction * rng.uniform(3, 8) + rng.uniform(0, 2 * np.pi))
    return found


def _final_height(style: HairStyle, rng: np.random.Generator, count: int) -> Float[Array, " n"]:
    """Height that each strand rises to."""
    if style.strands.flow == "outwards":
        return rng.uniform(0.6, 1.0, count) ** 0.6
    if style.strands.flow == "back":
        return rng.uniform(0.15, 1.0, count)
    return rng.uniform(0.25, 1.05, count)


def _resampled(path: Float[Array, "n steps 3"], last: Float[Array, " n"], points: int) -> Float[Array, "n points 3"]:
    """As many points for every strand, evenly along it."""
    at = last[:, None] * np.linspace(0, 1, points)
    low = np.minimum(np.floor(at).astype(int), path.shape[1] - 2)
    share = (at - low)[..., None]
    rows = np.arange(len(path))[:, None]
    return (1 - share) * path[rows, low] + share * path[rows, low + 1]


def _tail(style: HairStyle, count: int, rng: np.random.Generator) -> Float[Array, "n points 3"]:
    """Strands of a bun, which wind round it, or of a ponytail, which run along it."""
    points = style.strands.points
    share = np.linspace(0, 1, points)
    if style.tail == "bun":
        column = rng.uniform(0, 1, (count, 1)) + 0.8 * share + 0.05 * rng.normal(size=(count, 1))
        row = rng.uniform(0.0, 1.0, (count, 1)) + 0.12 * np.sin(2 * np.pi * (share + rng.uniform(0, 1, (count, 1))))
        height = np.sqrt(rng.uniform(0.3, 1.0, (count, 1))) + 0.04 * np.sin(7 * share)
    else:
        column = rng.uniform(0, 1, (count, 1)) + 0.1 * share
        row = share * rng.uniform(0.8, 1.0, (count, 1))
        height = np.sqrt(rng.uniform(0, 1, (count, 1))) + 0 * share
    return np.stack([column + 0 * share, np.clip(row, 0, 1) + 0 * share, height + 0 * share], -1)


def placed(
    strands: Strands, verts: Float[Array, "verts 3"], volume: Int[Array, "2 rows columns"],
    tail: Int[Array, "2 tail_rows tail_columns"],
) -> tuple[Float[Array, "strands points 3"], Float[Array, "strands points 3"]]:  # fmt: skip
    """Where strands lie, and the direction away from the skin at each point, unit.

    Args:
        strands: from `grown_strands`.
        verts: the hair part's own vertices, posed, metres.
        volume: the part's layers.
        tail: of its bun or ponytail.
    """
    points, outward = np.zeros(strands.points.shape), np.zeros(strands.points.shape)
    main = ~strands.is_tail
    columns = volume.shape[2]
    column, row, height = np.moveaxis(strands.points[main], -1, 0)
    points[main], outward[main] = _mapped(verts, volume, column * columns - 0.5, row, height)
    if strands.is_tail.any():
        column, row, height = np.moveaxis(strands.points[strands.is_tail], -1, 0)
        points[strands.is_tail], outward[strands.is_tail] = _mapped(
            verts, tail, column * tail.shape[2], row * (tail.shape[1] - 1), height
        )
    return points, outward


def _mapped(verts: Array, volume: Array, column: Array, row: Array, height: Array) -> tuple[Array, Array]:
    """Bilinear between the layers' points."""
    rows, columns = volume.shape[1:]
    r0 = np.clip(np.floor(row), 0, rows - 2).astype(int)
    c0 = np.floor(column).astype(int)
    fr, fc = (row - r0)[..., None], (column - c0)[..., None]
    layers = []
    for layer in volume:
        corner = [verts[layer[r, c % columns]] for r in (r0, r0 + 1) for c in (c0, c0 + 1)]
        layers.append((1 - fr) * ((1 - fc) * corner[0] + fc * corner[1]) + fr * ((1 - fc) * corner[2] + fc * corner[3]))
    inner, outer = layers
    away = outer - inner
    points = inner + height[..., None] * away
    return points, away / np.linalg.norm(away, axis=-1, keepdims=True).clip(1e-9)
