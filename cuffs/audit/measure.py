"""From a sample's files to facts about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int
from PIL import Image

from cuffs.annotate.raster import Canvas, coverage
from cuffs.audit.cameras import Outline, camera_evidence
from cuffs.audit.facts import PARTS, BatchFacts, PersonFacts, SampleFacts, betas_digest, digest
from cuffs.audit.hands import LEAST_HAND_PX, HandEvidence, HandModel, hand_evidence, hand_model
from cuffs.audit.histograms import Distances
from cuffs.audit.outline import WORKING_SIDE, MaskField, agreement, look_up, mask_field, outline_vertices
from cuffs.audit.physical import exposure_facts
from cuffs.audit.read import ReadSample, SampleRef, read_for_audit
from cuffs.audit.registration import register
from cuffs.body import BodyModel, body_parts, forward, load_body_model
from cuffs.camera import fov_deg, project
from cuffs.errors import RecordError
from cuffs.lens import bend
from cuffs.records import PersonRecord, Sample
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import LEFT_HAND, VERTEX_PICKS

TIPS: Final = [number for name, number in VERTEX_PICKS.items() if name.endswith("_tip")]
OUT_PX: Final = 1.5
"""A point this far outside a mask sticks out of it, looked-at pixels."""

LEAST_OUTLINE: Final = 100
"""Points of an outline; of a smaller one no share is stated."""

BY_ANOTHER: Final = 1
"""`occluded`: hidden by another person or thing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measures:
    """What measuring needs of the body model."""

    model: BodyModel
    parts: Mapping[str, Int[np.ndarray, " _"]]
    hands: HandModel
    is_bare: Bool[np.ndarray, " verts"]
    """Hands and face: clothes never lie over them."""

    joint_of_vertex: Int[np.ndarray, " verts"]


@lru_cache(maxsize=1)
def measures(path: Path) -> Measures:
    """Load a body model and prepare it; kept by each process.

    Raises:
        AssetMissing, AssetBroken: if the file can't be used.
    """
    model = load_body_model(path)
    parts = {name: rows for name, rows in body_parts(model).items() if name in PARTS}
    is_bare = np.zeros(len(model.v_template), bool)
    for name in ("left_hand", "right_hand", "face"):
        is_bare[parts[name]] = True
    return Measures(
        model=model, parts=parts, hands=hand_model(model), is_bare=is_bare, joint_of_vertex=model.weights.argmax(1)
    )


def measure_batch(body_path: Path, refs: Sequence[SampleRef]) -> BatchFacts:
    """Measure some samples.

    Args:
        body_path: the body model of their labels.
        refs: the samples; bodies of all of them are posed together.

    Raises:
        RecordError: if a sample is labelled with another body model.
    """
    tools = measures(body_path)
    read = [read_for_audit(ref) for ref in refs]
    for one in read:
        if one.sample is not None and one.sample.body_model.sha256 != tools.model.sha256:
            where = f"{one.ref.tar}:{one.ref.entry.key}"
            raise RecordError(f"{where} was labelled with another body model than {tools.model.name}.")
    posed = _posed(tools.model, [person for one in read if one.sample is not None for person in one.sample.people])
    distances = {part: Distances() for part in PARTS}
    samples, start = [], 0
    for one in read:
        if one.sample is None:
            samples.append(SampleFacts(key=one.ref.entry.key, shard=one.ref.tar.stem, problems=one.problems))
            continue
        stop = start + len(one.sample.people)
        samples.append(_measure_sample(tools, one, one.sample, posed[start:stop], distances))
        start = stop
    return BatchFacts(samples=tuple(samples), distances=distances)


Posed = tuple[Float[np.ndarray, "verts 3"], Float[np.ndarray, "55 3"]]


def _posed(model: BodyModel, people: Sequence[PersonRecord]) -> list[Posed]:
    """Everybody's body from their parameters, as training poses it; not the annotator's code."""
    found: list[Posed] = []
    for start in range(0, len(people), 16):
        smplx = [person.smplx for person in people[start : start + 16]]
        verts, joints = forward(
            model,
            rotmats=rotvec_to_rotmat(np.stack([one.full_pose() for one in smplx])),
            betas=np.stack([one.betas for one in smplx]),
            expression=np.stack([one.expression for one in smplx]),
            transl=np.stack([one.transl for one in smplx]),
        )
        found += list(zip(verts, joints, strict=True))
    return found


def _measure_sample(
    tools: Measures, read: ReadSample, sample: Sample, posed: Sequence[Posed], distances: Mapping[str, Distances]
) -> SampleFacts:
    fields = [None if read.mask is None else mask_field(read.mask, number) for number in range(len(posed))]
    people, outlines = [], []
    for number, (person, (verts, joints)) in enumerate(zip(sample.people, posed, strict=True)):
        rows = _outline_rows(tools, person, verts)
        seen = _Seen(sample=sample, person=person, verts=verts, joints=joints, field=fields[number], outline=rows)
        target = None if read.targets_cam is None else read.targets_cam[number]
        mask = None if read.mask is None else read.mask == number + 1
        people.append(_measure_person(tools, seen, target, mask, distances))
        outline = _outline(tools, seen)
        if outline is not None:
            outlines.append(outline)
    size = {"width": sample.image.width, "height": sample.image.height}
    fov = fov_deg(sample.camera.K, **size, distortion=sample.camera.distortion)
    stated = (sample.camera.fov_x_deg, sample.camera.fov_y_deg)
    return SampleFacts(
        key=sample.key,
        shard=read.ref.tar.stem,
        problems=read.problems,
        people=tuple(people),
        camera=camera_evidence(outlines, sample.camera.K, **size),
        registration=None if read.grey is None or read.mask is None else register(read.grey, read.mask),
        fov_error_deg=float(np.abs(np.array(fov) - stated).max()),
        **size,
        picture_bytes=next((int(m.sha256[:16], 16) for m in read.ref.entry.members if m.suffix == "jpg"), 0),
        picture_look=0 if read.grey is None else _look(read.grey),
        labels_digest=_labels_digest(sample),
        split=sample.provenance.split,
        place=sample.provenance.place,
        light=sample.provenance.light,
        licences=sample.provenance.licences,
        exposure=None if read.picture is None else exposure_facts(read.picture, read.mask, sample),
        low_light=sample.provenance.low_light,
        versions=dict(sample.provenance.versions),
        values={"people": len(sample.people), "fov_x_deg": sample.camera.fov_x_deg},
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """A person, posed, and their mask."""

    sample: Sample
    person: PersonRecord
    verts: Float[np.ndarray, "verts 3"]
    joints: Float[np.ndarray, "55 3"]
    field: MaskField | None
    outline: Bool[np.ndarray, " verts"]
    """Vertices of the outline that nobody and nothing else hides."""

    def pixels(self, points_cam: np.ndarray) -> np.ndarray:
        """Where points land in the picture."""
        return project(bend(points_cam, self.sample.camera.distortion), self.sample.camera.K)

    def is_plain(self) -> bool:
        """Whether they wear neither clothes nor hair, so that all of their outline is skin."""
        character = self.person.character
        return character is not None and not character.garments and character.hair is None


def _measure_person(
    tools: Measures,
    seen: _Seen,
    target_cam: Float[np.ndarray, "verts 3"] | None,
    mask: Bool[np.ndarray, "height width"] | None,
    distances: Mapping[str, Distances],
) -> PersonFacts:
    person = seen.person
    measured = {}
    if target_cam is not None:
        apart_mm = np.linalg.norm(target_cam - seen.verts, axis=1) * 1000
        for part, rows in tools.parts.items():
            distances[part].add(apart_mm[rows])
            values = apart_mm[rows]
            measured[part] = (float(values.mean()), float(np.percentile(values, 95)), float(values.max()))
    stated = {}
    if person.fit_mm is not None:
        for part in PARTS:
            stats = getattr(person.fit_mm, part)
            stated[part] = (stats.mean, stats.p95, stats.max)
    stored_px, stored_mm = _stored_errors(seen)
    values = _values(seen)
    if target_cam is not None and (target_cam[TIPS, 2] > 0).all() and (seen.verts[TIPS, 2] > 0).all():
        gap = seen.pixels(target_cam[TIPS]) - seen.pixels(seen.verts[TIPS])
        values["fingertip_px"] = float(np.linalg.norm(gap, axis=1).mean())
    outside = _outside(seen)
    if outside is not None:
        values["outside"] = outside
    source = person.pose_source
    return PersonFacts(
        identity=None if person.character is None else person.character.identity,
        betas_digest=betas_digest(person.smplx.betas),
        betas=person.smplx.betas,
        stored_px=stored_px,
        stored_mm=stored_mm,
        measured_mm=measured,
        stated_mm=stated,
        converged=person.fit_converged,
        outside=outside,
        iou=_iou(tools, seen, mask),
        pose=person.smplx.full_pose()[1:].astype(np.float32),
        hands=_hands(tools, seen, target_cam),
        values=values,
        sources=tuple(sorted({source.body.dataset, source.left_hand.dataset, source.right_hand.dataset})),
        physical=person.physical,
    )


def _stored_errors(seen: _Seen) -> tuple[float, float]:
    """How far the stated joints and box are from those of the re-posed body: pixels, and millimetres."""
    person = seen.person
    mm = float(1000 * np.abs(seen.joints - person.joints3d_cam).max())
    if person.joints2d is None or (seen.joints[:, 2] <= 0).any() or (seen.verts[:, 2] <= 0).any():
        return 0.0, mm
    pixels = seen.pixels(seen.verts)
    box = np.concatenate([pixels.min(0), pixels.max(0)])
    px = float(np.abs(seen.pixels(seen.joints) - person.joints2d).max())
    return max(px, float(np.abs(box - person.bbox_body_xyxy).max())), mm


def _values(seen: _Seen) -> dict[str, float]:
    person = seen.person
    root = rotvec_to_rotmat(person.smplx.global_orient)
    front, up = root[:, 2], root[:, 1]
    angles = np.degrees(np.linalg.norm(person.smplx.full_pose(), axis=1))
    values = {
        "distance_m": float(np.linalg.norm(person.joints3d_cam[0])),
        "yaw_deg": float(np.degrees(np.arctan2(front[0], -front[2]))),
        "pitch_deg": float(np.degrees(np.arcsin(np.clip(-up[2], -1, 1)))),
        "hand_px": max(person.hand_px.left, person.hand_px.right),
        "beta_abs_max": float(np.abs(person.smplx.betas).max()),
        "truncation": 1 - float(person.in_frame.mean()),
        "body_angle_deg": float(angles[1:22].mean()),
        "finger_angle_deg": float(angles[LEFT_HAND.start :].mean()),
    }
    if person.visible_fraction is not None:
        values["visible_fraction"] = person.visible_fraction
    return values


def _hidden(tools: Measures, person: PersonRecord) -> Bool[np.ndarray, " verts"]:
    """Vertices about joints that somebody or something else hides."""
    if person.occluded is None:
        return np.zeros(len(tools.joint_of_vertex), bool)
    return np.array([state == BY_ANOTHER for state in person.occluded])[tools.joint_of_vertex]


def _outline_rows(
    tools: Measures, person: PersonRecord, verts: Float[np.ndarray, "verts 3"]
) -> Bool[np.ndarray, " verts"]:
    return outline_vertices(verts, tools.model.faces) & (verts[:, 2] > 0.05) & ~_hidden(tools, person)


def _outside(seen: _Seen) -> float | None:
    """Share of the outline's points in the picture that stick out of the mask."""
    if seen.field is None:
        return None
    found = look_up(seen.field, seen.pixels(seen.verts[seen.outline]))
    usable = found.in_picture & ~found.on_other
    if usable.sum() < LEAST_OUTLINE:
        return None
    return float((found.distance[usable] < -OUT_PX * seen.field.step).mean())


def _outline(tools: Measures, seen: _Seen) -> Outline | None:
    if seen.field is None:
        return None
    rows = seen.outline
    bare = rows if seen.is_plain() else rows & tools.is_bare
    distortion = seen.sample.camera.distortion
    return Outline(
        around=agreement(seen.field),
        points_cam=bend(seen.verts[rows], distortion),
        bare_cam=bend(seen.verts[bare], distortion),
    )


def _iou(tools: Measures, seen: _Seen, mask: Bool[np.ndarray, "height width"] | None) -> float | None:
    """Silhouettes of label and mask within the picture, of plain people whom nothing hides."""
    if mask is None or not mask.any() or not seen.is_plain() or _hidden(tools, seen.person).any():
        return None
    image = seen.sample.image
    canvas = Canvas(left=0, top=0, width=image.width, height=image.height)
    bent = bend(seen.verts, seen.sample.camera.distortion)
    drawn = coverage(bent, tools.model.faces, seen.sample.camera.K, canvas)
    return float((drawn & mask).sum() / max(1, (drawn | mask).sum()))


def _hands(tools: Measures, seen: _Seen, target_cam: np.ndarray | None) -> HandEvidence | None:
    person, image = seen.person, seen.sample.image
    size = min(person.hand_px.left, person.hand_px.right) * WORKING_SIDE / max(image.width, image.height)
    large = seen.field is not None and size >= LEAST_HAND_PX
    if target_cam is None and not large:
        return None
    around = agreement(seen.field) if seen.field is not None and large else None
    camera = seen.sample.camera
    return hand_evidence(
        tools.hands, person.smplx, target_cam=target_cam, around=around, K=camera.K, distortion=camera.distortion
    )


def _look(grey: np.ndarray) -> int:
    """Digest of the signs of brightness steps in a 17 × 16 picture: the same for the same picture saved anew."""
    small = np.asarray(Image.fromarray(grey).resize((17, 16), Image.Resampling.BOX), np.int16)
    return digest(np.packbits(np.diff(small, axis=1) > 0).tobytes())


def _labels_digest(sample: Sample) -> int:
    if not sample.people:
        return 0
    rows = [np.concatenate([p.smplx.full_pose().ravel(), p.smplx.transl, p.smplx.betas]) for p in sample.people]
    return digest(np.concatenate(rows).round(4).astype(np.float32).tobytes())
