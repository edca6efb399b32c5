"""`cuffs verify --deep`: whether every sample is the plan's, its labels agree with each other, and no file changed."""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image, UnidentifiedImageError

from cuffs.annotate.annotate import pose_label
from cuffs.annotate.visibility import mask_box
from cuffs.body import BodyModel, load_body_model
from cuffs.camera import in_frame, project
from cuffs.errors import RecordError
from cuffs.lens import bend
from cuffs.plan import Plan, PlannedSlot, read_chunk
from cuffs.plan.records import body_path, read_planned_file
from cuffs.records import PersonRecord, Sample, SceneSpec
from cuffs.shards.index import Rejection, ShardIndex, ShardSample, read_index
from cuffs.shards.reader import read_member, read_sample
from cuffs.shards.verify import Problem, verify_dataset

JOINTS_MM = 0.05
JOINTS_PX = 0.02
"""Labels are rounded to 1e-7 m and rad; other processors differ by less than this."""


def verify_deeply(folder: Path, plan: Plan) -> Iterator[Problem]:
    """All that `verify_dataset` looks at, and then into every file.

    The plan's own files and every member of every shard are held against their hashes; each sample against the scene
    that was planned for its slot (camera, people, split), with the spares before it refused on record; the labels
    against each other: joints are those that the parameters and K give, boxes those of the mask; no picture comes
    twice.

    Args:
        folder: the dataset.
        plan: what it should hold.

    Yields:
        Problems, as they are found. None at the end means that it is whole.
    """
    yield from verify_dataset(folder, plan)
    for name in plan.files:
        try:
            read_planned_file(folder, plan, name)
        except RecordError as problem:
            yield Problem(where=name, what=str(problem))
    model = load_body_model(body_path(folder, plan))
    pictures: dict[str, str] = {}
    for chunk in range(plan.num_chunks):
        tar_path = folder / "shards" / f"shard-{chunk:06d}.tar"
        try:
            index = read_index(tar_path.with_suffix(".json"))
            slots = {slot.slot: slot for slot in read_chunk(folder, plan, chunk).slots}
        except RecordError:
            continue  # said above
        if not tar_path.exists():
            continue  # said above
        yield from _slot_problems(tar_path, index, slots)
        for entry in index.samples:
            where = f"shards/{tar_path.name}:{entry.key}"
            spec = _planned(slots, entry)
            if spec is None:
                yield Problem(where=where, what="the plan has no such scene in this slot")
                continue
            for what in _sample_problems(tar_path, entry, spec, model):
                yield Problem(where=where, what=what)
            digest = next((member.sha256 for member in entry.members if member.suffix == "jpg"), "")
            if digest in pictures:
                yield Problem(where=where, what=f"the same picture as {pictures[digest]}")
            pictures[digest] = where


def _planned(slots: Mapping[int, PlannedSlot], entry: ShardSample) -> SceneSpec | None:
    specs = slots[entry.slot].specs if entry.slot in slots else ()
    return next((spec for spec in specs if (spec.key, spec.attempt) == (entry.key, entry.attempt)), None)


def _slot_problems(tar_path: Path, index: ShardIndex, slots: Mapping[int, PlannedSlot]) -> Iterator[Problem]:
    """A spare may stand in for a scene only where that was refused; a slot may lack a sample only where all were."""
    where = f"shards/{tar_path.name}"
    refused = {(entry.slot, entry.attempt) for entry in index.rejections}
    reached = {entry.slot: entry.attempt for entry in index.samples}
    for slot in slots.values():
        last = reached.get(slot.slot)
        is_exhausted = slot.slot in index.exhausted
        before = [spec for spec in slot.specs if is_exhausted or (last is not None and spec.attempt < last)]
        for spec in before:
            if (spec.slot, spec.attempt) not in refused:
                yield Problem(where=where, what=f"{spec.key} was passed over, but its refusal is not on record")
    yield from (
        Problem(where=where, what=f"slot {slot} is named twice: as sample, exhausted or quarantined")
        for slot in _twice([*reached, *index.exhausted, *_slots(index.quarantined)])
    )


def _twice(slots: Sequence[int]) -> list[int]:
    return sorted({slot for slot in slots if slots.count(slot) > 1})


def _slots(entries: Sequence[Rejection]) -> list[int]:
    return [entry.slot for entry in entries]


def _sample_problems(tar_path: Path, entry: ShardSample, spec: SceneSpec, model: BodyModel) -> Iterator[str]:
    try:
        for member in entry.members:
            data = read_member(tar_path, entry, member.suffix)
            if hashlib.sha256(data).hexdigest() != member.sha256:
                yield f"{member.suffix} is not what its hash says"
                return
        sample = read_sample(tar_path, entry)
        mask = np.asarray(Image.open(io.BytesIO(read_member(tar_path, entry, "mask.png"))))
    except (RecordError, UnidentifiedImageError, OSError) as problem:
        yield str(problem)
        return
    yield from _plan_problems(sample, spec)
    for number, person in enumerate(sample.people):
        for what in _person_problems(sample, person, mask == number + 1, model):
            yield f"person {number}: {what}"


def _plan_problems(sample: Sample, spec: SceneSpec) -> Iterator[str]:
    """What the scene decides must be in its annotation."""
    told, planned = sample.provenance, {}
    for name in ("recipe_hash", "seed", "slot", "attempt", "chunk", "split"):
        planned[name] = (getattr(told, name), getattr(spec, name))
    planned["width"] = (sample.image.width, spec.image.width)
    planned["height"] = (sample.image.height, spec.image.height)
    planned["people"] = (len(sample.people), len(spec.people))
    if all(person.character is not None for person in sample.people):
        names = sorted(person.character.identity for person in sample.people if person.character is not None)
        planned["identities"] = (names, sorted(person.character.identity for person in spec.people))
    for name, (found, wanted) in planned.items():
        if found != wanted:
            yield f"{name} is {found}, but {wanted} was planned"
    if sample.camera.T_world_cam is None or not np.allclose(
        sample.camera.T_world_cam, spec.camera.T_world_cam, atol=1e-6
    ):
        yield "T_world_cam is not the planned camera's"


def _person_problems(sample: Sample, person: PersonRecord, is_seen: np.ndarray, model: BodyModel) -> Iterator[str]:
    _, joints = pose_label(model, person.smplx)
    error_mm = 1000 * float(np.abs(joints - person.joints3d_cam).max())
    if not error_mm <= JOINTS_MM:
        yield f"joints3d_cam is {error_mm:.3f} mm from what its own parameters give"
    if person.joints2d is not None and (person.joints3d_cam[:, 2] > 0).all():
        error_px = float(np.abs(_pixels(sample, person.joints3d_cam) - person.joints2d).max())
        if not error_px <= JOINTS_PX:
            yield f"joints2d is {error_px:.3f} px from what joints3d_cam and K give"
    box = mask_box(is_seen)
    if box != person.bbox_xyxy:
        yield f"bbox_xyxy is {person.bbox_xyxy}, but the mask's box is {box}"
    bent, image = bend(person.joints3d_cam, sample.camera.distortion), sample.image
    if (in_frame(bent, sample.camera.K, width=image.width, height=image.height) != person.in_frame).any():
        yield "in_frame is not what joints3d_cam and K give"


def _pixels(sample: Sample, points_cam: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 2"]:
    return project(bend(points_cam, sample.camera.distortion), sample.camera.K)
