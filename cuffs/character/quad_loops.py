"""Edge loops of quad meshes: the lines along which garments are cut cleanly."""

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Array = np.ndarray
Edge = tuple[int, int]
"""Two vertices, the smaller number first."""


class QuadMesh:
    """A quad mesh's neighbourhoods."""

    def __init__(self, quads: Int[Array, "quads 4"]) -> None:
        self.quads = quads
        self._faces: dict[Edge, list[int]] = defaultdict(list)
        self._around: dict[int, set[int]] = defaultdict(set)
        for face, corners in enumerate(quads.tolist()):
            for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
                self._faces[edge(a, b)].append(face)
                self._around[a].add(b)
                self._around[b].add(a)

    def closed_loops(self) -> list[tuple[int, ...]]:
        """Every edge loop that comes back to where it began, once each. Ends of tubes count as loops."""
        found, seen = [], set()
        for a, b in sorted(self._faces):
            if edge(a, b) in seen:
                continue
            loop = self._follow(a, b)
            seen |= {edge(*pair) for pair in pairwise(loop)}
            if loop[0] == loop[-1]:
                found.append(tuple(loop[:-1]))
        return found

    def enclosed(self, seed: int, cuts: list[tuple[int, ...]]) -> Bool[Array, " quads"]:
        """Which faces are reached from one face without crossing any of the given loops."""
        barrier = {edge(*pair) for loop in cuts for pair in zip(loop, loop[1:] + loop[:1], strict=True)}
        reached = np.zeros(len(self.quads), bool)
        reached[seed] = True
        front = [seed]
        while front:
            corners = self.quads[front.pop()].tolist()
            for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
                if edge(a, b) in barrier:
                    continue
                for face in self._faces[edge(a, b)]:
                    if not reached[face]:
                        reached[face] = True
                        front.append(face)
        return reached

    def _follow(self, a: int, b: int) -> list[int]:
        """Vertices of the loop that begins with an edge, until it closes or ends."""
        loop = [a, b]
        while loop[-1] != a and (after := self._straight_on(loop[-2], loop[-1])) is not None:
            loop.append(after)
        return loop

    def _straight_on(self, a: int, b: int) -> int | None:
        """The vertex after b on the loop from a: across regular vertices, or along the mesh's border."""
        behind = set(self._faces[edge(a, b)])
        ahead = [c for c in sorted(self._around[b]) if c != a and not behind & set(self._faces[edge(b, c)])]
        if len(behind) == 1:  # on the border: go on along it
            ahead = [c for c in sorted(self._around[b]) if c != a and len(self._faces[edge(b, c)]) == 1]
        elif len(self._around[b]) != 4:
            return None
        return ahead[0] if len(ahead) == 1 else None


def edge(a: int, b: int) -> Edge:
    """An edge as a key."""
    return (a, b) if a < b else (b, a)


def hem_vertices(faces: Int[Array, "faces corners"]) -> Bool[Array, " verts"]:
    """Which vertices of a mesh lie on its border."""
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], -1).reshape(-1, 2)
    edges, count = np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)
    found = np.zeros(faces.max() + 1, bool)
    found[edges[count == 1]] = True
    return found


def smoothing_matrix(faces: Int[Array, "faces corners"]) -> "csr_matrix":
    """Matrix that puts every vertex halfway to the mean of its neighbours; a border's neighbours are on the border."""
    from scipy.sparse import csr_matrix, diags, identity

    is_hem = hem_vertices(faces)
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], -1).reshape(-1, 2)
    ends = np.unique(np.concatenate([ends, ends[:, ::-1]]), axis=0)
    ends = ends[~(is_hem[ends[:, 0]] & ~is_hem[ends[:, 1]])]
    near = csr_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(is_hem), len(is_hem)))
    mean = diags(1 / np.asarray(near.sum(1)).ravel()) @ near
    return (0.5 * identity(len(is_hem)) + 0.5 * mean).tocsr()
