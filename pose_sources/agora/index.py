"""Which fits of AGORA there are, whose they are, and in which pictures they stand."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from cuffs.errors import PoseFileError
from cuffs.records.pose_sample import Gender
from pose_sources.agora.config import AgoraConfig
from pose_sources.agora.dataframe import Person, read_dataframe
from pose_sources.agora.fit_file import read_fit
from pose_sources.bad_data import BadData
from pose_sources.file_list import list_files
from pose_sources.kept_index import Index

log = logging.getLogger(__name__)

NEUTRAL: Final = "smplx_gt_neutral_gender"
GENDERED: Final = "smplx_gt"
GENDERS: Final[tuple[Gender, ...]] = ("unknown", "neutral", "female", "male")
PLACE: Final = ("x", "y", "z", "yaw", "camera_x", "camera_y", "camera_z", "camera_yaw")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgoraFiles:
    """What lies in AGORA's folder."""

    fits: tuple[tuple[Path, str], ...]
    """Files, and their paths within the source's folder."""

    dataframes: tuple[tuple[Path, str], ...]
    gendered: bool


def find_files(root: Path, config: AgoraConfig) -> AgoraFiles:
    """Fits and dataframes of a folder.

    Raises:
        PoseFileError: if what the recipe asks for isn't there.
    """
    wanted = {"auto": (NEUTRAL, GENDERED), "neutral": (NEUTRAL,), "gendered": (GENDERED,)}[config.fits]
    folder = next((root / name for name in wanted if (root / name).is_dir()), None)
    if folder is None and root.name in wanted:
        folder = root
    if folder is None:
        raise PoseFileError(
            f"{root}: no {' or '.join(wanted)} in it. Unpack AGORA's smplx_gt_neutral_gender.zip or smplx_gt.zip here."
        )
    fits = tuple(
        (path, path.relative_to(root).as_posix())
        for path, name in list_files(folder, "*.pkl", exclude=config.exclude, what="AGORA's fits")
        if config.kids == "keep" or "_kids_" not in name
    )
    frames = tuple(
        (path, name)
        for path, name in list_files(root, "*.pkl", exclude=(), what="AGORA's dataframes")
        if path.parent.name == "SMPLX" or path.name.endswith("_withjv.pkl")
        if path.parent.name != "SMPL" and not path.is_relative_to(folder)
    )
    if not fits:
        raise PoseFileError(f"{folder}: no fits (*.pkl) in it. Was the archive unpacked here?")
    if config.each == "crop" and not frames:
        raise PoseFileError(f"{root}: each: crop needs the dataframes SMPLX/*_withjv.pkl. Fetch them, or each: fit.")
    if folder.name == GENDERED and not frames:
        log.warning("%s: without the dataframes (SMPLX/*_withjv.pkl) whose fit is whose gender is not known", root)
    return AgoraFiles(fits=fits, dataframes=frames, gendered=folder.name == GENDERED)


@dataclass(slots=True, eq=False)
class _Found:
    """What is known of the fits so far."""

    number: dict[str, int]
    """Of a fit, by its folder and name."""

    gender: np.ndarray
    kid: np.ndarray
    good: np.ndarray
    crops: list[tuple[int, Person, int]] = field(default_factory=list)
    """Number of the dataframe, who, and number of the fit."""


def build_index(files: AgoraFiles, config: AgoraConfig) -> Index:
    """Look at every dataframe and every fit.

    Raises:
        PoseFileError: at the first thing that can't be used, unless the recipe leaves such out.
    """
    bad, count = BadData(config.bad_data == "skip"), len(files.fits)
    found = _Found(
        number={f"{path.parent.name}/{path.stem}": number for number, (path, _) in enumerate(files.fits)},
        gender=np.zeros(count, np.int64),
        kid=np.array(["_kids_" in name for _, name in files.fits]),
        good=np.zeros(count, bool),
    )
    for number in range(len(files.dataframes)):
        with bad.leaving_out(files.dataframes[number][1]):
            _look_at_dataframe(files, number, config, found, bad)
    for number, (path, name) in enumerate(files.fits):
        if config.kids == "drop" and found.kid[number]:
            continue
        with bad.leaving_out(name):
            read_fit(path, is_kid=bool(found.kid[number]))
            found.good[number] = True
    arrays = _fits(found) if config.each == "fit" else _crops(found, config)
    return Index(arrays=arrays, skipped=tuple(bad.found))


def _look_at_dataframe(files: AgoraFiles, number: int, config: AgoraConfig, found: _Found, bad: BadData) -> None:
    path, name = files.dataframes[number]
    for row, _, person in read_dataframe(path).people():
        if isinstance(person, PoseFileError):
            bad.note(name, row, person)
            continue
        fit = found.number.get(person.fit)
        if fit is not None:
            found.gender[fit] = GENDERS.index(person.gender)
            found.kid[fit] = person.is_kid
            found.crops.append((number, person, fit))
        elif config.each == "crop" and not (person.is_kid and config.kids == "drop") and not config.exclude:
            text = f"{path}: row {row}: the fit {person.fit!r} is not among those that are there. Fetch all fits."
            bad.note(name, row, PoseFileError(text))


def _fits(found: _Found) -> dict[str, np.ndarray]:
    rows = np.flatnonzero(found.good)
    return {"fit": rows, "gender": found.gender[rows], "kid": found.kid[rows].astype(np.int64)}


def _crops(found: _Found, config: AgoraConfig) -> dict[str, np.ndarray]:
    kept = [
        (number, person, fit)
        for number, person, fit in found.crops
        if found.good[fit] and person.is_seen and person.occlusion <= config.max_occlusion
    ]
    pictures = np.array([person.picture.rsplit("/", 1)[-1] for _, person, _ in kept], dtype="U")
    columns = {
        "fit": [fit for *_, fit in kept],
        "gender": [GENDERS.index(person.gender) for _, person, _ in kept],
        "kid": [int(person.is_kid) for _, person, _ in kept],
        "dataframe": [number for number, *_ in kept],
        "row": [person.row for _, person, _ in kept],
        "person": [person.number for _, person, _ in kept],
    }
    arrays = {name: np.array(values, np.int64) for name, values in columns.items()}
    places = np.array([person.place for _, person, _ in kept]).reshape(len(kept), len(PLACE))
    return arrays | {name: column.copy() for name, column in zip(PLACE, places.T, strict=True)} | {"picture": pictures}
