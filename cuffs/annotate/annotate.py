"""From a capture to a sample: carry, fit, joints, visibility, boxes, gates."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image

from cuffs.annotate.passes import Shell, passes_npz
from cuffs.annotate.people import PlannedPeople
from cuffs.annotate.physical import PhysicalChecks
from cuffs.annotate.raster import covered_pixels
from cuffs.annotate.visibility import (
    DataPass,
    longer_side,
    mask_box,
    occluded_joints,
    points_box,
    relabel,
    visible_fraction,
)
from cuffs.body import BodyModel, forward, landmarks, load_body_model
from cuffs.camera import fov_deg, in_frame, inverse, project, transform
from cuffs.codec import decode, encode
from cuffs.config import build, load_yaml
from cuffs.correspond import carry
from cuffs.fit import FitModel, PersonFit, fit_pose, prepare_fit, smplx_record
from cuffs.fit.residual import residual_by_part
from cuffs.lens import bend
from cuffs.npz import npz_bytes, read_npz
from cuffs.plan import Plan
from cuffs.plan.records import body_path
from cuffs.recipe import Recipe
from cuffs.records import (
    BodyModelRef,
    CameraRecord,
    Capture,
    CharacterRecord,
    DevelopSpec,
    EffectsRecord,
    FitResidual,
    HandFlags,
    HandSizes,
    ImageRecord,
    PersonRecord,
    PersonSpec,
    PoseSourceRecord,
    Provenance,
    Sample,
    SceneSpec,
    SmplxRecord,
)
from cuffs.rotations import rotvec_to_rotmat
from cuffs.scene.gates import fit_cause
from cuffs.skeleton import INDEX

JPEG_QUALITY = 95

DECIMALS = 7
"""Of stored parameters: 1e-7 rad moves a fingertip by less than a micrometre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """A finished sample: the files of its shard members, by suffix."""

    capture: Capture
    sample: Sample
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A scene that can't be used, and why."""

    capture: Capture
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Person:
    """One person's annotation while people are being sorted."""

    number: int
    """In the scene."""

    record: PersonRecord
    target_cam: Float[np.ndarray, "10475 3"]


@dataclass(slots=True)
class Annotator:
    """What annotation needs of a plan, loaded once for many scenes."""

    plan: Plan
    recipe: Recipe
    prepared: FitModel
    """Of the body model alone; each kind of character is fitted with its own."""

    people: PlannedPeople
    physical: PhysicalChecks

    @classmethod
    def load(cls, folder: Path, plan: Plan) -> "Annotator":
        """Load from a plan's folder.

        Raises:
            RecordError: if a file is missing or damaged.
        """
        model = load_body_model(body_path(folder, plan))
        return cls(
            plan=plan,
            recipe=build(Recipe, load_yaml(folder / "recipe.yaml"), where=str(folder / "recipe.yaml")),
            prepared=prepare_fit(model),
            people=PlannedPeople(folder / "assets", model),
            physical=PhysicalChecks(folder / "assets"),
        )

    def annotate(self, spec: SceneSpec, folder: Path) -> Annotated | Refused:
        """Annotate a captured scene.

        Args:
            spec: the scene.
            folder: what the worker published.

        Raises:
            RecordError: if the capture is malformed.
        """
        capture = decode(Capture, json.loads((folder / "capture.json").read_text()), where=str(folder / "capture.json"))
        arrays = read_npz(folder / "data.npz")
        data = DataPass(person=arrays["person"], limb=arrays["limb"], depth_z=arrays["depth_z"])
        people = [self._person(spec, folder, data, number) for number in range(len(spec.people))]
        for person in people:
            record = person.record
            assert record.fit_mm is not None
            assert record.fit_converged is not None
            assert record.visible_fraction is not None
            if cause := fit_cause(self.recipe.gates, record.fit_mm, converged=record.fit_converged):
                return Refused(capture=capture, cause=cause)
            if record.visible_fraction < self.recipe.gates.min_visible:
                return Refused(capture=capture, cause="hidden")
            if record.physical is not None and record.physical.skin_out > self.recipe.gates.skin_out:
                return Refused(capture=capture, cause="skin_through_cloth")
        people.sort(key=lambda person: person.record.joints3d_cam[INDEX["head"], 2])
        sample = self._sample(spec, people, capture)
        mask = relabel(data.person, np.array([person.number for person in people]))
        files = {
            "jpg": _jpeg(folder / "image.png", JPEG_QUALITY if spec.develop is None else spec.develop.jpeg_quality),
            "json": json.dumps(encode(sample), separators=(",", ":")).encode(),
            "mask.png": _png(mask),
        }
        if self.recipe.keep_verts:
            files["verts.npz"] = _verts_npz(sample, np.stack([person.target_cam for person in people]))
        if self.recipe.passes:
            shells = [_shell_cam(spec, folder, number) for number in range(len(spec.people))]
            files["passes.npz"] = passes_npz(self.recipe.passes, data, shells, spec.camera.K, spec.camera.distortion)
        return Annotated(capture=capture, sample=sample, files=files)

    def _person(self, spec: SceneSpec, folder: Path, data: DataPass, number: int) -> _Person:
        """Fit one person and measure what the picture shows of them."""
        T_cam_world = inverse(spec.camera.T_world_cam)
        arrays = read_npz(folder / f"person_{number}.npz")
        body_cam = transform(T_cam_world, arrays["body_world"].astype(np.float64))
        look = spec.people[number].character
        table = self.people.table(look)
        target_cam = carry(table.correspondence, body_cam)
        fit = fit_pose(table.prepared, target_cam, self.people.betas(look))
        label = Label.of(table.prepared, fit, target_cam)
        shell_cam = transform(T_cam_world, arrays["shell_world"].astype(np.float64))
        bent = bend(shell_cam, spec.camera.distortion)
        alone = covered_pixels(bent, arrays["shell_faces"], spec.camera.K)
        record = self._record(spec, data, label, number=number, alone_pixels=alone)
        found = self.physical.measure(
            spec.people[number],
            body_world=arrays["body_world"],
            shell_world=arrays["shell_world"],
            shell_counts=arrays["shell_counts"],
        )
        record = replace(record, physical=found)
        return _Person(number=number, record=record, target_cam=target_cam)

    def _record(
        self, spec: SceneSpec, data: DataPass, label: "Label", *, number: int, alone_pixels: float
    ) -> PersonRecord:
        K, distortion = spec.camera.K, spec.camera.distortion
        size = {"width": spec.image.width, "height": spec.image.height}
        verts, joints = label.verts, label.joints
        bent_joints = bend(joints, distortion)
        pixels = project(bend(verts, distortion), K)
        hands = {side: pixels[self.prepared.parts[f"{side}_hand"]] for side in ("left", "right")}
        joints2d = project(bent_joints[None], K)[0] if (joints[:, 2] > 0).all() else None
        seen = in_frame(bent_joints, K, **size)
        mask = data.person == number + 1
        person = spec.people[number]
        return PersonRecord(
            smplx=label.smplx,
            hand_valid=HandFlags(left=True, right=True),
            face_valid=True,
            expression_valid=label.residual.face.mean <= self.recipe.gates.expression_face_mm,
            depth_valid=True,
            betas_valid=True,
            joints2d=None if joints2d is None else joints2d.round(4),
            joints3d_cam=joints,
            in_frame=seen,
            occluded=None
            if joints2d is None
            else occluded_joints(data, person=number + 1, joints_cam=joints, joints2d=joints2d, seen=seen),
            bbox_xyxy=mask_box(mask),
            bbox_body_xyxy=_rounded_box(points_box(pixels)),
            visible_fraction=round(visible_fraction(int(mask.sum()), alone_pixels), 5),
            hand_px=HandSizes(left=round(longer_side(hands["left"]), 3), right=round(longer_side(hands["right"]), 3)),
            fit_mm=label.residual,
            fit_converged=label.converged,
            landmarks2d=project(bend(landmarks(self.prepared.model, verts), distortion), K).round(4),
            character=_character(person),
            pose_source=PoseSourceRecord(
                body=person.body_source, left_hand=person.left_hand_source, right_hand=person.right_hand_source
            ),
        )

    def _sample(self, spec: SceneSpec, people: list[_Person], capture: Capture) -> Sample:
        fov_x_deg, fov_y_deg = fov_deg(
            spec.camera.K,
            width=spec.image.width,
            height=spec.image.height,
            distortion=spec.camera.distortion,
        )
        return Sample(
            key=spec.key,
            image=ImageRecord(width=spec.image.width, height=spec.image.height),
            camera=CameraRecord(
                K=spec.camera.K,
                T_world_cam=spec.camera.T_world_cam,
                fov_x_deg=round(fov_x_deg, 6),
                fov_y_deg=round(fov_y_deg, 6),
                distortion=spec.camera.distortion,
            ),
            body_model=BodyModelRef(name=self.prepared.model.name, sha256=self.prepared.model.sha256, num_betas=10),
            people=tuple(person.record for person in people),
            provenance=Provenance(
                recipe_hash=spec.recipe_hash,
                seed=spec.seed,
                slot=spec.slot,
                attempt=spec.attempt,
                chunk=spec.chunk,
                split=spec.split,
                place=_place_name(spec),
                light=spec.light.mood if spec.light.mood != "plain" else spec.light.kind,
                low_light=spec.light.low_light,
                effects=_effects(spec),
                licences=self.plan.licences,
                versions={**self.plan.versions, "blender": capture.blender},
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Label:
    """What is written of a fit: rounded first, so that whoever re-poses the stored numbers gets just this."""

    smplx: SmplxRecord
    verts: Float[np.ndarray, "verts 3"]
    joints: Float[np.ndarray, "55 3"]
    residual: FitResidual
    converged: bool

    @classmethod
    def of(cls, prepared: FitModel, fit: PersonFit, target_cam: Float[np.ndarray, "verts 3"]) -> "Label":
        """Round a fit's parameters to 1e-7, pose them, and measure what is left."""
        params = replace(
            fit.params,
            pose=fit.params.pose.round(DECIMALS),
            expression=fit.params.expression.round(DECIMALS),
            transl=fit.params.transl.round(DECIMALS),
        )
        smplx = smplx_record(params)
        verts, joints = pose_label(prepared.model, smplx)
        return cls(
            smplx=smplx,
            verts=verts,
            joints=joints.round(DECIMALS),
            residual=residual_by_part(verts, target_cam, prepared.parts),
            converged=fit.converged,
        )


def pose_label(model: BodyModel, smplx: SmplxRecord) -> tuple[Float[np.ndarray, "verts 3"], Float[np.ndarray, "55 3"]]:
    """Vertices and joints of a label's body in the camera frame, metres: from the stored parameters alone."""
    return forward(
        model,
        rotmats=rotvec_to_rotmat(smplx.full_pose()),
        betas=smplx.betas,
        expression=smplx.expression,
        transl=smplx.transl,
    )


def _shell_cam(spec: SceneSpec, folder: Path, number: int) -> Shell:
    arrays = read_npz(folder / f"person_{number}.npz", only=frozenset({"shell_world", "shell_faces"}))
    shell_cam = transform(inverse(spec.camera.T_world_cam), arrays["shell_world"].astype(np.float64))
    return shell_cam, arrays["shell_faces"]


def _character(person: PersonSpec) -> CharacterRecord:
    look = person.character
    materials = [look.skin, *(garment.material for garment in look.garments)]
    if look.hair is not None:
        materials.append(look.hair.material)
    return CharacterRecord(
        kind=look.kind,
        identity=look.identity,
        garments=tuple(garment.name for garment in look.garments),
        materials=tuple(f"{material.kind}/{material.pattern}" for material in materials),
        hair=None if look.hair is None else look.hair.name,
    )


def _place_name(spec: SceneSpec) -> str:
    """kind, kind/style, or kind:file."""
    place = spec.place
    if place.file is not None:
        return f"{place.kind}:{place.file}"
    return place.kind if place.style == "plain" else f"{place.kind}/{place.style}"


def _effects(spec: SceneSpec) -> EffectsRecord:
    develop = spec.develop or DevelopSpec(metering="fixed", jpeg_quality=JPEG_QUALITY)
    return EffectsRecord(
        aperture_m=spec.camera.aperture_m,
        focus_m=spec.camera.focus_m if spec.camera.aperture_m > 0 else None,
        shake_deg=spec.camera.shake_deg,
        exposure_ev=develop.exposure_ev,
        white_balance=develop.white_balance,
        shot_noise=develop.shot_noise,
        read_noise=develop.read_noise,
        jpeg_quality=develop.jpeg_quality,
    )


def _rounded_box(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (round(edge, 3) for edge in box)
    return (left, top, right, bottom)


def _jpeg(path: Path, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.open(path).convert("RGB").save(buffer, format="JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, format="PNG", optimize=False)
    return buffer.getvalue()


def _verts_npz(sample: Sample, targets_cam: Float[np.ndarray, "people verts 3"]) -> bytes:
    """Carried targets as int16 tenths of a millimetre about each person's own origin (design.md, section 7)."""
    origin_cam = np.stack([person.joints3d_cam[0] for person in sample.people])
    steps = np.rint((targets_cam - origin_cam[:, None]) / 1e-4)
    assert np.abs(steps).max() < 2**15, "nobody reaches 3.2 m from their own pelvis"
    return npz_bytes({"verts": steps.astype(np.int16), "origin_cam": origin_cam})
