"""Capsules (a segment with a radius) as a rough body, and how far they overlap."""

import numpy as np
from jaxtyping import Float


def segment_distances(a: Float[np.ndarray, "m 2 3"], b: Float[np.ndarray, "n 2 3"]) -> Float[np.ndarray, "m n"]:
    """Distance of every segment of a from every segment of b, in their unit.

    The two nearest points are found as in Ericson, Real-Time Collision Detection, 2005, 5.1.9: the nearest points of
    the two lines, each brought back onto its segment in turn.
    """
    p, d = a[:, None, 0], (a[:, 1] - a[:, 0])[:, None]
    q, e = b[None, :, 0], (b[:, 1] - b[:, 0])[None]
    r = p - q
    dd, ee = np.maximum((d**2).sum(-1), 1e-12), np.maximum((e**2).sum(-1), 1e-12)
    de, dr, er = (d * e).sum(-1), (d * r).sum(-1), (e * r).sum(-1)
    denominator = dd * ee - de**2
    parallel = denominator < 1e-9 * dd * ee
    s = np.where(parallel, 0.0, np.clip((de * er - dr * ee) / np.where(parallel, 1.0, denominator), 0, 1))
    t = np.clip((de * s + er) / ee, 0, 1)
    s = np.clip((de * t - dr) / dd, 0, 1)
    return np.linalg.norm(r + s[..., None] * d - t[..., None] * e, axis=-1)


def overlap(
    a: Float[np.ndarray, "m 2 3"],
    a_radius: Float[np.ndarray, " m"],
    b: Float[np.ndarray, "n 2 3"],
    b_radius: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "m n"]:
    """How deep capsules reach into each other; negative where there is a gap between them."""
    return a_radius[:, None] + b_radius[None] - segment_distances(a, b)
