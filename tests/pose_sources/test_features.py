"""Features mean what they say, whoever stands wherever; expressions compute what Python would, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.errors import ConfigError
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.scene.people import about_z
from cuffs.skeleton import INDEX, mirrored_name
from pose_sources import BodyAtHand, open_poses, poses_config
from pose_sources.features import FEATURES, body_descriptor, hand_descriptor, parse_expression, sample_features
from pose_sources.features.placed import place_poses
from pose_sources.mirror import mirror_sample
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.procedural.source import open_procedural_hands

UPRIGHT = np.array([np.pi / 2, 0, 0])


def hands(body, kind, count=20):
    """Made-up hands of a kind."""
    source = open_procedural_hands(ProceduralConfig(hands={kind: 1.0}), body.joint_template)
    return [source[number] for number in range(count)]


def test_where_somebody_faces_does_not_matter(anatomy, made_up):
    turned = []
    for number, sample in enumerate(made_up):
        pose = sample.pose.copy()
        pose[0] = rotmat_to_rotvec(about_z(0.7 * number) @ rotvec_to_rotmat(pose[0]))
        turned.append(replace(sample, pose=pose))
    one, other = sample_features(anatomy, made_up), sample_features(anatomy, turned)
    for name in FEATURES:
        assert np.allclose(one[name], other[name], atol=1e-6), name


def test_a_mirrored_pose_has_its_sides_exchanged(anatomy, made_up):
    one = sample_features(anatomy, made_up)
    other = sample_features(anatomy, [mirror_sample(sample) for sample in made_up])
    for name in FEATURES:
        swapped = mirrored_name(name) if name.startswith(("left_", "right_")) else name
        assert np.allclose(one[name], other[swapped], atol=1e-6), name


def test_kinds_of_bodies_are_recognised(anatomy, body):
    poses = open_poses(
        poses_config({"kind": "procedural"}, where="test"), body=BodyAtHand(rest_joints=body.joint_template)
    )
    rng = np.random.default_rng(0)
    made_up = [poses.draw(rng).body for _ in range(240)]
    found = sample_features(anatomy, made_up)
    kinds = np.array([sample.origin.file for sample in made_up])
    actions = np.array([(sample.origin.action or "").split(",")[0] for sample in made_up])
    for feature, those in (
        ("sitting", np.char.startswith(actions, "sitting")),
        ("crouched", np.isin(actions, ["crouching", "kneeling on one knee"])),
        ("standing", np.isin(actions, ["standing", "walking"])),
    ):
        assert those.sum() >= 10, kinds
        assert found[feature][those].mean() >= 0.8, feature
        assert found[feature][~those].mean() <= 0.1, feature


def test_a_fist_is_closed_and_a_flat_hand_open(anatomy, body):
    fists, flat = (sample_features(anatomy, hands(body, kind)) for kind in ("fist", "flat"))
    assert np.quantile(fists["hands_open"], 0.8) < 0.35
    assert flat["hands_open"].min() > 0.75


def test_a_hand_behind_the_back_is_seen_from_fewer_sides(anatomy, made_up):
    found = sample_features(anatomy, made_up)
    for side in ("left", "right"):
        behind = np.array([f"{side}" in (s.origin.action or "") for s in made_up]) & (
            found[f"{side}_hand_forward_m"] < -0.1
        )
        free = found[f"{side}_hand_out_m"] > 0.5
        if behind.any() and free.any():
            assert found[f"{side}_hand_visible"][behind].max() < found[f"{side}_hand_visible"][free].min()
    assert found["hands_visible"].min() >= 0
    assert found["hands_visible"].max() <= 1


def test_raised_arms_are_above_the_head(anatomy, made_up):
    pose = np.zeros((55, 3))
    pose[0] = UPRIGHT
    pose[INDEX["left_shoulder"]], pose[INDEX["right_shoulder"]] = [0, 0, 1.3], [0, 0, -1.3]
    raised = replace(made_up[0], pose=pose)
    pose = pose.copy()
    pose[INDEX["right_shoulder"]] = 0
    one_arm = replace(made_up[0], pose=pose)
    found = sample_features(anatomy, [raised, one_arm])
    assert found["arms_above_head"].tolist() == [1, 0]
    assert found["left_arm_above_head"].tolist() == [1, 1]
    assert found["right_hand_above_shoulder_m"][1] == pytest.approx(0, abs=0.1)


def test_somebody_who_lies_does_not_stand(anatomy, made_up):
    pose = np.zeros((55, 3))
    found = sample_features(anatomy, [replace(made_up[0], pose=pose)])  # y, which is up at rest, is level in the world
    assert found["lying"][0] == 1
    assert found["standing"][0] == found["upright"][0] == 0


def test_descriptors_are_distances_of_joints(anatomy, made_up):
    placed = place_poses(anatomy, np.stack([sample.pose for sample in made_up]))
    found = body_descriptor(placed)
    from pose_sources.features.descriptor import BODY_JOINTS

    joints = placed.joints[:, BODY_JOINTS]
    expected = np.sqrt(((joints[0] - joints[1]) ** 2).sum(-1).mean())
    assert np.linalg.norm(found[0] - found[1]) == pytest.approx(expected)


def test_a_hand_and_its_mirror_image_have_one_descriptor(anatomy, made_up):
    poses = np.stack([sample.pose for sample in made_up])
    mirrored = np.stack([mirror_sample(sample).pose for sample in made_up])
    left = hand_descriptor(place_poses(anatomy, poses), "left")
    right = hand_descriptor(place_poses(anatomy, mirrored), "right")
    assert np.allclose(left, right, atol=1e-6)


NAMES = ("a", "b", "c")
numbers = st.integers(0, 9).map(str)
leaves = st.sampled_from(NAMES) | numbers


def joined(inner):
    sums = st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map("({0[0]} {0[1]} {0[2]})".format)
    calls = st.tuples(st.sampled_from(["min", "max"]), inner, inner).map("{0[0]}({0[1]}, {0[2]})".format)
    return sums | calls | inner.map("abs({})".format) | inner.map("(-{})".format)


arithmetic = st.recursive(leaves, joined, max_leaves=6)
comparisons = st.tuples(arithmetic, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), arithmetic).map(
    "({0[0]} {0[1]} {0[2]})".format
)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map("({0[0]} {0[1]} {0[2]})".format)
        | inner.map("(not {})".format)
    ),
    max_leaves=5,
)


@given(conditions, st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_expressions_say_what_python_would(text, rows):
    features = {name: np.array([row[n] for row in rows], float) for n, name in enumerate(NAMES)}
    found = parse_expression(text, dict.fromkeys(NAMES, ""), where="where").holds(features)
    for number, row in enumerate(rows):
        values = dict(zip(NAMES, map(float, row), strict=True))
        allowed = {"min": min, "max": max, "abs": abs, "__builtins__": {}}
        assert bool(found[number]) == bool(eval(text, allowed, values)), text  # noqa: S307


def test_a_chain_of_comparisons_means_all_of_them():
    features = {"a": np.array([0.0, 1.0, 2.0])}
    found = parse_expression("0.5 < a < 1.5", {"a": ""}, where="x").holds(features)
    assert found.tolist() == [False, True, False]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "a.real", "a[0]", "(lambda: 1)()", "[x for x in a]", "'text'", "f'{a}'",
        "a ** 9", "a / 0", "a if b else c", "a := 1", "min(a)", "max(*a)", "abs(a, b)", "min(a, b, key=c)", "True",
        "1j", "a in b", "a is b", "1e400", "open('x')", "", "a b", "(" * 300 + "a" + ")" * 300, "-" * 200 + "a",
        "a" * 2000,        "not", "a\x00b", "+a", "~a", "await a", "a and", "yield",
    ],
)  # fmt: skip
def test_what_is_not_of_the_language_is_refused(text):
    with pytest.raises(ConfigError, match="where"):
        parse_expression(text, dict.fromkeys(NAMES, ""), where="where")


def test_a_misspelt_feature_comes_with_the_nearest():
    with pytest.raises(ConfigError, match="no such feature 'crouchd'. Did you mean 'crouched'"):
        parse_expression("crouchd > 0", FEATURES, where="where")
