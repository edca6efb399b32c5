"""Shapes of places, as vertices and quads."""

import numpy as np
from jaxtyping import Float, Int

Array = np.ndarray
Mesh = tuple[Float[Array, "verts 3"], Int[Array, "faces 4"]]

SEGMENTS = 96


def square(half_m: float, *, around: Float[Array, "2"]) -> Mesh:
    """A level square at z = 0, as one face: ground has no edges to show."""
    x, y = around
    corners = [[x - half_m, y - half_m], [x + half_m, y - half_m], [x + half_m, y + half_m], [x - half_m, y + half_m]]
    return np.array([[*corner, 0.0] for corner in corners]), np.array([[0, 1, 2, 3]])


def revolved(profile: Float[Array, "n 2"], *, around: Float[Array, "2"]) -> Mesh:
    """A surface of revolution about the vertical.

    Args:
        profile: distance from the axis and height of points along it, metres.
        around: where the axis stands.
    """
    count = len(profile)
    angle = np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    level = profile[:, None, :1] * ring + around
    height = np.broadcast_to(profile[:, None, 1:], (count, SEGMENTS, 1))
    verts = np.concatenate([level, height], 2).reshape(-1, 3)
    row, column = np.meshgrid(np.arange(count - 1), np.arange(SEGMENTS), indexing="ij")
    after = (column + 1) % SEGMENTS
    corners = [row * SEGMENTS + column, (row + 1) * SEGMENTS + column, (row + 1) * SEGMENTS + after,
               row * SEGMENTS + after]  # fmt: skip
    return verts, np.stack(corners, -1).reshape(-1, 4)


def boxes(centres: Float[Array, "n 3"], sizes: Float[Array, "n 3"], yaw_rad: Float[Array, " n"]) -> Mesh:
    """Boxes standing on their centres' undersides' height, turned about the vertical.

    Args:
        centres: metres.
        sizes: whole edge lengths, metres.
        yaw_rad: turn of each box.
    """
    signs = np.array([[x, y, z] for z in (-0.5, 0.5) for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))])
    local = signs * sizes[:, None]
    cos, sin = np.cos(yaw_rad)[:, None], np.sin(yaw_rad)[:, None]
    turned = np.stack(
        [cos * local[..., 0] - sin * local[..., 1], sin * local[..., 0] + cos * local[..., 1], local[..., 2]], -1
    )
    verts = (turned + centres[:, None]).reshape(-1, 3)
    faces = np.array([[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])
    return verts, (faces[None] + 8 * np.arange(len(centres))[:, None, None]).reshape(-1, 4)


def blobs(centres: Float[Array, "n 3"], sizes: Float[Array, "n 3"], rng: np.random.Generator) -> Mesh:
    """Lumpy ellipsoids: crowns of trees, bushes.

    Args:
        centres: metres.
        sizes: whole widths, metres.
        rng: for the lumps.
    """
    rows, columns = 10, 16
    polar = np.linspace(0.0, np.pi, rows)[:, None]
    angle = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    unit = np.stack(
        [np.sin(polar) * np.cos(angle), np.sin(polar) * np.sin(angle), np.cos(polar) + 0 * angle], -1
    ).reshape(-1, 3)
    lumps = rng.uniform(0.72, 1.0, (len(centres), len(unit), 1))
    verts = (unit * lumps * sizes[:, None] / 2 + centres[:, None]).reshape(-1, 3)
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    after = (column + 1) % columns
    corners = [row * columns + column, (row + 1) * columns + column, (row + 1) * columns + after,
               row * columns + after]  # fmt: skip
    faces = np.stack(corners, -1).reshape(-1, 4)
    return verts, (faces[None] + len(unit) * np.arange(len(centres))[:, None, None]).reshape(-1, 4)
