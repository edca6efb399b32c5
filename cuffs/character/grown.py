"""Points that hm08 has no vertices for, tied to its mesh: hair, brows, necklines.

Each lies at a place on a triangle plus a step, both found on the middling person. On everybody else it lies at the same
place of that triangle plus the same step, so hair sits on every head.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grown:
    """Points tied to a mesh."""

    corners: Int[Array, "points 3"]
    """Vertices of each point's triangle."""

    bary: Float[Array, "points 3"]
    """Where on the triangle; rows sum to 1."""

    step: Float[Array, "points 3"]
    """From there to the point, metres, in the rest pose's axes."""

    pairs: Int[Array, "points 3 2"] | None = None
    """For each axis two vertices whose distance along it the step is multiplied by; the same one twice: not at all."""

    def place(self, verts: Float[Array, "verts 3"]) -> Float[Array, "points 3"]:
        """The points on a person at rest."""
        if self.pairs is None:
            return self.spread(verts) + self.step
        first, second = self.pairs[..., 0], self.pairs[..., 1]
        axis = np.arange(3)
        scale = np.where(first == second, 1.0, np.abs(verts[first, axis] - verts[second, axis]))
        return self.spread(verts) + self.step * scale

    def spread(self, values: Float[Array, "verts channels"]) -> Float[Array, "points channels"]:
        """What vertices have (weights, offsets of a facial action), at the points."""
        return np.einsum("pc,pck->pk", self.bary, values[self.corners])


def together(grown: Sequence[Grown]) -> Grown:
    """Several sets of points as one."""
    return Grown(
        corners=np.concatenate([each.corners for each in grown]),
        bary=np.concatenate([each.bary for each in grown]),
        step=np.concatenate([each.step for each in grown]),
    )


def tie(points: Float[Array, "points 3"], verts: Float[Array, "verts 3"], faces: Int[Array, "faces 3"]) -> Grown:
    """Tie points to the nearest places of a mesh.

    Args:
        points: metres.
        verts: of the mesh.
        faces: its triangles, those that points may be tied to.
    """
    import trimesh

    used, flat = np.unique(faces, return_inverse=True)
    local = flat.reshape(faces.shape)
    closest, _, face = trimesh.proximity.closest_point(trimesh.Trimesh(verts[used], local, process=False), points)
    bary = np.clip(trimesh.triangles.points_to_barycentric(verts[faces[face]], closest), 0, 1)
    bary = bary / bary.sum(1, keepdims=True)
    base = np.einsum("pc,pck->pk", bary, verts[faces[face]])
    return Grown(corners=faces[face], bary=bary, step=points - base)
