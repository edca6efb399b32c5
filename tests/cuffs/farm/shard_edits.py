"""Shards taken apart and written anew, so that every hash is right and only the content is wrong."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from cuffs.farm.slot_results import publish_done
from cuffs.farm.workspace import Workspace
from cuffs.plan import read_chunk, read_plan
from cuffs.shards import SampleFiles, ShardContent, read_index, read_member, write_shard
from cuffs.shards.store import ShardStore


def files_of(tar_path, entry):
    """All files of a sample, by suffix."""
    return {member.suffix: read_member(tar_path, entry, member.suffix) for member in entry.members}


def finish_slots(folder, serial, slots):
    """Finish some slots of a plan, as another run of it did; their chunks are not packed."""
    plan = read_plan(folder)
    store = ShardStore(serial)
    for chunk in range(plan.num_chunks):
        index = store.index(chunk)
        planned = {slot.slot: slot for slot in read_chunk(folder, plan, chunk).slots}
        workspace = Workspace(folder, chunk, ShardStore(folder))
        for entry in index.samples:
            if entry.slot in slots:
                workspace.create()
                spec = next(spec for spec in planned[entry.slot].specs if spec.attempt == entry.attempt)
                refused = [one for one in index.rejections if one.slot == entry.slot]
                publish_done(workspace, spec, files_of(store.tar_path(chunk), entry), refused)


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
