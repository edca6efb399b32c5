"""Lens distortion: labels through it, pictures through it, and the way back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.camera import intrinsics, look_at, project
from cuffs.errors import GeometryError
from cuffs.lens import bend, distort, edge_radius, straight_pixels, undistort
from cuffs.records import CameraSpec, ImageSpec
from cuffs.scene.effects_config import EffectsConfig, distortion_holds, sample_distortion
from cuffs.warp import looked_up, plan_warp, smoothly_looked_up
from tests.cuffs.strategies import rngs

IMAGE = ImageSpec(width=120, height=90)
LENSES = EffectsConfig(distortion_share=1.0, distortion_k1=(-0.2, 0.1), distortion_k2=(-0.02, 0.03))


def camera_with(rng, distortion):
    K = intrinsics(fov_x_deg=float(rng.uniform(30, 75)), width=120, height=90, offset_px=tuple(rng.uniform(-6, 6, 2)))
    T = look_at(eye_world=np.array([0, -2.0, 1.0]), target_world=np.zeros(3), roll_rad=0.0)
    return CameraSpec(K=K, T_world_cam=T, distortion=distortion)


@given(rngs)
@settings(max_examples=60, deadline=None)
def test_undistorting_undoes_distorting(rng):
    distortion = sample_distortion(LENSES, rng)
    xy = rng.uniform(-0.8, 0.8, (50, 2))
    assert np.allclose(undistort(distort(xy, distortion), distortion), xy, atol=1e-8)


@given(rngs)
@settings(max_examples=30, deadline=None)
def test_bent_points_project_by_k_alone_to_where_opencvs_formula_puts_them(rng):
    """The formula written out once more, as OpenCV's manual has it."""
    k1, k2, p1, p2, k3 = distortion = sample_distortion(LENSES, rng)
    points = rng.uniform([-0.5, -0.5, 1], [0.5, 0.5, 4], (40, 3))
    K = camera_with(rng, None).K
    x, y = points[:, 0] / points[:, 2], points[:, 1] / points[:, 2]
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    u = K[0, 0] * (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)) + K[0, 2]
    v = K[1, 1] * (y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y) + K[1, 2]
    bent = bend(points, distortion)
    assert np.allclose(project(bent, K), np.stack([u, v], 1), atol=1e-9)
    assert (bent[:, 2] == points[:, 2]).all()
    assert np.allclose(straight_pixels(project(bent, K), K, distortion), project(points, K), atol=1e-6)


@given(rngs)
@settings(max_examples=60, deadline=None)
def test_no_point_behind_the_frames_edge_appears_within_it(rng):
    """The polynomial folds back far outside; its continuation must not."""
    distortion = sample_distortion(LENSES, rng)
    radius = np.linspace(0, 12, 400)
    angle = rng.uniform(0, 2 * np.pi)
    ray = np.stack([np.cos(angle) * radius, np.sin(angle) * radius], 1)
    seen = np.linalg.norm(distort(ray, (*distortion[:2], 0.0, 0.0, 0.0)), axis=1)
    assert (np.diff(seen) > 0).all()
    assert 0 < edge_radius(distortion) <= 3


@given(rngs)
@settings(max_examples=25, deadline=None)
def test_a_warped_picture_shows_at_each_pixel_what_lies_in_its_undistorted_direction(rng):
    """A picture given by a formula of the direction: rendered through a pinhole, warped, held against the formula."""
    distortion = sample_distortion(LENSES, rng)
    camera = camera_with(rng, distortion)
    if not distortion_holds(distortion, camera, IMAGE):
        return

    def shown(pixels, K):
        x, y = (pixels[..., 0] - K[0, 2]) / K[0, 0], (pixels[..., 1] - K[1, 2]) / K[1, 1]
        return np.stack([np.sin(9 * x + 4 * y) + 2, np.cos(7 * y - 3 * x) + 2, x + y + 3], -1)

    warp = plan_warp(camera, IMAGE)
    row, column = np.mgrid[: warp.frame.height, : warp.frame.width] + 0.5
    rendered = shown(np.stack([column, row], -1), warp.frame.K)
    y, x = np.mgrid[:90, :120] + 0.5
    final = np.stack([x, y], -1)
    expected = shown(straight_pixels(final, camera.K, distortion), camera.K)
    assert np.abs(smoothly_looked_up(rendered.astype(np.float32), warp) - expected).max() < 0.01
    number = np.arange(rendered.shape[0] * rendered.shape[1]).reshape(rendered.shape[:2])
    found = looked_up(number, warp)
    nearest = np.stack([found % warp.frame.width, found // warp.frame.width], -1) + 0.5
    assert np.abs(nearest - warp.places).max() <= 0.5 + 1e-9


def test_without_distortion_nothing_is_moved():
    camera = camera_with(np.random.default_rng(0), None)
    warp = plan_warp(camera, IMAGE, density=3)
    assert warp.places is None
    assert (warp.frame.width, warp.frame.height) == (120, 90)
    points = np.random.default_rng(1).normal(size=(9, 3))
    assert bend(points, None) is points


def test_coefficients_that_are_no_lens_are_named():
    with pytest.raises(GeometryError, match="can't be undone"):
        undistort(np.array([[0.1, 0.1]]), (0.0, 0.0, float("nan"), 0.0, 0.0))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_points_behind_the_camera_stay(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(30, 3)) - [0, 0, 5]
    assert (bend(points, (-0.2, 0.0, 0.0, 0.0, 0.0)) == points).all()
