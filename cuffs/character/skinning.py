"""Skinning in numpy, as Blender's armature modifier does it: linear, and dual quaternions ("preserve volume").

Dual quaternions: Kavan et al. 2008, "Geometric skinning with approximate dual quaternion blending".
"""

import numpy as np
from jaxtyping import Float, Integer

Array = np.ndarray


def linear_skinning(
    rest: Float[Array, "verts 3"],
    bones: Integer[Array, "verts influences"],
    weights: Float[Array, "verts influences"],
    T_to_rest: Float[Array, "bones 4 4"],
) -> Float[Array, "verts 3"]:
    """Each vertex moved by the weighted mean of its bones' transforms.

    Args:
        rest: metres.
        bones: numbers of the bones that move each vertex.
        weights: their shares; they sum to 1.
        T_to_rest: transform of each bone from the rest pose.
    """
    blended = np.zeros((len(rest), 3, 4))
    for influence in range(bones.shape[1]):
        blended += weights[:, influence, None, None] * T_to_rest[bones[:, influence], :3]
    return np.einsum("vab,vb->va", blended[..., :3], rest) + blended[..., 3]


def dual_quaternion_skinning(
    rest: Float[Array, "verts 3"],
    bones: Integer[Array, "verts influences"],
    weights: Float[Array, "verts influences"],
    T_to_rest: Float[Array, "bones 4 4"],
) -> Float[Array, "verts 3"]:
    """Each vertex moved by the blend of its bones' rigid motions, which keeps limbs' volume.

    As in Blender, a bone's dual quaternion is negated where it points away from the sum of those before it, so the
    order of a vertex's bones matters where they are more than half a turn apart: it is the order of `bones`.
    Arguments as for `linear_skinning`; the transforms must be rigid.
    """
    real = quaternions(T_to_rest[:, :3, :3])
    dual = 0.5 * _product(_pure(T_to_rest[:, :3, 3]), real)
    motion = np.concatenate([real, dual], 1)
    total = np.zeros((len(rest), 8))
    for influence in range(bones.shape[1]):
        own = motion[bones[:, influence]]
        share = weights[:, influence]
        away = np.einsum("vq,vq->v", own[:, :4], total[:, :4]) < 0
        total += np.where(away, -share, share)[:, None] * own
    total /= np.linalg.norm(total[:, :4], axis=1, keepdims=True)
    scalar, vector = total[:, :1], total[:, 1:4]
    dual_scalar, dual_vector = total[:, 4:5], total[:, 5:]
    turned = rest + 2 * np.cross(vector, np.cross(vector, rest) + scalar * rest)
    return turned + 2 * (scalar * dual_vector - dual_scalar * vector + np.cross(vector, dual_vector))


def quaternions(rotmats: Float[Array, "n 3 3"]) -> Float[Array, "n 4"]:
    """Unit quaternions (w, x, y, z) of rotations; Shepperd 1978, the largest component first, so none is ill-posed."""
    trace = np.trace(rotmats, axis1=1, axis2=2)
    squares = np.concatenate([trace[:, None], np.einsum("nii->ni", rotmats)], 1)
    largest = squares.argmax(1)
    m = rotmats
    xx, yy, zz = (2 * m[:, axis, axis] - trace for axis in range(3))
    table = np.stack(
        [
            np.stack([1 + trace, m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]], 1),
            np.stack([m[:, 2, 1] - m[:, 1, 2], 1 + xx, m[:, 1, 0] + m[:, 0, 1], m[:, 0, 2] + m[:, 2, 0]], 1),
            np.stack([m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] + m[:, 0, 1], 1 + yy, m[:, 2, 1] + m[:, 1, 2]], 1),
            np.stack([m[:, 1, 0] - m[:, 0, 1], m[:, 0, 2] + m[:, 2, 0], m[:, 2, 1] + m[:, 1, 2], 1 + zz], 1),
        ],
        1,
    )  # fmt: skip
    found = table[np.arange(len(rotmats)), largest]
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def _pure(vectors: Float[Array, "n 3"]) -> Float[Array, "n 4"]:
    return np.concatenate([np.zeros((len(vectors), 1)), vectors], 1)


def _product(a: Float[Array, "n 4"], b: Float[Array, "n 4"]) -> Float[Array, "n 4"]:
    scalar = a[:, :1] * b[:, :1] - np.einsum("ni,ni->n", a[:, 1:], b[:, 1:])[:, None]
    vector = a[:, :1] * b[:, 1:] + b[:, :1] * a[:, 1:] + np.cross(a[:, 1:], b[:, 1:])
    return np.concatenate([scalar, vector], 1)


def pack_weights(
    weights: Float[Array, "verts bones"], *, influences: int
) -> tuple[Integer[Array, "verts influences"], Float[Array, "verts influences"]]:
    """The strongest bones of each vertex in the rig's order, and their shares, which sum to 1.

    Args:
        weights: shares of all bones.
        influences: how many to keep; the rest is shared out among them.
    """
    strongest = np.sort(np.argsort(-weights, axis=1, kind="stable")[:, :influences], axis=1)
    kept = np.take_along_axis(weights, strongest, 1)
    return strongest, kept / kept.sum(1, keepdims=True)
