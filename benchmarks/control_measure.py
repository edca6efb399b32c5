"""What a label claims of a person, held against what the picture shows; and false claims, which must be noticed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from benchmarks.control_shots import ControlPerson
from cuffs.annotate.annotate import pose_label
from cuffs.annotate.raster import Canvas, nearest_faces
from cuffs.body import BodyModel, body_parts
from cuffs.camera import project
from cuffs.records import SmplxRecord
from cuffs.skeleton import LIMB_OF_JOINT, LIMBS

Array = np.ndarray

FINEST_PARTS = ("body", "head", "left_hand", "right_hand", "face", "fingers")
"""A vertex's part, as its residual is looked up, is the last of these that it belongs to."""

IN_VIEW = 0.25
"""A hand is in view when its pixels are this share of the square over its longer side: what is left of one that is
mostly hidden, or cut by the frame, is no more than an edge."""

SHIFT_PX = 3.0
WIDER = 1.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claim:
    """What is held against the picture."""

    smplx: SmplxRecord
    K: Float[Array, "3 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """One person under one claim."""

    iou: float
    """Of the label's silhouette and the mask, where nothing else is in front."""

    label_covered: float
    """Share of the label's silhouette that the mask covers."""

    mask_covered: float
    hand_iou: tuple[float, ...]
    """Of each hand in view: where label and picture have it in front."""

    hand_dots: tuple[int, ...]
    """Dots on each hand in view."""

    part: Array
    """Of each dot, one of `FINEST_PARTS`."""

    mesh_px: Float[Array, " dots"]
    """From each dot to the projection of the evaluated mesh's vertex."""

    label_px: Float[Array, " dots"]
    """From each dot to `label_at`."""

    label_at: Float[Array, "dots 2"]
    """Projections of the label's corresponding points."""

    stated_px: Float[Array, " dots"]
    """What the label states of its part: the residual's 95th percentile, at the dot's distance."""


def honest(person: ControlPerson) -> Claim:
    """What the label says."""
    return Claim(smplx=person.label.smplx, K=person.K)


def flat_hands(claim: Claim) -> Claim:
    """The same with both hands flat."""
    flat = np.zeros((15, 3))
    return replace(claim, smplx=replace(claim.smplx, left_hand_pose=flat, right_hand_pose=flat))


def shifted(claim: Claim) -> Claim:
    """Everything 3 px to the right."""
    return replace(claim, K=claim.K + np.array([[0, 0, SHIFT_PX], [0, 0, 0], [0, 0, 0]]))


def wider(claim: Claim) -> Claim:
    """A focal length fx that is 1 % off."""
    return replace(claim, K=claim.K * np.array([[WIDER, 1, 1], [1, 1, 1], [1, 1, 1]]))


SABOTAGE: Mapping[str, Callable[[Claim], Claim]] = {
    "flat hands": flat_hands,
    "shifted by 3 px": shifted,
    "fx 1 % off": wider,
}


def measure(person: ControlPerson, claim: Claim, model: BodyModel) -> Figures:
    """Hold a claim against the picture."""
    verts, _ = pose_label(model, claim.smplx)
    height, width = person.mask.shape
    face, _ = nearest_faces(verts, model.faces, claim.K, Canvas(left=0, top=0, width=width, height=height))
    label, mask = (face >= 0) & ~person.ignored, person.mask
    both = float((label & mask).sum())
    number = person.dots.number
    on_label = np.einsum("dc,dcx->dx", person.bary[number], verts[model.faces[person.face[number]]])
    hands, limb = hands_in_view(person), _limbs(model)[face]
    columns, rows = np.floor(person.dots.centre).astype(int).T
    label_at = project(on_label, claim.K)
    mesh_at = project(person.body_cam[person.vertices[number]], claim.K)
    part = parts_of(model)[model.faces[person.face[number], 0]]
    return Figures(
        iou=both / float((label | mask).sum()),
        label_covered=both / float(label.sum()),
        mask_covered=both / float(mask.sum()),
        hand_iou=tuple(_iou(person.limb == hand, label & (limb == hand)) for hand in hands),
        hand_dots=tuple(int((person.limb[rows, columns] == hand).sum()) for hand in hands),
        part=part,
        mesh_px=np.linalg.norm(mesh_at - person.dots.centre, axis=1),
        label_px=np.linalg.norm(label_at - person.dots.centre, axis=1),
        label_at=label_at,
        stated_px=_stated_mm(person, part) / 1e3 * claim.K[0, 0] / on_label[:, 2],
    )


def hands_in_view(person: ControlPerson) -> list[int]:
    """Hands of which the picture shows enough to judge, as numbers in `ControlPerson.limb`."""
    shown = [(LIMBS.index(f"{side}_hand") + 1, getattr(person.label.hand_px, side)) for side in ("left", "right")]
    return [number for number, size_px in shown if (person.limb == number).sum() >= IN_VIEW * size_px**2]


def parts_of(model: BodyModel) -> Array:
    """The finest part of each vertex; empty for eyeballs."""
    parts = body_parts(model)
    names = np.full(len(model.v_template), "", dtype="U16")
    for name in FINEST_PARTS:
        names[parts[name]] = name
    return names


def _stated_mm(person: ControlPerson, part: Array) -> Float[Array, " dots"]:
    residual = person.label.fit_mm
    assert residual is not None, "rendered labels state their residual"
    return np.array([getattr(residual, name).p95 for name in part])


def _limbs(model: BodyModel) -> Array:
    """Limb number + 1 of each face of the body model."""
    return LIMB_OF_JOINT[model.weights[model.faces].sum(1).argmax(1)] + 1


def _iou(first: Bool[Array, "height width"], second: Bool[Array, "height width"]) -> float:
    return float((first & second).sum() / (first | second).sum())
