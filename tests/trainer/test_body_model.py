"""The torch body against the numpy one, which is held against `smplx`."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from cuffs.body import find_body_model, forward, landmarks
from cuffs.places import cache_folder
from cuffs.rotations import rotvec_to_rotmat
from tests.cuffs.strategies import rngs
from trainer.body_model import SmplxLayer

AGREE_M = 2e-6

PARTS = {
    "global_orient": slice(0, 1), "body_pose": slice(1, 22), "jaw_pose": slice(22, 23), "leye_pose": slice(23, 24),
    "reye_pose": slice(24, 25), "left_hand_pose": slice(25, 40), "right_hand_pose": slice(40, 55),
}  # fmt: skip


@pytest.fixture(scope="module")
def body():
    return find_body_model(cache_folder())


@pytest.fixture(scope="module")
def layer(body):
    return SmplxLayer(body)


@pytest.fixture(scope="module")
def reference(body):
    """The unmodified `smplx` package on the same file; not there on machines that only train."""
    smplx = pytest.importorskip("smplx")
    options = {"use_pca": False, "flat_hand_mean": True, "num_betas": 10, "batch_size": 3, "dtype": torch.float64}
    return smplx.create(str(body.path), "smplx", **options)


def random_people(rng, count):
    return {
        "rotmats": rotvec_to_rotmat(rng.normal(size=(count, 55, 3)) * 0.5),
        "betas": rng.normal(size=(count, 10)),
        "expression": rng.normal(size=(count, 10)),
        "transl": rng.normal(size=(count, 3)),
    }


def as_tensors(people):
    return {name: torch.tensor(value, dtype=torch.float32) for name, value in people.items()}


@given(rngs)
@settings(max_examples=6, deadline=None)
def test_torch_and_numpy_agree(body, layer, rng):
    people = random_people(rng, 3)
    verts, joints = forward(body, **people)
    with torch.no_grad():
        ours_verts, ours_joints = layer(**as_tensors(people))
        ours_landmarks = layer.landmarks(ours_verts)
    assert np.abs(ours_verts.numpy() - verts).max() < AGREE_M
    assert np.abs(ours_joints.numpy() - joints).max() < AGREE_M
    assert np.abs(ours_landmarks.numpy() - landmarks(body, verts)).max() < AGREE_M


@given(rngs)
@settings(max_examples=6, deadline=None)
def test_numpy_and_torch_both_agree_with_smplx_in_float64(body, layer, reference, rng):
    pose, people = rng.normal(size=(3, 55, 3)) * 0.5, random_people(rng, 3)
    people["rotmats"] = rotvec_to_rotmat(pose)
    arguments = {name: torch.tensor(pose[:, rows].reshape(3, -1)) for name, rows in PARTS.items()}
    arguments |= {name: torch.tensor(people[name]) for name in ("betas", "expression", "transl")}
    with torch.no_grad():
        expected = reference(**arguments)
        verts, joints = layer(**as_tensors(people))
        joints = torch.cat([joints, layer.landmarks(verts)], 1)
    numpy_verts, numpy_joints = forward(body, **people)
    numpy_joints = np.concatenate([numpy_joints, landmarks(body, numpy_verts)], 1)
    for ours, theirs in ((verts, expected.vertices), (joints, expected.joints)):
        assert np.abs(ours.numpy() - theirs.numpy()).max() < AGREE_M
    for ours, theirs in ((numpy_verts, expected.vertices), (numpy_joints, expected.joints)):
        assert np.abs(ours - theirs.numpy()).max() < AGREE_M


def test_nobody_gives_nobody(layer):
    verts, joints = layer(**as_tensors(random_people(np.random.default_rng(0), 0)))
    assert verts.shape == (0, 10475, 3)
    assert joints.shape == (0, 55, 3)


def test_gradients_reach_every_input(layer):
    tensors = {
        name: value.requires_grad_() for name, value in as_tensors(random_people(np.random.default_rng(0), 2)).items()
    }
    verts, _ = layer(**tensors)
    verts.square().sum().backward()
    assert all(value.grad.abs().max() > 0 for value in tensors.values())


def test_a_checkpoint_holds_nothing_of_the_body_model(layer):
    """The files are licensed: weights with a body model inside could not be shared."""
    assert layer.state_dict() == {}
    assert list(layer.parameters()) == []


def test_autocast_does_not_lower_the_bodys_precision(layer):
    tensors = as_tensors(random_people(np.random.default_rng(0), 2))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        verts, _ = layer(**tensors)
    with torch.no_grad():
        expected, _ = layer(**tensors)
    assert verts.dtype == torch.float32
    assert torch.equal(verts, expected)
