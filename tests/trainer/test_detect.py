"""Detection: picks, and people found in pictures."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from cuffs.body import forward as smplx_forward
from cuffs.rotations import rotvec_to_rotmat
from tests.cuffs.strategies import rngs
from tests.trainer.networks import nano_config, nano_model, random_images, random_intrinsics
from trainer.model.picks import find_peaks, seat_people


@given(rngs)
@settings(max_examples=40, deadline=None)
def test_peaks_are_the_largest_of_their_neighbourhood(rng):
    scores = torch.tensor(rng.uniform(size=(3, 6, 6)).round(1))
    picks, values = find_peaks(scores, threshold=0.5, max_people=None)
    expected = [
        (image, row, col)
        for image, row, col in np.ndindex(3, 6, 6)
        if scores[image, row, col] >= 0.5
        and scores[image, row, col] == scores[image, max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2].max()
    ]
    assert list(zip(picks.image_of.tolist(), picks.row.tolist(), picks.col.tolist(), strict=True)) == expected
    assert values.tolist() == [float(scores[place]) for place in expected]


@given(rngs)
@settings(max_examples=20, deadline=None)
def test_a_limit_keeps_the_best_of_each_image(rng):
    scores = torch.tensor(rng.permutation(2 * 64).reshape(2, 8, 8) / 128)
    everyone, values = find_peaks(scores, threshold=0.0, max_people=None)
    few, kept = find_peaks(scores, threshold=0.0, max_people=3)
    for image in range(2):
        best = values[everyone.image_of == image].sort(descending=True).values[:3]
        assert torch.equal(kept[few.image_of == image].sort(descending=True).values, best)


@given(rngs)
@settings(max_examples=20, deadline=None)
def test_a_table_gives_back_the_people_in_any_order(rng):
    image_of = torch.tensor(rng.integers(0, 4, rng.integers(0, 9)), dtype=torch.int64)
    flat = torch.tensor(rng.normal(size=(len(image_of), 5)))
    seating = seat_people(image_of, 4)
    table = seating.to_table(flat)
    assert torch.equal(seating.to_flat(table), flat)
    assert seating.occupied.sum() == len(image_of)
    assert not table[~seating.occupied].any()
    assert seating.occupied.shape[1] == max(1, *torch.bincount(image_of, minlength=4).tolist())


@pytest.fixture(scope="module")
def scene(body_layer):
    rng = np.random.default_rng(0)
    return nano_model(body_layer, nano_config()), random_images(rng, 3), random_intrinsics(rng, 3)


def found(scene, threshold=0.5, **options):
    model, image, K = scene
    return model.detect(image, K, threshold=threshold, **options)


def test_people_found_are_those_told_at_the_peaks(scene):
    model, image, K = scene
    people = found(scene)
    assert len(people.scores) > 3
    with torch.no_grad():
        picks, _ = find_peaks(model(image, K, seat_nobody()).scores, threshold=0.5, max_people=None)
        told = model(image, K, picks)
    ours = sorted(people.bodies.transl.tolist())
    assert np.allclose(ours, sorted(told.bodies.transl.tolist()), atol=1e-5)


def seat_nobody():
    from tests.trainer.networks import picks_of

    return picks_of()


def test_people_come_image_by_image_near_to_far(scene):
    people = found(scene)
    keys = list(zip(people.image_of.tolist(), people.head_cam[:, 2].tolist(), strict=True))
    assert keys == sorted(keys)


def test_all_fields_speak_of_the_same_person(scene, open_body):
    """Parameters give the vertices through the numpy body; the head projects to its pixel."""
    _, _, K = scene
    people = found(scene)
    verts, joints = smplx_forward(
        open_body,
        rotmats=rotvec_to_rotmat(people.rotvecs.numpy()),
        betas=people.bodies.betas.numpy(),
        expression=people.bodies.expression.numpy(),
        transl=people.bodies.transl.numpy(),
    )
    assert np.abs(people.bodies.verts.numpy() - verts).max() < 1e-4
    assert np.abs(people.head_cam.numpy() - joints[:, 15]).max() < 1e-4
    head = people.head_cam / people.head_cam[:, 2:]
    pixels = torch.einsum("pij,pj->pi", K[people.image_of], head)[:, :2]
    assert torch.allclose(pixels, people.head_px, atol=1e-3)


def test_nobody_found_is_an_empty_answer(scene):
    people = found(scene, threshold=1.0)
    assert people.bodies.verts.shape == (0, 10475, 3)
    assert all(len(getattr(people, field.name)) == 0 for field in fields(people) if field.name != "bodies")


def test_a_limit_holds_for_each_image(scene):
    assert torch.bincount(found(scene, max_people=1).image_of).max() == 1
