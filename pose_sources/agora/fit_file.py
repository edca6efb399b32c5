"""One of AGORA's fits: SMPL-X's parameters of a scan (`pose_formats.md`, 2.2 and 2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from cuffs.errors import PoseFileError
from cuffs.records.pose_sample import Gender
from cuffs.skeleton import BODY, HANDS, JAW, LEFT_EYE, NUM_JOINTS, RIGHT_EYE
from pose_sources.agora.pickles import AGAIN, read_agora_pickle
from pose_sources.rest_shapes import KID

LENGTHS: Final = {"global_orient": 3, "body_pose": 63, "left_hand_pose": 45, "right_hand_pose": 45, "jaw_pose": 3,
                  "leye_pose": 3, "reye_pose": 3, "expression": 10, "transl": 3}  # fmt: skip
ADULT_BETAS: Final = 10
"""Adults' betas; some sets have an eleventh that is not used. Of kids it is the weight of the kid's template."""

MAX_ANGLE_RAD: Final = 4 * np.pi


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """SMPL-X's parameters of a scan, in the scan's frame (y up), hands as they are stored."""

    pose: Float[np.ndarray, "55 3"]
    betas: Float[np.ndarray, " num_betas"]
    expression: Float[np.ndarray, "10"]
    transl: Float[np.ndarray, "3"]


def read_fit(path: Path, *, is_kid: bool) -> Fit:
    """Read and check a fit.

    Args:
        path: the file.
        is_kid: whether it is a child's: then the eleventh beta is kept.

    Raises:
        PoseFileError: naming the file, the key and what is wrong with it.
    """
    data = read_agora_pickle(path)
    if not isinstance(data, Mapping):
        raise PoseFileError(f"{path}: it holds a {type(data).__name__}, not a fit's named arrays. {AGAIN}")
    if "root_pose" in data:
        raise PoseFileError(
            f"{path}: it is a fit of SMPL. Fetch SMPL-X's (smplx_gt_neutral_gender.zip or smplx_gt.zip)."
        )
    part = {key: _numbers(path, key, data.get(key), (count,)) for key, count in LENGTHS.items()}
    betas = _numbers(path, "betas", data.get("betas"), (10, 11))
    if is_kid and len(betas) == ADULT_BETAS:
        raise PoseFileError(f"{path}: betas has 10 numbers, but a kid's must have 11. Is it a kid's fit? kids: drop.")
    pose = np.zeros((NUM_JOINTS, 3))
    pose[0], pose[BODY] = part["global_orient"], part["body_pose"].reshape(-1, 3)
    for joint, key in ((JAW, "jaw_pose"), (LEFT_EYE, "leye_pose"), (RIGHT_EYE, "reye_pose")):
        pose[joint] = part[key]
    for side, hand in HANDS.items():
        pose[hand] = part[f"{side}_hand_pose"].reshape(-1, 3)
    if np.linalg.norm(pose, axis=1).max() > MAX_ANGLE_RAD:
        raise PoseFileError(f"{path}: it turns a joint by more than {MAX_ANGLE_RAD:.1f} radians. In degrees?")
    return Fit(
        pose=pose,
        betas=betas if is_kid else betas[:ADULT_BETAS],
        expression=part["expression"],
        transl=part["transl"],
    )


def _numbers(path: Path, key: str, data: Any, counts: tuple[int, ...]) -> Float[np.ndarray, " count"]:
    """An array with a leading axis of one, as a plain row."""
    if data is None:
        raise PoseFileError(f"{path}: the key {key!r} is missing. {AGAIN}")
    array = np.asarray(data)
    if array.dtype.kind not in "fiu" or array.size not in counts:
        allowed = " or ".join(map(str, counts))
        raise PoseFileError(
            f"{path}: {key} is {array.shape} {array.dtype}, but must be {allowed} numbers. This version is not known."
        )
    row = array.astype(np.float64).reshape(-1)
    if not np.isfinite(row).all():
        raise PoseFileError(f"{path}: {key} holds {int((~np.isfinite(row)).sum())} values that are not finite. {AGAIN}")
    return row


def model_of(*, gendered: bool, gender: Gender, is_kid: bool) -> str:
    """The model of a fit's betas: girls were fitted with the neutral one (`pose_formats.md`, 2.3)."""
    if not gendered or (is_kid and gender == "female"):
        gender = "neutral"
    return f"smplx-{gender}{KID if is_kid else ''}"
