"""What was found when a source's poses were looked at: features, descriptors and provenance, one row a pose."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.errors import RecordError
from cuffs.npz import read_npz, write_npz
from cuffs.publish import explained
from cuffs.records import PoseSample
from cuffs.skeleton import BODY
from pose_sources.anatomy import Anatomy
from pose_sources.features import FEATURES, body_descriptor, compute_features, hand_descriptor
from pose_sources.features.placed import place_poses
from pose_sources.source import NumberedPoseSource

log = logging.getLogger(__name__)

VERSION: Final = 1
"""Goes up when features or descriptors are computed differently: older tables in caches are made anew."""

CHUNK: Final = 512
CHECKED_ROWS: Final = 4
STILL_RAD: Final = 1e-5

ARRAYS: Final = frozenset({"numbers", "features", "body", "hands", "still", "origin_of", "names", "key"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseTable:
    """Rows of a source. Half precision: 0.1 mm within a hand, a millimetre within a body."""

    numbers: Int[np.ndarray, " rows"]
    """Of the poses in their source."""

    features: Float[np.ndarray, "rows features"]
    """In the order of `FEATURES`."""

    body: Float[np.ndarray, "rows body"]
    hands: Float[np.ndarray, "rows hands"]
    """Descriptors: bodies, and left hands beside right ones."""

    still: Bool[np.ndarray, " rows"]
    """Nothing moved since the row before, of the same recording."""

    origins: tuple[tuple[str, str, str], ...]
    """Dataset, file and action, each combination once."""

    origin_of: Int[np.ndarray, " rows"]

    def __len__(self) -> int:
        return len(self.numbers)

    def feature(self, name: str) -> Float[np.ndarray, " rows"]:
        """One feature of all rows."""
        return self.features[:, list(FEATURES).index(name)].astype(np.float64)


def load_or_build_table(
    source: NumberedPoseSource, numbers: Int[np.ndarray, " rows"], anatomy: Anatomy, path: Path | None
) -> PoseTable:
    """The table of some poses: from the cache where it still fits the source, else made now.

    Args:
        source: what the poses are read from.
        numbers: of the poses, increasing.
        anatomy: of the skeleton that features are measured on.
        path: where it is kept; None: nowhere.

    Raises:
        PoseFileError: if a pose can't be read.
        OutputError: if the cache can't be written.
    """
    key = _key(numbers, anatomy)
    if path is not None and path.is_file() and (found := _load(path, key)) is not None:
        rows = np.unique(np.linspace(0, len(numbers) - 1, CHECKED_ROWS).astype(int))
        fresh = build_table(source, numbers[rows], anatomy)
        if np.allclose(fresh.features, found.features[rows], atol=2e-3) and _same_origins(fresh, found, rows):
            return found
        log.info("%s is out of date: looking at the poses again", path)
    made = build_table(source, numbers, anatomy)
    if path is not None:
        _save(made, path, key)
    return made


def build_table(source: NumberedPoseSource, numbers: Int[np.ndarray, " rows"], anatomy: Anatomy) -> PoseTable:
    """Look at some poses of a source, `CHUNK` at a time.

    Raises:
        PoseFileError: if a pose can't be read.
    """
    origins: dict[tuple[str, str, str], int] = {}
    origin_of, parts = [], []
    before: PoseSample | None = None
    for samples in _chunks(source, numbers):
        for sample in samples:
            origin = sample.origin
            place = (origin.dataset, origin.file, origin.action or "")
            origin_of.append(origins.setdefault(place, len(origins)))
        parts.append((*_looked_at(samples, anatomy), _stillness(before, samples)))
        before = samples[-1]
        if len(numbers) > 20 * CHUNK and len(parts) % 20 == 0:
            log.info("looked at %d of %d poses", len(origin_of), len(numbers))
    features, body, hands, still = (np.concatenate(column) for column in zip(*parts, strict=True))
    return PoseTable(
        numbers=numbers,
        features=features,
        body=body,
        hands=hands,
        still=still,
        origins=tuple(origins),
        origin_of=np.array(origin_of, np.int32),
    )


def _chunks(source: NumberedPoseSource, numbers: np.ndarray) -> Iterator[list[PoseSample]]:
    for first in range(0, len(numbers), CHUNK):
        yield [source[int(number)] for number in numbers[first : first + CHUNK]]


def _looked_at(samples: Sequence[PoseSample], anatomy: Anatomy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    placed = place_poses(anatomy, np.stack([sample.pose for sample in samples]))
    known = {
        "left": np.array([sample.valid.left_hand for sample in samples], float),
        "right": np.array([sample.valid.right_hand for sample in samples], float),
    }
    found = compute_features(placed, known)
    hands = np.concatenate([hand_descriptor(placed, side) * known[side][:, None] for side in known], 1)
    features = np.stack([found[name] for name in FEATURES], 1)
    return features.astype(np.float32), body_descriptor(placed).astype(np.float16), hands.astype(np.float16)


def _stillness(before: PoseSample | None, samples: Sequence[PoseSample]) -> Bool[np.ndarray, " rows"]:
    still = np.zeros(len(samples), bool)
    for row, sample in enumerate(samples):
        earlier = samples[row - 1] if row else before
        if earlier is not None and sample.origin.fps is not None:
            same = (earlier.origin.file, earlier.origin.row) == (sample.origin.file, sample.origin.row)
            moved = np.abs(sample.pose[: BODY.stop] - earlier.pose[: BODY.stop]).max()
            still[row] = same and moved < STILL_RAD
    return still


def _key(numbers: np.ndarray, anatomy: Anatomy) -> str:
    """Of what a table depends on beside its source."""
    digest = hashlib.sha256(json.dumps([VERSION, list(FEATURES)]).encode())
    digest.update(np.ascontiguousarray(numbers, np.int64).tobytes())
    digest.update(np.ascontiguousarray(anatomy.rest.round(6), np.float64).tobytes())
    return digest.hexdigest()


def _same_origins(fresh: PoseTable, found: PoseTable, rows: np.ndarray) -> bool:
    return all(
        fresh.origins[one] == found.origins[other]
        for one, other in zip(fresh.origin_of, found.origin_of[rows], strict=True)
    )


def _save(table: PoseTable, path: Path, key: str) -> None:
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    names = json.dumps(table.origins).encode()
    arrays = {
        "numbers": table.numbers, "features": table.features, "body": table.body, "hands": table.hands,
        "still": table.still, "origin_of": table.origin_of, "names": np.frombuffer(names, np.uint8),
        "key": np.frombuffer(key.encode(), np.uint8),
    }  # fmt: skip
    write_npz(path, arrays)


def _load(path: Path, key: str) -> PoseTable | None:
    """A table from the cache; None where it is damaged or one of other poses."""
    try:
        arrays = read_npz(path, only=ARRAYS)
        if bytes(arrays["key"]).decode() != key:
            return None
        origins = tuple((str(a), str(b), str(c)) for a, b, c in json.loads(bytes(arrays["names"])))
        kept = {name: arrays[name] for name in ("numbers", "features", "body", "hands", "still", "origin_of")}
    except (RecordError, KeyError, ValueError) as problem:
        log.info("%s can't be used (%s): looking at the poses again", path, problem)
        return None
    return PoseTable(origins=origins, **kept)
