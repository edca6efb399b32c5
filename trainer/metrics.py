"""How far predicted bodies are from true ones: the measures of the paper's tables, millimetres.

All are means over people of something that is nought for a perfect guess. PVE, hands and joints forgive where the body
is, not how it is turned or how large it is; the PA- measures forgive that too.
"""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from cuffs.body import BodyModel, body_parts
from cuffs.skeleton import BODY, INDEX
from trainer.model.people import PELVIS, Bodies

BODY_JOINTS = slice(0, BODY.stop)
"""Pelvis and the 21 body joints. The papers' 14 joints of Human3.6M come from a regressor that is licensed data."""

WRISTS = (INDEX["left_wrist"], INDEX["right_wrist"])
MM = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HandVertices:
    """Numbers of the vertices of each hand."""

    left: Tensor
    right: Tensor


def hand_vertices(model: BodyModel, device: torch.device) -> HandVertices:
    """Wrist, palm and fingers: the parts that residuals of labels are stated for."""
    parts = body_parts(model)
    left, right = (torch.from_numpy(parts[name]).to(device) for name in ("left_hand", "right_hand"))
    return HandVertices(left=left, right=right)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonErrors:
    """Errors of matched people, millimetres, one row a person."""

    pve: Float[Tensor, " people"]
    """Mean distance of vertices, pelvises put on each other."""

    pa_pve: Float[Tensor, " people"]
    """After the similarity (scale, rotation, shift) that brings the meshes closest."""

    hands_pve: Float[Tensor, "people 2"]
    """Of each hand's vertices, wrists put on each other: left, right."""

    mpjpe: Float[Tensor, " people"]
    """Mean distance of the pelvis and 21 body joints, pelvises put on each other."""

    pa_mpjpe: Float[Tensor, " people"]
    depth: Float[Tensor, " people"]
    """Of the head along the optical axis, without sign."""


def person_errors(ours: Bodies, truth: Bodies, hands: HandVertices, *, head: int = INDEX["head"]) -> PersonErrors:
    """Errors of people, row by row.

    Args:
        ours: what was predicted.
        truth: of the same people in the same order.
        hands: of the body model.
        head: the primary keypoint's joint, whose depth is compared.
    """
    pelvis = (ours.joints[:, PELVIS] - truth.joints[:, PELVIS])[:, None]
    our_joints, true_joints = ours.joints[:, BODY_JOINTS], truth.joints[:, BODY_JOINTS]
    sides = []
    for wrist, verts in zip(WRISTS, (hands.left, hands.right), strict=True):
        at_wrist = (ours.joints[:, wrist] - truth.joints[:, wrist])[:, None]
        sides.append(mean_distance(ours.verts[:, verts] - at_wrist, truth.verts[:, verts]))
    return PersonErrors(
        pve=MM * mean_distance(ours.verts - pelvis, truth.verts),
        pa_pve=MM * mean_distance(align_similarity(ours.verts, truth.verts), truth.verts),
        hands_pve=MM * torch.stack(sides, 1),
        mpjpe=MM * mean_distance(our_joints - pelvis, true_joints),
        pa_mpjpe=MM * mean_distance(align_similarity(our_joints, true_joints), true_joints),
        depth=MM * (ours.joints[:, head, 2] - truth.joints[:, head, 2]).abs(),
    )


def mean_distance(
    first: Float[Tensor, "people points 3"], second: Float[Tensor, "people points 3"]
) -> Float[Tensor, " people"]:
    """Mean Euclidean distance of paired points."""
    return (first - second).norm(dim=-1).mean(-1)


def align_similarity(
    points: Float[Tensor, "people n 3"], onto: Float[Tensor, "people n 3"]
) -> Float[Tensor, "people n 3"]:
    """Points moved by the similarity that brings them closest in the least-squares sense (Umeyama 1991)."""
    centre, goal = points.mean(1, keepdim=True), onto.mean(1, keepdim=True)
    x, y = (points - centre).double(), (onto - goal).double()
    u, s, vt = torch.linalg.svd(y.mT @ x)
    flip = torch.ones_like(s)
    flip[:, 2] = torch.linalg.det(u @ vt)
    rotation = u * flip[:, None] @ vt
    scale = (s * flip).sum(-1) / x.square().sum((1, 2))
    return (scale[:, None, None] * x @ rotation.mT).to(points.dtype) + goal


MEASURES = ("pve", "pa_pve", "hands_pve", "mpjpe", "pa_mpjpe", "depth")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """Sums over people, to be added up over batches and ranks before anything is divided."""

    sums: Float[Tensor, " measures"]
    """Millimetres, in the order of `MEASURES`."""

    counts: Float[Tensor, " measures"]
    found: Float[Tensor, "3"]
    """True positives, false positives, false negatives."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trusted:
    """Which measures a true person is good for: parts that are no truth are not measured."""

    shape: Bool[Tensor, " people"]
    """All vertices."""

    hands: Bool[Tensor, "people 2"]
    depth: Bool[Tensor, " people"]


def empty_tally(device: torch.device) -> Tally:
    """Nobody yet."""
    zeros = torch.zeros(len(MEASURES), dtype=torch.float64, device=device)
    return Tally(sums=zeros, counts=zeros, found=zeros[:3])


def tally(errors: PersonErrors, trusted: Trusted, found: Float[Tensor, "3"]) -> Tally:
    """Sums and counts of matched people.

    Args:
        errors: of each.
        trusted: of each.
        found: true positives, false positives, false negatives.
    """
    masks = {
        "pve": trusted.shape,
        "pa_pve": trusted.shape,
        "hands_pve": trusted.hands,
        "mpjpe": trusted.shape,
        "pa_mpjpe": trusted.shape,
        "depth": trusted.depth,
    }
    return Tally(
        sums=torch.stack([getattr(errors, name)[masks[name]].double().sum() for name in MEASURES]),
        counts=torch.stack([masks[name].sum().double() for name in MEASURES]),
        found=found.double(),
    )


def scores(total: Tally) -> dict[str, float | None]:
    """Means in millimetres; precision, recall and F1. None where there is nobody to say it of."""
    results: dict[str, float | None] = {}
    for name, value, count in zip(MEASURES, total.sums.tolist(), total.counts.tolist(), strict=True):
        results[f"{name}_mm"] = value / count if count else None
    hits, extra, missed = total.found.tolist()
    results["precision"] = hits / (hits + extra) if hits + extra else None
    results["recall"] = hits / (hits + missed) if hits + missed else None
    results["f1"] = 2 * hits / (2 * hits + extra + missed) if hits + extra + missed else None
    return results
