"""Indexes of large files, kept in the cache: what was found by looking through gigabytes once."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from cuffs.errors import RecordError
from cuffs.npz import read_npz, write_npz
from cuffs.publish import explained
from pose_sources.bad_data import BadData, Skipped

log = logging.getLogger(__name__)

VERSION: Final = 1
"""Goes up when indexes hold something else: older ones in caches are made anew."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Index:
    """What was found in a source's files."""

    arrays: Mapping[str, np.ndarray]
    """One entry a pose."""

    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names that the arrays number."""

    skipped: tuple[Skipped, ...] = ()
    """What was left out."""


def load_or_build(cache: Path | None, said: object, files: Sequence[Path], build: Callable[[], Index]) -> Index:
    """The index of some files: from the cache, unless it is of other files or of a recipe that asks for something else.

    Args:
        cache: the cache folder; None: nothing is kept.
        said: what of the recipe decides about the index, ready for json.
        files: that were looked through; told apart by place, size and date.
        build: looks through them.

    Raises:
        PoseFileError: from `build`.
        OutputError: if the cache can't be written.
    """
    if cache is None:
        return build()
    stamps = [(str(file.resolve()), (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files]
    name = hashlib.sha256(json.dumps([VERSION, said, stamps], sort_keys=True).encode()).hexdigest()[:24]
    path = cache / "poses" / f"index-{name}.npz"
    found = _load(path)
    if found is None:
        log.info("looking through %d files for the first time: %s …", len(files), files[0] if files else "none")
        found = build()
        _save(path, found)
    return found


def _save(path: Path, index: Index) -> None:
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    words = {"texts": index.texts, "skipped": [(one.file, one.row, one.why) for one in index.skipped]}
    write_npz(path, {**index.arrays, "words": np.frombuffer(json.dumps(words).encode(), np.uint8)})


def _load(path: Path) -> Index | None:
    """An index from the cache; None where there is none, or a damaged one."""
    if not path.is_file():
        return None
    try:
        arrays = read_npz(path)
        words = json.loads(bytes(arrays.pop("words")))
        texts = {str(name): tuple(map(str, listed)) for name, listed in words["texts"].items()}
        skipped = tuple(Skipped(str(file), row, str(why)) for file, row, why in words["skipped"])
    except (RecordError, KeyError, ValueError, TypeError) as problem:
        log.info("%s can't be used (%s): looking at the files again", path, problem)
        return None
    return Index(arrays=arrays, texts=texts, skipped=skipped)


def what_to_skip(
    cache: Path | None, said: object, files: Sequence[tuple[Path, str]], look: Callable[[Path, str, BadData], None]
) -> tuple[Skipped, ...]:
    """What of some files can't be used; looked for once and kept in the cache.

    Args:
        cache: the cache folder; None: nothing is kept.
        said: what of the recipe decides about it, ready for json.
        files: with their names within the source's folder.
        look: reads a file, raises for it, or notes bad rows.
    """

    def build() -> Index:
        bad = BadData(skip=True)
        for path, name in files:
            with bad.leaving_out(name):
                look(path, name, bad)
        return Index(arrays={}, skipped=tuple(bad.found))

    return load_or_build(cache, said, [path for path, _ in files], build).skipped
