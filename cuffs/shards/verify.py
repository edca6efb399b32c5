"""Whether a dataset's folder is whole: every byte, every sample, every slot accounted for."""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from cuffs.errors import RecordError
from cuffs.plan import Plan
from cuffs.plan.records import is_rendered
from cuffs.records import Sample
from cuffs.shards.index import ShardIndex, ShardSample, read_index
from cuffs.shards.reader import read_member, read_sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is not as it should be."""

    where: str
    what: str


def verify_dataset(folder: Path, plan: Plan) -> Iterator[Problem]:
    """Look at everything under `folder/shards`.

    Args:
        folder: the dataset.
        plan: what it should hold.

    Yields:
        Problems, as they are found. None at the end means that it is whole.
    """
    seen: dict[str, str] = {}
    expected = {f"shard-{chunk:06d}" for chunk in range(plan.num_chunks)}
    found = {path.stem for path in (folder / "shards").glob("shard-*.tar")}
    for name in sorted(found - expected):
        yield Problem(where=f"shards/{name}.tar", what="the plan has no such chunk")
    for chunk in range(plan.num_chunks):
        tar_path = folder / "shards" / f"shard-{chunk:06d}.tar"
        if not tar_path.exists() or not tar_path.with_suffix(".json").exists():
            yield Problem(where=f"shards/{tar_path.name}", what="missing; run `cuffs render` again")
            continue
        yield from _verify_shard(tar_path, plan, chunk, seen)


def is_tar_whole(tar_path: Path, index: ShardIndex) -> bool:
    """Whether a tar's bytes are those that its index was written for."""
    with tar_path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == index.sha256


def _verify_shard(tar_path: Path, plan: Plan, chunk: int, seen: dict[str, str]) -> Iterator[Problem]:
    where = f"shards/{tar_path.name}"
    try:
        index = read_index(tar_path.with_suffix(".json"))
    except RecordError as problem:
        yield Problem(where=where, what=str(problem))
        return
    if index.plan_hash != plan.hash() or index.chunk != chunk:
        yield Problem(where=where, what=f"belongs to chunk {index.chunk} of plan {index.plan_hash}, not to this place")
    if not is_tar_whole(tar_path, index):
        yield Problem(where=where, what="the tar's sha256 is not the index's; remove both and render the chunk again")
        return
    yield from _verify_order(tar_path, index)
    slots = [sample.slot for sample in index.samples]
    missing = set(plan.slots(chunk)) - {*slots, *index.exhausted, *(entry.slot for entry in index.quarantined)}
    for slot in sorted(missing):
        yield Problem(where=where, what=f"slot {slot} is neither there, nor exhausted, nor quarantined")
    for entry in index.samples:
        if entry.key in seen:
            yield Problem(where=f"{where}:{entry.key}", what=f"the same key is in {seen[entry.key]}")
        seen[entry.key] = where
        for what in _sample_problems(tar_path, entry, plan):
            yield Problem(where=f"{where}:{entry.key}", what=what)


def _verify_order(tar_path: Path, index: ShardIndex) -> Iterator[Problem]:
    """The tar must hold just what the index says, members of a sample next to each other."""
    with tarfile.open(tar_path) as tar:
        names = [(member.name, member.offset_data, member.size) for member in tar]
    listed = [
        (f"{sample.key}.{member.suffix}", member.offset, member.size)
        for sample in index.samples
        for member in sample.members
    ]
    if names != listed:
        yield Problem(
            where=f"shards/{tar_path.name}", what="members of the tar are not those of its index, in that order"
        )


def _sample_problems(tar_path: Path, entry: ShardSample, plan: Plan) -> Iterator[str]:
    try:
        sample = read_sample(tar_path, entry)
        image = Image.open(io.BytesIO(read_member(tar_path, entry, "jpg")))
        image.load()
        mask = _mask(tar_path, entry, plan)
    except (RecordError, UnidentifiedImageError, OSError) as problem:
        yield str(problem)
        return
    size = (sample.image.width, sample.image.height)
    if sample.key != entry.key:
        yield f"the annotation is of {sample.key}"
    if image.size != size or (mask is not None and mask.shape[::-1] != size):
        shown = None if mask is None else mask.shape[::-1]
        yield f"image {image.size}, mask {shown} and annotation {size} differ in size"
    if sample.body_model.sha256 != plan.body_sha256:
        yield f"fitted with the body model {sample.body_model.sha256}, not the plan's"
    if mask is not None:
        yield from _mask_problems(sample, mask)


def _mask(tar_path: Path, entry: ShardSample, plan: Plan) -> np.ndarray | None:
    """The mask; imported samples have none."""
    if not is_rendered(plan) and all(member.suffix != "mask.png" for member in entry.members):
        return None
    return np.asarray(Image.open(io.BytesIO(read_member(tar_path, entry, "mask.png"))))


def _mask_problems(sample: Sample, mask: np.ndarray) -> Iterator[str]:
    if mask.max(initial=0) > len(sample.people):
        yield f"the mask numbers {mask.max()} people, the annotation has {len(sample.people)}"
    for number, person in enumerate(sample.people):
        if (person.bbox_xyxy is None) != (not (mask == number + 1).any()):
            yield f"person {number}: the mask and bbox_xyxy disagree on whether anything is seen"
