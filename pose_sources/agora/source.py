"""AGORA as a source of poses: one number a fitted scan, or one a person in a picture."""

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from cuffs.codec import encode
from cuffs.errors import PoseFileError
from cuffs.records import PoseOrigin, PoseSample, PoseValidity
from cuffs.skeleton import HANDS, LEFT_HAND
from pose_sources.agora.camera import Placed, place_scan
from pose_sources.agora.config import AgoraConfig
from pose_sources.agora.dataframe import Dataframe, read_dataframe
from pose_sources.agora.fit_file import Fit, model_of, read_fit
from pose_sources.agora.index import GENDERS, PLACE, AgoraFiles, build_index, find_files
from pose_sources.bad_data import Skipped, log_skipped
from pose_sources.file_list import require_some
from pose_sources.frames import Z_FROM_CAMERA, Z_FROM_Y, turned_root, turned_transl
from pose_sources.kept_index import Index, load_or_build
from pose_sources.labelled import Labelled
from pose_sources.mean_hand import MeanHand, hands_measured, require_mean_hand
from pose_sources.source import RestPelvis

log = logging.getLogger(__name__)

TYPICAL_PELVIS: Final = np.array([0.0, -0.35, 0.01])
"""Where SMPL-X's pelvis rests, give or take some centimetres, metres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgoraSource:
    """Fits in the order of their files, or people in pictures in the order of the dataframes.

    A fit's world is its scan's, turned so that z is up. A crop's has its origin in the camera and y where the camera
    heads, so that the body is turned as the picture has it.
    """

    config: AgoraConfig
    files: AgoraFiles
    index: Index
    mean: MeanHand | None
    rest_pelvis: RestPelvis | None
    name: str = "agora"
    read: dict[int, Dataframe] = field(default_factory=dict)
    """The dataframe read last; only joints are looked up in it."""

    @property
    def licence(self) -> str:
        """As the recipe says."""
        return self.config.licence

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out as unusable."""
        return self.index.skipped

    def __len__(self) -> int:
        return len(self.index.arrays["fit"])

    def __getitem__(self, number: int) -> PoseSample:
        """One fit or person by number.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if its file changed since the source was opened.
        """
        return self._sample(self._row(number))[0]

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw one, all being equally likely.

        Raises:
            PoseFileError: if its file changed since the source was opened.
        """
        return self[int(rng.integers(len(self)))]

    def labelled(self, number: int) -> Labelled:
        """One person with the camera and joints of the picture; where its body model is not at hand, a typical pelvis
        stands for its own.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if these are fits and not crops.
        """
        row = self._row(number)
        sample, fit, placed = self._sample(row)
        if placed is None:
            raise PoseFileError(f"{self.config.path}: fits have no picture; open it with each: crop.")
        j0 = self._pelvis(sample)
        turned = turned_transl(placed.R_cam_scan, fit.transl, TYPICAL_PELVIS if j0 is None else j0)
        assert turned is not None
        joints = self._dataframe(row["dataframe"]).joints(row["row"], row["person"])
        return Labelled(
            sample=sample,
            R_cam_world=(Z_FROM_CAMERA @ placed.R_cam_level.T).T,
            transl_cam=turned + placed.offset_cam,
            K=placed.K,
            expression=fit.expression,
            joints3d_cam=None if joints is None else joints[0],
            joints2d=None if joints is None else joints[1],
        )

    def _row(self, number: int) -> dict[str, Any]:
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self)} poses; {number} is not one of them")
        return {name: array[number].item() for name, array in self.index.arrays.items()}

    def _sample(self, row: dict[str, Any]) -> tuple[PoseSample, Fit, Placed | None]:
        path, name = self.files.fits[row["fit"]]
        is_kid, gender = bool(row["kid"]), GENDERS[row["gender"]]
        fit = read_fit(path, is_kid=is_kid)
        placed = _placed(row) if self.config.each == "crop" else None
        R = Z_FROM_Y if placed is None else Z_FROM_CAMERA @ placed.R_cam_level.T @ placed.R_cam_scan
        pose, hands = fit.pose.copy(), np.stack([fit.pose[part] for part in HANDS.values()])
        pose[0] = turned_root(R, pose[0])
        if self.config.hands == "relative":
            hands = require_mean_hand(self.mean, path).absolute(hands)
        pose[LEFT_HAND.start :] = hands.reshape(30, 3)
        has_hands = "_bfh" in path.parent.name
        left, right = hands_measured(hands) if has_hands else (False, False)
        sample = PoseSample(
            pose=pose,
            betas=fit.betas,
            betas_model=model_of(gendered=self.files.gendered, gender=gender, is_kid=is_kid),
            gender=gender,
            is_kid=is_kid,
            valid=PoseValidity(left_hand=left, right_hand=right, jaw=has_hands, eyes=has_hands),
            origin=self._origin(row, name),
        )
        return self._with_transl(sample, R, fit, placed), fit, placed

    def _with_transl(self, sample: PoseSample, R: np.ndarray, fit: Fit, placed: Placed | None) -> PoseSample:
        """The translation where the pelvis is known, from the camera on in a picture."""
        transl = turned_transl(R, fit.transl, self._pelvis(sample))
        if transl is not None and placed is not None:
            transl = transl + Z_FROM_CAMERA @ placed.R_cam_level.T @ placed.offset_cam
        return replace(sample, transl=transl)

    def _pelvis(self, sample: PoseSample) -> Float[np.ndarray, "3"] | None:
        if self.rest_pelvis is None or sample.betas is None or sample.betas_model is None:
            return None
        return self.rest_pelvis(sample.betas, sample.betas_model)

    def _origin(self, row: dict[str, Any], fit: str) -> PoseOrigin:
        if self.config.each == "fit":
            return PoseOrigin(dataset=self.name, file=fit, row=0, frame=0, licence=self.licence)
        file = self.files.dataframes[row["dataframe"]][1]
        return PoseOrigin(dataset=self.name, file=file, row=row["row"], frame=row["person"], licence=self.licence)

    def _dataframe(self, number: int) -> Dataframe:
        if number not in self.read:
            self.read.clear()
            self.read[number] = read_dataframe(self.files.dataframes[number][0])
        return self.read[number]


def _placed(row: dict[str, Any]) -> Placed:
    place = np.array([row[name] for name in PLACE])
    return place_scan(
        row["picture"], person_cm=place[:3], person_yaw_deg=place[3], camera_cm=place[4:7], camera_yaw_deg=place[7]
    )


def open_agora(
    config: AgoraConfig,
    *,
    folder: Path,
    mean: MeanHand | None,
    rest_pelvis: RestPelvis | None = None,
    cache: Path | None = None,
) -> AgoraSource:
    """Open AGORA. Every fit and dataframe is looked at once; what was found is kept in the cache.

    Args:
        config: which of it.
        folder: what a relative path in the configuration starts from.
        mean: the mean hand, which the fits' hands are relative to.
        rest_pelvis: where pelvises rest, for translations.
        cache: the cache folder; None: nothing is kept.

    Raises:
        PoseFileError: if there is nothing, or something can't be used; names the file, the key and what is wrong.
    """
    root = folder / config.path
    files = find_files(root, config)
    if config.hands == "relative":
        require_mean_hand(mean, files.fits[0][0])
    read = [path for path, _ in (*files.fits, *files.dataframes)]
    index = load_or_build(cache, encode(config), read, lambda: build_index(files, config))
    log_skipped(str(root), index.skipped)
    require_some(len(index.arrays["fit"]), root, "fits that can be used")
    log.info("%s: %d fits, %d dataframes, %d poses", root, len(files.fits), len(files.dataframes),
             len(index.arrays["fit"]))  # fmt: skip
    return AgoraSource(config=config, files=files, index=index, mean=mean, rest_pelvis=rest_pelvis)
