"""What makes the open body move and vary: joint regressor, shape and expression directions, pose correctives."""

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.skinning import quaternions
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import JOINTS, MIRROR, NUM_JOINTS, descendants

Array = np.ndarray

FLIP = np.array([-1.0, 1.0, 1.0])

CANDIDATES, EVERY = 800, 4
"""A joint is regressed from every fourth of the nearest 3,200 vertices: nearer ones alone don't surround it."""

RIDGE = 1e-8
"""Weight of the regressor's own squares, relative to squared metres a sample: weights stay below 1 or so, joints of
unseen adults within a millimetre."""


def symmetric_points(points: Float[Array, "*batch n 3"], image: Int[Array, " n"]) -> Float[Array, "*batch n 3"]:
    """Points made equal to their own mirror images."""
    return (points + points[..., image, :] * FLIP) / 2


def principal_directions(
    offsets: Float[Array, "samples verts 3"], count: int
) -> tuple[Float[Array, "verts 3 count"], Float[Array, " count"]]:
    """Directions of greatest variation, scaled to one standard deviation, and those deviations (metres over all).

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


def pose_correctives(
    verts: Float[Array, "verts 3"],
    joints: Float[Array, "55 3"],
    weights: Float[Array, "verts 55"],
    image: Int[Array, " verts"],
    rng: np.random.Generator,
) -> Float[Array, "verts 3 486"]:
    """Offsets at rest, linear in R - I of each joint, that bring linear skinning near dual-quaternion skinning.

    Each joint is turned alone, so the blend is between two rigid motions: the identity and the turn, with the joint's
    subtree weight as its share.
    """
    posedirs = np.zeros((len(verts), 3, NUM_JOINTS - 1, 9))
    for joint in range(1, NUM_JOINTS):
        share = weights[:, list(descendants_of(joint))].sum(1)
        rows = np.flatnonzero((share > 1e-3) & (share < 1 - 1e-3))
        if len(rows) == 0:
            continue
        turns = rotvec_to_rotmat(_random_turns(rng, 96))
        design = (turns - np.eye(3)).reshape(len(turns), 9)
        wanted = np.stack([_missing(verts[rows] - joints[joint], share[rows], turn) for turn in turns])
        normal = design.T @ design + 1e-3 * len(turns) * np.eye(9)
        solution = np.linalg.solve(normal, design.T @ wanted.reshape(len(turns), -1))
        posedirs[rows, :, joint - 1] = solution.reshape(9, len(rows), 3).transpose(1, 2, 0)
    mirrored = posedirs[image][:, :, [MIRROR[joint] - 1 for joint in range(1, NUM_JOINTS)]]
    sign = np.outer(FLIP, FLIP).ravel()  # R - I of the mirrored rotation: M (R - I) M
    mirrored = mirrored * FLIP[None, :, None, None] * sign
    return ((posedirs + mirrored) / 2).reshape(len(verts), 3, -1)


def descendants_of(joint: int) -> tuple[int, ...]:
    """A joint and all below it, as numbers."""
    return descendants(JOINTS[joint])


def _random_turns(rng: np.random.Generator, count: int) -> Float[Array, "count 3"]:
    """Random axes, up to 110 degrees; every second one small, because most joints rarely turn far."""
    axes = rng.normal(size=(count, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = rng.uniform(0.05, 1.9, count)
    angles[::2] *= 0.5
    return axes * angles[:, None]


def _missing(
    verts: Float[Array, "rows 3"], share: Float[Array, " rows"], turn: Float[Array, "3 3"]
) -> Float[Array, "rows 3"]:
    """What has to be added at rest for linear skinning to give what dual quaternions give; about the joint."""
    linear = (1 - share)[:, None, None] * np.eye(3) + share[:, None, None] * turn
    blend = (1 - share)[:, None] * np.array([1.0, 0, 0, 0]) + share[:, None] * quaternions(turn[None])
    blend /= np.linalg.norm(blend, axis=1, keepdims=True)
    scalar, vector = blend[:, :1], blend[:, 1:]
    wanted = verts + 2 * np.cross(vector, np.cross(vector, verts) + scalar * verts)
    return np.linalg.solve(linear, wanted[..., None])[..., 0] - verts
