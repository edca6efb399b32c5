"""A person's surfaces in one mesh."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shell:
    """All that a picture shows of somebody, triangulated."""

    verts: Float[Array, "verts 3"]
    """World, float32 metres."""

    faces: Int[Array, "faces 3"]
    counts: Int[Array, " pieces"]
    """How many of the vertices each piece has, in order."""


def joined_shell(surfaces: Iterable[tuple[Float[Array, "_ 3"], Int[Array, "_ 3"], Bool[Array, " _"]]]) -> Shell:
    """Join pieces, each given by its vertices, the triangles of it that show, and which of the vertices are hidden:
    those are left out where no triangle that shows has them."""
    verts, faces, counts = [], [], []
    for points, shown, is_hidden in surfaces:
        is_used = ~is_hidden
        is_used[shown] = True
        number = np.cumsum(is_used) - 1
        verts.append(points[is_used])
        faces.append(number[shown] + sum(counts))
        counts.append(int(is_used.sum()))
    return Shell(
        verts=np.concatenate(verts), faces=np.concatenate(faces).astype(np.int32), counts=np.array(counts, np.int32)
    )
