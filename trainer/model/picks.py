"""Which patches hold a person's head, and how a ragged set of people becomes a table."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torch.nn.functional import max_pool2d


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picks:
    """Patches of the primary keypoint, one a person, as one flat list over all images; maybe none."""

    image_of: Int64[Tensor, " people"]
    row: Int64[Tensor, " people"]
    col: Int64[Tensor, " people"]

    def patch(self, num_patches: int) -> Int64[Tensor, " people"]:
        """Number of the patch, rows first, where a side has `num_patches`."""
        return self.row * num_patches + self.col


def find_peaks(
    scores: Float[Tensor, "images rows cols"], *, threshold: float | Float[Tensor, ""], max_people: int | None
) -> tuple[Picks, Float[Tensor, " people"]]:
    """Patches whose score is at least the threshold and the largest of the 3x3 around them.

    Args:
        scores: of all patches.
        threshold: 0.3 for pictures to look at, 0.2 for evaluation.
        max_people: of one image; the best are kept. None keeps all.

    Returns:
        The picks, image by image and rows first, and their scores.
    """
    best_around = max_pool2d(scores[:, None], 3, stride=1, padding=1)[:, 0]
    peak = (scores >= threshold) & (scores == best_around)
    if max_people is not None:
        flat = torch.where(peak, scores, -torch.inf).flatten(1)
        rank = flat.argsort(dim=1, descending=True, stable=True).argsort(1)
        peak &= (rank < max_people).view_as(peak)
    image_of, row, col = peak.nonzero(as_tuple=True)
    return Picks(image_of=image_of, row=row, col=col), scores[image_of, row, col]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seating:
    """Where each person of the flat list sits in a table with one row an image; the other seats are empty."""

    image_of: Int64[Tensor, " people"]
    seat: Int64[Tensor, " people"]
    occupied: Bool[Tensor, "images seats"]

    def to_table(self, flat: Float[Tensor, "people width"]) -> Float[Tensor, "images seats width"]:
        """People at their seats, zeros at empty ones."""
        table = flat.new_zeros(*self.occupied.shape, flat.shape[-1])
        return table.index_put((self.image_of, self.seat), flat)

    def to_flat(self, table: Float[Tensor, "images seats width"]) -> Float[Tensor, "people width"]:
        """The people of a table."""
        return table[self.image_of, self.seat]


def seat_people(image_of: Int64[Tensor, " people"], num_images: int) -> Seating:
    """Seats for people in any order. At least one seat a row, so that nothing has to work on empty tables."""
    if num_images == 1:
        # In order, with a seat to spare: nothing to count, so no wait for the GPU, and ONNX can express it.
        seat = torch.ones_like(image_of).cumsum(0) - 1
        occupied = torch.cat([torch.ones_like(seat, dtype=torch.bool), image_of.new_zeros(1, dtype=torch.bool)])
        return Seating(image_of=image_of, seat=seat, occupied=occupied[None])
    same_image = image_of[:, None] == image_of
    seat = same_image.tril(-1).sum(1)
    num_seats = int(seat.max()) + 1 if len(seat) else 1
    occupied = torch.zeros(num_images, num_seats, dtype=torch.bool, device=image_of.device)
    occupied[image_of, seat] = True
    return Seating(image_of=image_of, seat=seat, occupied=occupied)
