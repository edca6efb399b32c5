"""Photographs behind scenes: their horizon on the camera's."""

import numpy as np
from hypothesis import given, settings

from cuffs.camera import intrinsics, inverse, look_at, project, transform
from cuffs.plate import plate_of
from cuffs.records import MaterialSpec, PlaceSpec
from cuffs.warp import Frame
from tests.cuffs.strategies import rngs

GROUND = MaterialSpec(kind="floor", colour=(0.3, 0.3, 0.3))


def drawn(rng):
    place = PlaceSpec(
        kind="photo",
        ground=GROUND,
        horizon=float(rng.uniform(0.2, 0.8)),
        photo_fov_x_deg=float(rng.uniform(40, 90)),
        rotation_deg=float(rng.uniform(0, 360)),
    )
    eye = np.array([0, -3, rng.uniform(0.4, 3)])
    target = np.array([rng.normal(), 3.0, rng.uniform(-0.5, 2)])
    T = look_at(eye_world=eye, target_world=target, roll_rad=float(rng.uniform(-0.3, 0.3)))
    width, height = (int(value) for value in rng.integers(100, 400, 2))
    K = intrinsics(fov_x_deg=float(rng.uniform(25, 70)), width=width, height=height, offset_px=(4.0, -7.0))
    photo = tuple(int(value) for value in rng.integers(300, 4000, 2))
    return place, T, Frame(K=K, width=width, height=height), photo


def looked_up(plate, frame, pixels):
    """Shares of the photograph, from the left and from above, that a frame's pixels show."""
    shares = np.column_stack([pixels[:, 0] / frame.width, 1 - pixels[:, 1] / frame.height, np.ones(len(pixels))])
    x, y = (shares @ plate.matrix.T).T
    return np.stack([x, 1 - y], 1)


@given(rngs)
@settings(max_examples=80, deadline=None)
def test_the_photographs_horizon_lies_on_the_cameras(rng):
    place, T, frame, photo = drawn(rng)
    plate = plate_of(place, T, frame, photo)
    heading = T[:2, 2] / np.linalg.norm(T[:2, 2])
    turned = np.array([-heading[1], heading[0]])
    far = np.array([[*(T[:2, 3] + 1e6 * (heading + side * turned)), T[2, 3]] for side in (-0.3, 0, 0.3)])
    pixels = project(transform(inverse(T), far), frame.K)
    assert np.allclose(looked_up(plate, frame, pixels)[:, 1], place.horizon, atol=1e-6)


@given(rngs)
@settings(max_examples=80, deadline=None)
def test_a_photograph_keeps_its_proportions_and_what_is_above_stays_above(rng):
    place, T, frame, photo = drawn(rng)
    plate = plate_of(place, T, frame, photo)
    middle = np.array([frame.width / 2, frame.height / 2])
    points = looked_up(plate, frame, middle + np.array([[0, 0], [10, 0], [0, 10]])) * photo
    right, down = points[1] - points[0], points[2] - points[0]
    assert np.isclose(np.linalg.norm(right), np.linalg.norm(down))
    assert np.isclose(right @ down, 0, atol=1e-6)
    assert right[0] > 0
    assert down[1] > 0


@given(rngs)
@settings(max_examples=80, deadline=None)
def test_the_frame_is_covered_where_the_photograph_has_sky_and_ground_enough(rng):
    place, T, frame, photo = drawn(rng)
    plate = plate_of(place, T, frame, photo)
    corners = np.array([[0, 0], [frame.width, 0], [0, frame.height], [frame.width, frame.height]], float)
    found = looked_up(plate, frame, corners)
    enlarged = 1 / (np.linalg.norm((plate.matrix[:, 0]) * photo) / frame.width)
    true = photo[0] / 2 / np.tan(np.radians(place.photo_fov_x_deg) / 2) / frame.K[0, 0]
    if enlarged < 3.99 / true:
        assert found.min() >= -1e-9
        assert found.max() <= 1 + 1e-9
    assert enlarged >= 1 / true - 1e-9


def test_looking_straight_down_gives_a_picture_too():
    rng = np.random.default_rng(0)
    place, _, frame, photo = drawn(rng)
    T = np.diag([1.0, -1.0, -1.0, 1.0])
    assert np.isfinite(plate_of(place, T, frame, photo).matrix).all()
