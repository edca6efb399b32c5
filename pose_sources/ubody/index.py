"""Which annotations of UBody have a fit that can be used, and where they lie in the files."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from cuffs.errors import PoseFileError
from pose_sources.bad_data import BadData
from pose_sources.file_list import list_files
from pose_sources.json_index import open_json, parse
from pose_sources.kept_index import Index
from pose_sources.ubody.annotations import AGAIN, Keypoints, read_fit, read_keypoints, video_and_frame
from pose_sources.ubody.config import UBodyConfig

log = logging.getLogger(__name__)

FITS: Final = "smplx_annotation.json"
KEYPOINTS: Final = "keypoint_annotation.json"
COLUMNS: Final = (
    "file", "id", "video", "frame", "start", "stop", "keypoints_start", "keypoints_stop", "lhand", "rhand", "face",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class SceneFiles:
    """The annotations of a scene."""

    fits: Path
    name: str
    """Of the fits' file within the source's folder."""

    keypoints: Path | None

    @property
    def scene(self) -> str:
        """The scene's name."""
        return self.fits.parent.name


def scene_files(root: Path, config: UBodyConfig) -> list[SceneFiles]:
    """Annotations of the scenes that are asked for.

    Raises:
        PoseFileError: if there are none, or one that is asked for isn't there.
    """
    found = []
    for path, name in list_files(root, FITS, exclude=(), what=FITS):
        if not config.scenes or path.parent.name in config.scenes:
            keypoints = path.with_name(KEYPOINTS)
            found.append(SceneFiles(path, name, keypoints if keypoints.is_file() else None))
            if not keypoints.is_file():
                log.warning(
                    "%s is not there: hands whose fits don't say whether they are valid are not used", keypoints
                )
    if missing := set(config.scenes) - {file.scene for file in found}:
        raise PoseFileError(f"{root}: no {FITS} of the scenes {', '.join(sorted(missing))} in it.")
    if not found:
        raise PoseFileError(f"{root}: no annotations/SCENE/{FITS} in it. Unpack UBody's annotations.zip here.")
    return found


def test_videos(root: Path, config: UBodyConfig) -> tuple[Path, frozenset[str]] | None:
    """The list of videos for testing; None where the recipe takes all.

    Raises:
        PoseFileError: if it is needed and missing, or no list of names.
    """
    if config.split == "all":
        return None
    path = root / "splits" / f"{config.test_list}_test_list.npy"
    try:
        names = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as problem:
        raise PoseFileError(
            f"{path} can't be read ({problem}). Unpack UBody's splits.zip, or set split: all."
        ) from problem
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise PoseFileError(f"{path} is {names.shape} {names.dtype}, but must be a list of names. {AGAIN}")
    return path, frozenset(np.char.decode(names).tolist() if names.dtype.kind == "S" else names.tolist())


def build_index(files: list[SceneFiles], config: UBodyConfig, for_tests: frozenset[str] | None) -> Index:
    """Look at every annotation.

    Raises:
        PoseFileError: at the first thing that can't be used, unless the recipe leaves such out.
    """
    bad, videos, tables = BadData(config.bad_data == "skip"), {"": 0}, []
    for number, file in enumerate(files):
        with bad.leaving_out(file.name):
            pictures, people = ({}, {}) if file.keypoints is None else read_pictures(file.keypoints, bad)
            rows = _Scene(file, pictures, people, config.split, for_tests, videos).rows(number, bad)
            tables.append(np.array(rows, np.int64).reshape(len(rows), len(COLUMNS)))
    table = np.concatenate([np.zeros((0, len(COLUMNS)), np.int64), *tables])
    arrays = {str(name): column.copy() for name, column in zip(COLUMNS, table.T, strict=True)}
    return Index(arrays=arrays, texts={"video": tuple(videos)}, skipped=tuple(bad.found))


Person = tuple[Keypoints, int, int]


def read_pictures(path: Path, bad: BadData) -> tuple[dict[int, str], dict[int, Person]]:
    """Names of pictures, and people with their places in the file, by id.

    Args:
        path: a keypoint annotation.
        bad: what happens to members that can't be used.

    Raises:
        PoseFileError: at the first of them, unless such are left out.
    """
    pictures: dict[int, str] = {}
    people: dict[int, Person] = {}
    with open_json(path) as file:
        for part in file.members():
            if part.key not in ("images", "annotations"):
                continue
            for number, member in enumerate(file.members(part.start, part.stop)):
                where = f"{path}: {part.key}[{number}]"
                with bad.leaving_out(where):
                    data = parse(file.view[member.start : member.stop], path, member.start)
                    if not isinstance(data, Mapping) or not isinstance(data.get("id"), int):
                        raise PoseFileError(f"{where}: no whole number id in it. {AGAIN}")
                    if part.key == "images":
                        pictures[data["id"]] = str(data.get("file_name", ""))
                    else:
                        people[data["id"]] = (read_keypoints(data, where), member.start, member.stop)
    return pictures, people


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """One scene's annotations, about to be looked at."""

    file: SceneFiles
    pictures: Mapping[int, str]
    people: Mapping[int, Person]
    split: str
    for_tests: frozenset[str] | None
    videos: dict[str, int]

    def rows(self, number: int, bad: BadData) -> list[tuple[int, ...]]:
        """One row for each annotation that can be used."""
        rows = []
        with open_json(self.file.fits) as fits:
            for member in fits.members():
                with bad.leaving_out(f"{self.file.name}, annotation {member.key}"):
                    where = f"{self.file.fits}: {member.key}"
                    if not (member.key.isascii() and member.key.isdigit() and len(member.key) < 16):
                        raise PoseFileError(f"{where}: the key is no annotation's id. {AGAIN}")
                    data = parse(fits.view[member.start : member.stop], self.file.fits, member.start)
                    row = self._row(int(member.key), data, where)
                    if row is not None:
                        rows.append((number, int(member.key), *row[:2], member.start, member.stop, *row[2:]))
        return rows

    def _row(self, key: int, data: object, where: str) -> tuple[int, ...] | None:
        """Video, frame, place of the keypoints and what is valid; None where it is not for this recipe."""
        fit = read_fit(data, where)
        person, start, stop = self.people.get(key, (None, 0, 0))
        if person is not None and not person.is_valid:
            return None
        video, frame = video_and_frame(self.pictures.get(person.image_id, "") if person else "")
        if self.for_tests is not None and (not video or (video in self.for_tests) != (self.split == "test")):
            return None
        flags = []
        for part in ("lhand", "rhand", "face"):
            said = fit.valid[part]
            flags.append(int(bool(person and person.parts[part]) if said is None else said))
        return (self.videos.setdefault(video, len(self.videos)), frame, start, stop, *flags)
