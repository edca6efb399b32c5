"""Loss terms of the paper and of the released training, as sums and counts.

A term's mean is its sum over its count. Both are kept apart until the counts of all ranks are known, so that training
on several ranks equals training on one with all their pictures. Everything is float32; nothing that isn't finite is
hidden.
"""

from dataclasses import dataclass, fields
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from cuffs.errors import ConfigError
from trainer.model.camera import project
from trainer.model.config import PATCH
from trainer.model.mean import POSED
from trainer.model.people import PELVIS, Prediction
from trainer.targets import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """Factor of each term; 0 leaves it out. Defaults are the released training's, which has none for expression."""

    detection: float = 10.0
    """Nats per person."""

    offset: float = 1.0
    """Patches, |x| + |y|."""

    rotations: float = 0.1
    """Sum over the nine numbers of each of the 53 matrices."""

    betas: float = 1.0
    expression: float = 1.0
    depth: float = 1.0
    """Of the depth number."""

    translation: float = 1.0
    """Metres, |x| + |y| + |z| of the head joint."""

    joints_3d: float = 100.0
    """Metres from the pelvis, |x| + |y| + |z|, mean over points."""

    verts_3d: float = 100.0
    joints_2d: float = 1.0
    """Pixels, |x| + |y|, mean over the points that are in the picture."""

    verts_2d: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ConfigError(f"{field.name} is {getattr(self, field.name)}, but must be 0 or more.")


TERMS = tuple(field.name for field in fields(LossWeights))
"""Names of the terms, in the order of all tensors here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossConfig:
    """A recipe's `losses:` block."""

    weights: LossWeights = LossWeights()
    detection: Literal["bce", "focal"] = "bce"
    """bce: the paper's binary cross-entropy. focal: the released training's, CenterNet's with a 0/1 map."""

    reprojection_from_step: int = 0
    """The two 2D terms are left out before this step; the released training began them at 100 000."""

    near_m: float | None = 0.1
    """Predicted points nearer than this are projected as if they were this far; null divides by any depth."""

    def __post_init__(self) -> None:
        if self.reprojection_from_step < 0:
            raise ConfigError(f"reprojection_from_step is {self.reprojection_from_step}, but must be 0 or more.")
        if self.near_m is not None and self.near_m <= 0:
            raise ConfigError(f"near_m is {self.near_m}, but must be above 0, or null.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LossSums:
    """Each term of `TERMS` as a sum and what to divide it by: people, or points."""

    sums: Float[Tensor, " terms"]
    """With gradients."""

    counts: Float[Tensor, " terms"]
    """Without. Sum them over all ranks (one all-reduce), then call `total_loss`."""


def loss_sums(prediction: Prediction, targets: Targets, config: LossConfig) -> LossSums:
    """All terms of one rank's pictures, unweighted."""
    with torch.autocast(targets.heat.device.type, enabled=False):
        terms = {
            "detection": _detection(prediction, targets, config),
            **_parameter_terms(prediction, targets),
            **_mesh_terms(prediction, targets),
            **_reprojection_terms(prediction, targets, config.near_m),
        }
    return LossSums(
        sums=torch.stack([terms[name][0] for name in TERMS]),
        counts=torch.stack([terms[name][1].float() for name in TERMS]).detach(),
    )


def mean_terms(sums: Float[Tensor, " terms"], counts: Float[Tensor, " terms"]) -> Float[Tensor, " terms"]:
    """Each term's mean. Where there is nothing to divide by, the sum: 0 but for detection without people."""
    return sums / counts.clamp(min=1.0)


def total_loss(
    local: LossSums, *, counts: Float[Tensor, " terms"], world_size: int, weights: Float[Tensor, " terms"]
) -> Float[Tensor, ""]:
    """What a rank calls `backward` on: the mean of it over ranks, which DDP takes, is the loss of all pictures.

    Args:
        local: this rank's.
        counts: summed over ranks.
        world_size: number of ranks.
        weights: of `active_weights`.
    """
    return (weights * mean_terms(local.sums, counts)).sum() * world_size


def active_weights(config: LossConfig, step: int) -> Float[Tensor, " terms"]:
    """Factors of all terms at a step."""
    late = ("joints_2d", "verts_2d") if step < config.reprojection_from_step else ()
    return torch.tensor([0.0 if name in late else getattr(config.weights, name) for name in TERMS])


Term = tuple[Tensor, Tensor]
"""Sum and count."""


def _detection(prediction: Prediction, targets: Targets, config: LossConfig) -> Term:
    if config.detection == "focal":
        return focal(prediction.scores, targets.heat), targets.heat.sum()
    loss = binary_cross_entropy_with_logits(prediction.logits, targets.heat, reduction="sum")
    return loss, targets.heat.sum()


def focal(scores: Float[Tensor, "images rows cols"], heat: Float[Tensor, "images rows cols"]) -> Float[Tensor, ""]:
    """CenterNet's focal loss (Zhou et al. 2019) with alpha 2 and a map of 0 and 1, summed."""
    at_heads = (1 - scores).square() * scores.log() * heat
    elsewhere = scores.square() * (1 - scores).log() * (1 - heat)
    return -(at_heads + elsewhere).sum()


def _masked(per_person: Float[Tensor, " people"], valid: Bool[Tensor, " people"]) -> Term:
    return (per_person * valid).sum(), valid.sum()


def _parameter_terms(prediction: Prediction, targets: Targets) -> dict[str, Term]:
    ours, truth, valid = prediction.bodies, targets.bodies, targets.valid
    everyone = torch.ones_like(valid.depth)
    posed = list(POSED)
    rotations = (ours.rotmats - truth.rotmats)[:, posed].abs().sum((-1, -2)) * valid.joints()[:, posed]
    return {
        "offset": _masked((prediction.offset - targets.offset).abs().sum(-1), everyone),
        "rotations": _masked(rotations.sum(-1), everyone),
        "betas": _masked((ours.betas - truth.betas).abs().sum(-1), valid.betas),
        "expression": _masked((ours.expression - truth.expression).abs().sum(-1), valid.expression),
        "depth": _masked((prediction.depth_code - targets.depth_code).abs(), valid.depth),
        "translation": _masked((prediction.head_cam - targets.head_cam).abs().sum(-1), valid.depth),
    }


def _mesh_terms(prediction: Prediction, targets: Targets) -> dict[str, Term]:
    ours, truth = prediction.bodies, targets.bodies
    pelvis = ours.joints[:, PELVIS, None] - truth.joints[:, PELVIS, None]
    return {
        "joints_3d": _points_3d(ours.joints - truth.joints - pelvis, targets.joints_valid),
        "verts_3d": _points_3d(ours.verts - truth.verts - pelvis, targets.verts_valid),
    }


def _points_3d(error: Float[Tensor, "people points 3"], valid: Bool[Tensor, "people points"]) -> Term:
    """Mean over each person's valid points, then sum over the people who have any."""
    per_person = (error.abs().sum(-1) * valid).sum(-1) / valid.sum(-1).clamp(min=1)
    return _masked(per_person, valid.any(-1))


def _reprojection_terms(prediction: Prediction, targets: Targets, near_m: float | None) -> dict[str, Term]:
    ours, truth, K = prediction.bodies, targets.bodies, targets.K
    side = targets.heat.shape[-1] * PATCH
    terms = {}
    for name, valid in (("joints", targets.joints_valid), ("verts", targets.verts_valid)):
        truth_px, in_picture = _seen(getattr(truth, name), K, side)
        error = (project(getattr(ours, name), K, near_m=near_m) - truth_px).abs().sum(-1)
        counted = in_picture & valid
        terms[f"{name}_2d"] = torch.where(counted, error, 0.0).sum(), counted.sum()
    return terms


def _seen(
    points_cam: Float[Tensor, "people points 3"], K: Float[Tensor, "people 3 3"], side: int
) -> tuple[Float[Tensor, "people points 2"], Bool[Tensor, "people points"]]:
    """Where true points are in the picture, pixels, and which are in it; the others are put at 0."""
    pixels = project(points_cam, K, near_m=None)
    seen = (points_cam[..., 2] > 0) & (pixels >= 0).all(-1) & (pixels < side).all(-1)
    # A point at z = 0 lands nowhere; its NaN would come back through the gradient of the `where` that leaves it out.
    return torch.where(seen[..., None], pixels, 0.0), seen
