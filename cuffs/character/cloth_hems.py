"""The lining of hems: cloth has thickness, and nobody looks through a sleeve into a body without skin. Numpy alone."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.cloth_mesh import ClothMesh

Array = np.ndarray

DEEP_M = 0.016
"""How far up a sleeve the lining reaches before it turns to the skin."""

INWARDS = 0.3
"""Where it turns it has come nearer to the skin by this share of the way: cloth that bends doesn't show it."""

SKIN_M = 0.0005
"""How far off the skin it ends."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hems:
    """Where a garment's lining goes; found once, on the garment at rest."""

    edges: Int[Array, "rim 2"]
    faces: Int[Array, " rim"]
    """The triangle of each open edge."""

    rim: Int[Array, " n"]
    """Vertices on open edges."""

    inner: Int[Array, " n"]
    """For each of them one about DEEP_M further in."""


def find_hems(mesh: ClothMesh, rest: Float[Array, "verts 3"]) -> Hems:
    """Find a garment's open edges.

    Args:
        mesh: the garment.
        rest: its finest vertices at rest, metres.
    """
    edges, faces = _rim_edges(mesh)
    rim, number = np.unique(edges, return_inverse=True)
    number = number.reshape(edges.shape)
    third = mesh.faces[faces].sum(1) - edges.sum(1)
    inward = np.zeros((len(rim), 3))
    for end in range(2):
        np.add.at(inward, number[:, end], rest[third] - rest[edges].mean(1))
    inward /= np.linalg.norm(inward, axis=1, keepdims=True).clip(1e-9)
    targets = rest[rim] + DEEP_M * inward
    coarse = rest[: mesh.first.num_verts]
    distance = np.square(targets[:, None] - coarse[None]).sum(-1)
    return Hems(edges=number, faces=faces, rim=rim, inner=distance.argmin(1))


def _rim_edges(mesh: ClothMesh) -> tuple[Int[Array, "rim 2"], Int[Array, " rim"]]:
    """Open edges of the finest triangles, turned as these are, and whose they are."""
    count = mesh.second.num_verts
    is_open = np.concatenate([np.zeros(count, bool), mesh.second.is_open])
    on_rim = mesh.second.is_rim
    faces = mesh.faces
    found = []
    for start in range(3):  # an open edge's halves run from a vertex on the rim to the middle of an open edge
        a, b = faces[:, start], faces[:, (start + 1) % 3]
        old, new = np.minimum(a, b), np.maximum(a, b)
        half = (new >= count) & is_open[new] & (old < count)
        half[half] &= on_rim[old[half]] & (mesh.second.edges[new[half] - count] == old[half, None]).any(1)
        found.append(np.stack([a[half], b[half], np.flatnonzero(half)], 1))
    rows = np.concatenate(found)
    return rows[:, :2], rows[:, 2]


def lining(
    hems: Hems,
    verts: Float[Array, "verts 3"],
    normals: Float[Array, "verts 3"],
    skin: Float[Array, "verts 3"],
    *,
    thick_m: float,
) -> tuple[Float[Array, "more 3"], Int[Array, "lined 3"]]:
    """Vertices and triangles of the lining, which begins at the hem's own vertices.

    Args:
        hems: from `find_hems`.
        verts: of the garment as worn.
        normals: outward.
        skin: the place of skin beneath each vertex.
        thick_m: thickness of the cloth.

    Returns:
        Three rows of vertices to append to the garment's, and triangles that number both.
    """
    rim, inner, count = hems.rim, hems.inner, len(verts)
    rows = np.stack(
        [
            verts[rim] - thick_m * normals[rim],
            verts[inner] + INWARDS * (skin[inner] - verts[inner]) - thick_m * normals[inner],
            skin[inner] + SKIN_M * normals[inner],
        ]
    )
    numbers = np.concatenate([rim[None], count + np.arange(3 * len(rim)).reshape(3, -1)])
    a, b = hems.edges.T
    faces = []
    for above, below in pairwise(numbers):
        faces += [np.stack([above[b], above[a], below[a]], 1), np.stack([above[b], below[a], below[b]], 1)]
    return rows.reshape(-1, 3), np.stack(faces, 1).reshape(-1, 3)
