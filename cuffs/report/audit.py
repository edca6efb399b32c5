"""The audit: figures about a dataset, computed from what training reads, and held against thresholds.

It shares with the annotator only the camera and the body model. Memory stays flat: distances go into histograms.
"""

import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from cuffs.body import BodyModel, body_parts, forward
from cuffs.camera import project
from cuffs.errors import RecordError
from cuffs.lens import bend
from cuffs.plan import Plan, read_chunk
from cuffs.records import PersonRecord, Sample
from cuffs.rotations import rotvec_to_rotmat
from cuffs.shards import ShardSample, iterate_samples, read_member, read_sample

PARTS = ("all", "body", "head", "left_hand", "right_hand", "fingers", "face")
BIN_MM = 0.02
MAX_MM = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a dataset must keep to; larger is worse for all of them."""

    mean_mm: Mapping[str, float] = field(default_factory=lambda: {"all": 6.0, "fingers": 2.0, "face": 3.5})
    """Mean residual by part, over all people."""

    p95_mm: Mapping[str, float] = field(default_factory=lambda: {"all": 20.0})
    joints2d_px: float = 0.02
    """Largest difference between the stored 2D joints and those of the re-posed body."""

    unconverged: float = 0.0
    """Share of people whose fit did not converge."""


@dataclass(slots=True)
class Distances:
    """A histogram of distances in millimetres, for means and percentiles in flat memory."""

    counts: Int[np.ndarray, " bins"] = field(default_factory=lambda: np.zeros(int(MAX_MM / BIN_MM) + 1, np.int64))
    total: float = 0.0
    largest: float = 0.0

    def add(self, values_mm: Float[np.ndarray, " values"]) -> None:
        """Count some more."""
        bins = np.minimum(values_mm / BIN_MM, len(self.counts) - 1).astype(np.int64)
        self.counts += np.bincount(bins, minlength=len(self.counts))
        self.total += float(values_mm.sum())
        self.largest = max(self.largest, float(values_mm.max(initial=0.0)))

    def stats(self) -> dict[str, float | int | None]:
        """Mean, p95, p99, max and count; null without values."""
        number = int(self.counts.sum())
        if number == 0:
            return {"mean": None, "p95": None, "p99": None, "max": None, "count": 0}
        share = np.cumsum(self.counts) / number
        p95, p99 = (float((np.searchsorted(share, level) + 0.5) * BIN_MM) for level in (0.95, 0.99))
        return {
            "mean": round(self.total / number, 4),
            "p95": round(p95, 3),
            "p99": round(p99, 3),
            "max": round(self.largest, 3),
            "count": number,
        }


@dataclass(slots=True)
class _Tally:
    """What is gathered while walking through the samples."""

    measured: dict[str, Distances] = field(default_factory=lambda: {part: Distances() for part in PARTS})
    stated: dict[str, list[tuple[float, float, float]]] = field(default_factory=lambda: {part: [] for part in PARTS})
    joints2d_px: float = 0.0
    values: dict[str, list[float]] = field(default_factory=dict)
    samples: int = 0
    people: int = 0
    unconverged: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    worst: list[tuple[float, str]] = field(default_factory=list)


def audit(folder: Path, plan: Plan | None, model: BodyModel, thresholds: Thresholds) -> dict[str, Any]:
    """Measure a dataset.

    Args:
        folder: the dataset; its shards are read.
        plan: its plan, for rejections while planning; None where there is none.
        model: the body model of its labels.
        thresholds: what it is held against.

    Returns:
        Every figure, ready for JSON; "failures" lists the thresholds that were missed.

    Raises:
        RecordError: if the labels belong to another body model, or a sample is malformed.
    """
    tally = _Tally()
    parts = {name: vertices for name, vertices in body_parts(model).items() if name in PARTS}
    seen = set()
    for tar_path, index, entry in iterate_samples(folder):
        if tar_path not in seen:
            seen.add(tar_path)
            tally.causes.update(rejection.cause for rejection in index.rejections)
            tally.causes.update(f"quarantined: {rejection.cause}" for rejection in index.quarantined)
            tally.causes.update("slot without a sample" for _ in index.exhausted)
        sample = read_sample(tar_path, entry)
        if sample.body_model.sha256 != model.sha256:
            raise RecordError(f"{tar_path}:{entry.key} was labelled with another body model than {model.name}.")
        _look_at(tally, tar_path, entry, sample, model=model, parts=parts)
    result = _figures(tally, _planned_causes(folder, plan))
    result["failures"] = _failures(tally, thresholds)
    return result


def _look_at(
    tally: _Tally,
    tar_path: Path,
    entry: ShardSample,
    sample: Sample,
    *,
    model: BodyModel,
    parts: Mapping[str, Int[np.ndarray, " verts"]],
) -> None:
    tally.samples += 1
    targets = _kept_targets(tar_path, entry)
    _note(tally, "people_per_image", len(sample.people))
    _note(tally, "fov_x_deg", sample.camera.fov_x_deg)
    for number, person in enumerate(sample.people):
        tally.people += 1
        tally.unconverged += person.fit_converged is False
        _note_person(tally, person)
        verts_cam, joints_cam = _reposed(model, person)
        tally.joints2d_px = max(tally.joints2d_px, _joint_error_px(joints_cam, sample, person))
        if targets is not None:
            distance_mm = np.linalg.norm(targets[number] - verts_cam, axis=1) * 1000
            for part, vertices in parts.items():
                tally.measured[part].add(distance_mm[vertices])
        if person.fit_mm is not None:
            for part in PARTS:
                stats = getattr(person.fit_mm, part)
                tally.stated[part].append((stats.mean, stats.p95, stats.max))
            tally.worst.append((person.fit_mm.all.mean, f"{entry.key}#{number}"))


def _reposed(model: BodyModel, person: PersonRecord) -> tuple[Float[np.ndarray, "verts 3"], Float[np.ndarray, "55 3"]]:
    """The label's body from its parameters, as training poses it; not the annotator's code."""
    smplx = person.smplx
    return forward(
        model,
        rotmats=rotvec_to_rotmat(smplx.full_pose()),
        betas=smplx.betas,
        expression=smplx.expression,
        transl=smplx.transl,
    )


def _joint_error_px(joints_cam: Float[np.ndarray, "55 3"], sample: Sample, person: PersonRecord) -> float:
    """Largest distance between the stored 2D joints and those of the re-posed body, pixels."""
    if person.joints2d is None:
        return 0.0
    seen = project(bend(joints_cam, sample.camera.distortion), sample.camera.K)
    return float(np.abs(seen - person.joints2d).max())


def _kept_targets(tar_path: Path, entry: ShardSample) -> Float[np.ndarray, "people verts 3"] | None:
    """Carried target vertices, metres, where the recipe kept them."""
    if all(member.suffix != "verts.npz" for member in entry.members):
        return None
    with np.load(io.BytesIO(read_member(tar_path, entry, "verts.npz")), allow_pickle=False) as arrays:
        return arrays["verts"].astype(np.float64) * 1e-4 + arrays["origin_cam"][:, None]


def _note(tally: _Tally, name: str, value: float) -> None:
    tally.values.setdefault(name, []).append(float(value))


def _note_person(tally: _Tally, person: PersonRecord) -> None:
    root = rotvec_to_rotmat(person.smplx.global_orient)
    front = root[:, 2]
    _note(tally, "distance_m", float(np.linalg.norm(person.joints3d_cam[0])))
    _note(tally, "yaw_deg", float(np.degrees(np.arctan2(front[0], -front[2]))))
    _note(tally, "hand_px", max(person.hand_px.left, person.hand_px.right))
    _note(tally, "beta_abs_max", float(np.abs(person.smplx.betas).max()))
    _note(tally, "in_frame_joints", float(person.in_frame.mean()))
    if person.visible_fraction is not None:
        _note(tally, "visible_fraction", person.visible_fraction)
    angles = np.degrees(np.linalg.norm(person.smplx.full_pose(), axis=1))
    _note(tally, "finger_angle_deg", float(angles[25:].mean()))


def _planned_causes(folder: Path, plan: Plan | None) -> Counter[str]:
    causes: Counter[str] = Counter()
    if plan is not None:
        for chunk in range(plan.num_chunks):
            for slot in read_chunk(folder, plan, chunk).slots:
                causes.update(rejection.cause for rejection in slot.rejections)
    return causes


def _figures(tally: _Tally, planned: Counter[str]) -> dict[str, Any]:
    return {
        "schema": "cuffs-audit/1",
        "samples": tally.samples,
        "people": tally.people,
        "residual_mm": {part: tally.measured[part].stats() for part in PARTS},
        "residual_mm_stated": {part: _stated(tally.stated[part]) for part in PARTS},
        "joints2d_px_max": round(tally.joints2d_px, 4),
        "unconverged": tally.unconverged,
        "rejections_planning": dict(sorted(planned.items())),
        "rejections_rendered": dict(sorted(tally.causes.items())),
        "histograms": {name: _histogram(values) for name, values in sorted(tally.values.items())},
        "worst": [{"key": key, "mean_mm": mean} for mean, key in sorted(tally.worst, reverse=True)[:50]],
    }


def _stated(rows: Iterable[tuple[float, float, float]]) -> dict[str, float] | None:
    """Mean over people of what each sample states: its mean, its p95, and the largest of all."""
    table = np.array(list(rows))
    if len(table) == 0:
        return None
    return {
        "mean": round(float(table[:, 0].mean()), 4),
        "p95": round(float(table[:, 1].mean()), 4),
        "max": round(float(table[:, 2].max()), 4),
    }


def _histogram(values: list[float]) -> dict[str, object]:
    array = np.array(values)
    counts, edges = np.histogram(array, bins=20)
    quantiles = np.quantile(array, [0.05, 0.5, 0.95])
    return {
        "counts": counts.tolist(),
        "edges": [round(float(edge), 4) for edge in edges],
        "p5_p50_p95": [round(float(value), 4) for value in quantiles],
    }


def _failures(tally: _Tally, thresholds: Thresholds) -> list[str]:
    failures = []
    for limits, measure in ((thresholds.mean_mm, "mean"), (thresholds.p95_mm, "p95")):
        for part, limit in limits.items():
            value = tally.measured[part].stats()[measure]
            if value is None:  # no target vertices were kept: what the samples state has to do
                value = (_stated(tally.stated[part]) or {}).get(measure)
            if value is not None and value > limit:
                failures.append(f"residual {part} {measure} is {value:.2f} mm, above {limit} mm")
    if tally.people and tally.unconverged / tally.people > thresholds.unconverged:
        failures.append(f"{tally.unconverged} of {tally.people} fits did not converge")
    if tally.joints2d_px > thresholds.joints2d_px:
        limit = thresholds.joints2d_px
        failures.append(f"2D joints are {tally.joints2d_px:.3f} px off the re-posed body's, above {limit} px")
    return failures
