"""The 133 points of COCO-WholeBody on an SMPL-X body: 17 body, 6 feet, 68 face, 21 of each hand.

Order: the COCO-WholeBody data format (body as COCO's; feet: big toe, small toe, heel of the left, then the right; face
as iBUG's 68 points; hands: wrist, then thumb, index, middle, ring and little finger, each to its tip).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.annotate.raster import Canvas, nearest_faces
from cuffs.body import BodyModel, landmarks
from cuffs.body.model import chain
from cuffs.npz import read_npz
from cuffs.records import SmplxRecord
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import INDEX, VERTEX_PICKS

LIMBS: Final = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
BODY: Final = (
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
    *(f"{side}_{limb}" for limb in LIMBS for side in ("left", "right")),
)
FEET: Final = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("big_toe", "small_toe", "heel"))
HAND: Final = (
    "wrist",
    *(f"{finger}{end}" for finger in ("thumb", "index", "middle", "ring", "pinky") for end in ("1", "2", "3", "_tip")),
)
NUM_CONTOUR: Final = 17
NUM_FACE: Final = 68
GROUPS: Final = {
    "keypoints": slice(0, 17),
    "foot_kpts": slice(17, 23),
    "face_kpts": slice(23, 91),
    "lefthand_kpts": slice(91, 112),
    "righthand_kpts": slice(112, 133),
}
"""The fields of an annotation, and where their points are among all."""

MIRROR_BODY: Final = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)
SKELETON: Final = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10), (1, 2),
    (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
)  # fmt: skip
"""Bones between the 17 points, from 0."""

CONTOUR_SPAN: Final = 39
"""Rows of the contour's table on each side: a degree of the head's yaw each."""

SKIN_M: Final = 0.012
"""A point on the skin is seen if nothing of the own body is farther in front of it than this."""

HIDDEN, SEEN = 1, 2
"""COCO's visibility: 0 not labelled, 1 labelled and hidden, 2 labelled and seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contour:
    """The face's outline: for each degree of yaw, points on triangles."""

    faces: Int[np.ndarray, "79 17"]
    bary: Float[np.ndarray, "79 17 3"]


def load_contour(model: BodyModel) -> Contour | None:
    """The contour's table from the body model's own file; None where the file has none."""
    names = frozenset({"dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords"})
    if model.path.suffix != ".npz":
        return None
    found = read_npz(model.path, only=names)
    if set(found) != names:
        return None
    return Contour(faces=found["dynamic_lmk_faces_idx"].astype(np.int64), bary=found["dynamic_lmk_bary_coords"])


def contour_row(smplx: SmplxRecord, model: BodyModel) -> int:
    """The row of the contour's table for how the head is turned to the camera.

    The table's first 40 rows are yaws of 0 to 39 degrees to one side, the others of 1 to 39 to the other. The `smplx`
    package reads them from the neck, with y up: here the camera's axes are turned over first.
    """
    rotations, _ = chain(rotvec_to_rotmat(smplx.full_pose()), model.joint_template)
    R = np.diag([1.0, -1.0, -1.0]) @ rotations[INDEX["neck"]]
    yaw_deg = round(float(np.degrees(np.arctan2(R[2, 0], np.hypot(R[0, 0], R[1, 0])))))
    if yaw_deg >= 0:
        return min(yaw_deg, CONTOUR_SPAN)
    return CONTOUR_SPAN - max(yaw_deg, -CONTOUR_SPAN)


def wholebody_points(
    model: BodyModel, contour: Contour | None, smplx: SmplxRecord, *, verts: np.ndarray, joints: np.ndarray
) -> Float[np.ndarray, "133 3"]:
    """All points in the camera frame, metres; the contour is NaN where the body model has none.

    Args:
        model: the body model.
        contour: its table.
        smplx: the label.
        verts: of the posed label.
        joints: likewise.
    """
    surface = landmarks(model, verts)
    picks = dict(zip(VERTEX_PICKS, surface[: len(VERTEX_PICKS)], strict=True))

    def point(name: str) -> np.ndarray:
        return picks[name] if name in picks else joints[INDEX[name]]

    outline = np.full((NUM_CONTOUR, 3), np.nan)
    if contour is not None:
        row = contour_row(smplx, model)
        corners = verts[model.faces[contour.faces[row]]]
        outline = np.einsum("lki,lk->li", corners, contour.bary[row])
    hands = [point(f"{side}_{name}") for side in ("left", "right") for name in HAND]
    return np.concatenate(
        [[point(name) for name in (*BODY, *FEET)], outline, surface[len(VERTEX_PICKS) :], np.array(hands)]
    )


def joint_numbers() -> Int[np.ndarray, " points"]:
    """The joint that each point is; -1 for points on the skin."""
    numbers = np.full(GROUPS["righthand_kpts"].stop, -1)
    hands = [f"{side}_{name}" for side in ("left", "right") for name in HAND]
    for place, name in [*enumerate((*BODY, *FEET)), *enumerate(hands, GROUPS["lefthand_kpts"].start)]:
        numbers[place] = INDEX.get(name, -1)
    return numbers


def skin_seen(
    bent_verts: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    K: Float[np.ndarray, "3 3"],
    points: Float[np.ndarray, "n 3"],
    size: tuple[int, int],
) -> Bool[np.ndarray, " n"]:
    """Which points on the skin no other part of the own body hides.

    Args:
        bent_verts: the label's vertices, bent as the lens does, metres.
        faces: triangles.
        K: pixels.
        points: bent likewise; NaN is not seen.
        size: width and height, pixels.
    """
    width, height = size
    _, depth = nearest_faces(bent_verts, faces, K, Canvas(left=0, top=0, width=width, height=height))
    known = np.isfinite(points).all(1) & (np.nan_to_num(points[:, 2]) > 0)
    z = np.where(known, points[:, 2], 1.0)
    pixels = (np.nan_to_num(points) / z[:, None] @ K.T)[:, :2]
    x, y = np.floor(pixels).astype(np.int64).T
    inside = known & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    surface = depth[np.where(inside, y, 0), np.where(inside, x, 0)]
    return inside & (z <= surface + SKIN_M)
