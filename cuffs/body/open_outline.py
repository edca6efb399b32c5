"""The outline of the open body's jaw for turned heads: `smplx`'s 17 dynamic landmarks."""

import numpy as np
from jaxtyping import Float, Int

from cuffs.mesh_normals import vertex_normals
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import INDEX, VERTEX_PICKS

Array = np.ndarray

MOST_DEG = 39
"""The furthest turn of a head that `smplx` has a row for."""

EDGE_M = 0.034
"""The face ends this far in front of the ears' outermost points: where their lobes end."""

SPAN_DEG = 7.0
"""Each point is the outermost of the face within so many degrees of its direction."""


def outline_landmarks(
    verts: Float[Array, "verts 3"], faces: Int[Array, "faces 3"], weights: Float[Array, "verts 55"]
) -> tuple[Int[Array, "79 17"], Float[Array, "79 17 3"]]:
    """The face's outline as seen from the front, from the person's right temple over the chin to the left one.

    The face ends at the jaw's edge and in front of the ears, so on the side that is turned to the front the outline
    runs along the jaw, on the other along the cheek. Rows are in `smplx`'s order: 0 to 39 for heads turned to the
    person's right by as many degrees, 40 to 78 for 1 to 39 degrees to the left.

    Args:
        verts: T-pose.
        faces: triangles.
        weights: skinning weights.

    Returns:
        Triangles and barycentric weights, each point on a vertex.
    """
    chin, face = _face(verts, faces, weights)
    height = verts[VERTEX_PICKS["left_ear"], 1]
    first_face = {int(vertex): number for number in reversed(range(len(faces))) for vertex in faces[number]}
    found = np.zeros((2 * MOST_DEG + 1, 17), np.int64)
    bary = np.zeros((2 * MOST_DEG + 1, 17, 3))
    for row in range(len(found)):
        turn_deg = -row if row <= MOST_DEG else row - MOST_DEG
        seen = verts[face] @ rotvec_to_rotmat(np.array([0.0, np.radians(turn_deg), 0.0])).T
        right, left = (face[_outermost(seen[:, :2], height, side)] for side in (-1.0, 1.0))
        for place, vertex in enumerate([*right, chin, *reversed(left)]):
            found[row, place] = first_face[int(vertex)]
            bary[row, place] = faces[first_face[int(vertex)]] == vertex
    return found, bary


def _face(
    verts: Float[Array, "verts 3"], faces: Int[Array, "faces 3"], weights: Float[Array, "verts 55"]
) -> tuple[int, Int[Array, " face"]]:
    """The chin, and the vertices of cheeks and jaw: before the ears, above the jaw's edge, beside nose and mouth."""
    ear, nose = verts[VERTEX_PICKS["left_ear"]], verts[VERTEX_PICKS["nose"]]
    normals = vertex_normals(verts, faces)
    skin = weights[:, [INDEX["head"], INDEX["jaw"]]].sum(1) > 0.6
    skin &= (verts[:, 2] > ear[2] + EDGE_M) & (verts[:, 1] < ear[1] + 0.02) & (normals[:, 1] > -0.8)
    middle = np.flatnonzero(skin & (np.abs(verts[:, 0]) < 1e-6))
    chin = int(middle[np.argmin(verts[middle, 1] - 0.5 * verts[middle, 2])])
    beside = (np.abs(verts[:, 0]) > 0.035) | (verts[:, 1] < (nose[1] + 2 * verts[chin, 1]) / 3)
    return chin, np.flatnonzero(skin & beside & (verts[:, 1] > verts[chin, 1]))


def _outermost(seen: Float[Array, "n 2"], height: float, side: float) -> Int[Array, "8"]:
    """The outermost points in eight directions from the face's middle, from sideways to nearly straight down."""
    level = seen[np.abs(seen[:, 1] - height) < 0.01, 0]
    out = side * (seen[:, 0] - (level.min() + level.max()) / 2)
    down = height - seen[:, 1]
    away_deg = np.abs(np.degrees(np.arctan2(down, out))[:, None] - 90 * np.arange(8) / 8)
    far = np.hypot(out, down)[:, None] - 0.002 * (away_deg / SPAN_DEG) ** 2
    return np.where(away_deg < SPAN_DEG, far, -np.inf).argmax(0)
