"""A network on samples that it was not trained on: numbers, and pictures of what it says."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from cuffs.report.draw import caption, overlay
from trainer.batch import Batch
from trainer.data.batches import PackedBatch, denormalise
from trainer.matching import in_a_pair, match_people
from trainer.metrics import HandVertices, Tally, Trusted, empty_tally, person_errors, tally
from trainer.model.camera import project
from trainer.model.network import MultiHmr
from trainer.model.people import People
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


def compare(people: People, batch: Batch, make_targets: TargetMaker, hands: HandVertices) -> Tally:
    """Errors and counts of one batch.

    People there whose head is out of the picture or behind another's can't be found: they are not missed, and who
    finds them all the same is neither right nor wrong.
    """
    truth = truth_bodies(make_targets.body, batch)
    targets = make_targets(batch)
    pairs = match_people(
        _keypoints(people.bodies.joints, batch.K[people.image_of]),
        _keypoints(truth.joints, batch.K[batch.image_of]),
        found_image=people.image_of,
        true_image=batch.image_of,
    )
    findable = in_a_pair(targets.kept, len(batch.image_of))
    counted = pairs[findable[pairs[:, 1]]]
    found, there = counted.unbind(1)
    hits = len(counted)
    extra = len(people.scores) - len(pairs)
    errors = person_errors(take(people.bodies, found), take(truth, there), hands)
    valid = batch.hand_valid.all(1) & batch.face_valid & batch.expression_valid & batch.betas_valid
    trusted = Trusted(
        shape=valid[there],
        hands=batch.hand_valid[there] & batch.betas_valid[there, None],
        depth=batch.depth_valid[there],
    )
    counts = torch.tensor([hits, extra, int(findable.sum()) - hits], device=batch.image.device)
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
