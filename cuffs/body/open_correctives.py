"""Pose correctives of the open body: what brings its linear skinning near dual-quaternion skinning in human poses.

The correction is regressed over whole poses: where three joints meet, one joint's correction changes what the next
one's has to be, so turning each joint alone counts twice. On procedural poses, which it has not seen, linear skinning
is 1.4 mm from dual quaternions over all the skin, and 0.3 with the correction.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from cuffs.body.model import chain
from cuffs.character.skinning import dual_quaternion_skinning, pack_weights
from cuffs.rotations import mirror_rotvec, rotvec_to_rotmat
from cuffs.skeleton import FINGERS, INDEX, JOINTS, MIRROR, NUM_JOINTS, descendants

Array = np.ndarray

FLIP = np.array([-1.0, 1.0, 1.0])

NUM_POSES = 480
RIDGE = 1e-3
"""Weight of the correctives' own squares a pose, metres a unit of R - I: larger ones run wild between the poses."""

SHARE = 1e-3
"""A joint bends the skin where its part of the body has a share between this and 1 minus this."""

BENDS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "spine": ((0.05, 0, 0), (0.18, 0.12, 0.12)),
    "neck": ((0, 0, 0), (0.2, 0.22, 0.15)),
    "head": ((0, 0, 0), (0.2, 0.22, 0.15)),
    "hip": ((-0.6, 0, 0.1), (0.65, 0.35, 0.25)),
    "knee": ((0.8, 0, 0), (0.7, 0.12, 0.04)),
    "ankle": ((0, 0, 0), (0.3, 0.15, 0.2)),
    "foot": ((0, 0, 0), (0.3, 0.04, 0.04)),
    "collar": ((0, 0, 0.1), (0.15, 0.2, 0.2)),
    "shoulder": ((0, -0.4, -0.5), (0.5, 0.6, 0.7)),
    "elbow": ((0, -0.9, 0), (0.4, 0.65, 0.06)),
    "wrist": ((0, 0, 0), (0.4, 0.25, 0.5)),
    "finger1": ((0, 0, -0.6), (0.05, 0.15, 0.6)),
    "finger2": ((0, 0, -0.8), (0.05, 0.05, 0.6)),
    "finger3": ((0, 0, -0.5), (0.05, 0.05, 0.4)),
    "thumb": ((0, 0, 0), (0.3, 0.35, 0.3)),
}
"""Middle and standard deviation of the left joints' rotations (axis-angle, radians) that correctives are made for:
roughly the human range. Jaw and eyes are left out: a jaw's correction belongs to its weights, eyeballs are rigid."""


def pose_correctives(
    verts: Float[Array, "verts 3"],
    joints: Float[Array, "55 3"],
    weights: Float[Array, "verts 55"],
    image: Int[Array, " verts"],
    rng: np.random.Generator,
) -> Float[Array, "verts 3 486"]:
    """Offsets at rest, linear in R - I of the joints, that bring linear skinning near dual-quaternion skinning.

    Least squares over random poses, for each vertex over the joints that bend the skin there: with B the linear blend
    of rotations and f the features, B P f = dual-quaternion - linear. The left half is solved, the right is its image.

    Args:
        verts: template, mirror-symmetric, metres.
        joints: of the template.
        weights: mirror-symmetric, rows sum to 1.
        image: mirror image of each vertex.
        rng: of the poses.
    """
    rotmats = rotvec_to_rotmat(random_bends(rng, NUM_POSES))
    rotations, placed = chain(rotmats, np.broadcast_to(joints, (NUM_POSES, NUM_JOINTS, 3)))
    transforms = np.concatenate([rotations, (placed - np.einsum("pjab,jb->pja", rotations, joints))[..., None]], -1)
    features = (rotmats[:, 1:] - np.eye(3)).reshape(NUM_POSES, NUM_JOINTS - 1, 9)
    posedirs = np.zeros((len(verts), 3, NUM_JOINTS - 1, 9))
    for bent, rows in _by_bent_joints(weights, np.flatnonzero(verts[:, 0] >= 0)):
        found = _solve(verts[rows], weights[rows], transforms, features[:, bent - 1].reshape(NUM_POSES, -1))
        posedirs[rows[:, None], :, bent - 1] = found.reshape(len(rows), 3, len(bent), 9).transpose(0, 2, 1, 3)
    return _made_symmetric(posedirs, verts, image).reshape(len(verts), 3, -1)


def random_bends(rng: np.random.Generator, count: int) -> Float[Array, "count 55 3"]:
    """Random poses within human reach, every second one fainter; the root, jaw and eyes rest."""
    poses = np.zeros((count, NUM_JOINTS, 3))
    for number, name in enumerate(JOINTS):
        if (key := _kind(name)) in BENDS:
            middle, spread = BENDS[key]
            poses[:, number] = middle + np.array(spread) * rng.normal(size=(count, 3)).clip(-2.5, 2.5)
            if name.startswith("right_"):
                poses[:, number] = mirror_rotvec(poses[:, number])
    poses[::2] *= rng.uniform(0.1, 1.0, (len(poses[::2]), 1, 1))
    return poses


def _kind(joint: str) -> str:
    """The key in `BENDS` of a joint."""
    kind = joint.removeprefix("left_").removeprefix("right_")
    plain = kind.rstrip("123")
    return f"finger{kind[-1]}" if plain in FINGERS and plain != "thumb" else plain


def _by_bent_joints(
    weights: Float[Array, "verts 55"], candidates: Int[Array, " n"]
) -> list[tuple[Int[Array, " bent"], Int[Array, " rows"]]]:
    """Vertices in groups that the same joints bend."""
    movable = [INDEX[name] for name in JOINTS if _kind(name) in BENDS]
    share = np.stack([weights[candidates][:, list(descendants(JOINTS[joint]))].sum(1) for joint in movable], 1)
    bent = (share > SHARE) & (share < 1 - SHARE)
    patterns, group = np.unique(bent, axis=0, return_inverse=True)
    return [
        (np.array(movable)[pattern], candidates[group.ravel() == number])
        for number, pattern in enumerate(patterns)
        if pattern.any()
    ]


def _solve(
    verts: Float[Array, "rows 3"],
    weights: Float[Array, "rows 55"],
    transforms: Float[Array, "poses 55 3 4"],
    features: Float[Array, "poses features"],
) -> Float[Array, "rows 3 features"]:
    """Ridge least squares for vertices that share their features: normal equations, all vertices at once."""
    poses, width = features.shape
    bones, shares = pack_weights(weights, influences=8)
    bottom = np.broadcast_to(np.array([0.0, 0, 0, 1]), (NUM_JOINTS, 1, 4))
    aims = np.stack(
        [
            dual_quaternion_skinning(verts, bones, shares, np.concatenate([transform, bottom], 1))
            for transform in transforms
        ]
    )
    blended = np.einsum("vj,pjab->vpab", weights, transforms, optimize=True)
    B = blended[..., :3]
    missing = aims.transpose(1, 0, 2) - (np.einsum("vpab,vb->vpa", B, verts) + blended[..., 3])
    squares = np.einsum("vpca,vpcb->vabp", B, B).reshape(-1, poses)
    pairs = (features[:, :, None] * features[:, None]).reshape(poses, -1)
    normal = (squares @ pairs).reshape(len(verts), 3, 3, width, width).transpose(0, 1, 3, 2, 4)
    normal = normal.reshape(len(verts), 3 * width, 3 * width) + RIDGE * poses * np.eye(3 * width)
    right = np.einsum("vpca,vpc->vap", B, missing) @ features
    return np.linalg.solve(normal, right.reshape(len(verts), -1, 1)).reshape(len(verts), 3, width)


def _made_symmetric(
    posedirs: Float[Array, "verts 3 54 9"], verts: Float[Array, "verts 3"], image: Int[Array, " verts"]
) -> Float[Array, "verts 3 54 9"]:
    """The right half as the left's mirror image, and the middle as the mean of itself and its own."""
    joints = [MIRROR[joint] - 1 for joint in range(1, NUM_JOINTS)]
    turn_sign = np.outer(FLIP, FLIP).ravel()  # the mirrored rotation less I is M (R - I) M
    mirrored = posedirs[image][:, :, joints] * FLIP[None, :, None, None] * turn_sign
    x = verts[:, 0, None, None, None]
    return np.where(x > 0, posedirs, np.where(x < 0, mirrored, (posedirs + mirrored) / 2))
