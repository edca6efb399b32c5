"""A mesh put together from simple parts. Local frame: origin amid the underside, front towards -y, z up, metres."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

Array = np.ndarray
Point = tuple[float, float, float]

CORNER_SIGNS = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], float)
BEVEL_M = 0.008
"""Edges of furniture are rounded by about this, and catch light there."""


@dataclass(slots=True)
class Kit:
    """Parts so far. `material` of a part is a number into the thing's list of surfaces."""

    verts: list[Float[Array, "n 3"]] = field(default_factory=list)
    triangles: list[Int[Array, "m 3"]] = field(default_factory=list)
    materials: list[Int[Array, " m"]] = field(default_factory=list)
    smooth: list[Array] = field(default_factory=list)
    count: int = 0

    def add(
        self, verts: Float[Array, "n 3"], triangles: Int[Array, "m 3"], material: int, *, smooth: bool = False
    ) -> None:
        """Add any part."""
        self.verts.append(verts)
        self.triangles.append(triangles + self.count)
        self.materials.append(np.full(len(triangles), material))
        self.smooth.append(np.full(len(triangles), smooth))
        self.count += len(verts)

    def box(self, base: Point, size: Point, material: int = 0, *, bevel_m: float = BEVEL_M, yaw: float = 0.0) -> None:
        """A box with chamfered edges standing on `base` (amid its underside), turned by `yaw` about its own middle."""
        verts, triangles = chamfered_box(size, bevel_m)
        cos, sin = np.cos(yaw), np.sin(yaw)
        turned = verts @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
        self.add(turned + np.add(base, (0, 0, size[2] / 2)), triangles, material)

    def slab(self, base: Point, size: Point, tilt: float, material: int = 0) -> None:
        """A box that leans back (towards +y at its top) by `tilt` radians about its lower edge's middle."""
        verts, triangles = chamfered_box(size, BEVEL_M)
        verts = verts + np.array([0, 0, size[2] / 2])
        cos, sin = np.cos(tilt), np.sin(tilt)
        leaned = verts @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        self.add(leaned + np.array(base), triangles, material)

    def cushion(self, middle: Point, size: Point, material: int = 0, *, power: float = 0.35) -> None:
        """A puffed-up box: a superellipsoid. Smaller powers are boxier."""
        verts, triangles = superellipsoid(size, power)
        self.add(verts + np.array(middle), triangles, material, smooth=True)

    def rod(
        self, start: Point, end: Point, radius_m: float | tuple[float, float], material: int = 0, *, sides: int = 10
    ) -> None:
        """A round bar between two points; with two radii it tapers."""
        radii = radius_m if isinstance(radius_m, tuple) else (radius_m, radius_m)
        verts, triangles = frustum(np.array(start, float), np.array(end, float), radii, sides=sides)
        self.add(verts, triangles, material, smooth=True)

    def lathe(
        self, profile: list[tuple[float, float]], material: int = 0, *, at: Point = (0, 0, 0), sides: int = 24
    ) -> None:
        """A surface of revolution about the vertical: (radius, height) points from below to above."""
        verts, triangles = revolved(np.array(profile, float), sides)
        self.add(verts + np.array(at), triangles, material, smooth=True)

    def quad(self, corners: list[Point], material: int = 0) -> None:
        """One flat face with four corners, counter-clockwise seen from its front."""
        self.add(np.array(corners, float), np.array([[0, 1, 2], [0, 2, 3]]), material)

    def legs(
        self, size: Point, *, thick_m: float, material: int = 0, inset_m: float = 0.0, round_legs: bool = False
    ) -> None:
        """Four legs beneath a rectangle of width and depth, as high as the size says."""
        x, y = size[0] / 2 - thick_m / 2 - inset_m, size[1] / 2 - thick_m / 2 - inset_m
        for corner_x, corner_y in ((-x, -y), (x, -y), (-x, y), (x, y)):
            if round_legs:
                self.rod(
                    (corner_x, corner_y, 0), (corner_x, corner_y, size[2]), (thick_m * 0.35, thick_m / 2), material
                )
            else:
                self.box((corner_x, corner_y, 0), (thick_m, thick_m, size[2]), material, bevel_m=0.004)

    def merged(self) -> tuple[Float[Array, "verts 3"], Int[Array, "faces 3"], Int[Array, " faces"], Array]:
        """All parts as one mesh: vertices, triangles, material of each, whether each is shaded smooth."""
        return (
            np.concatenate(self.verts),
            np.concatenate(self.triangles),
            np.concatenate(self.materials),
            np.concatenate(self.smooth),
        )


def chamfered_box(size: Point, bevel_m: float) -> tuple[Float[Array, "24 3"], Int[Array, "44 3"]]:
    """A box around the origin whose edges and corners are cut off."""
    half = np.array(size) / 2
    cut = min(bevel_m, 0.3 * float(half.min()))
    corners = CORNER_SIGNS * half
    verts = np.stack([corners - CORNER_SIGNS * cut * (1 - np.eye(3)[axis]) for axis in range(3)], 1).reshape(-1, 3)
    return verts, _CHAMFER_TRIANGLES


def _chamfer_triangles() -> Int[Array, "44 3"]:
    """Vertex 3 c + a of corner c lies on the face across axis a. Wound so that all normals point outwards."""
    verts = (CORNER_SIGNS[:, None] * (1 - 0.2 * (1 - np.eye(3)[None]))).reshape(-1, 3)
    polygons = []
    for axis in range(3):
        for side in (-1, 1):
            polygons.append([3 * c + axis for c in range(8) if CORNER_SIGNS[c, axis] == side])
        others = [other for other in range(3) if other != axis]
        for first in range(8):
            if CORNER_SIGNS[first, axis] < 0:  # the edge along this axis that starts here
                second = first + 2**axis
                polygons.append([3 * end + other for end in (first, second) for other in others])
    polygons += [[3 * c, 3 * c + 1, 3 * c + 2] for c in range(8)]
    triangles = []
    for polygon in polygons:
        points = verts[polygon]
        middle = points.mean(0)
        normal = middle / np.linalg.norm(middle)
        across = points[0] - middle
        along = np.cross(normal, across)
        angle = np.arctan2((points - middle) @ along, (points - middle) @ across)
        ring = [polygon[place] for place in np.argsort(angle)]
        triangles += [[ring[0], ring[k], ring[k + 1]] for k in range(1, len(ring) - 1)]
    return np.array(triangles)


_CHAMFER_TRIANGLES = _chamfer_triangles()


def grid_triangles(rows: int, columns: int, *, closed: bool) -> Int[Array, "faces 3"]:
    """Triangles of a grid of rows × columns vertices; closed: the last column joins the first."""
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing="ij")
    after = (column + 1) % columns
    a, b = row * columns + column, row * columns + after
    c, d = (row + 1) * columns + after, (row + 1) * columns + column
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])


def superellipsoid(size: Point, power: float, rows: int = 12, columns: int = 20) -> tuple[Array, Array]:
    """A rounded box around the origin."""
    polar = np.linspace(-np.pi / 2, np.pi / 2, rows)[:, None]
    angle = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]

    def bent(value: Array) -> Array:
        return np.sign(value) * np.abs(value) ** power

    verts = np.stack(
        [
            bent(np.cos(polar)) * bent(np.cos(angle)),
            bent(np.cos(polar)) * bent(np.sin(angle)),
            bent(np.sin(polar)) + 0 * angle,
        ],
        -1,
    ).reshape(-1, 3)
    return verts * np.array(size) / 2, grid_triangles(rows, columns, closed=True)


def frustum(start: Array, end: Array, radii: tuple[float, float], *, sides: int) -> tuple[Array, Array]:
    """A round bar with closed ends."""
    axis = (end - start) / np.linalg.norm(end - start)
    across = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.8 else [0.0, 1.0, 0.0])
    across /= np.linalg.norm(across)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    ring = np.cos(angle) * across + np.sin(angle) * np.cross(axis, across)
    verts = np.concatenate([start + radii[0] * ring, end + radii[1] * ring, [start], [end]])
    around = np.arange(sides)
    after = (around + 1) % sides
    caps = [
        np.stack([after, around, np.full(sides, 2 * sides)], 1),
        np.stack([sides + around, sides + after, np.full(sides, 2 * sides + 1)], 1),
    ]
    return verts, np.concatenate([grid_triangles(2, sides, closed=True), *caps])


def revolved(profile: Float[Array, "n 2"], sides: int) -> tuple[Array, Array]:
    """A surface of revolution about the vertical."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    level = profile[:, None, :1] * ring
    height = np.broadcast_to(profile[:, None, 1:], (len(profile), sides, 1))
    return np.concatenate([level, height], 2).reshape(-1, 3), grid_triangles(len(profile), sides, closed=True)
