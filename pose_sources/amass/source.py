"""A folder of motion files as a source of poses."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Int

from cuffs.errors import PoseFileError
from cuffs.records import PoseSample
from pose_sources.amass.config import AmassConfig
from pose_sources.amass.motion_file import (
    ANY,
    STILL_RAD,
    Axis,
    Motion,
    MotionHeader,
    MotionSet,
    frame_sample,
    read_header,
    read_motion,
)
from pose_sources.amass.shelf import MotionShelf
from pose_sources.bad_data import BadData, Skipped, log_skipped
from pose_sources.file_list import list_files, require_some
from pose_sources.kept_index import what_to_skip
from pose_sources.source import RestPelvis

log = logging.getLogger(__name__)

FROZEN_TRIES: Final = 50


@dataclass(frozen=True, slots=True, eq=False)
class AmassSource:
    """The kept frames of all files, numbered through: file by file in the order of their names."""

    config: AmassConfig
    files: tuple[MotionHeader, ...]
    strides: tuple[int, ...]
    """Of every file, one in so many frames is kept."""

    first: Int[np.ndarray, " files_and_end"]
    """Number of each file's first kept frame; last the number of all."""

    rest_pelvis: RestPelvis | None = None
    name: str = "amass"
    skipped: tuple[Skipped, ...] = ()
    """Files that were left out."""

    shelf: MotionShelf = field(default_factory=MotionShelf)

    @property
    def licence(self) -> str:
        """As the configuration says."""
        return self.config.licence

    def __len__(self) -> int:
        return int(self.first[-1])

    def __getitem__(self, number: int) -> PoseSample:
        """One pose by its number; its file is read for it.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if its file can't be used.
        """
        file, frame = self.place(number)
        return self._sample(self.shelf.motion(self.files[file]), frame)

    def place(self, number: int) -> tuple[int, int]:
        """Which file a number belongs to, and which frame of it, leaving none out.

        Raises:
            IndexError: if there is no such number.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self)} poses; {number} is not one of them")
        file = int(np.searchsorted(self.first, number, side="right")) - 1
        return file, (number - int(self.first[file])) * self.strides[file]

    def beside(self, sample: PoseSample) -> PoseSample | None:
        """The kept frame before one that this source gave, after it for the first; None for a single frame.

        Raises:
            PoseFileError: if its file can't be used.
        """
        file = next(number for number, header in enumerate(self.files) if header.name == sample.origin.file)
        motion = self.shelf.motion(self.files[file])
        other = beside(motion, sample.origin.frame, self.strides[file])
        return None if other is None else self._sample(motion, other)

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw one pose, as `draw_by` says.

        Raises:
            PoseFileError: if its file can't be used, or nothing moves in any frame drawn though `skip_frozen` is set.
        """
        for _ in range(FROZEN_TRIES):
            file, frame = self.place(self._draw_number(rng))
            motion = self.shelf.motion(self.files[file])
            if not (self.config.skip_frozen and is_frozen(motion, frame, self.strides[file])):
                return self._sample(motion, frame)
        raise PoseFileError(
            f"{self.config.path}: nothing moved in {FROZEN_TRIES} frames drawn. Set skip_frozen to false, "
            "or leave such files out with exclude."
        )

    def _draw_number(self, rng: np.random.Generator) -> int:
        if self.config.draw_by == "frame":
            return int(rng.integers(len(self)))
        file = int(rng.integers(len(self.files)))
        return int(rng.integers(self.first[file], self.first[file + 1]))

    def _sample(self, motion: Motion, frame: int) -> PoseSample:
        up = up_axis(self.config, motion.header)
        return frame_sample(motion, frame, up=up, licence=self.licence, rest_pelvis=self.rest_pelvis)


def up_axis(config: AmassConfig, header: MotionHeader) -> Axis:
    """The file's upward axis: as configured, else by its layout."""
    if config.up_axis != "auto":
        return config.up_axis
    return "y" if header.layout == "bedlam" else "z"


def beside(motion: Motion, frame: int, stride: int) -> int | None:
    """The kept frame before one, after it for the first; None where there is none."""
    other = frame - stride if frame >= stride else frame + stride
    return other if other < len(motion.poses) else None


def is_frozen(motion: Motion, frame: int, stride: int) -> bool:
    """Whether nothing moved since the kept frame before; after it for the first one. A single frame is not frozen."""
    other = beside(motion, frame, stride)
    return other is not None and bool(np.abs(motion.poses[frame] - motion.poses[other]).max() < STILL_RAD)


def open_amass(
    config: AmassConfig,
    *,
    folder: Path,
    rest_pelvis: RestPelvis | None = None,
    kind: MotionSet = ANY,
    cache: Path | None = None,
) -> AmassSource:
    """Open motion files: only their headers are read, unless bad files are to be left out: then all are read once.

    Args:
        config: which files.
        folder: what a relative path in the configuration starts from.
        rest_pelvis: where pelvises rest, for the translation of files whose y is up.
        kind: what is known of the files beyond what is in them.
        cache: where what was found bad is kept; None: nowhere.

    Raises:
        PoseFileError: if there is none, or one can't be used; names the file and what is wrong.
    """
    root = folder / config.path
    found, skipped = list(_motion_files(root, config.exclude)), ()
    if config.bad_data == "skip":
        skipped = what_to_skip(
            cache, ["motions", repr(kind)], found, lambda path, name, _: _read_once(read_header(path, name, kind))
        )
        log_skipped(str(root), skipped)
    gone = {one.file for one in skipped}
    bad, files = BadData(skip=False), []
    for path, name in found:
        if name not in gone:
            with bad.leaving_out(name):
                files.append(read_header(path, name, kind))
    require_some(len(files), root, "motion files (.npz)")
    strides = tuple(1 if config.fps is None else max(1, round(header.fps / config.fps)) for header in files)
    kept = [-(-header.num_frames // stride) for header, stride in zip(files, strides, strict=True)]
    log.info("%s: %d files, %d frames kept", root, len(files), sum(kept))
    return AmassSource(
        config=config,
        files=tuple(files),
        strides=strides,
        first=np.concatenate([[0], np.cumsum(kept)]),
        rest_pelvis=rest_pelvis,
        name=kind.dataset or "amass",
        skipped=skipped,
    )


def _read_once(header: MotionHeader) -> None:
    """Read a file for what it raises."""
    read_motion(header)


def _motion_files(root: Path, exclude: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Motion files and their names within the folder, in the order of the names."""
    for path, name in list_files(root, "*.npz", exclude=exclude, what="a motion file"):
        if path == root or not (path.name == "shape.npz" or path.name.endswith("_stagei.npz")):
            yield path, name
