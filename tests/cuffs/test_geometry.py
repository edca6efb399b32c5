"""Rotations, skeleton and rasteriser."""

import numpy as np
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cuffs.annotate.raster import Canvas, coverage, covered_pixels, nearest_faces
from cuffs.annotate.visibility import mask_box, relabel, visible_fraction
from cuffs.camera import intrinsics
from cuffs.rotations import (
    angle_between_deg,
    mirror_rotvec,
    project_to_rotation,
    rotmat_to_rotvec,
    rotvec_to_rotmat,
    skew,
)
from cuffs.skeleton import INDEX, JOINTS, LIMBS, MIRROR, PARENTS, SEGMENTS, VERTEX_PICKS, descendants
from tests.cuffs.strategies import rngs

K = intrinsics(fov_x_deg=50, width=160, height=120)
CANVAS = Canvas(left=0, top=0, width=160, height=120)


@given(rngs, st.floats(-9, 0.5))
@settings(deadline=None)
def test_rodrigues_agrees_with_scipy_at_every_size_of_angle(rng, exponent):
    rotvec = rng.normal(size=(4, 5, 3)) * 10**exponent
    expected = Rotation.from_rotvec(rotvec.reshape(-1, 3)).as_matrix().reshape(4, 5, 3, 3)
    assert np.allclose(rotvec_to_rotmat(rotvec), expected, atol=1e-12)
    assert np.allclose(rotvec_to_rotmat(rotmat_to_rotvec(expected)), expected, atol=1e-9)


@given(rngs)
@settings(deadline=None)
def test_mirroring_a_rotation_mirrors_what_it_does(rng):
    rotvec, points, flip = rng.normal(size=3), rng.normal(size=(7, 3)), np.array([-1.0, 1, 1])
    assert np.allclose(
        (points * flip) @ rotvec_to_rotmat(mirror_rotvec(rotvec)).T, (points @ rotvec_to_rotmat(rotvec).T) * flip
    )


@given(rngs)
@settings(deadline=None)
def test_projection_to_a_rotation_is_one_and_leaves_rotations_alone(rng):
    R = project_to_rotation(rng.normal(size=(6, 3, 3)))
    assert np.allclose(R @ np.swapaxes(R, -1, -2), np.eye(3))
    assert np.allclose(np.linalg.det(R), 1)
    assert np.allclose(project_to_rotation(R), R)
    assert np.allclose(angle_between_deg(R, R), 0, atol=1e-6)


@given(rngs)
@settings(deadline=None)
def test_skew_is_the_cross_product(rng):
    a, b = rng.normal(size=(2, 3))
    assert np.allclose(skew(a) @ b, np.cross(a, b))


def test_the_skeleton_is_smplx():
    """Golden: the parents that `smplx` uses, and its order of joints."""
    published = (
        "-1,0,0,0,1,2,3,4,5,6,7,8,9,9,9,12,13,14,16,17,18,19,15,15,15,20,25,26,20,28,29,20,31,32,20,34,35,20,37,38,"
        "21,40,41,21,43,44,21,46,47,21,49,50,21,52,53"
    )
    assert ",".join(map(str, PARENTS)) == published
    assert [INDEX[name] for name in ("head", "left_wrist", "jaw", "left_index1", "right_thumb3")] == [
        15,
        20,
        22,
        25,
        54,
    ]
    assert len(VERTEX_PICKS) == 21


def test_mirroring_twice_is_the_same_joint_and_never_the_other_side():
    assert all(MIRROR[MIRROR[joint]] == joint for joint in range(len(JOINTS)))
    assert all(("left" in JOINTS[joint]) == ("right" in JOINTS[MIRROR[joint]]) for joint in range(len(JOINTS)))
    assert all(PARENTS[MIRROR[joint]] == MIRROR[PARENTS[joint]] for joint in range(1, len(JOINTS)))


def test_segments_and_limbs_cover_the_body_and_fingers_have_their_own():
    assert len(SEGMENTS) == 2 + 2 * (3 + 3 + 5)
    assert set(LIMBS) == {
        "torso",
        "head",
        *(f"{side}_{limb}" for side in ("left", "right") for limb in ("arm", "hand", "leg")),
    }
    assert descendants("left_wrist") == (INDEX["left_wrist"], *range(25, 40))


@given(rngs)
@settings(deadline=None, max_examples=25)
def test_the_rasteriser_agrees_with_rays_through_pixel_centres(rng):
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=0.4)
    mesh.apply_translation(rng.uniform([-0.5, -0.4, 1.5], [0.5, 0.4, 3]))
    points = np.asarray(mesh.vertices) + rng.normal(size=mesh.vertices.shape) * 0.01
    y, x = np.mgrid[:120, :160] + 0.5
    rays = np.stack([x.ravel(), y.ravel(), np.ones(x.size)], 1) @ np.linalg.inv(K).T
    shape = trimesh.Trimesh(points, mesh.faces, process=False)
    places, ray, _ = shape.ray.intersects_location(np.zeros_like(rays), rays, multiple_hits=False)
    depth = np.full(x.size, np.inf)
    np.minimum.at(depth, ray, places[:, 2])
    face, found = nearest_faces(points, np.asarray(mesh.faces), K, CANVAS)
    both = np.isfinite(depth.reshape(120, 160)) & np.isfinite(found)
    assert (np.isfinite(depth.reshape(120, 160)) != np.isfinite(found)).sum() <= 2  # rays that graze an edge
    assert np.allclose(found[both], depth.reshape(120, 160)[both], rtol=1e-6)
    assert np.array_equal(face >= 0, coverage(points, np.asarray(mesh.faces), K, CANVAS))


@given(rngs)
@settings(deadline=None, max_examples=15)
def test_pixels_covered_do_not_depend_on_where_the_frame_is(rng):
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=0.3)
    points = np.asarray(mesh.vertices) + [0, 0, 2.0]
    inside = coverage(points, np.asarray(mesh.faces), K, CANVAS).sum()
    moved = K.copy()
    moved[:2, 2] += rng.integers(-5000, 5000, 2)
    assert covered_pixels(points, np.asarray(mesh.faces), moved) == inside


def test_a_mesh_that_would_fill_millions_of_pixels_is_counted_all_the_same():
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=0.5)
    huge = np.diag([40.0, 40.0, 1.0]) @ K
    points = np.asarray(mesh.vertices) + [0, 0, 1.5]
    small = covered_pixels(points, np.asarray(mesh.faces), K)
    assert np.isclose(covered_pixels(points, np.asarray(mesh.faces), huge), 1600 * small, rtol=0.01)


def test_boxes_and_labels_of_masks():
    mask = np.zeros((10, 12), np.uint8)
    mask[2:5, 3:7], mask[6:9, 8:12] = 1, 2
    assert mask_box(mask == 1) == (3.0, 2.0, 7.0, 5.0)
    assert mask_box(mask == 3) is None
    swapped = relabel(mask, np.array([1, 0]))
    assert np.array_equal(swapped == 1, mask == 2)
    assert np.array_equal(relabel(swapped, np.array([1, 0])), mask)
    assert visible_fraction(50, 100) == 0.5
    assert visible_fraction(0, 0) == 0.0
