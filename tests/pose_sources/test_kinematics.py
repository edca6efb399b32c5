import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.errors import GeometryError
from pose_sources.capsules import segment_distances
from pose_sources.kinematics import reach, turn, turn_xyz

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS)
@settings(max_examples=80, deadline=None)
def test_a_limb_ends_at_its_target_with_the_joint_stuck_out_to_the_pole(seed):
    rng = np.random.default_rng(seed)
    upper, lower = np.array([0.28, 0.01, 0.0]), np.array([0.25, -0.01, 0.02])
    hinge = np.array([0.0, -1.0, 0.0])
    target = rng.normal(size=3)
    target *= rng.uniform(0.15, 0.5) / np.linalg.norm(target)
    pole = np.cross(target, rng.normal(size=3))
    root, middle = reach(upper, lower, hinge, target, pole)
    assert np.allclose(root @ (upper + middle @ lower), target, atol=1e-9)
    stuck_out = root @ upper
    assert stuck_out @ pole > 0
    assert abs(stuck_out @ np.cross(target, pole)) < 0.05 * np.linalg.norm(target) * np.linalg.norm(pole)


def test_a_target_out_of_reach_is_pointed_at():
    upper, lower, far = np.array([0.3, 0.0, 0.0]), np.array([0.3, 0.0, 0.0]), np.array([0.0, 2.0, 0.0])
    root, middle = reach(upper, lower, np.array([0.0, -1.0, 0.0]), far, np.array([0.0, 0.0, -1.0]))
    assert np.allclose(root @ (upper + middle @ lower), [0, 0.6, 0])


def test_a_target_that_a_limb_can_not_fold_to_is_refused():
    upper, lower = np.array([0.4, 0.0, 0.0]), np.array([0.1, 0.0, 0.0])
    with pytest.raises(GeometryError, match="folded"):
        reach(upper, lower, np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.05, 0.0]), np.array([0.0, 0.0, -1.0]))


@given(st.tuples(*[st.floats(-180, 180)] * 3))
@settings(max_examples=50, deadline=None)
def test_three_turns_at_once_are_three_turns(angles):
    x, y, z = np.eye(3)
    assert np.allclose(turn_xyz(np.array(angles)), turn(x, angles[0]) @ turn(y, angles[1]) @ turn(z, angles[2]))


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_segment_distances_agree_with_a_fine_search(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(3, 2, 3)), rng.normal(size=(2, 2, 3))
    a[0, 1] = a[0, 0] + 1e-9  # a point
    b[0] = a[1] + [0, 0, 1]  # parallel
    grid = np.linspace(0, 1, 201)[:, None]
    for m in range(3):
        for n in range(2):
            p = a[m, 0] + grid * (a[m, 1] - a[m, 0])
            q = b[n, 0] + grid * (b[n, 1] - b[n, 0])
            fine = np.linalg.norm(p[:, None] - q[None], axis=-1).min()
            found = segment_distances(a, b)[m, n]
            assert found <= fine + 1e-7
            assert found >= fine - 0.03
