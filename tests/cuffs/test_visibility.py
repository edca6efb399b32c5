"""What hides a joint, told by hand-made surfaces."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.annotate.visibility import DataPass, occluded_joints, points_box, visible_fraction
from cuffs.skeleton import INDEX, LIMB_OF_JOINT, LIMBS

SIZE = 16


def scene(*, person, limb, surface_m, joint, joint_m, owner=1):
    """Every pixel shows the same surface; one joint lies in the middle of the picture."""
    data = DataPass(
        person=np.full((SIZE, SIZE), person, np.uint8),
        limb=np.full((SIZE, SIZE), 0 if limb is None else LIMBS.index(limb) + 1, np.uint8),
        depth_z=np.full((SIZE, SIZE), surface_m, np.float32),
    )
    joints = np.tile([0.0, 0.0, joint_m], (55, 1))
    pixels = np.full((55, 2), SIZE / 2)
    seen = np.arange(55) == INDEX[joint]
    return occluded_joints(data, person=owner, joints_cam=joints, joints2d=pixels, seen=seen)[INDEX[joint]]


def test_a_joint_beneath_its_own_limbs_surface_is_visible():
    assert scene(person=1, limb="left_arm", surface_m=1.95, joint="left_elbow", joint_m=2.0) == 0


def test_a_joint_between_two_limbs_belongs_to_both():
    for limb in ("left_arm", "torso"):
        assert scene(person=1, limb=limb, surface_m=1.95, joint="left_shoulder", joint_m=2.0) == 0
    assert scene(person=1, limb="left_hand", surface_m=1.95, joint="left_shoulder", joint_m=2.0) == 2


def test_an_elbow_behind_ones_back_is_hidden_by_oneself():
    assert scene(person=1, limb="torso", surface_m=1.8, joint="left_elbow", joint_m=2.0) == 2


def test_another_person_and_a_thing_hide_a_joint():
    assert scene(person=2, limb="torso", surface_m=1.5, joint="left_elbow", joint_m=2.0) == 1
    assert scene(person=0, limb=None, surface_m=1.5, joint="left_elbow", joint_m=2.0) == 1


def test_whatever_lies_behind_hides_nothing():
    for person in (0, 1, 2):
        assert scene(person=person, limb="torso", surface_m=2.5, joint="left_elbow", joint_m=2.0) == 0
    assert scene(person=0, limb=None, surface_m=0.0, joint="left_elbow", joint_m=2.0) == 0  # nothing was hit


@given(st.sampled_from(sorted(INDEX)), st.sampled_from(LIMBS), st.floats(0.2, 5), st.floats(0.2, 5), st.integers(0, 3))
@settings(max_examples=200)
def test_every_joint_in_frame_gets_one_answer_and_every_other_none(joint, limb, surface_m, joint_m, person):
    answer = scene(person=person, limb=limb, surface_m=surface_m, joint=joint, joint_m=joint_m)
    assert answer in (0, 1, 2)
    if person != 1:
        assert answer != 2
    if person == 1 and LIMBS.index(limb) == LIMB_OF_JOINT[INDEX[joint]]:
        assert answer == 0


def test_joints_out_of_frame_are_unknown():
    data = DataPass(
        person=np.zeros((4, 4), np.uint8), limb=np.zeros((4, 4), np.uint8), depth_z=np.zeros((4, 4), np.float32)
    )
    found = occluded_joints(
        data, person=1, joints_cam=np.ones((55, 3)), joints2d=np.full((55, 2), 99.0), seen=np.zeros(55, bool)
    )
    assert found == (None,) * 55


@given(st.integers(0, 1000), st.floats(0, 1000))
def test_a_visible_fraction_is_a_fraction(mask_pixels, alone):
    assert 0 <= visible_fraction(mask_pixels, alone) <= 1


def test_boxes_of_points_are_not_clipped():
    assert points_box(np.array([[-5.0, 3], [2000, -7]])) == (-5.0, -7.0, 2000.0, 3.0)
