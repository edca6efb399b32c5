"""Validation: the truth itself scores perfectly; who is missed, doubled or can't be found counts as it should."""

from dataclasses import fields, replace

import pytest
import torch

from cuffs.skeleton import INDEX
from tests.trainer.runs import ALONE, CPU, RECIPE
from tests.trainer.test_data_loading import rules_of
from trainer.data.batches import load_batches, pack
from trainer.data.catalogue import Source, open_catalogue
from trainer.data.config import PLAIN, DataConfig
from trainer.data.examples import EverySample
from trainer.metrics import hand_vertices, scores
from trainer.model.camera import project
from trainer.model.mean import neutral_person
from trainer.model.network import build_model
from trainer.model.people import People
from trainer.targets import TargetMaker, take, truth_bodies
from trainer.validate import compare, examine

HEAD = INDEX["head"]


@pytest.fixture(scope="module")
def every(dataset, open_body):
    catalogue = open_catalogue(Source(name="d", path=dataset), split="train", body_sha256=open_body.sha256)
    return EverySample([catalogue], rules_of(open_body, PLAIN), DataConfig())


@pytest.fixture(scope="module")
def batch(every):
    return pack([every[place] for place in range(len(every))]).to_batch(CPU)


@pytest.fixture(scope="module")
def maker(body_layer):
    return TargetMaker(body_layer, RECIPE.model, RECIPE.targets)


def truth_as_found(maker, batch):
    bodies = truth_bodies(maker.body, batch)
    head = bodies.joints[:, HEAD]
    return People(
        image_of=batch.image_of,
        scores=torch.ones(len(head)),
        head_px=project(head[:, None], batch.K[batch.image_of], near_m=None)[:, 0],
        head_cam=head,
        rotvecs=batch.rotvecs,
        bodies=bodies,
    )


def some(people, rows):
    rows = torch.tensor(rows)
    plain = {f.name: getattr(people, f.name)[rows] for f in fields(People) if f.name != "bodies"}
    return People(bodies=take(people.bodies, rows), **plain)


def test_the_truth_is_perfect_in_any_order(maker, batch, open_body):
    found, hands = truth_as_found(maker, batch), hand_vertices(open_body, CPU)
    for rows in (range(4), [3, 1, 0, 2]):
        told = scores(compare(some(found, list(rows)), batch, maker, hands))
        assert (told["precision"], told["recall"], told["f1"]) == (1, 1, 1)
        for name in ("pve_mm", "hands_pve_mm", "mpjpe_mm", "depth_mm"):
            assert told[name] == pytest.approx(0, abs=1e-3)


def test_who_is_missed_and_who_is_doubled(maker, batch, open_body):
    found, hands = truth_as_found(maker, batch), hand_vertices(open_body, CPU)
    assert compare(some(found, [0, 2]), batch, maker, hands).found.tolist() == [2, 0, 2]
    assert compare(some(found, [0, 0, 1, 2, 3, 3]), batch, maker, hands).found.tolist() == [4, 2, 0]


def test_people_whose_heads_are_out_of_the_picture_count_neither_way(maker, batch, open_body):
    hands = hand_vertices(open_body, CPU)
    K = batch.K.clone()
    row = int(batch.image_of[0])
    K[row, 1, 2] -= 25  # the picture begins below the first person's head
    cut = replace(batch, K=K)
    kept = len(maker(cut).kept)
    assert kept == 3
    everyone = truth_as_found(maker, cut)
    assert compare(everyone, cut, maker, hands).found.tolist() == [3, 0, 0]
    assert compare(some(everyone, [1, 2, 3]), cut, maker, hands).found.tolist() == [3, 0, 0]


def test_what_is_no_truth_is_not_measured(maker, batch, open_body):
    unknown = replace(batch, betas_valid=torch.zeros(4, dtype=torch.bool), depth_valid=torch.zeros(4, dtype=torch.bool))
    told = scores(compare(truth_as_found(maker, batch), unknown, maker, hand_vertices(open_body, CPU)))
    assert told["pve_mm"] is None
    assert told["hands_pve_mm"] is None
    assert told["depth_mm"] is None
    assert told["recall"] == 1


def test_examining_looks_at_every_sample_and_leaves_the_network_as_it_was(every, maker, body_layer, open_body):
    model = build_model(RECIPE.model, body_layer, neutral_person(), seed=0).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    places = [[0, 1, 2], [3]]
    batches = load_batches(every, places, workers=0, prefetch=1)
    config = replace(RECIPE.validation, threshold=1e-5, num_pictures=3)
    examined = examine(
        model, maker, batches, config=config, hands=hand_vertices(open_body, CPU), device=ALONE.device
    )  # fmt: skip
    hits, _, missed = examined.total.found.tolist()
    assert hits + missed == 4
    assert [picture.shape for picture in examined.pictures] == [(56, 112, 3)] * 3
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
