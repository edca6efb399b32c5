"""Which frames of InterHand2.6M have a fitted hand, and where they lie in the files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.errors import PoseFileError
from pose_sources.bad_data import BadData
from pose_sources.file_list import list_files
from pose_sources.interhand.annotations import AGAIN, FrameJoints, frame_fits, frame_joints
from pose_sources.interhand.config import InterHandConfig
from pose_sources.interhand.misfit import hand_misfit_mm
from pose_sources.json_index import open_json, read_part
from pose_sources.kept_index import Index
from pose_sources.mean_hand import MeanHand
from pose_sources.procedural.figure import SIDES

MANO: Final = "_MANO_NeuralAnnot.json"
JOINTS: Final = "_joint_3d.json"

Places = Mapping[tuple[str, str], tuple[int, int]]
"""By capture and frame: where it lies in a file."""


@dataclass(frozen=True, slots=True, eq=False)
class SplitFiles:
    """The files of a split."""

    mano: Path
    name: str
    """Of the MANO file within the source's folder."""

    joints: Path | None


def split_files(root: Path, config: InterHandConfig) -> list[SplitFiles]:
    """The MANO files of the splits that are asked for, with the joints beside them.

    Raises:
        PoseFileError: if there is none.
    """
    found = []
    for path, name in list_files(root, f"InterHand2.6M_*{MANO}", exclude=(), what=f"InterHand2.6M_*{MANO}"):
        split = path.name.removeprefix("InterHand2.6M_").removesuffix(MANO)
        if path == root or split in config.splits:
            joints = path.with_name(path.name.removesuffix(MANO) + JOINTS)
            found.append(SplitFiles(path, name, joints if joints.is_file() else None))
    if not found:
        raise PoseFileError(
            f"{root}: no InterHand2.6M_SPLIT{MANO} of the splits {', '.join(config.splits)} in it. "
            "Unpack InterHand2.6M's annotations here."
        )
    if config.max_misfit_mm is not None and (lacking := [one.mano for one in found if one.joints is None]):
        raise PoseFileError(f"{lacking[0]}: max_misfit_mm needs {JOINTS} beside it. Leave it out, or fetch that file.")
    return found


def build_index(
    files: list[SplitFiles],
    config: InterHandConfig,
    *,
    mean: MeanHand,
    rest_joints: Float[np.ndarray, "55 3"],
) -> Index:
    """Look at every frame: which hands it has, and whether they can be used.

    Raises:
        PoseFileError: at the first thing that can't be used, unless the recipe leaves such out.
    """
    bad, sequences = BadData(config.bad_data == "skip"), {"": 0}
    rows: list[tuple[int, ...]] = []
    for number, file in enumerate(files):
        with bad.leaving_out(file.name):
            joints_at = {} if file.joints is None else frame_places(file.joints)
            looker = _Looker(file, joints_at, config.max_misfit_mm, mean, rest_joints)
            for capture, frame, start, stop in _frames(file.mano):
                with bad.leaving_out(f"{file.name}, capture {capture}, frame {frame}"):
                    left, right, sequence = looker.look(capture, frame, start, stop)
                    if left or right:
                        place = sequences.setdefault(sequence, len(sequences))
                        rows.append((number, int(capture), int(frame), start, stop, left, right, place))
    names = ("file", "capture", "frame", "start", "stop", "left", "right", "sequence")
    table = np.array(rows, np.int64).reshape(len(rows), len(names))
    arrays = {str(name): column for name, column in zip(names, table.T.copy(), strict=True)}
    return Index(arrays=arrays, texts={"sequence": tuple(sequences)}, skipped=tuple(bad.found))


@dataclass(frozen=True, slots=True, eq=False)
class _Looker:
    """Looks at one frame after the other."""

    file: SplitFiles
    joints_at: Places
    max_misfit_mm: float | None
    mean: MeanHand
    rest_joints: Float[np.ndarray, "55 3"]

    def look(self, capture: str, frame: str, start: int, stop: int) -> tuple[bool, bool, str]:
        """Whether the left and the right hand can be used, and the name of the sequence where it is known."""
        where = f"{self.file.mano}: {capture}.{frame}"
        fits = frame_fits(read_part(self.file.mano, start, stop), where)
        known = {side: fit is not None for side, fit in fits.items()}
        place = self.joints_at.get((capture, frame))
        if place is None or self.file.joints is None:
            return known["left"], known["right"], ""
        joints = frame_joints(read_part(self.file.joints, *place), f"{self.file.joints}: {capture}.{frame}")
        for number, side in enumerate(SIDES):
            fit = fits[side]
            known[side] = fit is not None and bool(joints.valid[side].any())
            if fit is not None and self.max_misfit_mm is not None:
                hand = self.mean.hands[number] + fit.fingers
                misfit = hand_misfit_mm(
                    side, hand, joints.joints_mm[side], joints.valid[side], rest_joints=self.rest_joints
                )
                known[side] &= misfit is not None and misfit <= self.max_misfit_mm
        return known["left"], known["right"], joints.sequence or ""


def joints_at(path: Path, capture: str, frame: str, places: Places) -> FrameJoints | None:
    """Annotated joints of a frame; None where there are none.

    Raises:
        PoseFileError: naming the place, the key and what is wrong.
    """
    place = places.get((capture, frame))
    return None if place is None else frame_joints(read_part(path, *place), f"{path}: {capture}.{frame}")


def frame_places(path: Path) -> Places:
    """Where each frame of a file lies that goes by capture and frame.

    Raises:
        PoseFileError: if it is no such file.
    """
    return {(capture, frame): (start, stop) for capture, frame, start, stop in _frames(path)}


def _frames(path: Path) -> Iterator[tuple[str, str, int, int]]:
    with open_json(path) as file:
        for capture in file.members():
            for frame in file.members(capture.start, capture.stop):
                for key in (capture.key, frame.key):
                    if not (key.isascii() and key.isdigit() and len(key) < 16):
                        raise PoseFileError(
                            f"{path}: {capture.key!r}.{frame.key!r} are no numbers of capture and frame. {AGAIN}"
                        )
                yield capture.key, frame.key, frame.start, frame.stop
