"""Writing a shard: a POSIX tar with fixed times and owners, so that the same samples give the same bytes."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cuffs.codec import encode
from cuffs.publish import publish_file, write_bytes
from cuffs.records import Sample
from cuffs.shards.index import Rejection, ShardIndex, ShardMember, ShardSample

SUFFIXES = ("jpg", "json", "mask.png", "verts.npz", "passes.npz")
"""In the order in which members of a sample lie in the tar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFiles:
    """A finished sample on disk."""

    key: str
    slot: int
    attempt: int
    people: int
    files: Mapping[str, Path]
    """By suffix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardContent:
    """All that a finished chunk came to."""

    chunk: int
    plan_hash: str
    samples: Sequence[SampleFiles]
    """In the order they shall have."""

    rejections: Sequence[Rejection] = ()
    """Scenes that were refused after rendering."""

    exhausted: Sequence[int] = ()
    """Slots without a sample, because all their spares were refused."""

    quarantined: Sequence[Rejection] = ()
    """Scenes that could not be rendered."""


def write_shard(tar_path: Path, content: ShardContent) -> ShardIndex:
    """Write a tar and its index beside it; the index last, so that a tar with an index is a finished shard.

    Args:
        tar_path: shard-000000.tar; the index gets the same name with .json.
        content: what goes in.

    Raises:
        OutputError: if the disk is full or not writable; an older shard of that name is then untouched.
    """
    entries = []
    with publish_file(tar_path) as scratch:
        with tarfile.open(scratch, "w", format=tarfile.USTAR_FORMAT) as tar:
            for sample in content.samples:
                members = tuple(_add(tar, sample, suffix) for suffix in SUFFIXES if suffix in sample.files)
                entries.append(
                    ShardSample(
                        key=sample.key,
                        slot=sample.slot,
                        attempt=sample.attempt,
                        people=sample.people,
                        members=members,
                        split=json.loads(sample.files["json"].read_bytes())["provenance"]["split"],
                    )
                )
        with scratch.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = scratch.stat().st_size
    index = ShardIndex(
        chunk=content.chunk,
        plan_hash=content.plan_hash,
        sample_schema=Sample.SCHEMA,
        count=len(entries),
        size=size,
        sha256=digest,
        samples=tuple(entries),
        rejections=tuple(content.rejections),
        exhausted=tuple(content.exhausted),
        quarantined=tuple(content.quarantined),
    )
    write_bytes(tar_path.with_suffix(".json"), (json.dumps(encode(index), indent=1) + "\n").encode())
    return index


def _add(tar: tarfile.TarFile, sample: SampleFiles, suffix: str) -> ShardMember:
    data = sample.files[suffix].read_bytes()
    info = tarfile.TarInfo(f"{sample.key}.{suffix}")
    info.size, info.mode, info.mtime = len(data), 0o644, 0
    tar.addfile(info, io.BytesIO(data))
    padded = -(-len(data) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    return ShardMember(
        suffix=suffix, offset=tar.offset - padded, size=len(data), sha256=hashlib.sha256(data).hexdigest()
    )
