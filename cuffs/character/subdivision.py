"""Loop's subdivision of triangle meshes: each triangle becomes four, and the surface becomes smooth. Numpy alone.

Charles Loop 1987, "Smooth subdivision surfaces based on triangles", with Warren's weights (3/8n, 3/16 for three
neighbours) and the cubic B-spline along open edges.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Integer

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subdivision:
    """One step for one connectivity; apply it to whatever the vertices have."""

    faces: Int[Array, "fine_faces 3"]
    """Children of face f are rows 4 f to 4 f + 3."""

    edges: Int[Array, "edges 2"]
    opposite: Int[Array, "edges 2"]
    """Third corners of an edge's two triangles; the edge's own ends where there is one triangle alone."""

    is_open: Bool[Array, " edges"]
    is_rim: Bool[Array, " verts"]

    @property
    def num_verts(self) -> int:
        """Vertices before the step."""
        return len(self.is_rim)

    def apply(self, values: Float[Array, "verts channels"]) -> Float[Array, "fine channels"]:
        """Smooth values of the finer mesh: the old vertices', then one for each edge."""
        ends = values[self.edges].sum(1)
        across = values[self.opposite].sum(1)
        middles = np.where(self.is_open[:, None], 0.5 * ends, 0.375 * ends + 0.125 * across)
        return np.concatenate([self._moved(values), middles])

    def between(self, values: Float[Array, "verts channels"]) -> Float[Array, "fine channels"]:
        """The same without smoothing: old vertices keep their values, new ones get the mean of their edge's."""
        return np.concatenate([values, 0.5 * values[self.edges].sum(1)])

    def _moved(self, values: Float[Array, "verts channels"]) -> Float[Array, "verts channels"]:
        count = self.num_verts
        valence = np.bincount(self.edges.ravel(), minlength=count)
        inner = 3.0 / (8.0 * np.maximum(valence, 1))
        inner = np.where(valence == 3, 3.0 / 16.0, inner)
        around = summed(self.edges, values, count)
        rim = summed(self.edges[self.is_open], values, count)
        smooth = (1 - valence * inner)[:, None] * values + inner[:, None] * around
        return np.where(self.is_rim[:, None], 0.75 * values + 0.125 * rim, smooth)


def summed(
    edges: Integer[Array, "edges 2"], values: Float[Array, "verts channels"], count: int
) -> Float[Array, "verts channels"]:
    """Sum over each vertex's neighbours of what they have."""
    first, second = edges[:, 0], edges[:, 1]
    return np.stack(
        [
            np.bincount(first, channel[second], count) + np.bincount(second, channel[first], count)
            for channel in values.T
        ],
        1,
    )


def subdivision(faces: Integer[Array, "faces 3"], num_verts: int) -> Subdivision:
    """Prepare a step.

    Args:
        faces: triangles. An edge with other than two of them counts as open.
        num_verts: how many vertices there are; those that no face uses stay where they are.
    """
    corners = faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2).astype(np.int64)
    low, high = corners.min(1), corners.max(1)
    keys, number, counts = np.unique(low * num_verts + high, return_inverse=True, return_counts=True)
    edges = np.stack([keys // num_verts, keys % num_verts], 1)
    third = faces[:, [2, 0, 1]].ravel()
    is_open = counts != 2
    opposite = edges.copy()
    order = np.argsort(number, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    closed = np.flatnonzero(~is_open)
    opposite[closed, 0] = third[order[starts[closed]]]
    opposite[closed, 1] = third[order[starts[closed] + 1]]
    ends = np.bincount(edges[is_open].ravel(), minlength=num_verts)
    edge = number.reshape(-1, 3) + num_verts
    a, b, c = faces.T
    ab, bc, ca = edge.T
    children = np.stack(
        [np.stack([a, ab, ca], 1), np.stack([b, bc, ab], 1), np.stack([c, ca, bc], 1), np.stack([ab, bc, ca], 1)], 1
    )
    return Subdivision(
        faces=children.reshape(-1, 3).astype(np.int64),
        edges=edges,
        opposite=opposite,
        is_open=is_open,
        is_rim=ends == 2,  # where more open edges meet, the vertex moves as an inner one
    )
