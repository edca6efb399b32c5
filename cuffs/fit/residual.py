"""Distances between the target and the fitted body, by part."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from cuffs.body import BodyModel, body_parts
from cuffs.records import FitResidual, ResidualStats
from cuffs.skeleton import EYEBALLS

Array = np.ndarray


def skin_parts(model: BodyModel) -> dict[str, Int[Array, " _"]]:
    """The body's parts without the eyeballs, whose vertices hide what they weigh."""
    eyeballs = np.concatenate([np.arange(run.start, run.stop) for run in EYEBALLS.values()])
    return {name: np.setdiff1d(numbers, eyeballs) for name, numbers in body_parts(model).items()}


def residual_by_part(
    fitted: Float[Array, "verts 3"], targets: Float[Array, "verts 3"], parts: Mapping[str, Int[Array, " _"]]
) -> FitResidual:
    """Mean, 95th and 99th percentile and largest distance of every part, millimetres.

    Args:
        fitted: the label's body, metres.
        targets: the carried vertices, metres.
        parts: from `skin_parts`.
    """
    distance_mm = np.linalg.norm(fitted - targets, axis=1) * 1e3
    return FitResidual(**{name: _stats(distance_mm[numbers]) for name, numbers in parts.items()})


def _stats(distance_mm: Float[Array, " n"]) -> ResidualStats:
    p95, p99 = np.percentile(distance_mm, [95, 99])
    values = (round(float(value), 4) for value in (distance_mm.mean(), p95, p99, distance_mm.max()))
    mean, p95, p99, largest = values
    return ResidualStats(mean=mean, p95=p95, p99=p99, max=largest)
