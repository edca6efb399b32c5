"""Brows, lashes and beards on a posed person. Numpy alone."""

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.records import Part

Array = np.ndarray

POINTS = 5
BEND = 0.22
"""How far hairs bow away from the skin, as a share of their length."""

WANDER = 0.16
"""How far single hairs leave the common way, likewise."""


def fur_strands(
    part: Part,
    rest: Float[Array, "verts 3"],
    posed: Float[Array, "verts 3"],
    rng: np.random.Generator,
) -> Float[Array, "hairs points 3"]:
    """Every hair from root to tip, metres.

    Args:
        part: brows, lashes or a beard.
        rest: the full vertices at rest, with a neutral face.
        posed: the full vertices as posed; only those of the roots' triangles are read.
        rng: for how single hairs wander.
    """
    corners, bary = part.skin_corners, part.skin_bary.astype(np.float64)
    before, after = _frames(rest, corners), _frames(posed, corners)
    step = np.einsum("nij,nkj,nk->ni", after, before, part.step.astype(np.float64))
    length = np.linalg.norm(step, axis=1, keepdims=True)
    step = step + WANDER * length * rng.normal(size=step.shape)
    roots = np.einsum("nc,nck->nk", bary, posed[corners])
    normals = after[:, :, 2]
    share = np.linspace(0, 1, POINTS)[None, :, None]
    bow = BEND * length[:, None] * share * (1 - share) * normals[:, None]
    return roots[:, None] + share * step[:, None] + bow


def _frames(points: Float[Array, "verts 3"], corners: Int[Array, "n 3"]) -> Float[Array, "n 3 3"]:
    """Axes of triangles, as columns: along the first edge, across it, and the normal."""
    a, b, c = np.moveaxis(points[corners].astype(np.float64), 1, 0)
    along = b - a
    along /= np.linalg.norm(along, axis=1, keepdims=True).clip(1e-12)
    normal = np.cross(along, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True).clip(1e-12)
    return np.stack([along, np.cross(normal, along), normal], -1)
