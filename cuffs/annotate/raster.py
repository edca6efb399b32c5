"""Which pixels a mesh covers, and with which triangle, at pixel centres: as the renderer's 1-sample pass sees it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

MAX_SIDE = 4096
"""Canvases larger than this are drawn smaller, and their pixels counted larger."""

NEAR_M = 0.01
BATCH = 2_000_000
"""Candidate pixels looked at together; bounds memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A window of whole pixels anywhere in the image plane."""

    left: int
    top: int
    width: int
    height: int


def coverage(
    points_cam: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    K: Float[np.ndarray, "3 3"],
    canvas: Canvas,
) -> Bool[np.ndarray, "height width"]:
    """Pixels whose centres a mesh covers.

    Args:
        points_cam: metres. Triangles with a corner nearer than 1 cm are left out.
        faces: corners of triangles; both sides count.
        K: pixels.
        canvas: the window that is looked at.
    """
    covered = np.zeros(canvas.height * canvas.width, bool)
    for pixel, _, _ in _hits(points_cam, faces, K, canvas):
        covered[pixel] = True
    return covered.reshape(canvas.height, canvas.width)


def nearest_faces(
    points_cam: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    K: Float[np.ndarray, "3 3"],
    canvas: Canvas,
) -> tuple[Int[np.ndarray, "height width"], Float[np.ndarray, "height width"]]:
    """The triangle in front at each pixel (-1: none) and its depth along the optical axis (infinite: none)."""
    face = np.full(canvas.height * canvas.width, -1, np.int64)
    depth = np.full(canvas.height * canvas.width, np.inf)
    for pixel, hit, z in _hits(points_cam, faces, K, canvas):
        nearer = z < depth[pixel]
        pixel, hit, z = pixel[nearer], hit[nearer], z[nearer]
        far_first = np.argsort(-z, kind="stable")  # where several fall on a pixel, the last assignment stays
        face[pixel[far_first]] = hit[far_first]
        depth[pixel[far_first]] = z[far_first]
    shape = (canvas.height, canvas.width)
    return face.reshape(shape), depth.reshape(shape)


def covered_pixels(
    points_cam: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"], K: Float[np.ndarray, "3 3"]
) -> float:
    """How many pixels a mesh covers, not clipped by any frame.

    Where it would cover a canvas larger than `MAX_SIDE`, it is drawn smaller and the count scaled up.
    """
    ahead = points_cam[points_cam[:, 2] > NEAR_M]
    if len(ahead) == 0:
        return 0.0
    pixels = (ahead / ahead[:, 2:] @ K.T)[:, :2]
    low, high = pixels.min(0), pixels.max(0)
    scale = min(1.0, MAX_SIDE / float((high - low).max() + 2))
    left, top = np.floor(low * scale).astype(int)
    right, bottom = np.ceil(high * scale).astype(int)
    canvas = Canvas(left=int(left), top=int(top), width=int(right - left + 1), height=int(bottom - top + 1))
    return float(coverage(points_cam, faces, np.diag([scale, scale, 1.0]) @ K, canvas).sum()) / scale**2


Hits = tuple[Int[np.ndarray, " hits"], Int[np.ndarray, " hits"], Float[np.ndarray, " hits"]]


def _hits(
    points_cam: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    K: Float[np.ndarray, "3 3"],
    canvas: Canvas,
) -> Iterator[Hits]:
    """Every (pixel, triangle) pair where the triangle covers the pixel's centre, with its depth there, in batches."""
    z = points_cam[:, 2]
    xy = (points_cam / np.where(z > NEAR_M, z, 1.0)[:, None] @ K.T)[:, :2] - np.array([canvas.left, canvas.top], float)
    number = np.flatnonzero((z[faces] > NEAR_M).all(1))
    corners = xy[faces[number]]
    low = np.ceil(corners.min(1) - 0.5).astype(np.int64).clip(0)
    high = np.floor(corners.max(1) - 0.5).astype(np.int64).clip(max=[canvas.width - 1, canvas.height - 1])
    extent = (high - low + 1).clip(0)
    kept = extent.prod(1) > 0
    number, corners, low, extent = number[kept], corners[kept], low[kept], extent[kept]
    inverse_z = 1 / z[faces[number]]
    ends = np.cumsum(extent.prod(1))
    start = 0
    while start < len(number):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + BATCH)))
        part = slice(start, stop)
        local, pixel, depth = _inside(corners[part], inverse_z[part], low[part], extent[part], width=canvas.width)
        yield pixel, number[part][local], depth
        start = stop


def _inside(
    corners: Float[np.ndarray, "faces 3 2"],
    inverse_z: Float[np.ndarray, "faces 3"],
    low: Int[np.ndarray, "faces 2"],
    extent: Int[np.ndarray, "faces 2"],
    *,
    width: int,
) -> Hits:
    """Test every pixel of each triangle's box against its three edges; depth is linear in 1/z across the image."""
    area = extent.prod(1)
    face = np.repeat(np.arange(len(area)), area)
    place = np.arange(len(face)) - np.repeat(np.cumsum(area) - area, area)
    x = low[face, 0] + place % extent[face, 0]
    y = low[face, 1] + place // extent[face, 0]
    weights = []
    for first, second in ((1, 2), (2, 0), (0, 1)):
        start, edge = corners[:, first], corners[:, second] - corners[:, first]
        weights.append(edge[face, 0] * (y + 0.5 - start[face, 1]) - edge[face, 1] * (x + 0.5 - start[face, 0]))
    total = weights[0] + weights[1] + weights[2]  # twice the signed area
    inside = (total != 0) & np.logical_and.reduce([weight * np.sign(total) >= 0 for weight in weights])
    hit = face[inside]
    blended = sum(weight[inside] * inverse_z[hit, corner] for corner, weight in enumerate(weights))
    return hit, y[inside] * width + x[inside], total[inside] / blended
