"""BEDLAM's two ways into the picture: `pose_cam`, or `pose_world` through `cam_ext` (`pose_formats.md`, 1.4).

Both must give the same body. Their roots are compared directly. Their places differ by the pelvis at rest, j0:
trans_cam = R (j0 + trans_world) - j0. Where the body model isn't at hand, j0 is solved for from all rows of one body,
whose cameras turn differently; what it leaves over shows whether the rule holds.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.rotations import angle_between_deg, rotvec_to_rotmat
from pose_sources.bedlam.labels import LabelSource, betas_model
from pose_sources.checking.finding import Finding, verdict
from pose_sources.rest_shapes import RestShapes

KEYS: Final = ("pose_cam", "pose_world", "trans_cam", "trans_world", "cam_ext", "cam_int", "shape", "gtkps")
ROWS: Final = 500
"""Rows of a file that are compared."""

EXACT_M: Final = 1e-3
SPREAD: Final = 1e-4
"""Least second eigenvalue of the solution for j0: cameras that all turn alike say nothing of it."""


def check_routes(source: LabelSource, shapes: RestShapes) -> Iterator[Finding]:
    """Roots, places and pictures of both ways, file by file, summed up."""
    angles: list[float] = []
    residuals: list[float] = []
    portraits: list[str] = []
    homogeneous = True
    for opened in source.files:
        rows = opened.file.rows
        found = source.reader.read(rows, KEYS, 0, min(ROWS, rows.num_rows))
        found = {key: array.astype(np.float64) for key, array in found.items()}
        if "pose_world" in found:
            angles += _root_angles_deg(found).tolist()
        if {"trans_cam", "trans_world"} <= found.keys():
            residuals += _place_residuals_m(found, source, shapes)
        K = found["cam_int"]
        if (K[:, 0, 2] < K[:, 1, 2]).any():
            portraits.append(rows.name)
        homogeneous &= "gtkps" not in found or bool((found["gtkps"][..., 2] == 1).all())
    if angles:
        largest = max(angles)
        yield verdict(largest < 0.1, "two ways: roots", f"{len(angles)} rows, at most {largest:.3g}° apart", REMEDY)
    if residuals:
        largest = 1000 * max(residuals)
        yield verdict(
            largest < 1000 * EXACT_M,
            "two ways: places",
            f"{len(residuals)} rows, at most {largest:.3g} mm apart",
            REMEDY,
        )
    else:
        yield Finding(
            "note", "two ways: places", "not comparable: the body model is not at hand, and cameras turn alike"
        )
    if not homogeneous:
        yield Finding("note", "keypoints", "the third column of gtkps is not 1 throughout; it is not used")
    yield Finding(
        "note", "upright pictures", f"{len(portraits)} of {len(source.files)} files: {', '.join(portraits[:5])}"
    )


REMEDY: Final = "These are no labels of BEDLAM, or of a version that is not known."


def _root_angles_deg(found: dict[str, np.ndarray]) -> Float[np.ndarray, " rows"]:
    R = found["cam_ext"][:, :3, :3]
    one, two = rotvec_to_rotmat(found["pose_cam"][:, :3]), R @ rotvec_to_rotmat(found["pose_world"][:, :3])
    return angle_between_deg(one, two)


def _place_residuals_m(found: dict[str, np.ndarray], source: LabelSource, shapes: RestShapes) -> list[float]:
    """Of every row: how far the two places are apart."""
    residuals: list[float] = []
    for betas in np.unique(found["shape"], axis=0):
        mine = (found["shape"] == betas).all(1)
        R = found["cam_ext"][mine, :3, :3]
        right = found["trans_cam"][mine] - np.einsum("nab,nb->na", R, found["trans_world"][mine])
        left = R - np.eye(3)
        j0 = shapes.rest_pelvis(betas, betas_model(source.options.variant, betas, "unknown"))
        if j0 is None:
            normal = np.einsum("nab,nac->bc", left, left)
            if np.linalg.eigvalsh(normal)[0] < SPREAD:
                continue
            j0 = np.linalg.solve(normal, np.einsum("nab,na->b", left, right))
        residuals += np.linalg.norm(left @ j0 - right, axis=1).tolist()
    return residuals
