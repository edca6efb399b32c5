"""Cutting triangles along the line where a field is nought."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Array = np.ndarray

SNAP = 0.08
"""A line that would pass an edge's end nearer than this share of the edge goes so far away: no slivers."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sliced:
    """What remains, with the points that the cut adds."""

    faces: Int[Array, "faces 3"]
    """Vertices as before; the cut's points follow, numbered from the number of vertices."""

    ends: Int[Array, "points 2"]
    """The edge that each new point lies on."""

    share: Float[Array, " points"]
    """How far it lies from the edge's first end towards its second."""


def sliced(faces: Int[Array, "faces 3"], field: Float[Array, " verts"]) -> Sliced:
    """Keep what lies where the field is positive.

    Args:
        faces: triangles.
        field: at every vertex.
    """
    numbers: dict[tuple[int, int], int] = {}
    kept: list[list[int]] = []
    for corners in faces.tolist():
        loop: list[int] = []
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            if field[a] > 0:
                loop.append(a)
            if (field[a] > 0) != (field[b] > 0):
                loop.append(numbers.setdefault((min(a, b), max(a, b)), len(field) + len(numbers)))
        kept += [[loop[0], loop[corner], loop[corner + 1]] for corner in range(1, len(loop) - 1)]
    ends = np.array(sorted(numbers, key=lambda pair: numbers[pair]), int).reshape(-1, 2)
    first, second = field[ends[:, 0]], field[ends[:, 1]]
    share = np.clip(first / np.where(first == second, 1.0, first - second), SNAP, 1 - SNAP)
    return Sliced(faces=np.array(kept, int).reshape(-1, 3), ends=ends, share=share)
