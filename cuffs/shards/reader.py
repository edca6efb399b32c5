"""Reading shards through their index: any member by seeking, without walking the tar."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from cuffs.codec import decode
from cuffs.errors import RecordError
from cuffs.records import Sample
from cuffs.shards.index import ShardIndex, ShardSample, read_index


def read_member(tar_path: Path, sample: ShardSample, suffix: str) -> bytes:
    """The bytes of one file of a sample.

    Raises:
        RecordError: if the sample has no such file, or the tar is shorter than its index says.
    """
    for member in sample.members:
        if member.suffix == suffix:
            with tar_path.open("rb") as file:
                file.seek(member.offset)
                data = file.read(member.size)
            if len(data) != member.size:
                raise RecordError(
                    f"{tar_path} ends within {sample.key}.{suffix}. Remove it and render its chunk again."
                )
            return data
    raise RecordError(f"{tar_path}: the sample {sample.key} has no {suffix}.")


def read_sample(tar_path: Path, entry: ShardSample) -> Sample:
    """The annotation of one sample, checked.

    Raises:
        RecordError: naming shard and key, if it is malformed.
    """
    return decode_annotation(read_member(tar_path, entry, "json"), where=f"{tar_path}:{entry.key}")


def decode_annotation(data: bytes, *, where: str) -> Sample:
    """The annotation that the bytes of a KEY.json hold, checked.

    Raises:
        RecordError: naming the place, if it is malformed.
    """
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise RecordError(f"{where}.json is not JSON ({problem}).") from None
    return decode(Sample, plain, where=f"{where}.json")


def shard_paths(folder: Path) -> list[Path]:
    """The finished shards of a dataset's folder: tars with an index beside them, in order.

    Raises:
        RecordError: if there are none.
    """
    found = sorted(path for path in (folder / "shards").glob("shard-*.tar") if path.with_suffix(".json").exists())
    if not found:
        raise RecordError(f"{folder / 'shards'} holds no finished shards. Run `cuffs render {folder}` first.")
    return found


def shards_digest(folder: Path) -> str:
    """Of all shards' hashes: says whether figures are of these shards.

    Raises:
        RecordError: if there are none, or an index is damaged.
    """
    digest = hashlib.sha256()
    for path in shard_paths(folder):
        digest.update(read_index(path.with_suffix(".json")).sha256.encode())
    return digest.hexdigest()


def iterate_samples(folder: Path) -> Iterator[tuple[Path, ShardIndex, ShardSample]]:
    """Every sample of a dataset's folder: its tar, the tar's index, and its own entry there."""
    for tar_path in shard_paths(folder):
        index = read_index(tar_path.with_suffix(".json"))
        for entry in index.samples:
            yield tar_path, index, entry
