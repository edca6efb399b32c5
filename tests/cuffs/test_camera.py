"""Laws of projection and of the conventions (README, Conventions)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.camera import fov_deg, in_frame, intrinsics, inverse, look_at, project, transform, unproject
from cuffs.errors import GeometryError
from tests.cuffs.strategies import random_rigid, rngs


@given(rngs, st.floats(10, 150))
@settings(deadline=None)
def test_unproject_undoes_project(rng, fov):
    K = intrinsics(fov_x_deg=fov, width=640, height=480, offset_px=(13.0, -7.0))
    points = rng.uniform([-2, -1, 0.5], [2, 1, 9], size=(50, 3))
    assert np.allclose(unproject(project(points, K), points[:, 2], K), points)


@given(st.floats(5, 170), st.integers(16, 4000), st.integers(16, 4000))
def test_the_angle_asked_for_is_the_angle_seen(fov, width, height):
    K = intrinsics(fov_x_deg=fov, width=width, height=height)
    assert np.isclose(fov_deg(K, width=width, height=height)[0], fov)


@given(rngs)
@settings(deadline=None)
def test_inverse_undoes_transform(rng):
    T = random_rigid(rng)
    points = rng.normal(size=(20, 3))
    assert np.allclose(transform(inverse(T), transform(T, points)), points)


@given(rngs, st.floats(-3, 3))
@settings(deadline=None)
def test_what_is_looked_at_lies_on_the_optical_axis_at_its_distance(rng, roll):
    eye, target = rng.uniform(-3, 3, size=(2, 3)) + [[0, 0, 0], [5, 0, 0]]
    T_world_cam = look_at(eye_world=eye, target_world=target, roll_rad=roll)
    seen = transform(inverse(T_world_cam), target[None])[0]
    assert np.allclose(seen, [0, 0, np.linalg.norm(target - eye)], atol=1e-9)
    assert np.isclose(np.linalg.det(T_world_cam[:3, :3]), 1)


def test_a_level_camera_sees_up_as_up_and_the_persons_left_on_the_right():
    """Golden: y down, x right. Someone facing the camera has their left on the picture's right."""
    T_world_cam = look_at(eye_world=np.array([3.0, 0, 1]), target_world=np.array([0.0, 0, 1]))
    K = intrinsics(fov_x_deg=50, width=100, height=100)
    middle, above, left_of_person = project(
        transform(inverse(T_world_cam), np.array([[0, 0, 1.0], [0, 0, 1.5], [0, 0.5, 1]])), K
    )
    assert np.allclose(middle, [50, 50])
    assert above[1] < 50
    assert left_of_person[0] > 50


def test_the_frame_is_half_open():
    """A head at exactly `width` is outside; at exactly 0 it is inside."""
    K = intrinsics(fov_x_deg=90, width=100, height=100)
    edge = unproject(
        np.array([[0.0, 0], [100, 50], [50, 100], [99.999, 99.999], [50, 50]]), np.array([1.0, 1, 1, 1, -1]), K
    )
    assert in_frame(edge, K, width=100, height=100).tolist() == [True, False, False, True, False]


def test_a_point_behind_the_camera_is_an_error_not_a_pixel():
    with pytest.raises(GeometryError, match="1 of 2"):
        project(np.array([[0, 0, 1.0], [0, 0, -1]]), np.eye(3))
