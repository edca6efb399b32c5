"""One label file of BEDLAM's form: which variant it is, told from its headers, and its rows in our convention.

Labels are `np.savez` archives with one row a person in a picture, rows of one picture not adjacent (`pose_formats.md`,
1.2). Variants that are read:

bedlam    11 betas of the neutral model; 16 of the one without a head bun; 10 where somebody made labels anew from
          gendered motions
bedlam2   16 betas of the model without a head bun
agora     10 or 11 betas, no folder before the picture's name, `trans_cam` may be missing; hands in a convention of
          their own. Two programs write these (2.7).

The body is placed by `pose_cam` and `trans_cam` + `cam_ext`[:3, 3]. The rotation of `cam_ext` is the camera's roll and
pitch alone, so its inverse stands the body upright. Pictures of scenes named closeup are stored lying on their side,
their labels are upright: nothing is turned here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from cuffs.errors import PoseFileError
from cuffs.skeleton import NUM_JOINTS
from pose_sources.frames import is_rotation
from pose_sources.npz_index import AGAIN, ArrayHeader
from pose_sources.npz_rows import RowFile, RowReader, open_rows

Variant = Literal["bedlam", "bedlam2", "agora"]

NUMBERS: Final = ("pose_cam", "shape", "trans_cam", "cam_ext", "cam_int")
OTHERS: Final = ("imgname", "gender", "bfh", "motion_info")
FOR_CHECKS: Final = ("pose_world", "trans_world", "gtkps")
SHAPES: Final = {"pose_cam": (165,), "trans_cam": (3,), "cam_ext": (4, 4), "cam_int": (3, 3), "pose_world": (165,),
                 "trans_world": (3,)}  # fmt: skip
NUM_BETAS: Final = {"bedlam": (10, 11, 16), "bedlam2": (16,), "agora": (10, 11)}
OPTIONAL: Final = frozenset({"trans_cam", "gender", "bfh", "motion_info", *FOR_CHECKS})

MAX_ANGLE_RAD: Final = 4 * np.pi
SMPL_WIDTHS: Final = (72, 156)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelFile:
    """A label file that was opened."""

    rows: RowFile
    variant: Variant
    num_betas: int
    body_only: bool
    """Hands and face were not fitted in any row."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelRows:
    """Some rows: rotations in axis-angle, the root in the camera's frame."""

    poses: Float[np.ndarray, "rows 55 3"]
    betas: Float[np.ndarray, "rows num_betas"]
    transl_cam: Float[np.ndarray, "rows 3"]
    R_cam_world: Float[np.ndarray, "rows 3 3"]
    """From a world of the camera's place and heading, y down, to the camera."""

    K: Float[np.ndarray, "rows 3 3"]
    picture: tuple[str, ...]
    gender: tuple[str, ...]
    action: tuple[str | None, ...]
    has_hands: tuple[bool, ...]


def open_label_file(path: Path, name: str, variant: Variant) -> LabelFile:
    """Read the headers of a label file.

    Raises:
        PoseFileError: naming the file, the key and what is wrong with it.
    """
    keys = frozenset({*NUMBERS, *OTHERS, *FOR_CHECKS})
    rows = open_rows(path, name, keys, leading="pose_cam")
    width = rows.columns["pose_cam"].header.shape[1:]
    if width in [(size,) for size in SMPL_WIDTHS]:
        raise PoseFileError(
            f"{path}: pose_cam has rows of {width[0]} numbers: these are SMPL's labels. Fetch SMPL-X's "
            "(all_npz_12_training, bedlam2_labels_processed)."
        )
    for key in (*NUMBERS, "imgname"):
        if key not in rows and key not in (OPTIONAL if variant == "agora" else ("gender",)):
            raise PoseFileError(f"{path}: the array {key!r} is missing. {AGAIN}")
    for key in (*NUMBERS, *FOR_CHECKS):
        if key in rows:
            _check_numbers(path, key, rows.columns[key].header)
    if rows.columns["imgname"].header.dtype.kind not in "US":
        raise PoseFileError(
            f"{path}: imgname holds {rows.columns['imgname'].header.dtype}, but must hold text. {AGAIN}"
        )
    betas = rows.columns["shape"].header.shape[1:]
    if betas not in [(count,) for count in NUM_BETAS[variant]]:
        allowed = ", ".join(map(str, NUM_BETAS[variant]))
        raise PoseFileError(
            f"{path}: shape has rows of {betas} betas; labels of {variant} have {allowed}. This version is not known."
        )
    return LabelFile(rows=rows, variant=variant, num_betas=betas[0], body_only=path.stem == "agora-body")


def _check_numbers(path: Path, key: str, header: ArrayHeader) -> None:
    if header.dtype.hasobject:
        raise PoseFileError(f"{path}: {key} holds Python objects, which could run code when read. {AGAIN}")
    if header.dtype.kind != "f":
        raise PoseFileError(f"{path}: {key} holds {header.dtype}, but must hold floating-point numbers. {AGAIN}")
    if key in SHAPES and header.shape[1:] != SHAPES[key]:
        raise PoseFileError(f"{path}: {key} has rows of shape {header.shape[1:]}, but must be {SHAPES[key]}. {AGAIN}")


def read_rows(file: LabelFile, first: int, stop: int, reader: RowReader) -> LabelRows:
    """Read and check some rows.

    Raises:
        PoseFileError: naming the file, the key and the first row that can't be used.
    """
    path = file.rows.path
    plain = [key for key in OTHERS if key in file.rows and not file.rows.columns[key].header.dtype.hasobject]
    found = reader.read(file.rows, (*NUMBERS, *plain), first, stop)
    count = stop - first
    numbers = {key: found[key].astype(np.float64) for key in NUMBERS if key in found}
    for key, array in numbers.items():
        finite = np.isfinite(array.reshape(count, -1)).all(1)
        if not finite.all():
            raise PoseFileError(f"{path}: {key} holds values that are not finite in row {first + finite.argmin()}.")
    poses = numbers["pose_cam"].reshape(count, NUM_JOINTS, 3)
    angle = np.linalg.norm(poses, axis=-1).max(1)
    if angle.max() > MAX_ANGLE_RAD:
        row = first + int(angle.argmax())
        raise PoseFileError(f"{path}: pose_cam turns a joint by {angle.max():.3g} radians in row {row}. In degrees?")
    R_cam_world = numbers["cam_ext"][:, :3, :3]
    for row, R in enumerate(R_cam_world):
        if not is_rotation(R):
            raise PoseFileError(f"{path}: cam_ext of row {first + row} has no rotation in its first three columns.")
    return LabelRows(
        poses=poses,
        betas=numbers["shape"],
        transl_cam=numbers.get("trans_cam", np.zeros((count, 3))) + numbers["cam_ext"][:, :3, 3],
        R_cam_world=R_cam_world,
        K=numbers["cam_int"],
        picture=_texts(found, "imgname", count),
        gender=_texts(found, "gender", count),
        action=tuple(text.strip() or None for text in _texts(found, "motion_info", count)),
        has_hands=_has_hands(file, found, poses),
    )


def _texts(found: dict[str, np.ndarray], key: str, count: int) -> tuple[str, ...]:
    """An array of text by row, bytes decoded; of rows with several entries the first. Empty where there is none."""
    if key not in found or found[key].dtype.kind not in "US":
        return ("",) * count
    first = found[key].reshape(count, -1)[:, 0]
    return tuple(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in first)


def _has_hands(
    file: LabelFile, found: dict[str, np.ndarray], poses: Float[np.ndarray, "rows 55 3"]
) -> tuple[bool, ...]:
    """Whether hands and face were fitted: `bfh` says so where it is there."""
    if file.body_only:
        return (False,) * len(poses)
    if "bfh" in found:
        return tuple(bool(one) for one in found["bfh"])
    return (True,) * len(poses)
