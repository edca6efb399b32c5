"""AGORA's dataframes: which scans are in which picture, and where (`pose_formats.md`, 2.4). One row a picture."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from cuffs.errors import PoseFileError
from cuffs.foreign_tables import Frame
from cuffs.records.pose_sample import Gender
from cuffs.skeleton import NUM_JOINTS
from pose_sources.agora.pickles import AGAIN, read_agora_pickle
from pose_sources.amass.motion_file import gender_of

PICTURE: Final = ("imgPath", "camX", "camY", "camZ", "camYaw")
PEOPLE: Final = ("X", "Y", "Z", "Yaw", "gender", "kid", "occlusion", "isValid", "gt_path_smplx")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """Somebody in a picture."""

    row: int
    """Of the dataframe: the picture."""

    number: int
    """Among the picture's people."""

    picture: str
    fit: str
    """Folder and name of the fit, without ending."""

    gender: Gender
    is_kid: bool
    is_seen: bool
    """The data set calls the person valid."""

    occlusion: float
    """Percent."""

    place: Float[np.ndarray, "8"]
    """X, Y, Z, Yaw of the person, then of the camera: centimetres and degrees, Unreal's axes."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataframe:
    """A dataframe that was read."""

    path: Path
    columns: Mapping[str, np.ndarray]

    def people(self) -> Iterator[tuple[int, int, Person | PoseFileError]]:
        """Row, number in it, and everybody in every picture, or why somebody can't be used."""
        for row in range(len(self.columns["imgPath"])):
            count = len(self.columns["gt_path_smplx"][row])
            for number in range(count):
                try:
                    yield row, number, self._person(row, number, count)
                except PoseFileError as problem:
                    yield row, number, problem

    def joints(self, row: int, number: int) -> tuple[Float[np.ndarray, "55 3"], Float[np.ndarray, "55 2"]] | None:
        """A person's joints before the camera, metres, and in the picture of 3840 × 2160 pixels; None without them.

        Raises:
            PoseFileError: if they are no joints.
        """
        if "gt_joints_3d" not in self.columns or "gt_joints_2d" not in self.columns:
            return None
        found = [np.asarray(self.columns[key][row][number], np.float64) for key in ("gt_joints_3d", "gt_joints_2d")]
        for array, width in zip(found, (3, 2), strict=True):
            if array.ndim != 2 or array.shape[0] < NUM_JOINTS or array.shape[1] != width:
                raise PoseFileError(f"{self.path}: joints of row {row} are {array.shape}; SMPL-X's are (127, {width}).")
        return found[0][:NUM_JOINTS], found[1][:NUM_JOINTS]

    def _person(self, row: int, number: int, count: int) -> Person:
        where = f"{self.path}: row {row}, person {number}"
        values = {}
        for key in PEOPLE:
            listed = self.columns[key][row]
            if not isinstance(listed, (list, tuple, np.ndarray)) or len(listed) != count:
                raise PoseFileError(f"{where}: {key} is no list of {count} people. {AGAIN}")
            values[key] = listed[number]
        camera = [self.columns[key][row] for key in PICTURE[1:]]
        place = np.array([_number(value, where) for value in [values[key] for key in PEOPLE[:4]] + camera])
        fit = PurePosixPath(str(values["gt_path_smplx"]))
        if fit.suffix not in (".obj", ".pkl") or len(fit.parts) < 2:
            raise PoseFileError(f"{where}: gt_path_smplx is {values['gt_path_smplx']!r}, no path of a fit. {AGAIN}")
        return Person(
            row=row,
            number=number,
            picture=str(self.columns["imgPath"][row]),
            fit=f"{fit.parts[-2]}/{fit.stem}",
            gender=gender_of(str(values["gender"])),
            is_kid=bool(values["kid"]),
            is_seen=bool(values["isValid"]),
            occlusion=_number(values["occlusion"], where),
            place=place,
        )


def read_dataframe(path: Path) -> Dataframe:
    """Read a dataframe, without its meshes.

    Raises:
        PoseFileError: if it is none, or lacks a column; no code of the file is run.
    """
    frame = read_agora_pickle(path)
    if not isinstance(frame, Frame):
        raise PoseFileError(f"{path}: it holds a {type(frame).__name__}, not a dataframe. {AGAIN}")
    columns = frame.columns()
    for key in (*PICTURE, *PEOPLE):
        if key not in columns:
            raise PoseFileError(f"{path}: the column {key!r} is missing. Is it SMPL's dataframe? {AGAIN}")
    for row, people in enumerate(columns["gt_path_smplx"]):
        if not isinstance(people, (list, tuple, np.ndarray)):
            raise PoseFileError(f"{path}: gt_path_smplx of row {row} is no list. {AGAIN}")
    return Dataframe(path, columns)


def _number(value: Any, where: str) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise PoseFileError(f"{where}: {value!r} should be a number. {AGAIN}") from None
    if not np.isfinite(found):
        raise PoseFileError(f"{where}: {found} is not finite. {AGAIN}")
    return found
