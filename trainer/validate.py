"""A network on samples that it was not trained on: numbers, and pictures of what it says."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from cuffs.report.draw import caption, overlay
from trainer.batch import Batch
from trainer.data.batches import PackedBatch, denormalise
from trainer.matching import in_a_pair, match_people
from trainer.metrics import HandVertices, Tally, Trusted, empty_tally, person_errors, tally
from trainer.model.camera import project
from trainer.model.network import MultiHmr
from trainer.model.people import Bodies, People
from trainer.recipe import ValidationConfig
from trainer.targets import TargetMaker, take, truth_bodies

NUM_KEYPOINTS = 22
"""Pelvis and body joints: what people are matched by."""

NEAR_M = 0.1
"""Joints nearer than this are projected as if they were this far."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examined:
    """What validation came to."""

    total: Tally
    pictures: tuple[UInt8[np.ndarray, "height width 3"], ...]
    corrupt: tuple[str, ...]


@torch.no_grad()
def examine(
    model: MultiHmr, make_targets: TargetMaker, batches: Iterable[PackedBatch], *, config: ValidationConfig,
    hands: HandVertices, device: torch.device,
) -> Examined:  # fmt: skip
    """Find people in pictures and compare them with those that are there.

    Args:
        model: the network, put into evaluation mode for this.
        make_targets: says who can be found.
        batches: of this rank.
        config: the recipe's `validation`.
        hands: of the body model.
        device: where the network is.
    """
    was_training = model.training
    model.eval()
    total, pictures, corrupt = empty_tally(device), [], []
    for packed in batches:
        corrupt += packed.corrupt
        if not packed.keys:
            continue
        batch = packed.to_batch(device)
        people = model.detect(batch.image, batch.K, threshold=config.threshold, max_people=config.max_people)
        total = total + compare(people, batch, make_targets, hands)
        room = config.num_pictures - len(pictures)
        pictures += [draw(row, people, batch, model) for row in range(min(room, len(batch.image)))]
    model.train(was_training)
    return Examined(total=total, pictures=tuple(pictures), corrupt=tuple(corrupt))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paired:
    """Who was found. Bodies of pairs, row by row, and counts."""

    ours: Bodies
    truth: Bodies
    there: Int64[Tensor, " pairs"]
    """Rows of the batch's people."""

    missed: Int64[Tensor, " missed"]
    """Likewise, of those who could have been found."""

    extra: int
    """People who were found and aren't there."""


def pair_up(people: People, batch: Batch, make_targets: TargetMaker) -> Paired:
    """Pair people found with people there.

    People there whose head is out of the picture or behind another's can't be found: they are not missed, and who
    finds them all the same is neither right nor wrong.
    """
    truth = truth_bodies(make_targets.body, batch)
    pairs = match_people(
        _keypoints(people.bodies.joints, batch.K[people.image_of]),
        _keypoints(truth.joints, batch.K[batch.image_of]),
        found_image=people.image_of,
        true_image=batch.image_of,
    )
    findable = in_a_pair(make_targets(batch).kept, len(batch.image_of))
    found, there = pairs[findable[pairs[:, 1]]].unbind(1)
    return Paired(
        ours=take(people.bodies, found),
        truth=take(truth, there),
        there=there,
        missed=(findable & ~in_a_pair(there, len(batch.image_of))).nonzero()[:, 0],
        extra=len(people.scores) - len(pairs),
    )


def compare(people: People, batch: Batch, make_targets: TargetMaker, hands: HandVertices) -> Tally:
    """Errors and counts of one batch, by `pair_up`."""
    paired = pair_up(people, batch, make_targets)
    there = paired.there
    errors = person_errors(paired.ours, paired.truth, hands)
    valid = batch.hand_valid.all(1) & batch.face_valid & batch.expression_valid & batch.betas_valid
    trusted = Trusted(
        shape=valid[there],
        hands=batch.hand_valid[there] & batch.betas_valid[there, None],
        depth=batch.depth_valid[there],
    )
    counts = torch.tensor([len(there), paired.extra, len(paired.missed)], device=batch.image.device)
    return tally(errors, trusted, counts.double())


def _keypoints(joints: Tensor, K: Tensor) -> Tensor:
    return project(joints[:, :NUM_KEYPOINTS], K, near_m=NEAR_M)


def draw(row: int, people: People, batch: Batch, model: MultiHmr) -> UInt8[np.ndarray, "height width 3"]:
    """One picture and what was found in it, side by side."""
    picture = denormalise(batch.image[row])
    bodies = [verts.double().cpu().numpy() for verts in people.bodies.verts[people.image_of == row]]
    faces, K = model.body.faces.cpu().numpy(), batch.K[row].double().cpu().numpy()
    drawn = overlay(picture, bodies, faces, K) if bodies else picture
    return np.concatenate([caption(picture, batch.keys[row]), caption(drawn, f"{len(bodies)} found")], 1)
