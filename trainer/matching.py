"""Who of the people found is who of the people there: greedy by distance of 2D joints, one picture at a time."""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

MIN_IOU = 0.05
"""Pairs whose boxes around their 2D joints overlap less are nobody's match."""


def match_people(
    found_px: Float[Tensor, "found joints 2"],
    true_px: Float[Tensor, "true joints 2"],
    *,
    found_image: Int64[Tensor, " found"],
    true_image: Int64[Tensor, " true"],
) -> Int64[Tensor, "pairs 2"]:
    """Pairs (row of found, row of true), the nearest pair of what is left first. Nobody is in two pairs.

    Args:
        found_px: 2D joints of the people found, pixels.
        true_px: the same joints of the people there.
        found_image: picture of each.
        true_image: likewise.
    """
    distance = (found_px[:, None] - true_px).norm(dim=-1).mean(-1)
    allowed = (found_image[:, None] == true_image) & (box_iou(boxes(found_px)[:, None], boxes(true_px)) >= MIN_IOU)
    distance = torch.where(allowed, distance, torch.inf)
    pairs = []
    while distance.numel() and torch.isfinite(smallest := distance.min()):
        row, column = (distance == smallest).nonzero()[0].tolist()
        pairs.append((row, column))
        distance[row], distance[:, column] = torch.inf, torch.inf
    return torch.tensor(pairs, dtype=torch.int64, device=distance.device).reshape(-1, 2)


def boxes(points_px: Float[Tensor, "people joints 2"]) -> Float[Tensor, "people 4"]:
    """Smallest boxes around points: x and y of the least corner, then of the largest."""
    return torch.cat([points_px.amin(1), points_px.amax(1)], -1)


def box_iou(first: Float[Tensor, "*#batch 4"], second: Float[Tensor, "*#batch 4"]) -> Float[Tensor, "*batch"]:
    """Area that two boxes share over the area that they cover; 0 where both are points."""
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    covered = _area(first) + _area(second) - shared
    return torch.where(covered > 0, shared / covered.clamp(min=1e-12), torch.zeros_like(shared))


def _area(box: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch"]:
    return (box[..., 2:] - box[..., :2]).prod(-1)


def in_a_pair(pairs: Int64[Tensor, " pairs"], count: int) -> Bool[Tensor, " count"]:
    """Which of `count` rows are in a list of rows."""
    found = torch.zeros(count, dtype=torch.bool, device=pairs.device)
    found[pairs] = True
    return found
