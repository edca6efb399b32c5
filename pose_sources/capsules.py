"""Capsules (a segment with a radius) as a rough body, and how far they overlap."""

import numpy as np
from jaxtyping import Float


def segment_distances(a: Float[np.ndarray, "m 2 3"], b: Float[np.ndarray, "n 2 3"]) -> Float[np.ndarray, "m n"]:
    """Distance of every segment of a from every segment of b, in their unit.

    The two nearest points are found as in Ericson, Real-Time Collision Detection, 2005, 5.1.9: the nearest points of
    the two lines, each brought back onto its segment in turn.
    """
    p, d, q, e = a[:, 0], a[:, 1] - a[:, 0], b[:, 0], b[:, 1] - b[:, 0]
    dd, ee = np.maximum((d * d).sum(1), 1e-12)[:, None], np.maximum((e * e).sum(1), 1e-12)
    de = d @ e.T
    dr, er = (d * p).sum(1)[:, None] - d @ q.T, p @ e.T - (e * q).sum(1)
    denominator = dd * ee - de * de
    parallel = denominator < 1e-9 * dd * ee
    denominator[parallel] = 1.0
    s = _within((de * er - dr * ee) / denominator)
    s[parallel] = 0.0
    t = _within((de * s + er) / ee)
    s = _within((de * t - dr) / dd)
    apart = (p[:, None] + s[..., None] * d[:, None]) - (q + t[..., None] * e)
    return np.sqrt(np.einsum("mnc,mnc->mn", apart, apart))


def _within(share: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
    """Brought into 0 to 1."""
    return np.minimum(np.maximum(share, 0.0), 1.0)


def overlap(
    a: Float[np.ndarray, "m 2 3"],
    a_radius: Float[np.ndarray, " m"],
    b: Float[np.ndarray, "n 2 3"],
    b_radius: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "m n"]:
    """How deep capsules reach into each other; negative where there is a gap between them."""
    return a_radius[:, None] + b_radius[None] - segment_distances(a, b)
