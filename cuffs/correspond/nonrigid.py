"""The last of a registration: a smooth field of displacements that takes the fitted body onto the target's surface.

Only the distance along the normal is driven; along the surface the field is left to its smoothness, so that the
tessellation doesn't bunch up where closest points do.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse
from scipy.sparse.linalg import splu

from cuffs.correspond.rigged_mesh import vertex_normals
from cuffs.correspond.surface import Surface, closest

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class NonRigidSettings:
    """Stiffness of the displacement field, round by round."""

    stiffness: tuple[float, ...] = (30.0, 10.0, 3.0, 1.0)
    """Weight of the difference between neighbouring displacements, against 1 for a closest point."""

    reach_mm: float = 12.0
    """Farthest closest point that is believed."""

    slide: float = 0.02
    """Weight of sliding along the surface, against 1 for leaving it."""


def drape(
    verts: Float[Array, "verts 3"],
    faces: Int[Array, "faces 3"],
    surface: Surface,
    *,
    segment: Int[Array, " verts"],
    is_free: Bool[Array, " verts"],
    settings: NonRigidSettings,
) -> Float[Array, "verts 3"]:
    """Displace vertices onto the surface, smoothly.

    Args:
        verts: the fitted body, metres.
        faces: its triangles.
        surface: the target.
        segment: of each vertex, for the limb gate.
        is_free: vertices that are drawn to the surface; the others follow their neighbours.
        settings: stiffness.
    """
    edges = unique_edges(faces)
    start = np.array(verts, np.float64)
    found = start.copy()
    for stiffness in settings.stiffness:
        near = closest(surface, found, vertex_normals(found, faces), segment)
        trust = (near.is_allowed & is_free & (near.distance < settings.reach_mm / 1e3)).astype(np.float64)
        across = near.normal[:, :, None] * near.normal[:, None, :]
        metric = trust[:, None, None] * (settings.slide * np.eye(3) + (1 - settings.slide) * across)
        found = start + _smooth_field(metric, near.point - start, edges, stiffness)
    return found


def unique_edges(faces: Int[Array, "faces 3"]) -> Int[Array, "edges 2"]:
    """Every edge of a mesh once."""
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _smooth_field(
    metric: Float[Array, "verts 3 3"], wanted: Float[Array, "verts 3"], edges: Int[Array, "edges 2"], stiffness: float
) -> Float[Array, "verts 3"]:
    """The field d that minimises (d - wanted)^T metric (d - wanted) + stiffness * squared differences along edges."""
    count = len(wanted)
    one = np.full(len(edges), stiffness)
    laplacian = sparse.coo_matrix(
        (np.concatenate([one, one, -one, -one]),
         (np.concatenate([edges[:, 0], edges[:, 1], edges[:, 0], edges[:, 1]]),
          np.concatenate([edges[:, 0], edges[:, 1], edges[:, 1], edges[:, 0]]))),
        (count, count),
    )  # fmt: skip
    at = 3 * np.arange(count)[:, None, None] + np.zeros((1, 3, 3), np.int64)
    rows, columns = at + np.arange(3)[:, None], at + np.arange(3)
    data = sparse.coo_matrix((metric.ravel(), (rows.ravel(), columns.ravel())), (3 * count, 3 * count))
    ridge = sparse.identity(3 * count) * 1e-6
    system = (sparse.kron(laplacian, sparse.identity(3)) + data + ridge).tocsc()
    pull = np.einsum("nab,nb->na", metric, wanted).ravel()
    return splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(pull).reshape(-1, 3)
