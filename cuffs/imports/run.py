"""`cuffs import`: pictures and labels in, shards out; shards that are finished are kept when it is run again."""

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

import cuffs
from cuffs.body import BodyModel, load_body_model
from cuffs.camera import fov_deg
from cuffs.codec import encode
from cuffs.errors import AssetMissing, ConfigError
from cuffs.imports.people import LeftOut, View, person_record
from cuffs.imports.picture import PictureFinder, PictureUnusable, UprightPicture, upright_picture
from cuffs.imports.records import GivenPicture, ReadPicture
from cuffs.plan import Plan, read_plan
from cuffs.plan.records import plan_path
from cuffs.publish import explained, write_bytes
from cuffs.records import BodyModelRef, CameraRecord, ImageRecord, PersonRecord, Provenance, Sample
from cuffs.shards import Rejection, SampleFiles, ShardContent
from cuffs.shards.store import ShardStore
from cuffs.skeleton import INDEX

BODY_NAME: Final = "smplx-neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What is imported, and how."""

    dataset: str
    """bedlam, bedlam2, agora, ubody or cuffs: the keys' beginning."""

    images: Path
    """Folder below which the pictures lie."""

    count: int
    """Pictures in the data set."""

    licences: tuple[str, ...]
    settings: Any
    """All that the labels depend on, ready for JSON: a hash of it tells two imports apart."""

    shard_size: int = 1000
    skip_bad: bool = False
    """Pictures that are missing or damaged are left out and counted; otherwise the first one stops."""

    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import came to."""

    pictures: int
    people: int
    left_out: dict[str, int]
    """People and pictures, by cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A picture on its way to a sample; small, as it goes to another process."""

    slot: int
    path: Path
    picture: GivenPicture


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A sample, or None where nobody could be kept; and who was left out why."""

    slot: int
    key: str
    files: dict[str, bytes] | None
    people: int
    causes: tuple[str, ...]


def require_smplx(model: BodyModel) -> None:
    """Refuse the stand-in: parameters of one model mean nothing to another.

    Raises:
        AssetMissing: with what to do.
    """
    if model.name != BODY_NAME:
        raise AssetMissing(
            "the neutral SMPL-X, which these labels are for", model.path,
            "put SMPLX_NEUTRAL.npz into a folder and set CUFFS_ASSETS to it; the open stand-in is another body",
        )  # fmt: skip


def import_pictures(
    request: ImportRequest,
    pictures: Iterable[ReadPicture],
    model: BodyModel,
    out: Path,
    progress: Callable[[int], object] = lambda _: None,
) -> Imported:
    """Write a data set as shards.

    Args:
        request: what it is.
        pictures: all of its pictures, in an order that is the same every time.
        model: the neutral SMPL-X.
        out: the folder; what an interrupted import of the same left there is kept.
        progress: told how many pictures are done, each time some are.

    Raises:
        AssetMissing: if the body model is the open stand-in.
        ConfigError: if the folder holds something else.
        PictureUnusable: if a picture can't be used, unless such are left out.
        OutputError: if the disk is full or not writable.
    """
    require_smplx(model)
    plan = _write_plan(request, model, out)
    store, finder, rest = ShardStore(out), PictureFinder(request.images), iter(pictures)
    people, done, causes = 0, 0, Counter[str]()
    for chunk in range(plan.num_chunks):
        given = zip(plan.slots(chunk), islice(rest, len(plan.slots(chunk))), strict=True)
        if store.is_finished(chunk) and store.index(chunk).plan_hash == plan.hash():
            for _ in given:
                progress(1)
        else:
            _write_chunk(request, store, plan, chunk, _Making(model, finder, given, progress))
        index = store.index(chunk)
        done += index.count
        people += sum(sample.people for sample in index.samples)
        causes.update(rejection.cause for rejection in index.rejections)
    return Imported(pictures=done, people=people, left_out=dict(sorted(causes.items())))


def _write_plan(request: ImportRequest, model: BodyModel, out: Path) -> Plan:
    digest = hashlib.sha256(json.dumps([request.dataset, request.settings], sort_keys=True, default=str).encode())
    plan = Plan(
        name=request.dataset,
        recipe_hash=digest.hexdigest()[:16],
        seed=0,
        count=request.count,
        chunk_size=request.shard_size,
        body_name=model.name,
        body_sha256=model.sha256,
        files={},
        versions={"cuffs": cuffs.__version__},
        licences=request.licences,
    )
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    if plan_path(out).exists():
        if read_plan(out).hash() != plan.hash():
            raise ConfigError(f"{out} holds another data set, or an import with other settings: choose another folder.")
    elif any(out.iterdir()):
        raise ConfigError(f"{out} is not empty: choose another folder.")
    else:
        write_bytes(plan_path(out), (json.dumps(encode(plan), indent=1) + "\n").encode())
    return plan


@dataclass(frozen=True, slots=True)
class _Making:
    """What a chunk's samples are made from."""

    model: BodyModel
    finder: PictureFinder
    given: Iterable[tuple[int, ReadPicture]]
    progress: Callable[[int], object]


def _write_chunk(request: ImportRequest, store: ShardStore, plan: Plan, chunk: int, making: _Making) -> None:
    samples: list[SampleFiles] = []
    rejections: list[Rejection] = []
    with tempfile.TemporaryDirectory(prefix=".import-", dir=store.folder, ignore_cleanup_errors=True) as name:
        for made in _made(request, plan, making):
            rejections += [Rejection(slot=made.slot, attempt=n, cause=cause) for n, cause in enumerate(made.causes)]
            if made.files is not None:
                paths = {suffix: Path(name) / f"{made.key}.{suffix}" for suffix in made.files}
                for suffix, path in paths.items():
                    path.write_bytes(made.files[suffix])
                samples.append(SampleFiles(key=made.key, slot=made.slot, attempt=0, people=made.people, files=paths))
            making.progress(1)
        kept = {sample.slot for sample in samples}
        content = ShardContent(
            chunk=chunk,
            plan_hash=plan.hash(),
            samples=samples,
            rejections=rejections,
            exhausted=[slot for slot in plan.slots(chunk) if slot not in kept],
        )
        store.publish(content, store.folder)


def _made(request: ImportRequest, plan: Plan, making: _Making) -> Iterator[_Made]:
    """Samples in their order, from as many processes as are asked for."""
    jobs = _jobs(request, making)
    if request.workers == 1:
        with threadpool_limits(1):
            for job in jobs:
                yield job if isinstance(job, _Made) else _make(making.model, plan, job, skip_bad=request.skip_bad)
        return
    calls = (delayed(_make_alone)(making.model.path, plan, job, skip_bad=request.skip_bad) for job in jobs)
    for made in Parallel(n_jobs=request.workers, return_as="generator", pre_dispatch="4*n_jobs")(calls):
        assert made is not None, "joblib's generator gives what the jobs return"
        yield made


def _jobs(request: ImportRequest, making: _Making) -> Iterator[_Job | _Made]:
    for slot, read in making.given:
        picture = read()
        try:
            yield _Job(slot=slot, path=making.finder.find(picture.places), picture=picture)
        except PictureUnusable:
            if not request.skip_bad:
                raise
            yield _Made(slot=slot, key="", files=None, people=0, causes=("the picture is missing",))


_models: dict[Path, BodyModel] = {}
"""Of a worker process: read once."""


def _make_alone(body: Path, plan: Plan, job: _Job | _Made, *, skip_bad: bool) -> _Made:
    if isinstance(job, _Made):
        return job
    if body not in _models:
        _models[body] = load_body_model(body)
    with threadpool_limits(1):
        return _make(_models[body], plan, job, skip_bad=skip_bad)


def _make(model: BodyModel, plan: Plan, job: _Job, *, skip_bad: bool) -> _Made:
    """One picture as a sample."""
    key = f"{plan.name}_{job.slot:08d}"
    try:
        K = job.picture.people[0].K
        image = upright_picture(job.path, job.picture.size, (K[0, 2], K[1, 2]) if job.picture.may_lie else None)
    except PictureUnusable:
        if not skip_bad:
            raise
        return _Made(slot=job.slot, key=key, files=None, people=0, causes=("the picture can't be used",))
    cameras = [person.K * [[image.scale], [image.scale], [1]] for person in job.picture.people]
    view = View(K=cameras[0], width=image.width, height=image.height)
    found = [person_record(model, one, K, view) for one, K in zip(job.picture.people, cameras, strict=True)]
    people = [one for one in found if isinstance(one, PersonRecord)]
    causes = tuple(one.cause for one in found if isinstance(one, LeftOut))
    if not people:
        return _Made(slot=job.slot, key=key, files=None, people=0, causes=causes)
    people.sort(key=lambda person: float(person.joints3d_cam[INDEX["head"], 2]))
    sample = _sample(model, plan, job, view, people, key=key)
    return _Made(slot=job.slot, key=key, files=_files(sample, image), people=len(people), causes=causes)


def _files(sample: Sample, image: UprightPicture) -> dict[str, bytes]:
    return {"jpg": image.jpeg, "json": json.dumps(encode(sample), separators=(",", ":")).encode()}


def _sample(model: BodyModel, plan: Plan, job: _Job, view: View, people: list[PersonRecord], *, key: str) -> Sample:
    fov_x_deg, fov_y_deg = fov_deg(view.K, width=view.width, height=view.height)
    return Sample(
        key=key,
        image=ImageRecord(width=view.width, height=view.height),
        camera=CameraRecord(K=view.K, T_world_cam=None, fov_x_deg=fov_x_deg, fov_y_deg=fov_y_deg, distortion=None),
        body_model=BodyModelRef(name=model.name, sha256=model.sha256, num_betas=10),
        people=tuple(people),
        provenance=Provenance(
            recipe_hash=plan.recipe_hash,
            seed=0,
            slot=job.slot,
            attempt=0,
            chunk=job.slot // plan.chunk_size,
            split=job.picture.split,
            place=f"{plan.name}:{job.picture.name}",
            light="unknown",
            licences=plan.licences,
            versions=plan.versions,
        ),
    )
