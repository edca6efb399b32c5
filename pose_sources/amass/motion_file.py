"""One motion file: what it is, told from its headers, and its frames in our convention.

Three layouts are read (`pose_formats.md`, 5.1, 5.2 and 1.7):

smplx    poses (T, 165): root, body, jaw, left eye, right eye, left hand, right hand; z up.
smplh    poses (T, 156): root, body, left hand, right hand; z up. Jaw and eyes are unknown.
bedlam   as smplx, but y up; told by the arrays `motion_info` or `global_ori`, which only BEDLAM writes.

In all of them hands are absolute, and hands nobody measured hold one constant hand, mostly the model's mean hand.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from cuffs.errors import PoseFileError
from cuffs.npz import read_npz
from cuffs.records import PoseOrigin, PoseSample, PoseValidity
from cuffs.records.pose_sample import Gender
from cuffs.skeleton import BODY, HANDS, JAW, LEFT_EYE, LEFT_HAND, NUM_JOINTS, RIGHT_EYE
from pose_sources.frames import Z_FROM_Y, turned_root, turned_transl
from pose_sources.mean_hand import MEAN_INDEX2, NEAR_RAD
from pose_sources.npz_index import ArrayHeader, read_headers
from pose_sources.source import RestPelvis

Layout = Literal["smplx", "smplh", "bedlam"]
Axis = Literal["y", "z"]

log = logging.getLogger(__name__)

RATES: Final = ("mocap_frame_rate", "mocap_framerate")
MARKS_OF_BEDLAM: Final = frozenset({"motion_info", "global_ori"})
HEADERS: Final = frozenset({"poses", "trans", "betas", "gender", *RATES})
READ: Final = frozenset({"poses", "trans", "betas", "gender", "gender_sub", "motion_info"})
WIDTHS: Final = {165: "smplx", 156: "smplh"}
MAX_FRAMES: Final = 1_000_000
MAX_ANGLE_RAD: Final = 4 * np.pi
"""No fit wraps around twice; larger numbers are degrees, or not rotations at all."""

STILL_RAD: Final = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionSet:
    """What is known of a data set's motion files beyond what is in them."""

    layout: Layout | None = None
    """None: told from each file."""

    dataset: str | None = None
    """None: amass, or bedlam where the layout is."""

    fps: float | None = None
    """Where files don't say."""

    num_betas: int | None = None
    """Of more only the first so many are of use: BEDLAM2's motions from MOYO have 300."""


@dataclass(frozen=True, slots=True)
class MotionHeader:
    """What a motion file is, without its frames."""

    path: Path
    name: str
    """Path within the source's folder, for messages and origins."""

    layout: Layout
    num_frames: int
    fps: float
    kind: MotionSet


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A motion file's frames; the pose has SMPL-X's 55 joints, unturned."""

    header: MotionHeader
    poses: Float[np.ndarray, "frames 55 3"]
    transl: Float[np.ndarray, "frames 3"]
    betas: Float[np.ndarray, " num_betas"] | None
    model: str
    """That the betas belong to."""

    gender: Gender
    """Of the person; the betas' model may be neutral nevertheless."""

    valid: PoseValidity
    action: str | None


ANY: Final = MotionSet()


def read_header(path: Path, name: str, kind: MotionSet = ANY) -> MotionHeader:
    """Tell a motion file's layout, length and frame rate, and check the shapes of its arrays.

    Args:
        path: the file.
        name: its path within the source's folder.
        kind: what is known of it already.

    Raises:
        PoseFileError: naming the file and what is wrong with it.
    """
    names, headers = read_headers(path, HEADERS)
    for key in ("poses", "trans"):
        if key not in headers:
            raise PoseFileError(f"{path}: the array {key!r} is missing. {_leave_out(name)}")
    rate = next((key for key in RATES if key in headers), None)
    if rate is None and kind.fps is None:
        raise PoseFileError(f"{path}: the frame rate is missing ({' or '.join(RATES)}). {_leave_out(name)}")
    for key in ("poses", "trans", "betas", *RATES):
        if key in headers:
            _require_numbers(path, key, headers[key])
    frames, layout = _layout(path, names, headers)
    fps = kind.fps or 0.0
    if rate is not None:
        fps = _whole_rate(path, rate, read_npz(path, only=frozenset({rate}), error=PoseFileError)[rate])
    return MotionHeader(path, name, kind.layout or layout, frames, fps, kind)


def _layout(path: Path, names: frozenset[str], headers: dict[str, ArrayHeader]) -> tuple[int, Layout]:
    shape, trans = headers["poses"].shape, headers["trans"].shape
    if len(shape) != 2 or shape[1] not in WIDTHS:
        raise PoseFileError(f"{path}: poses has shape {shape}, but must be (frames, 165) or (frames, 156).")
    if shape[0] == 0:
        raise PoseFileError(f"{path}: poses has no frames.")
    if shape[0] > MAX_FRAMES:
        raise PoseFileError(f"{path}: poses has {shape[0]} frames; more than {MAX_FRAMES} can't be a recording.")
    if trans != (shape[0], 3):
        raise PoseFileError(
            f"{path}: trans has shape {trans}, but must be {(shape[0], 3)} as there are {shape[0]} poses."
        )
    if "betas" in headers and (len(headers["betas"].shape) != 1 or not 1 <= headers["betas"].shape[0] <= 400):
        raise PoseFileError(f"{path}: betas has shape {headers['betas'].shape}, but must be (number,), up to 400.")
    if WIDTHS[shape[1]] == "smplh":
        return shape[0], "smplh"
    return shape[0], "bedlam" if names & MARKS_OF_BEDLAM else "smplx"


def _require_numbers(path: Path, key: str, header: ArrayHeader) -> None:
    if header.dtype.hasobject:
        raise PoseFileError(
            f"{path}: {key} holds Python objects, which could run code when read. It must hold numbers."
        )
    if header.dtype.kind not in "fiu":
        raise PoseFileError(f"{path}: {key} holds {header.dtype}, but must hold numbers.")
    if key in RATES and np.prod(header.shape) != 1:
        raise PoseFileError(f"{path}: {key} has shape {header.shape}, but must be one number.")


def _whole_rate(path: Path, key: str, array: np.ndarray) -> float:
    """Frame rates such as 120.000045 are a rounding error away from a whole number; 59.94 is not."""
    fps = float(np.ravel(array)[0])
    if not np.isfinite(fps) or not 0 < fps <= 100_000:
        raise PoseFileError(f"{path}: {key} is {fps}, which is no frame rate.")
    return float(round(fps)) if abs(fps - round(fps)) < 0.01 and round(fps) else fps


def _leave_out(name: str) -> str:
    return f"If it is no motion, leave it out: exclude: [{name!r}]."


def read_motion(header: MotionHeader) -> Motion:
    """Read and check a motion file's frames.

    Raises:
        PoseFileError: naming the file, the array, and the first frame that can't be used.
    """
    path = header.path
    arrays = read_npz(path, only=READ, error=PoseFileError)
    for key in ("poses", "trans", "betas"):
        if key in arrays:
            arrays[key] = arrays[key].astype(np.float64)
            _require_finite(path, key, arrays[key])
    poses = _all_joints(arrays["poses"])
    angle = np.linalg.norm(poses, axis=-1)
    if angle.max() > MAX_ANGLE_RAD:
        frame, joint = np.unravel_index(int(angle.argmax()), angle.shape)
        raise PoseFileError(
            f"{path}: poses turns joint {joint} by {angle.max():.3g} radians in frame {frame}. Is it in degrees?"
        )
    valid = measured_parts(poses, has_face=header.layout != "smplh")
    if not (valid.left_hand and valid.right_hand):
        log.info("%s: hands were not recorded (left %s, right %s)", path, valid.left_hand, valid.right_hand)
    betas = arrays.get("betas")
    gender = gender_of(_text(path, "gender", arrays))
    return Motion(
        header=header,
        poses=poses,
        transl=arrays["trans"],
        betas=None if betas is None else betas[: header.kind.num_betas],
        model=_model_of(header, gender, 0 if betas is None else len(betas)),
        gender=gender_of(_text(path, "gender_sub", arrays)) if "gender_sub" in arrays else gender,
        valid=valid,
        action=_text(path, "motion_info", arrays),
    )


def _model_of(header: MotionHeader, gender: Gender, num_betas: int) -> str:
    """The model of a file's betas: BEDLAM's of 16 and BEDLAM2's are of the one without a head bun."""
    if header.layout == "bedlam" and num_betas >= 16:
        return f"smplx-lockedhead-{gender}"
    return f"{'smplh' if header.layout == 'smplh' else 'smplx'}-{gender}"


def _require_finite(path: Path, key: str, array: np.ndarray) -> None:
    bad = ~np.isfinite(array)
    if bad.any():
        where = f", first in frame {np.argwhere(bad)[0][0]}" if array.ndim > 1 else ""
        raise PoseFileError(f"{path}: {key} holds {int(bad.sum())} values that are not finite{where}.")


def _all_joints(poses: Float[np.ndarray, "frames width"]) -> Float[np.ndarray, "frames 55 3"]:
    """SMPL-X's joints; those that SMPL-H lacks stay zero."""
    flat = poses.reshape(len(poses), -1, 3)
    if flat.shape[1] == NUM_JOINTS:
        return flat
    full = np.zeros((len(poses), NUM_JOINTS, 3))
    full[:, : BODY.stop] = flat[:, : BODY.stop]
    full[:, LEFT_HAND.start :] = flat[:, BODY.stop :]
    return full


def measured_parts(poses: Float[np.ndarray, "frames 55 3"], *, has_face: bool) -> PoseValidity:
    """Which parts of a recording were measured.

    A hand was not if it never moves while the body does, or if it is flat or the model's mean hand throughout. Jaw and
    eyes were not if they are zero throughout.

    Args:
        poses: all frames, in radians.
        has_face: whether the layout has jaw and eyes at all.
    """
    moves = bool(np.ptp(poses[:, BODY], axis=0).max() > STILL_RAD)
    hands = {side: _hand_measured(poses[:, part], body_moves=moves) for side, part in HANDS.items()}
    return PoseValidity(
        left_hand=hands["left"],
        right_hand=hands["right"],
        jaw=has_face and bool(np.any(poses[:, JAW])),
        eyes=has_face and bool(np.any(poses[:, [LEFT_EYE, RIGHT_EYE]])),
    )


def _hand_measured(hand: Float[np.ndarray, "frames 15 3"], *, body_moves: bool) -> bool:
    if np.ptp(hand, axis=0).max() > STILL_RAD:
        return True
    flat = np.abs(hand[0]).max() < STILL_RAD
    mean = np.abs(np.abs(hand[0, 1]) - MEAN_INDEX2).max() < NEAR_RAD
    return not (body_moves or flat or mean)


def _text(path: Path, key: str, arrays: dict[str, np.ndarray]) -> str | None:
    """The first entry of an array of text, bytes decoded; None where there is none."""
    array = arrays.get(key)
    if array is None or array.size == 0:
        return None
    if array.dtype.kind not in "US":
        raise PoseFileError(f"{path}: {key} holds {array.dtype}, but must hold text.")
    first = np.ravel(array)[0]
    return (first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)).strip() or None


def gender_of(text: str | None) -> Gender:
    """male, m, female, f and neutral, in any case; whatever else there is, is unknown."""
    found: dict[str, Gender] = {"m": "male", "f": "female", "n": "neutral"}
    return found.get((text or "")[:1].lower(), "unknown")


def frame_sample(motion: Motion, frame: int, *, up: Axis, licence: str, rest_pelvis: RestPelvis | None) -> PoseSample:
    """One frame in our convention: z up.

    A file whose y is up is turned by 90 degrees about x. The body turns about its pelvis, so the translation needs the
    pelvis' place at rest; where that isn't known, the translation isn't either.

    Args:
        motion: the file.
        frame: number of the frame, leaving none out.
        up: the file's upward axis.
        licence: noted with the pose.
        rest_pelvis: gives j0.
    """
    header = motion.header
    pose, transl = motion.poses[frame].copy(), motion.transl[frame]
    if up == "y":
        pose[0] = turned_root(Z_FROM_Y, pose[0])
        j0 = rest_pelvis(motion.betas, motion.model) if rest_pelvis and motion.betas is not None else None
        transl = turned_transl(Z_FROM_Y, transl, j0)
    return PoseSample(
        pose=pose,
        transl=transl,
        betas=motion.betas,
        betas_model=None if motion.betas is None else motion.model,
        gender=motion.gender,
        valid=motion.valid,
        origin=PoseOrigin(
            dataset=header.kind.dataset or ("bedlam" if header.layout == "bedlam" else "amass"),
            file=header.name, row=0, frame=frame, fps=header.fps, action=motion.action, licence=licence,
        ),
    )  # fmt: skip
