"""UBody as a source of poses: one number an annotated person."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.codec import encode
from cuffs.records import PoseOrigin, PoseSample, PoseValidity
from cuffs.skeleton import HANDS, LEFT_HAND
from pose_sources.bad_data import Skipped, log_skipped
from pose_sources.file_list import require_some
from pose_sources.frames import Z_FROM_CAMERA, turned_root
from pose_sources.json_index import read_part
from pose_sources.kept_index import Index, load_or_build
from pose_sources.labelled import Labelled
from pose_sources.mean_hand import MeanHand, hands_measured, require_mean_hand
from pose_sources.ubody.annotations import Fit, joints_of_keypoints, read_fit
from pose_sources.ubody.config import UBodyConfig
from pose_sources.ubody.index import SceneFiles, build_index, scene_files, test_videos

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UBodySource:
    """Annotated people in the files' order, scene by scene.

    Nothing says how the videos' cameras were held: they are taken for level, so the root is marked as not measured.
    Distances are of a virtual camera: poses have no translation.
    """

    config: UBodyConfig
    files: tuple[SceneFiles, ...]
    index: Index
    mean: MeanHand
    name: str = "ubody"

    @property
    def licence(self) -> str:
        """As the recipe says."""
        return self.config.licence

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out as unusable."""
        return self.index.skipped

    def __len__(self) -> int:
        return len(self.index.arrays["id"])

    def __getitem__(self, number: int) -> PoseSample:
        """One person by number.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if its file changed since the source was opened.
        """
        return self._sample(self._row(number))[0]

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw one person, every annotation being equally likely.

        Raises:
            PoseFileError: if its file changed since the source was opened.
        """
        return self[int(rng.integers(len(self)))]

    def labelled(self, number: int) -> Labelled:
        """One person with the camera and those keypoints that are SMPL-X's joints.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if a file changed since the source was opened.
        """
        row = self._row(number)
        sample, fit = self._sample(row)
        path = self.files[row["file"]].keypoints
        places: Float[np.ndarray, "55 2"] | None = None
        known = None
        if path is not None and row["keypoints_stop"]:
            data = read_part(path, row["keypoints_start"], row["keypoints_stop"])
            places, known = joints_of_keypoints(data, f"{path}: annotation {row['id']}")
        return Labelled(
            sample=sample, R_cam_world=Z_FROM_CAMERA.T, transl_cam=fit.transl, K=fit.K, expression=fit.expression,
            joints2d=places, joints_known=known,
        )  # fmt: skip

    def _row(self, number: int) -> dict[str, int]:
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self)} annotated people; {number} is not one of them")
        return {name: int(array[number]) for name, array in self.index.arrays.items()}

    def _sample(self, row: dict[str, int]) -> tuple[PoseSample, Fit]:
        file = self.files[row["file"]]
        fit = read_fit(read_part(file.fits, row["start"], row["stop"]), f"{file.fits}: {row['id']}")
        pose = fit.pose.copy()
        pose[0] = turned_root(Z_FROM_CAMERA, pose[0])
        hands = self.mean.absolute(np.stack([pose[part] for part in HANDS.values()]))
        pose[LEFT_HAND.start :] = hands.reshape(30, 3)
        left, right = hands_measured(hands)
        sample = PoseSample(
            pose=pose,
            betas=fit.betas,
            betas_model="smplx-neutral",
            valid=PoseValidity(
                root=False, eyes=False, jaw=bool(row["face"]),
                left_hand=bool(row["lhand"]) and left, right_hand=bool(row["rhand"]) and right,
            ),
            origin=PoseOrigin(
                dataset=self.name, file=file.name, row=row["id"], frame=row["frame"],
                action=f"{file.scene}, {self.index.texts['video'][row['video']]}".removesuffix(", "),
                licence=self.licence,
            ),
        )  # fmt: skip
        return sample, fit


def open_ubody(config: UBodyConfig, *, folder: Path, mean: MeanHand | None, cache: Path | None = None) -> UBodySource:
    """Open UBody. Every annotation is looked at once, gigabytes of them; what was found is kept in the cache.

    Args:
        config: which of it.
        folder: what a relative path in the configuration starts from.
        mean: the mean hand, which the fits' hands are relative to.
        cache: the cache folder; None: nothing is kept.

    Raises:
        PoseFileError: if there is nothing, or something can't be used; names the file, the key and what is wrong.
    """
    root = folder / config.path
    files = scene_files(root, config)
    mean = require_mean_hand(mean, files[0].fits)
    tests = test_videos(root, config)
    read = [file.fits for file in files] + [file.keypoints for file in files if file.keypoints is not None]
    read += [] if tests is None else [tests[0]]
    index = load_or_build(
        cache, encode(config), read, lambda: build_index(files, config, None if tests is None else tests[1])
    )
    log_skipped(str(root), index.skipped)
    require_some(len(index.arrays["id"]), root, "annotations with a valid fit")
    log.info("%s: %d scenes, %d people", root, len(files), len(index.arrays["id"]))
    return UBodySource(config=config, files=tuple(files), index=index, mean=mean)
