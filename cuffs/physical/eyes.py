"""Whether eyes sit in their sockets."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from cuffs.character import Topology


def eye_gap_mm(topology: Topology, verts: Float[np.ndarray, "body 3"]) -> float:
    """The larger distance of the two eyeballs' surfaces from the nearest skin, millimetres; 0 where skin touches.

    An eye that has come out of its socket, or sunk into the head, has no lids about it.

    Args:
        topology: says which vertices are eyes.
        verts: the posed body mesh, metres.
    """
    number = np.full(len(topology.skin_bones), -1)
    number[topology.body_vertices] = np.arange(len(topology.body_vertices))
    eyes = [number[vertices] for vertices in (topology.eye_left, topology.eye_right)]
    is_skin = np.ones(len(verts), bool)
    is_skin[np.concatenate(eyes)] = False
    skin = KDTree(verts[is_skin])
    gaps = []
    for eye in eyes:
        points = verts[eye]
        centre = (points.min(0) + points.max(0)) / 2
        radius = float(np.linalg.norm(points - centre, axis=1).mean())
        gaps.append(abs(float(skin.query(centre)[0]) - radius))
    return 1000 * max(gaps)
