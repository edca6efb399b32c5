"""Hands put onto bodies: fingers, wrists, pairs."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.records import PoseValidity
from cuffs.rotations import angle_between_deg, rotvec_to_rotmat
from cuffs.skeleton import HANDS, INDEX, LEFT_HAND, RIGHT_HAND
from pose_sources import Poses
from pose_sources.anatomy import build_anatomy
from pose_sources.hand_swap import SwapConfig, with_wrist, wrist_within_limits
from pose_sources.limits import RANGES, violations
from pose_sources.mixture import Weighted
from pose_sources.rest_skeleton import REST_JOINTS
from tests.pose_sources.test_mixture import BODIES, HANDS_ONLY, Numbered

SEEDS = st.integers(0, 2**32 - 1)
ANATOMY = build_anatomy(REST_JOINTS)


def mixed(hands=HANDS_ONLY, **swap):
    return Poses(Weighted((BODIES,), (1.0,)), Weighted((hands,), (1.0,)), swap=SwapConfig(**swap), anatomy=ANATOMY)


def quiet(seed):
    """A pose whose joints all lie well within their ranges."""
    sample = BODIES.draw(np.random.default_rng(seed))
    return replace(sample, pose=0.03 * sample.pose)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_hands_of_one_frame_stay_together(seed):
    found = mixed(together=1.0, mirror=0.5).draw(np.random.default_rng(seed))
    assert found.left_hand_origin == found.right_hand_origin
    donor = np.random.default_rng(found.left_hand_origin.row).normal(size=(55, 3))
    if "mirrored" in (found.left_hand_origin.action or ""):
        assert np.allclose(found.body.pose[LEFT_HAND], donor[RIGHT_HAND] * [1, -1, -1])
        assert np.allclose(found.body.pose[RIGHT_HAND], donor[LEFT_HAND] * [1, -1, -1])
    else:
        assert np.array_equal(found.body.pose[LEFT_HAND.start :], donor[LEFT_HAND.start :])


def test_as_many_pairs_stay_together_as_asked():
    rng = np.random.default_rng(0)
    poses = mixed(together=0.3)
    drawn = [poses.draw(rng) for _ in range(200)]
    together = sum(one.left_hand_origin == one.right_hand_origin for one in drawn)
    assert 40 < together < 80


def test_where_no_frame_has_both_hands_each_comes_from_its_own():
    half = Numbered("hands", PoseValidity(left_hand=False))
    found = mixed(half, together=1.0).draw(np.random.default_rng(0))
    assert found.body.valid.left_hand
    assert found.body.valid.right_hand


@given(SEEDS, st.sampled_from(["left", "right"]), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_wrist_never_leaves_the_human_range(seed, side, share):
    body, donor = quiet(seed), BODIES.draw(np.random.default_rng(seed + 1))
    turned = with_wrist(body, side, donor, share=share, anatomy=ANATOMY)
    changed = np.any(turned.pose != body.pose, axis=1)
    assert not np.delete(changed, INDEX[f"{side}_wrist"]).any()
    found = violations(ANATOMY, rotvec_to_rotmat(turned.pose))
    assert not [one for one in found if one.joint == f"{side}_wrist"]


@given(SEEDS, st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_a_wrist_goes_as_far_to_the_donors_as_asked(seed, share):
    body, donor = quiet(seed), quiet(seed + 1)
    wrist = INDEX["left_wrist"]
    turned = with_wrist(body, "left", donor, share=share, anatomy=ANATOMY)
    start, end, here = (rotvec_to_rotmat(sample.pose[[wrist]]) for sample in (body, donor, turned))
    whole = angle_between_deg(start, end)[0]
    assert np.isclose(angle_between_deg(start, here)[0], share * whole, atol=1e-4)
    assert np.isclose(angle_between_deg(here, end)[0], (1 - share) * whole, atol=1e-4)


def test_a_hand_without_an_arm_leaves_the_wrist():
    body = quiet(0)
    donor = replace(quiet(1), valid=PoseValidity(body=False))
    assert with_wrist(body, "left", donor, share=1.0, anatomy=ANATOMY) is body


def test_an_elbow_that_is_turned_far_leaves_the_wrist_less():
    most = np.array([limit.high_deg for limit in RANGES["wrist"]], float)
    free = wrist_within_limits(most + 30, elbow_pronation_deg=0.0)
    assert np.array_equal(free, most)
    assert wrist_within_limits(most, elbow_pronation_deg=60.0)[0] == 30


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_wrists_are_only_touched_where_the_recipe_says(seed):
    kept = mixed().draw(np.random.default_rng(seed)).body
    body = np.random.default_rng(kept.origin.row).normal(size=(55, 3))
    fingers = [joint for hand in HANDS.values() for joint in range(hand.start, hand.stop)]
    assert np.array_equal(np.delete(kept.pose, fingers, 0), np.delete(body, fingers, 0))
