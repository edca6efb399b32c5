"""Rotations in torch: agreement with numpy's float64 ones, round trips, means."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs import rotations as reference
from tests.cuffs.strategies import rngs
from tests.trainer import formulas
from trainer.model.mean import POSED, PeopleValid, mean_person, neutral_person
from trainer.model.rotations import (
    mean_rotation,
    rotmat_to_rotvec,
    rotmat_to_sixd,
    rotvec_to_rotmat,
    sixd_to_rotmat,
)


def rotvecs(rng, angle):
    axes = rng.normal(size=(20, 3))
    return axes / np.linalg.norm(axes, axis=1, keepdims=True) * angle


@given(rngs, st.floats(0, np.pi - 1e-3) | st.floats(0, 1e-3))
@settings(max_examples=60, deadline=None)
def test_rotation_vectors_and_matrices_are_each_others_inverse(rng, angle):
    vectors = torch.tensor(rotvecs(rng, angle))
    assert np.allclose(rotvec_to_rotmat(vectors), reference.rotvec_to_rotmat(vectors.numpy()), atol=1e-12)
    assert torch.allclose(rotmat_to_rotvec(rotvec_to_rotmat(vectors)), vectors, atol=1e-9)
    single = vectors.float()
    assert torch.allclose(rotmat_to_rotvec(rotvec_to_rotmat(single)), single, atol=2e-3 if angle > 3 else 1e-5)


def test_half_turns_come_back_as_half_turns():
    for axis in (*np.eye(3), np.array([1, 1, 0]) / 2**0.5, np.array([0, 1, -1]) / 2**0.5):
        matrix = rotvec_to_rotmat(torch.tensor(axis * np.pi))
        again = rotvec_to_rotmat(rotmat_to_rotvec(matrix))
        assert torch.allclose(again, matrix, atol=1e-7)


def test_gradients_are_finite_at_no_rotation():
    zero = torch.zeros(1, 3, requires_grad=True)
    rotvec_to_rotmat(zero).sum().backward()
    assert zero.grad.isfinite().all()


@given(rngs)
@settings(max_examples=20, deadline=None)
def test_six_numbers_give_a_rotation_by_the_formula_and_come_back_from_one(rng):
    six = rng.normal(size=(10, 6))
    ours = sixd_to_rotmat(torch.tensor(six))
    assert np.allclose(ours, [formulas.rotation_from_sixd(row) for row in six], atol=1e-9)
    assert torch.allclose(ours @ ours.mT, torch.eye(3).double().expand(10, 3, 3), atol=1e-9)
    assert torch.allclose(torch.linalg.det(ours), torch.ones(10).double())
    assert torch.allclose(sixd_to_rotmat(rotmat_to_sixd(ours)), ours)
    assert torch.allclose(rotmat_to_sixd(torch.eye(3)), torch.tensor([1.0, 0, 0, 0, 1, 0]))


def test_numbers_that_mean_no_rotation_give_nan():
    for six in ([0.0] * 6, [1.0, 0, 0, 2.0, 0, 0]):
        assert sixd_to_rotmat(torch.tensor(six)).isnan().any()


@given(rngs)
@settings(max_examples=20, deadline=None)
def test_the_mean_rotation_is_nearest_of_all_and_turns_with_its_data(rng):
    rotmats = rotvec_to_rotmat(torch.tensor(rng.normal(size=(7, 2, 3))))
    weights = torch.tensor(rng.uniform(0, 1, size=(7, 2)))
    mean = mean_rotation(rotmats, weights)
    turn = rotvec_to_rotmat(torch.tensor(rng.normal(size=3)))
    assert torch.allclose(mean_rotation(turn @ rotmats, weights), turn @ mean, atol=1e-6)

    def distance(candidate):
        return (weights * (rotmats - candidate).square().sum((-1, -2))).sum(0)

    nearby = rotvec_to_rotmat(torch.tensor(rng.normal(size=(20, 2, 3)) * 0.1)) @ mean
    assert all((distance(mean) <= distance(candidate) + 1e-9).all() for candidate in nearby)


def everyone(count):
    yes = torch.ones(count, dtype=torch.bool)
    return PeopleValid(hand=yes[:, None].expand(-1, 2), face=yes, expression=yes, depth=yes, betas=yes)


def test_the_mean_of_one_person_is_that_person_and_of_nobody_the_neutral_one():
    rng = np.random.default_rng(0)
    pose, numbers = torch.tensor(rng.normal(size=(1, 55, 3)), dtype=torch.float32), torch.randn(1, 10)
    mean = mean_person(pose, numbers, numbers * 2, depth_code=torch.tensor([0.7]), valid=everyone(1))
    assert torch.allclose(sixd_to_rotmat(mean.pose_sixd), rotvec_to_rotmat(pose)[0, list(POSED)], atol=1e-5)
    assert torch.allclose(mean.betas, numbers[0])
    assert torch.allclose(mean.expression, numbers[0] * 2)
    assert abs(mean.depth_code - 0.7) < 1e-6
    nobody = mean_person(pose[:0], numbers[:0], numbers[:0], depth_code=torch.zeros(0), valid=everyone(0))
    assert torch.equal(nobody.pose_sixd, neutral_person().pose_sixd)
    assert nobody.depth_code == neutral_person().depth_code


def test_a_mean_takes_each_part_from_those_who_have_it():
    rng = np.random.default_rng(0)
    pose, numbers = torch.tensor(rng.normal(size=(2, 55, 3)), dtype=torch.float32), torch.randn(2, 10)
    only_first, only_second = torch.tensor([True, False]), torch.tensor([False, True])
    valid = PeopleValid(
        hand=torch.stack([only_first, only_second], 1), face=only_second, expression=only_first,
        depth=only_second, betas=only_first,
    )  # fmt: skip
    mean = mean_person(pose, numbers, numbers, depth_code=torch.tensor([0.1, 0.9]), valid=valid)
    rotmats = dict(zip(POSED, sixd_to_rotmat(mean.pose_sixd), strict=True))
    truth = rotvec_to_rotmat(pose)
    for joint, person in ((30, 0), (45, 1), (22, 1)):
        assert torch.allclose(rotmats[joint], truth[person, joint], atol=1e-5)
    assert torch.allclose(mean.betas, numbers[0])
    assert abs(mean.depth_code - 0.9) < 1e-6
