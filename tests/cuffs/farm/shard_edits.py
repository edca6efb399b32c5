"""Shards taken apart and written anew, so that every hash is right and only the content is wrong."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from cuffs.shards import SampleFiles, ShardContent, read_index, read_member, write_shard


def files_of(tar_path, entry):
    """All files of a sample, by suffix."""
    return {member.suffix: read_member(tar_path, entry, member.suffix) for member in entry.members}


def rewrite(folder, chunk, change, **content):
    """Write a shard anew with changed files.

    Args:
        folder: of the dataset.
        chunk: which shard.
        change: takes the files of all samples, by key and suffix, and changes them in place.
        content: other fields of the shard's content.
    """
    tar_path = folder / "shards" / f"shard-{chunk:06d}.tar"
    index = read_index(tar_path.with_suffix(".json"))
    files = {entry.key: files_of(tar_path, entry) for entry in index.samples}
    change(files)
    with tempfile.TemporaryDirectory() as name:
        samples = []
        for entry in index.samples:
            paths = {}
            for suffix, data in files[entry.key].items():
                paths[suffix] = Path(name) / f"{entry.key}.{suffix}"
                paths[suffix].write_bytes(data)
            samples.append(
                SampleFiles(key=entry.key, slot=entry.slot, attempt=entry.attempt, people=entry.people, files=paths)
            )
        told = ShardContent(
            chunk=chunk,
            plan_hash=index.plan_hash,
            samples=samples,
            rejections=index.rejections,
            exhausted=index.exhausted,
            quarantined=index.quarantined,
        )
        write_shard(tar_path, replace(told, **content))


def edited(files, key, edit):
    """Change one sample's annotation in place."""
    data = json.loads(files[key]["json"])
    edit(data)
    files[key]["json"] = json.dumps(data).encode()
