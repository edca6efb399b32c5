"""Whether eyes sit in their sockets."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from cuffs.character import Topology

RING = 40
"""As many of the nearest skin's vertices are an eye's socket."""


def eye_gap_mm(topology: Topology, rest: Float[np.ndarray, "body 3"], verts: Float[np.ndarray, "body 3"]) -> float:
    """How far an eye's middle lies from where its socket takes it, the larger of both eyes', mm.

    Args:
        topology: says which vertices are eyes.
        rest: the body mesh at rest, metres.
        verts: posed.
    """
    number = np.full(len(topology.skin_bones), -1)
    number[topology.body_vertices] = np.arange(len(topology.body_vertices))
    eyes = [number[vertices] for vertices in (topology.eye_left, topology.eye_right)]
    skin = np.setdiff1d(np.arange(len(verts)), np.concatenate(eyes))
    tree = KDTree(rest[skin])
    found = []
    for eye in eyes:
        ring = skin[np.asarray(tree.query(_middle(rest[eye]), k=RING)[1])]
        carried = _carried(_middle(rest[eye]), rest[ring], verts[ring])
        found.append(float(np.linalg.norm(_middle(verts[eye]) - carried)))
    return 1000 * max(found)


def _middle(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "3"]:
    return (points.min(0) + points.max(0)) / 2


def _carried(
    point: Float[np.ndarray, "3"], before: Float[np.ndarray, "n 3"], after: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "3"]:
    """A point moved by the rotation and shift that best bring points from before to after (Kabsch 1976)."""
    start, end = before.mean(0), after.mean(0)
    u, _, vt = np.linalg.svd((before - start).T @ (after - end))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    return end + vt.T @ flip @ u.T @ (point - start)
