"""A pickle of pictures and their people: Multi-HMR's layout (`pose_formats.md`, 1.8), and perhaps the published CUFFS.

Nobody has said how the published `cuffs_annots_….pkl` is laid out. It is looked at, not guessed: every key is counted;
if it has what Multi-HMR's own annotations have, it is read as those are, and keys that are not known are named; if not,
the error shows what is in it. Whether its hands are absolute is told from them, or has to be said.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from jaxtyping import Float

from cuffs.errors import AssetBroken, PoseFileError
from cuffs.records import PoseOrigin, PoseSample, PoseValidity
from cuffs.skeleton import HANDS, LEFT_HAND, NUM_JOINTS
from cuffs.unpickle import read_pickle
from pose_sources.bedlam.config import Hands
from pose_sources.file_list import list_files
from pose_sources.labelled import Labelled
from pose_sources.mean_hand import HandConvention, MeanHand, detect_convention, hands_measured, require_mean_hand
from pose_sources.pictured.given import Pictured

log = logging.getLogger(__name__)

ENTRY: Final = {"focal": 2, "princpt": 2, "size": 2}
HUMAN: Final = {
    "smplx_root_pose": 3, "smplx_body_pose": 63, "smplx_jaw_pose": 3, "smplx_leye_pose": 3, "smplx_reye_pose": 3,
    "smplx_left_hand_pose": 45, "smplx_right_hand_pose": 45, "smplx_transl": 3,
}  # fmt: skip
SHAPE, EXPRESSION, GENDER = "smplx_shape", "smplx_expression", "smplx_gender"
LOOKED_AT: Final = 500
REMEDY: Final = "Fetch the annotations again; if it is of another layout, this program has to learn it first."
MAX_ANGLE_RAD: Final = 4 * np.pi


@dataclass(frozen=True, slots=True, kw_only=True)
class HumansConfig:
    """Where such a pickle lies."""

    KIND: ClassVar[str] = "cuffs"

    path: str
    """A pickle, or a folder that is searched for them with its subfolders."""

    hands: Hands = "auto"
    """Whether hands are absolute or relative to the mean hand; auto: told from the hands."""

    licence: str = "CUFFS: see the LICENSE that comes with it"
    """What is noted with every pose."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A picture of a pickle."""

    file: int
    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HumansFile:
    """People of all pictures, numbered through."""

    config: HumansConfig
    files: tuple[str, ...]
    entries: tuple[Entry, ...]
    people: tuple[tuple[int, int], ...]
    """Entry and place in it."""

    convention: HandConvention | None
    """None: not known, so hands are not used."""

    mean: MeanHand | None
    unknown: Mapping[str, int]
    """Keys that nothing here reads, and how often they occur."""

    name: str = "cuffs"

    @property
    def licence(self) -> str:
        """As the configuration says."""
        return self.config.licence

    def __len__(self) -> int:
        return len(self.people)

    def pictures(self) -> Iterator[Pictured]:
        """All pictures that somebody is in."""
        first = 0
        for entry in self.entries:
            count = len(entry.data["humans"])
            if count:
                file = Path(self.files[entry.file]).stem
                is_val = "validation" in file
                folder = "validation" if is_val else "training"
                size = np.asarray(entry.data["size"]).ravel()
                yield Pictured(
                    name=entry.name,
                    places=(entry.name, f"{folder}/{entry.name}"),
                    size=(int(size[0]), int(size[1])),
                    split="val" if is_val else "train",
                    numbers=np.arange(first, first + count),
                )
            first += count

    def labelled(self, number: int) -> Labelled:
        """One person with the camera.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if a value is not what its key promises.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self)} people; {number} is not one of them")
        place, row = self.people[number]
        entry = self.entries[place]
        where = f"{self.files[entry.file]}: {entry.name}, person {row}"
        camera = {key: _numbers(entry.data, key, size, where) for key, size in ENTRY.items()}
        human = entry.data["humans"][row]
        part = {key: _numbers(human, key, size, where) for key, size in HUMAN.items()}
        hands = np.stack([part["smplx_left_hand_pose"], part["smplx_right_hand_pose"]]).reshape(2, 15, 3)
        if self.convention == "relative":
            hands = require_mean_hand(self.mean, Path(self.config.path)).absolute(hands)
        pose = np.concatenate([part[key] for key in list(HUMAN)[:5]] + [np.zeros(90)]).reshape(NUM_JOINTS, 3)
        pose[LEFT_HAND.start :] = hands.reshape(30, 3)
        if np.linalg.norm(pose, axis=1).max() > MAX_ANGLE_RAD:
            raise PoseFileError(f"{where}: a joint turns by more than {MAX_ANGLE_RAD:.1f} radians. In degrees?")
        focal, centre = camera["focal"], camera["princpt"]
        expression = np.asarray(human.get(EXPRESSION, np.zeros(0)), np.float64).ravel()
        return Labelled(
            sample=self._sample(human, pose, hands, (entry, row)),
            R_cam_world=np.eye(3),
            transl_cam=part["smplx_transl"],
            K=np.array([[focal[0], 0, centre[0]], [0, focal[1], centre[1]], [0, 0, 1.0]]),
            expression=expression,
        )

    def _sample(
        self, human: Mapping[str, Any], pose: Float[np.ndarray, "55 3"], hands: np.ndarray, place: tuple[Entry, int]
    ) -> PoseSample:
        left, right = hands_measured(hands) if self.convention is not None else (False, False)
        gender = str(human.get(GENDER, "neutral"))
        entry, row = place
        return PoseSample(
            pose=pose,
            betas=np.asarray(human[SHAPE], np.float64).ravel(),
            betas_model=f"smplx-{gender}",
            valid=PoseValidity(
                left_hand=left, right_hand=right, jaw=bool(np.any(pose[22])), eyes=bool(np.any(pose[23:25]))
            ),
            origin=PoseOrigin(
                dataset=self.name, file=Path(self.files[entry.file]).name, row=row, frame=0,
                licence=self.config.licence,
            ),
        )  # fmt: skip


def open_humans(config: HumansConfig, *, folder: Path, mean: MeanHand | None) -> HumansFile:
    """Open such pickles. No code of theirs is run.

    Args:
        config: which.
        folder: what a relative path in the configuration starts from.
        mean: the mean hand, where it is at hand.

    Raises:
        PoseFileError: if there is none, or its layout is another; then with what is in it.
    """
    root = folder / config.path
    found = [path for path, _ in list_files(root, "*.pkl", exclude=(), what="annotations (*.pkl)")]
    if not found:
        raise PoseFileError(f"{root}: no annotations (*.pkl) in it. Unpack the archive here.")
    entries: list[Entry] = []
    census: Counter[str] = Counter()
    for number, path in enumerate(found):
        try:
            data = read_pickle(path, what="The annotations", remedy=REMEDY)
        except AssetBroken as problem:
            raise PoseFileError(str(problem)) from problem
        entries += [Entry(number, name, entry) for name, entry in _entries(path, data, census)]
    people = tuple((n, row) for n, entry in enumerate(entries) for row in range(len(entry.data["humans"])))
    if not people:
        raise PoseFileError(f"{root}: nobody is in it.")
    unknown = {key: count for key, count in sorted(census.items()) if not _is_known(key)}
    if unknown:
        log.warning("%s: keys that nothing here reads: %s", root, _listed(unknown))
    convention = config.hands if config.hands != "auto" else _detect(root, entries, mean)
    return HumansFile(
        config=config,
        files=tuple(str(path) for path in found),
        entries=tuple(entries),
        people=people,
        convention=convention,
        mean=mean,
        unknown=unknown,
    )


def _is_known(key: str) -> bool:
    where, _, name = key.partition(".")
    return name in {"of a picture": {*ENTRY, "humans"}, "of a person": {*HUMAN, SHAPE, EXPRESSION, GENDER}}[where]


def _entries(path: Path, data: Any, census: Counter[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Pictures by name, keys counted; refuses any other layout, with what is in it."""
    if not isinstance(data, Mapping) or not all(isinstance(name, str) for name in data):
        raise PoseFileError(f"{path}: pictures by their names should be in it, but it is {described(data)}. {REMEDY}")
    for name, entry in data.items():
        humans = entry.get("humans") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(humans, Sequence) or missing(entry, ENTRY):
            wanted = ", ".join([*ENTRY, "humans"])
            raise PoseFileError(f"{path}: {name!r} should have {wanted}, but it is {described(entry)}. {REMEDY}")
        census.update(f"of a picture.{key}" for key in entry)
        for human in humans:
            if not isinstance(human, Mapping) or missing(human, (*HUMAN, SHAPE)):
                wanted = ", ".join([*HUMAN, SHAPE])
                raise PoseFileError(
                    f"{path}: people of {name!r} should have {wanted}, but one is {described(human)}. {REMEDY}"
                )
            census.update(f"of a person.{key}" for key in human)
        yield name, entry


def missing(found: Mapping[str, Any], wanted: Iterable[str]) -> list[str]:
    """Keys that are wanted and not there."""
    return [key for key in wanted if key not in found]


def described(value: Any, depth: int = 0) -> str:
    """What something read from a pickle is, in a line: kinds, sizes, the first keys."""
    if isinstance(value, np.ndarray):
        return f"array {value.shape} {value.dtype}"
    if isinstance(value, Mapping):
        inner = [f"{key!r}: {described(one, depth + 1)}" for key, one in list(value.items())[:20]] if depth < 2 else []
        return f"a dict of {len(value)} {{{', '.join(inner)}}}" if inner else f"a dict of {len(value)}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}" + (
            f" [{described(value[0], depth + 1)}, …]" if value and depth < 2 else ""
        )
    return type(value).__name__


def _listed(census: Mapping[str, int]) -> str:
    return ", ".join(f"{key.partition('.')[2]!r} {key.partition('.')[0]} ({count}×)" for key, count in census.items())


def _numbers(data: Mapping[str, Any], key: str, size: int, where: str) -> Float[np.ndarray, " size"]:
    try:
        found = np.asarray(data[key], np.float64).ravel()
    except (TypeError, ValueError) as problem:
        raise PoseFileError(f"{where}: {key} is {described(data[key])}, but must be {size} numbers.") from problem
    if found.shape != (size,) or not np.isfinite(found).all():
        raise PoseFileError(f"{where}: {key} is {described(data[key])}, but must be {size} finite numbers.")
    return found


def _detect(root: Path, entries: Sequence[Entry], mean: MeanHand | None) -> HandConvention | None:
    humans = [human for entry in entries[:LOOKED_AT] for human in entry.data["humans"]]
    hands = np.stack([
        [_numbers(human, f"smplx_{side}_hand_pose", 45, str(root)).reshape(15, 3) for side in HANDS]
        for human in humans
    ])  # fmt: skip
    found = detect_convention(hands, mean)
    said = found.convention or "not used, as they don't tell; say --hands absolute or --hands relative"
    log.warning("%s: hands are %s (%s)", root, said, found.why)
    return found.convention
