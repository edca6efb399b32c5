"""Distances between meshes and joints, in millimetres, as benchmarks define them."""

import numpy as np
import torch
from jaxtyping import Bool, Float

from trainer.evaluate.shots import MM
from trainer.metrics import align_similarity

Points = Float[np.ndarray, "points 3"]


def centred_mm(
    ours: Points, truth: Points, our_root: Float[np.ndarray, "3"], true_root: Float[np.ndarray, "3"]
) -> float:  # fmt: skip
    """Mean distance of paired points when the roots are put on each other."""
    return MM * float(np.linalg.norm((ours - our_root) - (truth - true_root), axis=-1).mean())


def aligned_mm(ours: Points, truth: Points) -> float:
    """Mean distance after the similarity that brings ours closest (least squares)."""
    first, second = torch.from_numpy(np.stack([ours, truth])).double()[:, None].unbind(0)
    return MM * float((align_similarity(first, second) - second).norm(dim=-1).mean())


def within(
    ours: Points, truth: Points, our_root: Float[np.ndarray, "3"], true_root: Float[np.ndarray, "3"], *, limit_mm: float
) -> Bool[np.ndarray, " points"]:  # fmt: skip
    """Which points are less than a limit off, roots put on each other: PCK3D's right and wrong."""
    return MM * np.linalg.norm((ours - our_root) - (truth - true_root), axis=-1) < limit_mm
