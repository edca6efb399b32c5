"""Labels of BEDLAM's form as a source of poses: the people of the pictures, one number a person and picture."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from cuffs.errors import PoseFileError
from cuffs.records import PoseOrigin, PoseSample, PoseValidity
from cuffs.records.pose_sample import Gender
from cuffs.skeleton import HANDS, JAW, LEFT_EYE, LEFT_HAND, NUM_JOINTS, RIGHT_EYE
from pose_sources.amass.motion_file import gender_of
from pose_sources.bad_data import BadData, Skipped, log_skipped
from pose_sources.bedlam.config import Hands
from pose_sources.bedlam.label_file import LabelFile, LabelRows, Variant, open_label_file, read_rows
from pose_sources.file_list import list_files, require_some
from pose_sources.frames import Z_FROM_CAMERA, turned_root, turned_transl
from pose_sources.kept_index import what_to_skip
from pose_sources.labelled import Labelled
from pose_sources.mean_hand import HandsFound, MeanHand, detect_convention, hands_measured, require_mean_hand
from pose_sources.npz_rows import RowReader
from pose_sources.rest_shapes import KID
from pose_sources.source import RestPelvis

log = logging.getLogger(__name__)

CHUNK: Final = 4096
LOOKED_AT: Final = 2000
"""Rows of a file that the mean-hand detector looks at."""

WHAT: Final = {
    "bedlam": "labels of BEDLAM (all_npz_12_training/*.npz)",
    "bedlam2": "labels of BEDLAM2 (bedlam2_labels_processed/*.npz)",
    "agora": "agora-*.npz, which come with BEDLAM's labels",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOptions:
    """What is read, and how."""

    variant: Variant
    licence: str
    exclude: tuple[str, ...] = ()
    skip_bad: bool = False
    hands: Hands = "absolute"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenFile:
    """A label file with what was decided about it."""

    file: LabelFile
    good: Int[np.ndarray, " good"] | None
    """Rows that can be used; None: all, as far as is known."""

    relative: bool
    """Hands are relative to the mean hand."""

    hands_used: bool
    """False where the convention of the hands is not known."""

    @property
    def count(self) -> int:
        """Rows that are drawn from."""
        return self.file.rows.num_rows if self.good is None else len(self.good)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelSource:
    """All rows of some label files, numbered through: file by file in the order of their names."""

    options: LabelOptions
    files: tuple[OpenFile, ...]
    first: Int[np.ndarray, " files_and_end"]
    """Number of each file's first row; last the number of all."""

    mean: MeanHand | None
    rest_pelvis: RestPelvis | None
    skipped: tuple[Skipped, ...]
    reader: RowReader = field(default_factory=RowReader)

    @property
    def name(self) -> str:
        """The data set."""
        return self.options.variant

    @property
    def licence(self) -> str:
        """As the recipe says."""
        return self.options.licence

    def __len__(self) -> int:
        return int(self.first[-1])

    def place(self, number: int) -> tuple[OpenFile, int]:
        """Which file a number belongs to, and which row of it.

        Raises:
            IndexError: if there is no such number.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self)} poses; {number} is not one of them")
        file = int(np.searchsorted(self.first, number, side="right")) - 1
        row, opened = number - int(self.first[file]), self.files[file]
        return opened, row if opened.good is None else int(opened.good[row])

    def __getitem__(self, number: int) -> PoseSample:
        """One pose by its number.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if its row can't be used.
        """
        return self._sample(*self.place(number))[0]

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw one pose, every row being equally likely.

        Raises:
            PoseFileError: if its row can't be used.
        """
        return self[int(rng.integers(len(self)))]

    def labelled(self, number: int) -> Labelled:
        """One pose with the camera and joints of its picture.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if its row can't be used.
        """
        opened, row = self.place(number)
        sample, rows, R_cam_world = self._sample(opened, row)
        found = self.reader.read(opened.file.rows, ("gtkps",), row, row + 1)
        joints = _joints_of(found["gtkps"][0]) if "gtkps" in found else None
        return Labelled(
            sample=sample, R_cam_world=R_cam_world, transl_cam=rows.transl_cam[0], K=rows.K[0], joints2d=joints
        )

    def _sample(self, opened: OpenFile, row: int) -> tuple[PoseSample, LabelRows, Float[np.ndarray, "3 3"]]:
        rows = read_rows(opened.file, row, row + 1, self.reader)
        R_world_cam = Z_FROM_CAMERA @ rows.R_cam_world[0].T
        pose, betas = rows.poses[0].copy(), rows.betas[0]
        pose[0] = turned_root(R_world_cam, pose[0])
        hands, valid = self._hands(opened, pose, has_hands=rows.has_hands[0])
        pose[LEFT_HAND.start :] = hands.reshape(30, 3)
        gender = gender_of(rows.gender[0])
        model = betas_model(self.options.variant, betas, gender)
        j0 = self.rest_pelvis(betas, model) if self.rest_pelvis else None
        sample = PoseSample(
            pose=pose,
            transl=turned_transl(R_world_cam, rows.transl_cam[0], j0),
            betas=betas,
            betas_model=model,
            gender=gender,
            is_kid=model.endswith(KID),
            valid=valid,
            origin=self._origin(opened, row, rows),
        )
        return sample, rows, R_world_cam.T

    def _hands(
        self, opened: OpenFile, pose: Float[np.ndarray, "55 3"], *, has_hands: bool
    ) -> tuple[Float[np.ndarray, "2 15 3"], PoseValidity]:
        hands = np.stack([pose[part] for part in HANDS.values()])
        if opened.relative:
            hands = require_mean_hand(self.mean, opened.file.rows.path).absolute(hands)
        left, right = hands_measured(hands) if has_hands and opened.hands_used else (False, False)
        return hands, PoseValidity(
            left_hand=left,
            right_hand=right,
            jaw=has_hands and bool(np.any(pose[JAW])),
            eyes=has_hands and bool(np.any(pose[[LEFT_EYE, RIGHT_EYE]])),
        )

    def _origin(self, opened: OpenFile, row: int, rows: LabelRows) -> PoseOrigin:
        rate = re.search(r"_(\d+)fps", opened.file.rows.name)
        frame = re.search(r"(\d+)\.\w+$", rows.picture[0])
        return PoseOrigin(
            dataset=self.options.variant, file=opened.file.rows.name, row=row, frame=int(frame[1]) if frame else 0,
            fps=float(rate[1]) if rate else None, action=rows.action[0], licence=self.licence,
        )  # fmt: skip


def betas_model(variant: Variant, betas: Float[np.ndarray, " num_betas"], gender: Gender) -> str:
    """The model that betas belong to (`pose_formats.md`, 1.2, 1b, 2.7). AGORA's eleventh is a kid's, or a filler."""
    if len(betas) == 16:
        return "smplx-lockedhead-neutral"
    if variant == "agora":
        return "smplx-neutral" + (KID if len(betas) == 11 and betas[10] else "")
    return "smplx-neutral" if len(betas) == 11 else f"smplx-{gender}"


def _joints_of(gtkps: Float[np.ndarray, "keypoints 3"]) -> Float[np.ndarray, "55 2"]:
    """SMPL-X's joints among the keypoints: BEDLAM2 has 25 of OpenPose and 19 others before them (1b)."""
    before = 44 if len(gtkps) == 171 else 0
    return gtkps[before : before + NUM_JOINTS, :2].astype(np.float64)


def open_labels(
    root: Path,
    options: LabelOptions,
    *,
    mean: MeanHand | None = None,
    rest_pelvis: RestPelvis | None = None,
    cache: Path | None = None,
) -> LabelSource:
    """Open label files: only their headers are read, unless bad rows are to be left out: then all is looked at once.

    Args:
        root: a label file, or a folder of them.
        options: which of them, and how they are read.
        mean: the mean hand, where it is at hand.
        rest_pelvis: where pelvises rest, for translations.
        cache: where what was found bad is kept; None: nowhere.

    Raises:
        PoseFileError: if there is none, or one can't be used; names the file, the key and what is wrong.
    """
    found, skipped = list(_label_files(root, options)), ()
    if options.skip_bad:
        skipped = what_to_skip(
            cache,
            ["labels", options.variant],
            found,
            lambda path, name, bad: _look_for_bad_rows(path, name, options.variant, bad),
        )
        log_skipped(str(root), skipped)
    gone = {one.file for one in skipped if one.row is None}
    bad, files = BadData(skip=False), []
    for path, name in found:
        if name not in gone:
            rows = [one.row for one in skipped if one.file == name and one.row is not None]
            with bad.leaving_out(name):
                files.append(_open_file(path, name, options, mean, rows))
    require_some(sum(one.count for one in files), root, WHAT[options.variant])
    first = np.concatenate([[0], np.cumsum([one.count for one in files])])
    log.info("%s: %d files, %d people in pictures", root, len(files), first[-1])
    return LabelSource(
        options=options, files=tuple(files), first=first, mean=mean, rest_pelvis=rest_pelvis, skipped=skipped
    )


def _label_files(root: Path, options: LabelOptions) -> Iterator[tuple[Path, str]]:
    """BEDLAM's folder holds `agora-*.npz` too, which are read by themselves."""
    for path, name in list_files(root, "*.npz", exclude=options.exclude, what="a label file"):
        if path.name.startswith("agora") == (options.variant == "agora"):
            yield path, name


def _open_file(path: Path, name: str, options: LabelOptions, mean: MeanHand | None, bad_rows: list[int]) -> OpenFile:
    file = open_label_file(path, name, options.variant)
    good = np.setdiff1d(np.arange(file.rows.num_rows), bad_rows) if bad_rows else None
    convention = options.hands
    if convention == "auto":
        found = HandsFound("absolute", "no hands in it") if file.body_only else _detect(file, mean)
        said = found.convention or "not used, as they don't tell; set `hands` to absolute or relative"
        log.warning("%s: hands are %s (%s)", path, said, found.why)
        return OpenFile(
            file=file, good=good, relative=found.convention == "relative", hands_used=found.convention is not None
        )
    if convention == "relative":
        require_mean_hand(mean, path)
    return OpenFile(file=file, good=good, relative=convention == "relative", hands_used=True)


def _detect(file: LabelFile, mean: MeanHand | None) -> HandsFound:
    """The convention of the first rows that have hands."""
    rows = read_rows(file, 0, min(LOOKED_AT, file.rows.num_rows), RowReader())
    hands = np.stack([rows.poses[:, part] for part in HANDS.values()], 1)[np.array(rows.has_hands)]
    return detect_convention(hands, mean)


def _look_for_bad_rows(path: Path, name: str, variant: Variant, bad: BadData) -> None:
    """Read all rows; those that can't be are noted. Chunks without a bad row cost one look."""
    file, reader = open_label_file(path, name, variant), RowReader()
    for first in range(0, file.rows.num_rows, CHUNK):
        stop = min(first + CHUNK, file.rows.num_rows)
        try:
            read_rows(file, first, stop, reader)
        except PoseFileError:
            for row in range(first, stop):
                with bad.leaving_out(name, row):
                    read_rows(file, row, row + 1, reader)
