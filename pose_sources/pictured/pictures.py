"""Which pictures a data set has, and who is in each: rows of one picture need not lie next to each other."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, Literal

import numpy as np

from cuffs.errors import PoseFileError
from pose_sources.agora import AgoraSource
from pose_sources.bad_data import BadData
from pose_sources.bedlam.labels import LabelSource, OpenFile
from pose_sources.pictured.given import Pictured
from pose_sources.pictured.humans_file import HumansFile
from pose_sources.ubody import UBodySource
from pose_sources.ubody.index import Person, read_pictures

AGORA_SIZE: Final = (3840, 2160)

VALIDATION_SCENES: Final = frozenset({
    "20221018_1_250_batch01hand_zoom_suburb_b_6fps", "20221018_3-8_250_batch01hand_6fps",
    "20221018_3_250_batch01hand_orbit_archVizUI3_time15_6fps", "20221019_3-8_250_highbmihand_orbit_stadium_6fps",
})  # fmt: skip
"""BEDLAM's own (`pose_formats.md`, 1.1), wherever their labels lie."""

Split = Literal["train", "val", "test"]
PicturedSource = LabelSource | AgoraSource | UBodySource | HumansFile


def pictures_of(source: PicturedSource) -> Iterator[Pictured]:
    """All pictures of a source, in its order, one by one: there may be a million.

    Raises:
        PoseFileError: if the source doesn't say which picture somebody is in.
    """
    if isinstance(source, LabelSource):
        for number in range(len(source.files)):
            yield from _of_labels(source, number)
    elif isinstance(source, AgoraSource):
        yield from _of_agora(source)
    elif isinstance(source, UBodySource):
        yield from _of_ubody(source)
    else:
        yield from source.pictures()


def _groups(names: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """First place and all places of each different name, in the order of the first places."""
    _, first, inverse = np.unique(names, return_index=True, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    ends = np.cumsum(np.bincount(inverse))
    for group in np.argsort(first):
        start = 0 if group == 0 else ends[group - 1]
        yield int(first[group]), order[start : ends[group]]


def _of_labels(source: LabelSource, number: int) -> Iterator[Pictured]:
    opened = source.files[number]
    rows = np.arange(opened.file.rows.num_rows) if opened.good is None else opened.good
    names = source.reader.read(opened.file.rows, ("imgname",), 0, opened.file.rows.num_rows)["imgname"][rows]
    names = names.reshape(len(rows), -1)[:, 0]
    texts = np.char.decode(names, "utf-8") if names.dtype.kind == "S" else names
    scene = opened.file.rows.path.stem.removesuffix("-hands")
    for first, members in _groups(texts):
        name = str(texts[first])
        yield Pictured(
            name=f"{scene}/{name}",
            places=_label_places(scene, name),
            may_lie=True,
            split=_label_split(opened, scene),
            numbers=source.first[number] + members,
        )


def _label_places(scene: str, name: str) -> tuple[str, ...]:
    """As the archives unpack, as Multi-HMR keeps them; AGORA's have no folder and lie anywhere."""
    if "/" not in name:
        return (name,)
    return tuple(f"{folder}{scene}/{inner}{name}" for folder in ("", "training/", "validation/", "bedlam_images_train/")
                 for inner in ("png/", ""))  # fmt: skip


def _label_split(opened: OpenFile, scene: str) -> Split:
    is_validation = scene in VALIDATION_SCENES or "validation" in str(opened.file.rows.path.parent.name)
    return "val" if is_validation else "train"


def _of_agora(source: AgoraSource) -> Iterator[Pictured]:
    arrays = source.index.arrays
    if "picture" not in arrays:
        raise PoseFileError(f"{source.config.path}: fits have no picture; open it with each: crop.")
    for first, members in _groups(arrays["dataframe"] * 10**7 + arrays["row"]):
        name = PurePosixPath(str(arrays["picture"][first])).name
        small = re.sub(r"(\.\w+)$", r"_1280x720\1", name)
        file = source.files.dataframes[int(arrays["dataframe"][first])][1]
        split: Split = "val" if PurePosixPath(file).name.startswith("validation") else "train"
        yield Pictured(name=name, places=(name, small), size=AGORA_SIZE, split=split, numbers=members)


def _of_ubody(source: UBodySource) -> Iterator[Pictured]:
    arrays, tests = source.index.arrays, _test_videos(_root(source))
    for number, file in enumerate(source.files):
        if file.keypoints is None:
            raise PoseFileError(f"{file.fits}: keypoint_annotation.json is not beside it; it names the pictures.")
        pictures, people = read_pictures(file.keypoints, BadData(source.config.bad_data == "skip"))
        members = np.flatnonzero(arrays["file"] == number)
        names = np.array([_picture_of(int(key), pictures, people) for key in arrays["id"][members]], dtype="U")
        for first, group in _groups(names):
            name = str(names[first]).lstrip("/")
            video = PurePosixPath(name).parent.name.split("_Trim")[0]
            yield Pictured(
                name=f"{file.scene}/{name}",
                places=(f"images/{file.scene}/{name}", f"{file.scene}/{name}"),
                split="test" if video in tests else "train",
                numbers=members[group],
            )


def _root(source: UBodySource) -> Path:
    """UBody's folder: its files are named by their paths within it."""
    first = source.files[0]
    return first.fits.parents[len(PurePosixPath(first.name).parts) - 1]


def _picture_of(key: int, pictures: dict[int, str], people: dict[int, Person]) -> str:
    if key not in people or people[key][0].image_id not in pictures:
        raise PoseFileError(f"annotation {key} of UBody names no picture. Fetch the annotations again.")
    return pictures[people[key][0].image_id]


def _test_videos(root: Path) -> frozenset[str]:
    """The videos that UBody tests with, where its lists are there."""
    path = root / "splits" / "intra_scene_test_list.npy"
    if not path.is_file():
        return frozenset()
    return frozenset(str(name) for name in np.load(path, allow_pickle=False).ravel())
