"""Directions in which the open body varies, and its joint regressor."""

import numpy as np
from jaxtyping import Float, Int

from cuffs.skeleton import MIRROR, NUM_JOINTS

Array = np.ndarray

FLIP = np.array([-1.0, 1.0, 1.0])

CANDIDATES, EVERY = 800, 4
"""A joint is regressed from every fourth of the nearest 3,200 vertices: nearer ones alone don't surround it."""

RIDGE = 1e-7
"""Weight of the regressor's own squares, relative to squared metres a sample. Joints of unseen adults come out within
half a millimetre; at 1e-8 within 0.3, but with weights twice as large, which float32 and noise on the skin would feel.
"""


def symmetric_points(points: Float[Array, "*batch n 3"], image: Int[Array, " n"]) -> Float[Array, "*batch n 3"]:
    """Points made equal to their own mirror images."""
    return (points + points[..., image, :] * FLIP) / 2


def principal_directions(
    offsets: Float[Array, "samples verts 3"], count: int
) -> tuple[Float[Array, "verts 3 count"], Float[Array, " count"]]:
    """Directions of greatest variation, scaled to their root mean square, and those (metres over all vertices).

    The sign of each is fixed (its largest entry is positive), so that the same data give the same directions.
    """
    flat = offsets.reshape(len(offsets), -1)
    gram = flat @ flat.T
    values, vectors = np.linalg.eigh(gram)
    order = np.argsort(-values)[:count]
    values, vectors = values[order].clip(0), vectors[:, order]
    directions = flat.T @ vectors / np.sqrt(values.clip(1e-12))  # unit
    deviation = np.sqrt(values / len(offsets))
    directions = directions * deviation
    sign = np.sign(np.take_along_axis(directions, np.abs(directions).argmax(0)[None], 0)[0])
    return (directions * sign).reshape(*offsets.shape[1:], -1), deviation


def without(
    offsets: Float[Array, "samples verts 3"], directions: Float[Array, "verts 3 count"]
) -> Float[Array, "samples verts 3"]:
    """What is left of offsets after their best approximation by directions."""
    flat, basis = offsets.reshape(len(offsets), -1), directions.reshape(-1, directions.shape[-1])
    basis, _ = np.linalg.qr(basis)
    return (flat - (flat @ basis) @ basis.T).reshape(offsets.shape)


def joint_regressor(
    verts: Float[Array, "samples verts 3"],
    joints: Float[Array, "samples 55 3"],
    share: Float[Array, " samples"],
    image: Int[Array, " verts"],
) -> Float[Array, "55 verts"]:
    """Signed weights of nearby vertices that give each joint, summing to 1 (correspondence.md, A.9).

    MakeHuman's joints don't follow the surface convexly, so weights may be negative; ridge keeps them small.

    Args:
        verts: shapes in the T-pose.
        joints: of the same.
        share: weight of each sample.
        image: mirror image of each vertex.
    """
    found = np.zeros((NUM_JOINTS, verts.shape[1]))
    mean = verts.mean(0)
    for joint in range(NUM_JOINTS):
        distance = np.linalg.norm(mean - joints[:, joint].mean(0), axis=1)
        near = np.argsort(distance, kind="stable")[: CANDIDATES * EVERY : EVERY]
        offsets = (verts[:, near] - joints[:, joint, None]) * share[:, None, None]
        design = offsets.transpose(0, 2, 1).reshape(-1, CANDIDATES)
        # Minimise |design w|^2 + ridge |w|^2 subject to sum w = 1: proportional to the inverse's row sums.
        normal = design.T @ design / len(verts) + RIDGE * np.eye(CANDIDATES)
        weights = np.linalg.solve(normal, np.ones(CANDIDATES))
        found[joint, near] = weights / weights.sum()
    return (found + found[list(MIRROR)][:, image]) / 2
