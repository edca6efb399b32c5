"""BEDLAM and BEDLAM2 from a recipe's few words: labels or motions, told from what lies in the folder."""

from pathlib import Path
from typing import Final, Literal

from cuffs.errors import PoseFileError
from pose_sources.agora.config import AGORA_LICENCE
from pose_sources.amass import AmassConfig, AmassSource, open_amass
from pose_sources.amass.motion_file import MotionSet
from pose_sources.bedlam.config import BEDLAM_LICENCE, Bedlam2Config, BedlamConfig
from pose_sources.bedlam.labels import LabelOptions, LabelSource, open_labels
from pose_sources.file_list import list_files, require_some
from pose_sources.mean_hand import MeanHand
from pose_sources.npz_index import read_headers
from pose_sources.source import RestPelvis

BEDLAM_MOTIONS: Final = MotionSet(layout="bedlam", dataset="bedlam")
BEDLAM2_MOTIONS: Final = MotionSet(layout="bedlam", dataset="bedlam2", fps=30.0, num_betas=16)
"""Bodies of 300 betas (MOYO) are used with their first 16, as the data set's own program does."""


def open_bedlam(
    config: BedlamConfig, *, folder: Path, mean: MeanHand | None = None, rest_pelvis: RestPelvis | None = None
) -> LabelSource | AmassSource:
    """Open BEDLAM's labels or motions, or AGORA's labels that lie among them.

    Args:
        config: which of them.
        folder: what a relative path in the configuration starts from.
        mean: the mean hand, where it is at hand.
        rest_pelvis: where pelvises rest, for translations.

    Raises:
        PoseFileError: if there is nothing, or something can't be used; names the file, the key and what is wrong.
    """
    root = folder / config.path
    what = what_is_there(root, config.exclude) if config.what == "auto" else config.what
    if what == "motions":
        motions = _motions(config, licence=config.licence or BEDLAM_LICENCE)
        return open_amass(motions, folder=folder, rest_pelvis=rest_pelvis, kind=BEDLAM_MOTIONS)
    options = LabelOptions(
        variant="bedlam" if what == "labels" else "agora",
        licence=config.licence or (BEDLAM_LICENCE if what == "labels" else AGORA_LICENCE),
        exclude=config.exclude,
        skip_bad=config.bad_data == "skip",
        hands="absolute" if what == "labels" else config.hands,
    )
    return open_labels(root, options, mean=mean, rest_pelvis=rest_pelvis)


def open_bedlam2(
    config: Bedlam2Config, *, folder: Path, rest_pelvis: RestPelvis | None = None
) -> LabelSource | AmassSource:
    """Open BEDLAM2's labels or motions.

    Args:
        config: which of them.
        folder: what a relative path in the configuration starts from.
        rest_pelvis: where pelvises rest, for translations.

    Raises:
        PoseFileError: if there is nothing, or something can't be used; names the file, the key and what is wrong.
    """
    root = folder / config.path
    what = what_is_there(root, config.exclude) if config.what == "auto" else config.what
    if what == "motions":
        motions = _motions(config, licence=config.licence)
        return open_amass(motions, folder=folder, rest_pelvis=rest_pelvis, kind=BEDLAM2_MOTIONS)
    options = LabelOptions(
        variant="bedlam2", licence=config.licence, exclude=config.exclude, skip_bad=config.bad_data == "skip"
    )
    return open_labels(root, options, rest_pelvis=rest_pelvis)


def _motions(config: BedlamConfig | Bedlam2Config, *, licence: str) -> AmassConfig:
    return AmassConfig(
        path=config.path,
        fps=config.fps,
        up_axis="y",
        exclude=config.exclude,
        bad_data=config.bad_data,
        licence=licence,
    )


def what_is_there(root: Path, exclude: tuple[str, ...]) -> Literal["labels", "motions"]:
    """Whether a folder has labels or motions: both are .npz files, told apart by the names of their arrays.

    Raises:
        PoseFileError: if it has both, or neither.
    """
    found: dict[Literal["labels", "motions"], str] = {}
    for path, name in list_files(root, "*.npz", exclude=exclude, what="labels or motions"):
        if path.name.startswith("agora") and path != root:
            continue
        is_label = path.name != "motion_seq.npz" and "pose_cam" in read_headers(path, frozenset())[0]
        kind = "labels" if is_label else "motions"
        found.setdefault(kind, name)
        if len(found) == 2:
            raise PoseFileError(
                f"{root} has labels ({found['labels']}) and motions ({found['motions']}). "
                "Say which is meant: what: labels, or what: motions."
            )
    require_some(len(found), root, "labels or motions (.npz)")
    return next(iter(found))
