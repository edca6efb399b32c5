from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.errors import ConfigError
from cuffs.records import PoseOrigin, PoseSample, PoseValidity
from cuffs.rotations import mirror_rotvec, rotvec_to_rotmat
from cuffs.skeleton import HANDS, LEFT_HAND, MIRROR, RIGHT_HAND
from pose_sources import MixtureConfig, Poses, PoseSource, open_poses, poses_config
from pose_sources.hand_swap import SwapConfig, with_hand
from pose_sources.mirror import mirror_sample
from pose_sources.mixture import Weighted
from tests.pose_sources.motion_fixtures import upright_motion, write_bedlam


class Numbered:
    """A source whose poses are random, named, and known in part."""

    def __init__(self, name, valid=None):
        self.name, self.licence, self.valid = name, f"{name}'s terms", valid or PoseValidity()

    def draw(self, rng):
        row = int(rng.integers(10**6))
        pose = np.random.default_rng(row).normal(size=(55, 3))
        origin = PoseOrigin(dataset=self.name, file="f", row=row, frame=0, licence=self.licence)
        return PoseSample(pose=pose, transl=pose[3] + 1, origin=origin, valid=self.valid)


SEEDS = st.integers(0, 2**32 - 1)
BODIES, HANDS_ONLY = Numbered("bodies"), Numbered("hands")


def mixed(bodies=BODIES, hands=HANDS_ONLY, **options):
    return Poses(Weighted((bodies,), (1.0,)), Weighted((hands,), (1.0,)) if hands else None, **options)


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_mirroring_twice_gives_the_pose_back(seed):
    sample = replace(BODIES.draw(np.random.default_rng(seed)), valid=PoseValidity(left_hand=False))
    once = mirror_sample(sample)
    twice = mirror_sample(once)
    assert np.array_equal(twice.pose, sample.pose)
    assert np.array_equal(twice.transl, sample.transl)
    assert (twice.origin, twice.valid) == (sample.origin, sample.valid)
    assert (once.valid.left_hand, once.valid.right_hand) == (True, False)
    assert "mirrored" in once.origin.action


def test_a_mirrored_pose_is_the_mirror_image():
    """Every joint's rotation, seen in a mirror across x, is that of the joint on the other side."""
    sample = BODIES.draw(np.random.default_rng(0))
    flip = np.diag([-1.0, 1.0, 1.0])
    seen = flip @ rotvec_to_rotmat(sample.pose) @ flip
    assert np.allclose(rotvec_to_rotmat(mirror_sample(sample).pose), seen[list(MIRROR)])


def test_the_mean_hands_are_each_others_mirror_images():
    right = np.tile([[0.1117, -0.0429, 0.4164], [0.1088, 0.0660, 0.7562], [-0.0964, 0.0909, 0.1885]], (5, 1))
    assert np.array_equal(mirror_rotvec(mirror_rotvec(right)), right)
    assert np.array_equal(mirror_rotvec(right), right * [1, -1, -1])


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_replaced_hands_are_the_donors_and_nothing_else_changes(seed):
    found = mixed(swap=SwapConfig(mirror=0.0)).draw(np.random.default_rng(seed))
    body = np.random.default_rng(found.body.origin.row).normal(size=(55, 3))
    assert np.array_equal(found.body.pose[: LEFT_HAND.start], body[: LEFT_HAND.start])
    for part, origin in ((LEFT_HAND, found.left_hand_origin), (RIGHT_HAND, found.right_hand_origin)):
        donor = np.random.default_rng(origin.row).normal(size=(55, 3))
        assert origin.dataset == "hands"
        assert np.array_equal(found.body.pose[part], donor[part])
    assert found.left_hand_origin != found.right_hand_origin


def test_a_mirrored_donor_gives_its_other_hand():
    found = mixed(swap=SwapConfig(mirror=1.0)).draw(np.random.default_rng(1))
    donor = np.random.default_rng(found.left_hand_origin.row).normal(size=(55, 3))
    assert np.allclose(found.body.pose[LEFT_HAND], donor[RIGHT_HAND] * [1, -1, -1])
    assert "mirrored" in (found.left_hand_origin.action or "")


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_same_stream_gives_the_same_bytes(seed):
    one, two = (
        mixed(swap=SwapConfig(share=0.5), mirror_bodies=0.5).draw(np.random.default_rng(seed)) for _ in range(2)
    )
    assert one.body.pose.tobytes() == two.body.pose.tobytes()
    assert (one.left_hand_origin, one.right_hand_origin) == (two.left_hand_origin, two.right_hand_origin)


def test_a_body_keeps_its_hands_where_it_is_not_asked_to_give_them_up():
    rng = np.random.default_rng(0)
    for poses in (mixed(hands=None), mixed(swap=SwapConfig(share=0.0))):
        found = poses.draw(rng)
        assert found.left_hand_origin == found.body.origin == found.right_hand_origin
    shares = [mixed(swap=SwapConfig(share=0.3)).draw(rng).left_hand_origin.dataset for _ in range(300)]
    assert 60 < shares.count("hands") < 120


def test_hands_that_the_body_does_not_know_are_always_replaced_by_known_ones():
    unknown = Numbered("bodies", PoseValidity(left_hand=False, right_hand=False))
    half = Numbered("hands", PoseValidity(left_hand=False))
    rng = np.random.default_rng(0)
    for _ in range(40):
        found = mixed(unknown, half, swap=SwapConfig(share=0.0)).draw(rng)
        assert found.body.valid.left_hand
        assert found.body.valid.right_hand
        assert found.left_hand_origin.dataset == "hands"


def test_where_nobody_knows_a_hand_it_stays_invalid():
    unknown = Numbered("x", PoseValidity(left_hand=False, right_hand=False))
    found = mixed(unknown, unknown).draw(np.random.default_rng(0))
    assert not found.body.valid.left_hand


def test_sources_are_drawn_by_their_shares_and_their_terms_are_kept():
    poses = Poses(Weighted((BODIES, HANDS_ONLY), (0.8, 0.2)))
    rng = np.random.default_rng(0)
    names = [poses.draw(rng).body.origin.dataset for _ in range(300)]
    assert 210 < names.count("bodies") < 270
    assert poses.licences == {"bodies": "bodies's terms", "hands": "hands's terms"}
    assert isinstance(BODIES, PoseSource)


def test_with_hand_takes_one_side_alone():
    rng = np.random.default_rng(0)
    body, donor = BODIES.draw(rng), HANDS_ONLY.draw(rng)
    for side, part in HANDS.items():
        changed = np.any(with_hand(body, side, donor).pose != body.pose, axis=1)
        assert changed[part].all()
        assert changed.sum() == 15


def test_a_recipe_mixes_files_and_made_up_hands(tmp_path):
    write_bedlam(tmp_path / "motion_seq.npz", *upright_motion())
    data = {
        "kind": "mixture",
        "bodies": [{"source": {"kind": "amass", "path": "motion_seq.npz"}, "weight": 2.0}],
        "hands": [{"source": {"kind": "procedural", "hands": {"fist": 1.0}}}],
        "swap": {"share": 0.0},
    }
    config = poses_config(data, where="recipe")
    assert isinstance(config, MixtureConfig)
    found = open_poses(config, folder=tmp_path).draw(np.random.default_rng(0))
    assert found.body.origin.dataset == "bedlam"
    assert found.left_hand_origin.dataset == found.right_hand_origin.dataset == "procedural"
    assert found.body.valid.left_hand


ONE = {"kind": "mixture", "bodies": [{"source": {"kind": "procedural"}}]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "mixture", "bodies": []}, "name at least one source"),
        ({"kind": "mixture", "bodies": [{"source": {"kind": "procedural"}, "weight": 0.0}]}, "above 0"),
        ({"kind": "mixture", "bodies": [{"source": {"kind": "procedurl"}}]}, r"bodies\[0\].source.kind.*Did you mean"),
        (
            {"kind": "mixture", "bodies": [{"source": {"kind": "procedural"}}], "swap": {"share": 2.0}},
            "between 0 and 1",
        ),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(data, message):
    with pytest.raises(ConfigError, match=message):
        poses_config(data, where="recipe")
