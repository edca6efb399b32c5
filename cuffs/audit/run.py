"""A whole dataset audited: shards in, figures and a verdict out."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from cuffs.audit.checks import Check, failures, verdict
from cuffs.audit.facts import PARTS, BatchFacts
from cuffs.audit.measure import measure_batch
from cuffs.audit.physical_checks import physical_checks
from cuffs.audit.read import SampleRef
from cuffs.audit.tally import Ranked, Tally
from cuffs.audit.thresholds import Thresholds
from cuffs.body import body_parts, find_body_model, load_body_model
from cuffs.body.model import BodyModel
from cuffs.codec import decode
from cuffs.errors import RecordError
from cuffs.humgen3d.records import Member
from cuffs.npz import read_npz
from cuffs.plan import Plan, read_plan
from cuffs.plan.records import body_path, chunk_name, plan_path, read_planned_file
from cuffs.shards import iterate_samples, read_index
from cuffs.shards.reader import shard_paths, shards_digest

SCHEMA: Final = "cuffs-audit/2"
BATCH: Final = 16
"""Samples that are measured together: their bodies are posed with one product of matrices."""

SERIAL_BELOW: Final = 64
"""So few samples are measured here: other processes would take longer to start."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit came to."""

    figures: Json
    """All of it, for audit.json."""

    checks: tuple[Check, ...]
    worst: tuple[Ranked, ...]
    random: tuple[Ranked, ...]
    failures: tuple[str, ...]


def plan_of(folder: Path) -> Plan | None:
    """A dataset's plan; None where it has none, as bare shards from elsewhere.

    Raises:
        RecordError: if there is one that can't be read.
    """
    return read_plan(folder) if plan_path(folder).exists() else None


def body_of(folder: Path, plan: Plan | None) -> Path:
    """The body model's file of a dataset: the plan's, else the one in use.

    Raises:
        AssetMissing, AssetBroken: if there is none that can be used.
    """
    if plan is not None and any(name.startswith("assets/body/") for name in plan.files):
        return body_path(folder, plan)
    return find_body_model().path


def audit_dataset(
    folder: Path, thresholds: Thresholds, *, workers: int = 1, progress: Callable[[int], object] = lambda _: None
) -> Audit:
    """Measure a dataset and judge it.

    Args:
        folder: the dataset; its shards are read.
        thresholds: what it is held against.
        workers: processes.
        progress: told how many samples are measured, each time some are.

    Raises:
        RecordError: if there are no shards, or the labels belong to another body model.
        AssetMissing, AssetBroken: if the body model can't be used.
    """
    plan = plan_of(folder)
    body = body_of(folder, plan)
    tally = Tally(limits=thresholds)
    if plan is not None:
        _seed_identities(tally, folder, plan)
    for batch in _measured(folder, body, workers):
        tally.add(batch)
        progress(len(batch.samples))
    checks = (*verdict(tally), *physical_checks(tally))
    missed = failures(checks)
    worst = tuple(ranked for _, _, ranked in sorted(tally.worst, reverse=True))
    random = tuple(ranked for _, _, ranked in sorted(tally.random, reverse=True))
    figures = _figures(tally, checks, worst) | {
        "rejections_planning": planning_causes(folder, plan),
        "rejections_rendered": rendering_causes(folder),
        "correspondence": correspondences(folder, plan, load_body_model(body)),
        "plan": None
        if plan is None
        else {
            "name": plan.name,
            "hash": plan.hash(),
            "recipe_hash": plan.recipe_hash,
            "seed": plan.seed,
            "slots": plan.count,
            "body": plan.body_name,
        },
        "failures": missed,
        "shards_sha256": shards_digest(folder),
    }
    return Audit(figures=figures, checks=checks, worst=worst, random=random, failures=tuple(missed))


def _measured(folder: Path, body: Path, workers: int) -> Iterator[BatchFacts]:
    """Facts of all samples, in the dataset's order, so that the same data gives the same figures."""
    count = sum(read_index(path.with_suffix(".json")).count for path in shard_paths(folder))
    if workers < 2 or count < SERIAL_BELOW:
        with threadpool_limits(1):
            for refs in _batches(folder):
                yield measure_batch(body, refs)
        return
    jobs = (delayed(_measure_alone)(body, refs) for refs in _batches(folder))
    for batch in Parallel(n_jobs=workers, return_as="generator", pre_dispatch="2*n_jobs")(jobs):
        assert batch is not None, "joblib's generator gives what the jobs return"
        yield batch


def _measure_alone(body: Path, refs: list[SampleRef]) -> BatchFacts:
    """One thread a process: the processes share the cores."""
    with threadpool_limits(1):
        return measure_batch(body, refs)


def _batches(folder: Path) -> Iterator[list[SampleRef]]:
    refs = (SampleRef(tar=tar, entry=entry) for tar, _, entry in iterate_samples(folder))
    while batch := list(islice(refs, BATCH)):
        yield batch


def _seed_identities(tally: Tally, folder: Path, plan: Plan) -> None:
    """Shapes as the plan fitted them: labels must not have others."""
    for name in plan.files:
        if not name.startswith("assets/identities/"):
            continue
        if name.endswith(".json"):  # a HumGen3D human: values, no mesh
            member = decode(Member, json.loads(read_planned_file(folder, plan, name)), where=name)
            tally.know_identity(Path(name).stem, member.betas)
        else:
            betas = read_npz(folder / name, only=frozenset({"betas"}))
            if "betas" in betas:
                tally.know_identity(Path(name).stem, betas["betas"])


def planning_causes(folder: Path, plan: Plan | None) -> dict[str, int]:
    """What planning refused, by cause; poses as `pose: finger_finger`."""
    causes: Counter[str] = Counter()
    if plan is not None:
        for chunk in range(plan.num_chunks):
            if chunk_name(chunk) not in plan.files:
                continue  # an imported dataset's plan has no scenes
            data = json.loads(gzip.decompress(read_planned_file(folder, plan, chunk_name(chunk))))
            for slot in data["slots"]:
                causes.update(rejection["cause"] for rejection in slot["rejections"])
        causes.update({cause: number for cause, number in plan.refused.items() if cause.startswith("pose: ")})
    return dict(sorted(causes.items()))


def rendering_causes(folder: Path) -> dict[str, int]:
    """What was refused after rendering, or could not be rendered, by cause."""
    causes: Counter[str] = Counter()
    for path in shard_paths(folder):
        index = read_index(path.with_suffix(".json"))
        causes.update(rejection.cause for rejection in index.rejections)
        causes.update(f"quarantined: {rejection.cause}" for rejection in index.quarantined)
        causes.update("slot without a sample" for _ in index.exhausted)
    return dict(sorted(causes.items()))


def correspondences(folder: Path, plan: Plan | None, model: BodyModel) -> dict[str, Json]:
    """How well each kind of character is tied to the body model, by part: gap in millimetres, and coverage."""
    found: dict[str, Json] = {}
    parts = body_parts(model)
    for name in plan.files if plan is not None else ():
        if not name.endswith("-correspondence.npz"):
            continue
        table = read_npz(folder / name, only=frozenset({"gap_mm", "is_covered"}))
        if set(table) != {"gap_mm", "is_covered"}:
            raise RecordError(f"{folder / name} has no gap_mm or is_covered: make the plan again.")
        found[Path(name).stem.removesuffix("-correspondence")] = {
            part: {
                "mean_mm": round(float(table["gap_mm"][rows].mean()), 4),
                "p95_mm": round(float(np.percentile(table["gap_mm"][rows], 95)), 4),
                "max_mm": round(float(table["gap_mm"][rows].max()), 4),
                "covered": round(float(table["is_covered"][rows].mean()), 4),
            }
            for part, rows in parts.items()
        }
    return found


def _figures(tally: Tally, checks: tuple[Check, ...], worst: tuple[Ranked, ...]) -> Json:
    gains: Mapping[str, Any] = {**tally.camera_gains, **tally.hand_outline}
    return {
        "schema": SCHEMA,
        "samples": tally.samples,
        "people": tally.people,
        "checks": [asdict(check) for check in checks],
        "residual_mm": {part: tally.distances[part].stats() for part in PARTS},
        "residual_mm_stated": {part: _stated(*tally.stated[part]) for part in PARTS},
        "joints2d_px_max": round(tally.stored_px, 4),
        "silhouette_iou": {
            "people": int(tally.iou[0]),
            "mean": round(tally.iou[1] / tally.iou[0], 4) if tally.iou[0] else None,
            "least": round(tally.iou[2], 4) if tally.iou[0] else None,
        },
        "agreement_gains": {name: round(one.mean(), 4) for name, one in gains.items()},
        "unconverged": tally.unconverged,
        "names": {kind: dict(counter.most_common(100)) for kind, counter in tally.names.items()},
        "identities": tally.seen_identities(),
        "histograms": {name: histogram.figures() for name, histogram in tally.histograms.items()},
        "worst": [asdict(ranked) for ranked in worst],
    }


def _stated(number: int, means: float, p95s: float, largest: float) -> dict[str, float] | None:
    """Mean over people of what each states: its mean, its p95; and the largest of all."""
    if not number:
        return None
    return {"mean": round(means / number, 4), "p95": round(p95s / number, 4), "max": round(largest, 4)}
