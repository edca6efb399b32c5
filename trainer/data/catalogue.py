"""What there is to train on: every sample of some shards, as arrays small enough for a million of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8

from cuffs.errors import ConfigError, RecordError
from cuffs.records import BodyModelRef, Sample
from cuffs.shards import ShardIndex, ShardSample, read_index, read_sample
from trainer.data.config import Split

logger = logging.getLogger(__name__)

PICTURE, ANNOTATION = 0, 1
SUFFIXES = ("jpg", "json")
"""What a sample must have, in the order of the arrays here."""

SHA256_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A dataset that the user named."""

    name: str
    path: Path
    """A dataset's folder, its shards/ folder, or one tar."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Catalogue:
    """The samples of one dataset that are in one split, in the order of its shards."""

    name: str
    tars: tuple[Path, ...]
    plan_hashes: tuple[str, ...]
    """One a tar: says which data it is."""

    tar_of: Int[np.ndarray, " samples"]
    keys: np.ndarray
    """Bytes, one a sample."""

    offsets: Int[np.ndarray, "samples 2"]
    """Where picture and annotation start in the tar."""

    sizes: Int[np.ndarray, "samples 2"]
    sha256: UInt8[np.ndarray, "samples 2 32"]

    def __len__(self) -> int:
        """Samples."""
        return len(self.tar_of)

    def where(self, number: int) -> str:
        """A sample's place, for messages."""
        return f"{self.tars[self.tar_of[number]]}:{self.key(number)}"

    def key(self, number: int) -> str:
        """A sample's key."""
        return self.keys[number].decode()


def parse_source(text: str) -> Source:
    """`NAME=PATH`, or a path alone: then the folder's own name is the name.

    Raises:
        ConfigError: if there is nothing at the path.
    """
    name, separator, rest = text.partition("=")
    path = Path(rest if separator else text)
    if not path.exists():
        raise ConfigError(f"--data {text}: {path} is not there.")
    return Source(name=name if separator else path.resolve().stem, path=path)


def open_catalogue(source: Source, *, split: Split, body_sha256: str) -> Catalogue:
    """Look at the indexes of all shards of a dataset.

    Args:
        source: the dataset.
        split: which samples are wanted.
        body_sha256: hash of the body model in use.

    Returns:
        The catalogue. It may be empty: a dataset may have nothing in a split.

    Raises:
        RecordError: if there are no shards; naming the file, if one is damaged or cut short, of another schema or body
            model, or holds a sample without picture or annotation.
    """
    tars = find_tars(source.path)
    indexes = [read_index(tar.with_suffix(".json")) for tar in tars]
    samples: list[tuple[int, ShardSample]] = []
    for number, (tar, index) in enumerate(zip(tars, indexes, strict=True)):
        require_readable(tar, index, body_sha256)
        samples += [(number, sample) for sample in index.samples if _split_of(tar, sample) == split]
    logger.info("%s: %d of %d samples are for %s", source.name, len(samples), sum(i.count for i in indexes), split)
    members = [_members(tars[number], sample) for number, sample in samples]
    return Catalogue(
        name=source.name,
        tars=tuple(tars),
        plan_hashes=tuple(index.plan_hash for index in indexes),
        tar_of=np.array([number for number, _ in samples], np.int32),
        keys=np.array([sample.key.encode() for _, sample in samples], "S64"),
        offsets=np.array([[member.offset for member in pair] for pair in members], np.int64).reshape(-1, 2),
        sizes=np.array([[member.size for member in pair] for pair in members], np.int64).reshape(-1, 2),
        sha256=np.frombuffer(
            b"".join(bytes.fromhex(member.sha256) for pair in members for member in pair), np.uint8
        ).reshape(-1, 2, SHA256_BYTES),
    )


def find_tars(path: Path) -> list[Path]:
    """The shards that a path means, in order.

    Raises:
        RecordError: if there are none, or one has no index.
    """
    if path.suffix == ".tar":
        return [path]
    folder = path / "shards" if (path / "shards").is_dir() else path
    tars = sorted(folder.glob("*.tar"))
    if not tars:
        raise RecordError(f"{folder} holds no shards (*.tar). Render some: `cuffs render {path}`.")
    return tars


def require_readable(tar: Path, index: ShardIndex, body_sha256: str) -> None:
    """Refuse a shard that can't be trained on.

    Raises:
        RecordError: saying what is wrong with it.
    """
    if not tar.is_file():
        raise RecordError(f"{tar} is not there, though its index is. Render its chunk again.")
    size = tar.stat().st_size
    if size != index.size:
        raise RecordError(
            f"{tar} has {size} bytes, but its index says {index.size}: it is cut short or of another run. "
            "Copy it again, or remove both and render the chunk again."
        )
    if index.sample_schema != Sample.SCHEMA:
        raise RecordError(f"{tar} holds {index.sample_schema!r}, but this program reads {Sample.SCHEMA!r}.")
    for entry in index.samples[:1]:
        try:
            first = read_sample(tar, entry)
        except RecordError as problem:
            logger.warning("%s", problem)  # what becomes of it is decided when training comes to it
        else:
            require_body(first.body_model, body_sha256, where=f"{tar}:{entry.key}")


def require_body(found: BodyModelRef, body_sha256: str, *, where: str) -> None:
    """Refuse labels of another body model: their numbers would mean other bodies.

    Args:
        found: of the annotation.
        body_sha256: hash of the body model in use.
        where: the sample, for messages.

    Raises:
        RecordError: with both hashes.
    """
    if found.sha256 != body_sha256:
        raise RecordError(
            f"{where} is labelled with the body model {found.name!r} {found.sha256[:16]}, but the one in use is "
            f"{body_sha256[:16]}. Set CUFFS_ASSETS to the folder of the model that the data was rendered with, or "
            "render it anew: parameters of one model mean nothing to another."
        )


def require_distinct(catalogues: Sequence[Catalogue]) -> None:
    """Refuse two datasets of one name, which weights could not tell apart.

    Raises:
        ConfigError: naming them.
    """
    names = sorted(catalogue.name for catalogue in catalogues)
    for first, second in pairwise(names):
        if first == second:
            raise ConfigError(f"two datasets are called {first!r}: give names, `--data NAME=FOLDER`.")


def _split_of(tar: Path, sample: ShardSample) -> str:
    """From the index, else (older shards) from the annotation."""
    return sample.split or read_sample(tar, sample).provenance.split


def _members(tar: Path, sample: ShardSample) -> tuple:
    found = {member.suffix: member for member in sample.members}
    for suffix in SUFFIXES:
        if suffix not in found:
            raise RecordError(f"{tar}: the sample {sample.key} has no {suffix}. Render its chunk again.")
    return tuple(found[suffix] for suffix in SUFFIXES)
