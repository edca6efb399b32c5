"""Normals of triangle meshes. Numpy alone: Blender's worker lifts clothes off the skin with it."""

import numpy as np
from jaxtyping import Float, Int


def vertex_normals(
    verts: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"]
) -> Float[np.ndarray, "verts 3"]:
    """Unit normals, each the area-weighted mean of the faces around a vertex; zero where there are none."""
    corners = verts[faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros((len(verts), 3))
    for corner in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(faces[:, corner], face_normals[:, axis], len(verts))
    return normals / np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-12)
