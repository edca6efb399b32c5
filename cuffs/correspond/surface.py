"""Closest points on a mesh's surface that a vertex of a given body segment and normal may attach to."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree

from cuffs.correspond.rigged_mesh import NEIGHBOURS, RiggedMesh
from cuffs.skeleton import SEGMENTS

Array = np.ndarray

CANDIDATES: Final = 32
"""Sample points looked at for each query; their triangles are tried exactly."""

SAMPLES: Final = np.array([[1, 1, 1], [7, 1, 1], [1, 7, 1], [1, 1, 7]]) / np.array([[3], [9], [9], [9]])
"""Where a triangle is sampled: in its middle and towards its corners, for long triangles' sake."""

MIN_AGREEMENT: Final = 0.4
"""Least cosine between the normals of two surfaces that may be the same skin."""

FAR: Final = 1e3
"""Added to a distance (metres) to rule a candidate out without losing its order."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attachment:
    """Where points lie on a surface."""

    face: Int[Array, " n"]
    bary: Float[Array, "n 3"]
    point: Float[Array, "n 3"]
    normal: Float[Array, "n 3"]
    """The triangle's."""

    distance: Float[Array, " n"]
    """Metres."""

    is_allowed: Bool[Array, " n"]
    """Whether segment and normal agree."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """A mesh prepared for closest-point queries, split by body segment."""

    verts: Float[Array, "verts 3"]
    faces: Int[Array, "faces 3"]
    normals: Float[Array, "faces 3"]
    reachable: tuple[Int[Array, " _"], ...]
    """For each segment of a query, the triangles it may attach to."""

    trees: tuple[KDTree | None, ...]


def build_surface(mesh: RiggedMesh, faces: Bool[Array, " faces"]) -> Surface:
    """Prepare some of a mesh's triangles for queries.

    Args:
        mesh: the target.
        faces: which triangles take part.
    """
    numbers = np.flatnonzero(faces)
    corners = mesh.verts[mesh.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    samples = np.einsum("sc,fcd->fsd", SAMPLES, corners)
    touched = mesh.segment[mesh.faces]
    reachable, trees = [], []
    for segment in range(len(SEGMENTS)):
        near = numbers[NEIGHBOURS[segment][touched[numbers]].any(1)]
        reachable.append(near)
        trees.append(KDTree(samples[near].reshape(-1, 3)) if len(near) else None)
    return Surface(
        verts=mesh.verts,
        faces=mesh.faces,
        normals=normal / np.where(length > 0, length, 1.0),
        reachable=tuple(reachable),
        trees=tuple(trees),
    )


def closest(
    surface: Surface,
    points: Float[Array, "n 3"],
    normals: Float[Array, "n 3"],
    segment: Int[Array, " n"],
) -> Attachment:
    """The nearest place on the surface whose segment neighbours the point's, and whose normal agrees if any does.

    Args:
        surface: the target.
        points: metres.
        normals: of the points, unit length.
        segment: of the points, numbers in `skeleton.SEGMENTS`.
    """
    count = len(points)
    face, bary, allowed = np.zeros(count, np.int64), np.zeros((count, 3)), np.zeros(count, bool)
    for number, (tree, reachable) in enumerate(zip(surface.trees, surface.reachable, strict=True)):
        rows = np.flatnonzero(segment == number)
        if tree is None or not len(rows):
            continue
        near = tree.query(points[rows], k=min(CANDIDATES, tree.n))[1].reshape(len(rows), -1)
        tried = reachable[near // len(SAMPLES)]
        here = np.repeat(points[rows, None], tried.shape[1], 1)
        coordinates = barycentric(here, surface.verts[surface.faces[tried]])
        place = np.einsum("nkc,nkcd->nkd", coordinates, surface.verts[surface.faces[tried]])
        distance = np.linalg.norm(place - points[rows, None], axis=-1)
        agrees = np.einsum("nkd,nd->nk", surface.normals[tried], normals[rows]) > MIN_AGREEMENT
        best = (distance + np.where(agrees, 0.0, FAR)).argmin(1)
        at = (np.arange(len(rows)), best)
        face[rows], bary[rows], allowed[rows] = tried[at], coordinates[at], agrees[at]
    point = np.einsum("nc,ncd->nd", bary, surface.verts[surface.faces[face]])
    return Attachment(
        face=face,
        bary=bary,
        point=point,
        normal=surface.normals[face],
        distance=np.where(bary.any(1), np.linalg.norm(point - points, axis=1), np.inf),
        is_allowed=allowed,
    )


def barycentric(points: Float[Array, "*batch 3"], corners: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 3"]:
    """Barycentric coordinates of the points of triangles nearest to given points.

    The plane's projection where it falls inside; else the best of the three edges (each a clamped line segment).
    """
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    ab, ac, ap = b - a, c - a, points - a
    d00, d01, d11 = _dot(ab, ab), _dot(ab, ac), _dot(ac, ac)
    d20, d21 = _dot(ap, ab), _dot(ap, ac)
    area = d00 * d11 - d01 * d01
    safe = np.where(area > 0, area, 1.0)
    v, w = (d11 * d20 - d01 * d21) / safe, (d00 * d21 - d01 * d20) / safe
    inner = np.stack([1 - v - w, v, w], -1)
    is_inside = (inner >= 0).all(-1) & (area > 0)
    edges = [_on_edge(points, corners, first, second) for first, second in ((0, 1), (1, 2), (2, 0))]
    options = np.stack(edges, -2)
    place = np.einsum("...oc,...cd->...od", options, corners)
    best = ((place - points[..., None, :]) ** 2).sum(-1).argmin(-1)
    outer = np.take_along_axis(options, best[..., None, None], -2)[..., 0, :]
    return np.where(is_inside[..., None], inner, outer)


def _on_edge(
    points: Float[Array, "*batch 3"], corners: Float[Array, "*batch 3 3"], first: int, second: int
) -> Float[Array, "*batch 3"]:
    start, along = corners[..., first, :], corners[..., second, :] - corners[..., first, :]
    length = _dot(along, along)
    share = np.clip(_dot(points - start, along) / np.where(length > 0, length, 1.0), 0.0, 1.0)
    found = np.zeros((*share.shape, 3))
    found[..., first], found[..., second] = 1 - share, share
    return found


def _dot(a: Float[Array, "*batch 3"], b: Float[Array, "*batch 3"]) -> Float[Array, "*batch"]:
    return (a * b).sum(-1)
