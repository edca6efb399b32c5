"""The laws that every reader rests on (`pose_formats.md`, 7)."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cuffs.body.model import forward
from cuffs.rotations import mirror_rotvec, rotvec_to_rotmat
from pose_sources.frames import Z_FROM_CAMERA, Z_FROM_Y, is_rotation, turned_root, turned_transl
from pose_sources.json_index import open_json, parse
from pose_sources.mean_hand import MeanHand, hands_measured
from pose_sources.mirror import mirror_pose, mirror_sample
from pose_sources.npz_rows import RowReader, open_rows
from tests.pose_sources.people_fixtures import MEAN, make_person

ANGLES = st.floats(-3.0, 3.0)
POSES = arrays(np.float64, (55, 3), elements=ANGLES)


@given(POSES)
@settings(max_examples=50, deadline=None)
def test_mirroring_twice_changes_nothing(pose):
    assert np.array_equal(mirror_pose(mirror_pose(pose)), pose)


def test_a_mirrored_sample_mirrored_again_is_the_sample(made_up):
    for sample in made_up[:10]:
        again = mirror_sample(mirror_sample(sample))
        assert np.array_equal(again.pose, sample.pose)
        assert (again.origin, again.valid) == (sample.origin, sample.valid)


@given(arrays(np.float64, (2, 15, 3), elements=ANGLES))
@settings(max_examples=50, deadline=None)
def test_relative_hands_made_absolute_and_back_are_the_same(hands):
    mean = MeanHand(MEAN)
    assert np.allclose(mean.relative(mean.absolute(hands)), hands, atol=1e-12)
    assert np.allclose(mean.absolute(mean.relative(hands)), hands, atol=1e-12)


def test_the_mean_hands_are_each_others_mirror_image_and_count_as_unmeasured(body):
    assert np.allclose(mirror_rotvec(MEAN[1]), MEAN[0], atol=1e-16)
    assert np.allclose(mirror_rotvec(body.hands_mean[1].reshape(15, 3)), body.hands_mean[0].reshape(15, 3))
    assert hands_measured(MEAN) == hands_measured(np.zeros((2, 15, 3))) == (False, False)
    assert hands_measured(MEAN + np.array([0, 0.01])[:, None, None]) == (False, True)


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_turned_parameters_give_turned_points(body, seed):
    """Rule 0.2: R0' = R R0, transl' = R (j0 + transl) - j0 + t."""
    rng = np.random.default_rng(seed)
    person = make_person(rng, 10)
    R, t = rotvec_to_rotmat(rng.normal(0, 2, 3)), rng.normal(0, 3, 3)
    j0 = body.joint_template[0] + body.joint_shapedirs[0, :, :10] @ person.betas
    moved = person.pose.copy()
    moved[0] = turned_root(R, moved[0])
    transl = turned_transl(R, person.transl, j0)
    known = {"betas": person.betas, "expression": np.zeros(0)}
    _, points = forward(body, rotmats=rotvec_to_rotmat(person.pose), transl=person.transl, **known)
    _, after = forward(body, rotmats=rotvec_to_rotmat(moved), transl=transl + t, **known)
    assert np.abs(after - (points @ R.T + t)).max() < 1e-5


def test_our_world_is_reached_by_rotations_that_take_up_to_z():
    assert is_rotation(Z_FROM_Y)
    assert is_rotation(Z_FROM_CAMERA)
    assert not is_rotation(np.diag([1.0, 1, -1]))
    assert np.array_equal(Z_FROM_Y @ [0, 1, 0], [0, 0, 1])
    assert np.array_equal(Z_FROM_CAMERA @ [0, -1, 0], [0, 0, 1])  # a camera's y points down
    assert turned_transl(Z_FROM_Y, np.zeros(3), None) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=6) | st.lists(JSON, max_size=6), st.sampled_from([None, 1]))
@settings(max_examples=150, deadline=None)
def test_members_of_any_json_file_are_found_where_they_lie(tmp_path_factory, data, indent):
    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_text(json.dumps(data, indent=indent))
    with open_json(path) as file:
        found = [(one.key, parse(file.view[one.start : one.stop], path, one.start)) for one in file.members()]
    named = data.items() if isinstance(data, dict) else (("", value) for value in data)
    assert [value for _, value in found] == [value for _, value in named if isinstance(value, (dict, list))]
    if isinstance(data, dict):
        assert dict(found) == {key: value for key, value in data.items() if isinstance(value, (dict, list))}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@given(first=st.integers(0, 6), count=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_rows_read_where_they_lie_are_the_rows(tmp_path_factory, save, first, count, seed):
    rng = np.random.default_rng(seed)
    told = {
        "a": rng.normal(size=(10, 3)), "b": np.arange(10, dtype=np.float32),
        "c": np.array([f"name{n}" for n in range(10)]),
        "d": np.asfortranarray(rng.normal(size=(10, 4, 4))), "e": np.array([b"x", b"yz"] * 5), "f": np.zeros(3),
    }  # fmt: skip
    path = tmp_path_factory.mktemp("rows") / "a.npz"
    save(path, **told)
    file = open_rows(path, "a.npz", frozenset("abcde"), leading="a")
    found = RowReader().read(file, "abcdez", first, first + count)
    assert set(found) == set("abcde")
    for key, array in found.items():
        assert array.dtype == told[key].dtype
        assert np.array_equal(array, told[key][first : first + count])
