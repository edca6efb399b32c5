"""InterHand2.6M as a source of hands: one number a frame that has a fitted hand."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.codec import encode
from cuffs.records import PoseOrigin, PoseSample, PoseValidity
from cuffs.skeleton import HANDS, NUM_JOINTS
from pose_sources.bad_data import Skipped, log_skipped
from pose_sources.file_list import require_some
from pose_sources.interhand.annotations import FrameJoints, read_fits
from pose_sources.interhand.config import InterHandConfig
from pose_sources.interhand.index import Places, SplitFiles, build_index, frame_places, joints_at, split_files
from pose_sources.kept_index import Index, load_or_build
from pose_sources.mean_hand import MeanHand, hands_measured, require_mean_hand
from pose_sources.procedural.figure import SIDES

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InterHandSource:
    """Frames with at least one fitted hand, in the files' order. Bodies are at rest and not valid.

    The fits' wrists are turned in the world of the cameras; without a forearm that says nothing of SMPL-X's wrist, so
    it stays at rest. Fingers are SMPL-X's in order and axes: the mean hand is added, and nothing else.
    """

    config: InterHandConfig
    files: tuple[SplitFiles, ...]
    index: Index
    mean: MeanHand
    name: str = "interhand"
    places: dict[int, Places] = field(default_factory=dict)
    """Where annotated joints lie in the files, once they were asked for."""

    @property
    def licence(self) -> str:
        """As the recipe says."""
        return self.config.licence

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out as unusable."""
        return self.index.skipped

    def __len__(self) -> int:
        return len(self.index.arrays["frame"])

    def __getitem__(self, number: int) -> PoseSample:
        """One frame's hands by its number.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if its file changed since the source was opened.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self)} frames with hands; {number} is not one of them")
        row = {name: int(array[number]) for name, array in self.index.arrays.items()}
        file = self.files[row["file"]]
        where = f"{file.mano}: {row['capture']}.{row['frame']}"
        fits = read_fits(file.mano, row["start"], row["stop"], where)
        pose, known = np.zeros((NUM_JOINTS, 3)), []
        for side, mean in zip(SIDES, self.mean.hands, strict=True):
            fit = fits[side]
            pose[HANDS[side]] = mean if fit is None else mean + fit.fingers
            known.append(fit is not None and bool(row[side]))
        measured = hands_measured(np.stack([pose[part] for part in HANDS.values()]))
        return PoseSample(
            pose=pose,
            valid=PoseValidity(
                root=False, body=False, jaw=False, eyes=False,
                left_hand=known[0] and measured[0], right_hand=known[1] and measured[1],
            ),
            origin=PoseOrigin(
                dataset=self.name, file=file.name, row=row["capture"], frame=row["frame"],
                action=self.index.texts["sequence"][row["sequence"]] or None, licence=self.licence,
            ),
        )  # fmt: skip

    def joints(self, number: int) -> FrameJoints | None:
        """The annotated joints of one frame; None where there are none.

        Raises:
            PoseFileError: if its file can't be used.
        """
        place = int(self.index.arrays["file"][number])
        file = self.files[place]
        if file.joints is None:
            return None
        if place not in self.places:
            self.places[place] = frame_places(file.joints)
        capture, frame = (str(self.index.arrays[name][number]) for name in ("capture", "frame"))
        return joints_at(file.joints, capture, frame, self.places[place])

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw one frame's hands, every frame being equally likely.

        Raises:
            PoseFileError: if its file changed since the source was opened.
        """
        return self[int(rng.integers(len(self)))]


def open_interhand(
    config: InterHandConfig,
    *,
    folder: Path,
    mean: MeanHand | None,
    rest_joints: Float[np.ndarray, "55 3"],
    cache: Path | None = None,
) -> InterHandSource:
    """Open InterHand2.6M. Every frame is looked at once; what was found is kept in the cache.

    Args:
        config: which of it.
        folder: what a relative path in the configuration starts from.
        mean: the mean hand, which the fits are relative to.
        rest_joints: of an average body, metres; `max_misfit_mm` is measured on its hands.
        cache: the cache folder; None: nothing is kept.

    Raises:
        PoseFileError: if there is nothing, or something can't be used; names the file, the key and what is wrong.
    """
    root = folder / config.path
    files = split_files(root, config)
    mean = require_mean_hand(mean, files[0].mano)
    read = [file.mano for file in files] + [file.joints for file in files if file.joints is not None]
    said = [encode(config), mean.hands.round(6).tolist(), rest_joints.round(6).tolist()]
    index = load_or_build(cache, said, read, lambda: build_index(files, config, mean=mean, rest_joints=rest_joints))
    log_skipped(str(root), index.skipped)
    require_some(len(index.arrays["frame"]), root, "frames with a fitted hand")
    log.info("%s: %d files, %d frames with hands", root, len(files), len(index.arrays["frame"]))
    return InterHandSource(config=config, files=tuple(files), index=index, mean=mean)
