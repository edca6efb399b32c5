"""Self-contact: held against an exact reference, and against what moving a hand must do."""

import numpy as np
import pytest
import trimesh

from cuffs.body import forward
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.skeleton import INDEX, SEGMENTS
from pose_sources.contact import KINDS, measure_contacts, mesh_contacts
from pose_sources.contact.groups import contact_segments, hand_segments
from pose_sources.contact.measure import DEEP_VERTS
from pose_sources.mirror import mirror_pose


def posed(body, pose):
    nothing = np.zeros(1)
    return forward(body, rotmats=rotvec_to_rotmat(pose), betas=nothing, expression=nothing, transl=np.zeros(3))[0]


def hand_in_trunk(body, depth_m, seed):
    """A resting body whose left hand, turned at random, was put so deep into the front of its trunk."""
    rng = np.random.default_rng(seed)
    verts = posed(body, np.zeros((55, 3)))
    segment = contact_segments(body)
    hand = np.isin(segment, [SEGMENTS.index(name) for name in hand_segments("left")])
    trunk = verts[(segment == SEGMENTS.index("torso")) & (np.abs(verts[:, 0]) < 0.1) & (verts[:, 2] > 0.05)]
    target = trunk[rng.integers(len(trunk))]
    turned = (verts[hand] - verts[hand].mean(0)) @ rotvec_to_rotmat(rng.normal(size=3)).T
    verts[hand] = turned + target - turned[turned[:, 2].argmin()] - [0, 0, depth_m]
    return verts


def winding(points, triangles):
    """Generalised winding numbers: van Oosterom and Strackee's solid angles, summed (Jacobson et al., 2013)."""
    total = np.zeros(len(points))
    for first in range(0, len(triangles), 500):
        a, b, c = ((triangles[first : first + 500, None, corner] - points).transpose(2, 0, 1) for corner in range(3))
        la, lb, lc = (np.sqrt(side[0] ** 2 + side[1] ** 2 + side[2] ** 2) for side in (a, b, c))
        dot = lambda x, y: x[0] * y[0] + x[1] * y[1] + x[2] * y[2]  # noqa: E731
        below = la * lb * lc + dot(a, b) * lc + dot(b, c) * la + dot(c, a) * lb
        turned = (b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0])
        total += 2 * np.arctan2(dot(a, turned), below).sum(0)
    return total / (4 * np.pi)


def exact_depths_mm(body, verts, side):
    """How deep each of a hand's vertices lies in the body without its arm, by winding number and nearest triangle."""
    segment = contact_segments(body)
    hand = np.isin(segment, [SEGMENTS.index(name) for name in hand_segments(side)])
    arm = hand | (segment == SEGMENTS.index(f"{side}_forearm"))
    faces = body.faces[~arm[body.faces].any(1)]
    box = verts[faces].reshape(-1, 3)
    points = verts[hand]
    points = points[((points > box.min(0)) & (points < box.max(0))).all(1)]
    inside = winding(points, verts[faces]) > 0.5
    if not inside.any():
        return np.zeros(0)
    near = faces[(np.abs(verts[faces] - points[inside].mean(0)).max(-1) < 0.3).any(1)]
    _, distance, _ = trimesh.proximity.closest_point(trimesh.Trimesh(verts, near, process=False), points[inside])
    return np.sort(1000 * distance)


@pytest.mark.parametrize(("depth_mm", "seed"), [(-10, 0), (8, 1), (15, 2), (30, 5)])
def test_depths_agree_with_the_nearest_triangle_and_the_winding_number(body, contact_mesh, depth_mm, seed):
    verts = hand_in_trunk(body, depth_mm / 1000, seed)
    exact = exact_depths_mm(body, verts, "left")
    found = mesh_contacts(contact_mesh, verts)["hand_body"]
    if depth_mm < 0:
        assert (len(exact), found.verts) == (0, 0)
    else:
        assert found.depth_mm == pytest.approx(exact[-DEEP_VERTS:][0], abs=1.5 + 0.1 * exact[-1])
        assert found.verts == pytest.approx((exact > 1).sum(), rel=0.15, abs=4)


def test_a_resting_body_touches_nothing(contact_mesh):
    (found,) = measure_contacts(contact_mesh, np.zeros((1, 55, 3)))
    assert set(found) == set(KINDS)
    assert all(contact.depth_mm == 0 and contact.verts == 0 for contact in found.values())


def test_pushing_a_hand_into_the_chest_deepens_its_contact_by_as_much(body, contact_mesh):
    verts = posed(body, np.zeros((55, 3)))
    segment = contact_segments(body)
    hand = np.isin(segment, [SEGMENTS.index(name) for name in hand_segments("left")])
    chest = verts[(segment == SEGMENTS.index("torso")) & (np.abs(verts[:, 0]) < 0.03)]
    front = chest[chest[:, 2].argmax()]
    depths = []
    for way_m in (-0.01, 0.012, 0.022, 0.032):
        moved = verts.copy()
        back = moved[hand][moved[hand][:, 2].argmin()]
        moved[hand] += front - back - [0, 0, way_m]
        depths.append(mesh_contacts(contact_mesh, moved)["hand_body"].depth_mm)
    assert depths[0] == 0
    assert np.allclose(np.diff(depths[1:]), 10, atol=3)


def test_where_a_body_is_and_looks_does_not_matter(body, contact_mesh, made_up):
    verts = posed(body, made_up[0].pose)
    turned = verts @ rotvec_to_rotmat(np.array([0.4, -1.1, 0.7])).T + [3.0, -2.0, 1.0]
    found, after = mesh_contacts(contact_mesh, verts), mesh_contacts(contact_mesh, turned)
    for kind in KINDS:
        assert after[kind].depth_mm == pytest.approx(found[kind].depth_mm, abs=0.5)


def test_a_mirrored_body_has_the_mirrored_contacts(contact_mesh, made_up):
    poses = np.stack([sample.pose for sample in made_up[:12]])
    mirrored = np.stack([mirror_pose(pose) for pose in poses])
    for one, other in zip(measure_contacts(contact_mesh, poses), measure_contacts(contact_mesh, mirrored), strict=True):
        for kind in KINDS:
            assert other[kind].depth_mm == pytest.approx(one[kind].depth_mm, abs=2)


def test_many_at_once_are_as_one_by_one(contact_mesh, made_up):
    poses = np.stack([sample.pose for sample in made_up[:20]])
    together = measure_contacts(contact_mesh, poses)
    for number in (0, 7, 19):
        (alone,) = measure_contacts(contact_mesh, poses[number : number + 1])
        for kind in KINDS:
            assert together[number][kind].depth_mm == pytest.approx(alone[kind].depth_mm, abs=1e-6)


def test_a_finger_across_its_neighbour_is_noticed(anatomy, contact_mesh):
    depths = []
    for deg in (0.0, 15.0, 30.0):
        pose = np.zeros((55, 3))
        pose[INDEX["right_index1"]] = rotmat_to_rotvec(anatomy.rotation("right_index1", (0.0, deg, 0.0)))
        (found,) = measure_contacts(contact_mesh, pose[None])
        depths.append(found["finger_finger"].depth_mm)
    assert depths[0] == 0
    assert depths[2] > 5
    assert depths == sorted(depths)


def test_a_body_of_another_shape_is_measured_in_its_shape(body, contact_mesh, made_up):
    betas = np.random.default_rng(0).normal(size=(8, 10))
    poses = np.stack([sample.pose for sample in made_up[:8]])
    found = measure_contacts(contact_mesh, poses, betas)
    for pose, shape, contacts in zip(poses, betas, found, strict=True):
        nothing = np.zeros(1)
        verts, _ = forward(body, rotmats=rotvec_to_rotmat(pose), betas=shape, expression=nothing, transl=np.zeros(3))
        for kind, contact in mesh_contacts(contact_mesh, verts).items():
            assert contacts[kind].depth_mm == pytest.approx(contact.depth_mm, abs=1e-6)
