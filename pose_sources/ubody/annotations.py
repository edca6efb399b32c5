"""UBody's annotation files (`pose_formats.md`, 3): what one annotation says.

SMPL-X's parameters (`smplx_annotation.json`) go by the annotation's id: `smplx_param` in the camera's frame, hands
relative to the mean hand, no eyes; `cam_param` with a focal length of ten thousands of pixels, so that distances are
tens of metres and no measure of anything. Keypoints (`keypoint_annotation.json`) are laid out as COCO's whole bodies;
they also say which picture it is, and which parts are valid where the parameters don't.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float

from cuffs.errors import PoseFileError
from cuffs.skeleton import BODY, HANDS, INDEX, JAW, NUM_JOINTS
from pose_sources.json_index import numbers

AGAIN: Final = "Fetch the annotations again."
MAX_ANGLE_RAD: Final = 4 * np.pi

LENGTHS: Final = {"root_pose": 3, "body_pose": 63, "lhand_pose": 45, "rhand_pose": 45, "jaw_pose": 3, "expr": 10,
                  "shape": 10, "trans": 3}  # fmt: skip

COCO: Final = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
FACE: Final = 5
"""The first so many of COCO's body keypoints are on the face, where SMPL-X has no joint."""

HAND_FINGERS: Final = ("thumb", "index", "middle", "ring", "pinky")
"""In COCO's hands: the wrist, then four of each finger, tips last."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """SMPL-X's parameters of a person, hands relative to the mean hand, and the camera."""

    pose: Float[np.ndarray, "55 3"]
    betas: Float[np.ndarray, "10"]
    expression: Float[np.ndarray, "10"]
    transl: Float[np.ndarray, "3"]
    K: Float[np.ndarray, "3 3"]
    valid: Mapping[str, bool | None]
    """lhand, rhand, face; None where the parameters don't say."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keypoints:
    """What the keypoint annotation says of a person."""

    image_id: int
    is_valid: bool
    parts: Mapping[str, bool | None]
    """lhand, rhand, face; None where it doesn't say."""


def read_fit(data: Any, where: str) -> Fit:
    """The parameters of one annotation.

    Args:
        data: of the file.
        where: it is, for messages.

    Raises:
        PoseFileError: naming the place, the key and what is wrong.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("smplx_param"), Mapping):
        raise PoseFileError(f"{where}: no object smplx_param in it. {AGAIN}")
    if not isinstance(data.get("cam_param"), Mapping):
        raise PoseFileError(f"{where}: no object cam_param in it. {AGAIN}")
    given, camera = data["smplx_param"], data["cam_param"]
    part = {key: numbers(given.get(key), count, f"{where}.smplx_param.{key}", AGAIN) for key, count in LENGTHS.items()}
    pose = np.zeros((NUM_JOINTS, 3))
    pose[0], pose[JAW] = part["root_pose"], part["jaw_pose"]
    pose[BODY] = part["body_pose"].reshape(-1, 3)
    for side, hand in HANDS.items():
        pose[hand] = part[f"{side[0]}hand_pose"].reshape(-1, 3)
    if np.linalg.norm(pose, axis=1).max() > MAX_ANGLE_RAD:
        raise PoseFileError(f"{where}.smplx_param turns a joint by more than {MAX_ANGLE_RAD:.1f} radians. In degrees?")
    focal, centre = (numbers(camera.get(key), 2, f"{where}.cam_param.{key}", AGAIN) for key in ("focal", "princpt"))
    return Fit(
        pose=pose,
        betas=part["shape"],
        expression=part["expr"],
        transl=part["trans"],
        K=np.array([[focal[0], 0, centre[0]], [0, focal[1], centre[1]], [0, 0, 1.0]]),
        valid={name: _flag(given, f"{name}_valid", f"{where}.smplx_param") for name in ("lhand", "rhand", "face")},
    )


def read_keypoints(data: Any, where: str) -> Keypoints:
    """What a keypoint annotation says beside the keypoints.

    Raises:
        PoseFileError: naming the place, the key and what is wrong.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("image_id"), int):
        raise PoseFileError(f"{where}: no whole number image_id in it. {AGAIN}")
    names = {"lhand": "lefthand_valid", "rhand": "righthand_valid", "face": "face_valid"}
    return Keypoints(
        image_id=data["image_id"],
        is_valid=_flag(data, "valid_label", where) is not False,
        parts={name: _flag(data, key, where) for name, key in names.items()},
    )


def joints_of_keypoints(
    data: Mapping[str, Any], where: str
) -> tuple[Float[np.ndarray, "55 2"], Bool[np.ndarray, "55"]]:
    """Those keypoints that are SMPL-X's joints too, pixels, and which of them there are.

    Raises:
        PoseFileError: naming the place, the key and what is wrong.
    """
    places, known = np.zeros((NUM_JOINTS, 2)), np.zeros(NUM_JOINTS, bool)
    named = list(zip(COCO, numbers(data.get("keypoints"), 51, f"{where}.keypoints", AGAIN).reshape(-1, 3), strict=True))
    found = named[FACE:]
    for side in HANDS:
        key = f"{side}hand_kpts"
        rows = numbers(data.get(key), 63, f"{where}.{key}", AGAIN).reshape(-1, 3)
        names = [f"{side}_{finger}{phalanx}" for finger in HAND_FINGERS for phalanx in (1, 2, 3, 4)]
        found += [(name, row) for name, row in zip(names, rows[1:], strict=True) if not name.endswith("4")]
    for name, (x, y, score) in found:
        places[INDEX[name]], known[INDEX[name]] = (x, y), score > 0
    return places, known


def video_and_frame(file_name: str) -> tuple[str, int]:
    """A picture's video, without the part that names a cut of it, and its number.

    `/VIDEO_Trim3/000123.png` gives VIDEO and 123 (`pose_formats.md`, 3.2).
    """
    path = PurePosixPath(file_name.lstrip("/"))
    return path.parent.name.split("_Trim")[0], int(path.stem) if path.stem.isascii() and path.stem.isdigit() else 0


def _flag(data: Mapping[str, Any], key: str, where: str) -> bool | None:
    """A number that means yes or no, alone or in a list of one; None where it isn't there."""
    if data.get(key) is None:
        return None
    return bool(numbers(data[key], 1, f"{where}.{key}", AGAIN)[0])
