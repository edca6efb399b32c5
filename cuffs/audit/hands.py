"""Whether other hands would explain what was rendered better: exchanged ones, or ones with or without the mean hand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from cuffs.audit.outline import Agreement, agree, outline_vertices
from cuffs.body import BodyModel, body_parts, forward
from cuffs.camera import project
from cuffs.lens import Distortion, bend
from cuffs.records import SmplxRecord
from cuffs.rotations import mirror_rotvec, rotvec_to_rotmat
from cuffs.skeleton import LEFT_HAND, RIGHT_HAND

LEAST_HAND_PX: Final = 16.0
"""Smaller hands have no outline to speak of, pixels of a 448 px picture."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HandModel:
    """The part of a body model that hands are posed with: much quicker than all of it."""

    model: BodyModel
    rows: Int[np.ndarray, " verts"]
    """Its vertices' numbers in the whole body."""

    fingers: Int[np.ndarray, " fingers"]
    """Its rows that are fingers."""


def hand_model(model: BodyModel) -> HandModel:
    """Cut the hands out of a body model."""
    parts = body_parts(model)
    rows = np.union1d(parts["left_hand"], parts["right_hand"])
    number = np.full(len(model.v_template), -1)
    number[rows] = np.arange(len(rows))
    faces = number[model.faces]
    cut = replace(
        model,
        v_template=model.v_template[rows],
        faces=faces[(faces >= 0).all(1)],
        shapedirs=model.shapedirs[rows],
        exprdirs=model.exprdirs[rows],
        posedirs=model.posedirs[rows],
        weights=model.weights[rows],
    )
    return HandModel(model=cut, rows=rows, fingers=number[parts["fingers"]])


def other_hands(smplx: SmplxRecord, hands_mean: Float[np.ndarray, "2 45"]) -> Mapping[str, np.ndarray]:
    """Full poses that mistakes make of one, by name."""
    pose = smplx.full_pose()
    left, right = pose[LEFT_HAND], pose[RIGHT_HAND]
    mean_left, mean_right = hands_mean.reshape(2, 15, 3)
    pairs = {
        "exchanged": (right, left),
        "exchanged and mirrored": (mirror_rotvec(right), mirror_rotvec(left)),
        "mean hand missing": (left + mean_left, right + mean_right),
        "mean hand added twice": (left - mean_left, right - mean_right),
    }
    found = {}
    for name, (new_left, new_right) in pairs.items():
        other = pose.copy()
        other[LEFT_HAND], other[RIGHT_HAND] = new_left, new_right
        found[name] = other
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class HandEvidence:
    """How much better other hands explain a person's."""

    own_mm: float | None
    """Mean distance of the label's fingers from the rendered ones; None where the target vertices were not kept."""

    gains_mm: Mapping[str, float]
    """By mistake that is undone: by so much are they nearer. Empty without target vertices."""

    gains_outline: Mapping[str, float]
    """Likewise: by so much better do their outlines lie on the mask. Empty where hands are too small or out of view."""


def hand_evidence(
    hands: HandModel,
    smplx: SmplxRecord,
    *,
    target_cam: Float[np.ndarray, "verts 3"] | None,
    around: Agreement | None,
    K: Float[np.ndarray, "3 3"],
    distortion: Distortion | None,
) -> HandEvidence:
    """Pose other hands and compare.

    Args:
        hands: the body model's hands.
        smplx: the label.
        target_cam: what was rendered, metres; None where it was not kept.
        around: the person's mask; None where hands are too small to tell.
        K: pixels.
        distortion: of the lens.
    """
    own_pose, others = smplx.full_pose(), other_hands(smplx, hands.model.hands_mean)
    poses = np.stack([own_pose, *others.values()])
    verts, _ = forward(
        hands.model,
        rotmats=rotvec_to_rotmat(poses),
        betas=np.tile(smplx.betas, (len(poses), 1)),
        expression=np.tile(smplx.expression, (len(poses), 1)),
        transl=np.tile(smplx.transl, (len(poses), 1)),
    )
    gains_mm, own_mm = {}, None
    if target_cam is not None:
        target = target_cam[hands.rows[hands.fingers]]
        mm = 1000 * np.linalg.norm(verts[:, hands.fingers] - target, axis=-1).mean(1)
        own_mm, gains_mm = float(mm[0]), dict(zip(others, (mm[0] - mm[1:]).tolist(), strict=True))
    gains_outline = {}
    if around is not None and (verts[..., 2] > 0).all():
        scores = [_outline_score(one, hands, around, K, distortion=distortion) for one in verts]
        if None not in scores:
            own, *rest = (float(score) for score in scores if score is not None)
            gains_outline = {name: score - own for name, score in zip(others, rest, strict=True)}
    return HandEvidence(own_mm=own_mm, gains_mm=gains_mm, gains_outline=gains_outline)


def _outline_score(
    verts: np.ndarray, hands: HandModel, around: Agreement, K: np.ndarray, *, distortion: Distortion | None
) -> float | None:
    """Mean agreement of the fingers' outline with the mask; None where little of it is in the picture."""
    on_outline = outline_vertices(verts, hands.model.faces)[hands.fingers]
    pixels = project(bend(verts[hands.fingers][on_outline], distortion), K)
    inside = ((pixels > 0) & (pixels < around.field.size)).all(1)
    if inside.sum() < 40:
        return None
    return float(agree(around, pixels[inside]).mean())
