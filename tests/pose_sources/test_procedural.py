from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from cuffs.body import forward
from cuffs.errors import ConfigError
from cuffs.records import PoseSample
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import FINGERS, HANDS, INDEX
from pose_sources import open_poses, poses_config
from pose_sources.anatomy import build_anatomy
from pose_sources.kinematics import posed_joints, turn
from pose_sources.limits import violations
from pose_sources.mirror import mirror_sample
from pose_sources.procedural.bodies import BODY_KINDS
from pose_sources.procedural.body_capsules import TOUCH_AIR_M, arm_excess, around_arm, core_capsules
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.procedural.figure import LEFT, figure
from pose_sources.procedural.hand_contact import RADIUS_M, TIP_SHARE, finger_pad, is_possible
from pose_sources.procedural.hand_kinds import HAND_KINDS, RELAXED_HAND
from pose_sources.procedural.hand_shape import hand_pose, place_hand, thumb_from, thumb_range, within_limits
from pose_sources.procedural.hands import sample_hand, shaken
from pose_sources.procedural.source import open_procedural
from pose_sources.procedural.thumb import LOOKS_M, place_thumb
from pose_sources.rest_skeleton import REST_JOINTS

ANATOMY = build_anatomy(REST_JOINTS)
SOURCE = open_procedural(ProceduralConfig())
NUMBERS = st.integers(0, 2**53 - 1)
DOWN = np.array([0.0, 0.0, -1.0])


def drawn(kind, count, seed=0):
    source = open_procedural(ProceduralConfig(bodies={kind: 1.0}))
    return [source[1000 * seed + number] for number in range(count)]


@pytest.fixture(scope="module")
def contact_body(body):
    """The body model, and the vertices of heels, balls of the feet, and knees."""
    places, joints, parts = body.v_template, body.joint_template, {}
    nearest = body.weights.argmax(1)
    for side in ("left", "right"):
        ankle, ball, knee = (joints[INDEX[f"{side}_{name}"]] for name in ("ankle", "foot", "knee"))
        foot = np.isin(nearest, [INDEX[f"{side}_ankle"], INDEX[f"{side}_foot"]]) & (places[:, 1] < ankle[1])
        parts[f"{side}_heel"] = np.flatnonzero(foot & (places[:, 2] < ankle[2]))
        parts[f"{side}_ball"] = np.flatnonzero(foot & (np.abs(places[:, 2] - ball[2]) < 0.03))
        parts[f"{side}_knee"] = np.flatnonzero(np.linalg.norm(places - knee, axis=1) < 0.1)
    return body, parts


def posed_verts(model, sample):
    rotmats, nothing = rotvec_to_rotmat(sample.pose)[None], np.zeros((1, 1))
    verts, _ = forward(model, rotmats=rotmats, betas=nothing, expression=nothing, transl=np.zeros((1, 3)))
    return verts[0]


def joints_world(sample):
    """Joint positions in the world, the pelvis at the origin."""
    _, placed = posed_joints(REST_JOINTS, rotvec_to_rotmat(sample.pose))
    return placed


@given(NUMBERS)
@settings(max_examples=20, deadline=None)
def test_every_pose_is_within_human_joint_limits(number):
    assert [str(found) for found in violations(ANATOMY, rotvec_to_rotmat(SOURCE[number].pose))] == []


def test_hands_of_every_kind_are_within_limits_and_clear_of_themselves():
    rng = np.random.default_rng(0)
    for kind in HAND_KINDS:
        for _ in range(15):
            hand = sample_hand(ANATOMY, {kind: 1.0}, 1.0, rng)
            assert hand.shape == within_limits(hand.shape)
            assert is_possible(ANATOMY, hand.shape)


def test_the_last_resort_hand_is_possible_however_it_is_shaken():
    rng = np.random.default_rng(0)
    assert all(is_possible(ANATOMY, shaken(RELAXED_HAND, 1.0, rng)) for _ in range(50))


def test_mirroring_a_pose_keeps_it_within_limits():
    assert all(not violations(ANATOMY, rotvec_to_rotmat(mirror_sample(SOURCE[n]).pose)) for n in range(10))


@given(NUMBERS)
@settings(max_examples=4, deadline=None)
def test_a_number_always_makes_the_same_pose(number):
    again = open_procedural(ProceduralConfig())
    assert SOURCE[number].pose.tobytes() == again[number].pose.tobytes()
    assert SOURCE[number].origin == again[number].origin


def test_the_origin_of_a_drawn_pose_finds_it_again():
    found = SOURCE.draw(np.random.default_rng(3))
    assert found.pose.tobytes() == SOURCE[found.origin.row].pose.tobytes()


def test_the_same_stream_draws_the_same_pose_and_another_draws_another():
    poses = open_poses(ProceduralConfig())
    one, two, three = (poses.draw(np.random.default_rng(seed)).body for seed in (5, 5, 6))
    assert one.pose.tobytes() == two.pose.tobytes()
    assert one.pose.tobytes() != three.pose.tobytes()


@pytest.mark.parametrize("kind", BODY_KINDS)
def test_bodies_are_upright_and_their_arms_are_clear_of_the_rest(kind):
    for sample in drawn(kind, 3):
        assert isinstance(sample, PoseSample)
        rotmats = rotvec_to_rotmat(sample.pose)
        placed = joints_world(sample)
        assert placed[INDEX["head"], 2] > placed[INDEX["pelvis"], 2] - 0.2  # bending over lowers it to the hips
        lowest = placed[:, 2].min()
        feet = placed[[INDEX["left_foot"], INDEX["right_foot"]], 2]
        assert feet.min() < lowest + 0.25
        rotmats[0] = turn(LEFT, -90) @ rotmats[0]  # figures are made with y up
        body = figure(ANATOMY, rotmats)
        core = core_capsules(body)
        for side in ("left", "right"):
            assert arm_excess(body, side, TOUCH_AIR_M, around_arm(body, side, core)) <= 1e-9


def test_people_face_the_same_way_until_the_scene_turns_them():
    for sample in drawn("standing", 4) + drawn("sitting", 4):
        front = rotvec_to_rotmat(sample.pose[0])[:, 2]
        assert front[1] < -0.8


def test_sitting_on_a_seat_looks_like_it():
    seated = [sample for sample in drawn("sitting", 10) if "seat" in (sample.origin.action or "")]
    assert len(seated) > 3
    for sample in seated:
        placed = joints_world(sample)
        for side in ("left", "right"):
            thigh = placed[INDEX[f"{side}_knee"]] - placed[INDEX[f"{side}_hip"]]
            assert abs(thigh[2]) < 0.7 * np.linalg.norm(thigh)  # 44 degrees from level: an ankle on the other knee
        assert placed[[INDEX["left_hip"], INDEX["right_hip"]], 2].mean() > placed[:, 2].min() + 0.3


def test_standing_feet_are_on_one_level_and_flat():
    for sample in drawn("standing", 6):
        turned, placed = posed_joints(REST_JOINTS, rotvec_to_rotmat(sample.pose))
        heights = placed[[INDEX["left_ankle"], INDEX["right_ankle"]], 2]
        assert abs(heights[0] - heights[1]) < 0.01
        for side in ("left", "right"):
            sole = turned[INDEX[f"{side}_ankle"]] @ np.array([0.0, -1.0, 0.0])
            assert sole @ DOWN > 0.999


@pytest.mark.parametrize("kind", ["walking", "crouching"])
def test_what_bears_the_weight_is_on_the_ground(kind, contact_body):
    """Of a walking body the foot below it, of a crouching one both feet, of a kneeling one knee, foot and toes."""
    model, parts = contact_body
    source = open_procedural(ProceduralConfig(bodies={kind: 1.0}), model.joint_template)
    for sample in (source[number] for number in range(8)):
        verts = posed_verts(model, sample)
        height = {name: 1000 * (verts[part, 2].min() - verts[:, 2].min()) for name, part in parts.items()}
        feet = sorted(min(height[f"{side}_heel"], height[f"{side}_ball"]) for side in ("left", "right"))
        if kind == "walking":
            assert feet[0] < 4
        elif "kneeling" in (sample.origin.action or ""):
            assert feet[0] < 4
            assert min(height["left_knee"], height["right_knee"]) < 4
        else:
            assert feet[1] < 4


def weight_inside_m(model, verts):
    """How far within the hull of all that touches the ground the weight lies, from above; negative: it falls over."""
    a, b, c = verts[model.faces].transpose(1, 0, 2)
    volume = np.einsum("fi,fi->f", a, np.cross(b, c))
    weight = ((a + b + c) / 4 * volume[:, None]).sum(0) / volume.sum()
    hull = ConvexHull(verts[verts[:, 2] < verts[:, 2].min() + 0.03][:, :2])
    return -float((hull.equations[:, :2] @ weight[:2] + hull.equations[:, 2]).max())


@pytest.mark.parametrize("kind", ["standing", "gesturing", "crouching"])
def test_nobody_falls_over(kind, contact_body):
    model, _ = contact_body
    source = open_procedural(ProceduralConfig(bodies={kind: 1.0}), model.joint_template)
    inside = [
        weight_inside_m(model, posed_verts(model, sample))
        for sample in (source[number] for number in range(10))
        if "seat" not in (sample.origin.action or "")
    ]
    assert min(inside) > (-0.02 if kind == "crouching" else 0.03)


def test_standing_soles_are_flat_on_the_ground(contact_body):
    model, parts = contact_body
    source = open_procedural(ProceduralConfig(bodies={"standing": 1.0}), model.joint_template)
    for sample in (source[number] for number in range(10)):
        verts = posed_verts(model, sample)
        for side in ("left", "right"):
            for part in ("heel", "ball"):
                assert verts[parts[f"{side}_{part}"], 2].min() < verts[:, 2].min() + 0.005


def test_every_kind_of_body_differs_from_the_others_and_within_itself():
    means = {}
    for kind in BODY_KINDS:
        poses = np.stack([sample.pose for sample in drawn(kind, 4, seed=2)])
        assert poses.std(0).max() > 0.2
        means[kind] = rotvec_to_rotmat(poses).mean(0)
    names = list(means)
    for n, one in enumerate(names):
        for two in names[n + 1 :]:
            assert np.abs(means[one] - means[two]).max() > 0.15, (one, two)


def digits(shape, anatomy=ANATOMY):
    """Joints and tip of every digit of a left hand, by name."""
    return dict(zip(FINGERS, place_hand(anatomy, shape).points, strict=True))


def thumb_tip(shape):
    """The middle of the tip of a left hand's thumb."""
    return digits(shape)["thumb"][3]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_thumb_reaches_wherever_a_thumb_can_be(seed):
    rng = np.random.default_rng(seed)
    low, high = thumb_range()
    wanted = thumb_from(low + rng.uniform(0.2, 0.8, 5) * (high - low))
    goal = thumb_tip(replace(RELAXED_HAND, thumb=wanted))
    looks = rng.normal(size=3)
    looks /= np.linalg.norm(looks)
    skin = goal - TIP_SHARE * RADIUS_M["thumb"] * looks
    found = place_thumb(ANATOMY, RELAXED_HAND, skin_at=skin, skin_looks=looks)
    assert np.linalg.norm(thumb_tip(found) - goal) < 2 * LOOKS_M  # what a pad that looks the other way costs
    assert found == within_limits(found)


def bends(kind, count=24):
    """Mean flexion of every finger's joints, and the thumb's angles, of hands of a kind: a kind's signature."""
    rng = np.random.default_rng(1)
    shapes = [HAND_KINDS[kind](ANATOMY, rng) for _ in range(count)]
    fingers = [[shape.finger(name).mcp, shape.finger(name).pip, shape.finger(name).ulnar] for shape in shapes
               for name in ("index", "middle", "ring", "pinky")]  # fmt: skip
    thumbs = [[shape.thumb.flexion, shape.thumb.abduction, shape.thumb.ip] for shape in shapes]
    return np.concatenate([np.array(fingers).reshape(count, -1), thumbs], 1)


def test_every_kind_of_hand_differs_and_varies_continuously():
    signature = {kind: bends(kind) for kind in HAND_KINDS}
    kinds = list(signature)
    for n, one in enumerate(kinds):
        assert len(np.unique(signature[one].round(6), axis=0)) == len(signature[one])
        for two in kinds[n + 1 :]:
            apart = np.abs(signature[one].mean(0) - signature[two].mean(0)).max()
            assert apart > 5, (one, two, apart)


def test_a_fist_has_its_fingertips_in_the_palm_and_a_spread_hand_has_them_apart():
    rng = np.random.default_rng(0)
    for _ in range(10):
        fist = digits(sample_hand(ANATOMY, {"fist": 1.0}, 1.0, rng).shape)
        spread = digits(HAND_KINDS["spread"](ANATOMY, rng))
        for name in ("index", "middle", "ring", "pinky"):
            knuckle, tip = fist[name][0], fist[name][3]
            assert tip[0] < knuckle[0] - 0.02  # back towards the wrist, which is the origin
            assert -0.045 < tip[1] < -0.008  # at the palm's skin, which looks down
            assert spread[name][3][0] > knuckle[0] + 0.05
        gaps = np.diff([spread[name][3] for name in ("index", "middle", "ring", "pinky")], axis=0)
        assert np.linalg.norm(gaps, axis=1).min() > 0.02


def test_a_pinch_brings_thumb_and_finger_together():
    rng = np.random.default_rng(0)
    for _ in range(20):
        shape = sample_hand(ANATOMY, {"pinch": 1.0}, 0.0, rng).shape
        thumb = thumb_tip(shape)
        gaps = [np.linalg.norm(finger_pad(ANATOMY, shape, name)[0] - thumb) for name in ("index", "middle")]
        assert min(gaps) < 0.025


def test_last_finger_joints_follow_the_middle_ones():
    rng = np.random.default_rng(0)
    shapes = [sample_hand(ANATOMY, dict.fromkeys(HAND_KINDS, 1.0), 1.0, rng).shape for _ in range(100)]
    fingers = [shape.finger(name) for shape in shapes for name in ("index", "middle", "ring", "pinky")]
    pip, dip = np.array([f.pip for f in fingers]), np.array([f.dip for f in fingers])
    assert np.corrcoef(pip, dip)[0, 1] > 0.7
    assert (dip < pip + 15).all()


def test_fingers_cover_their_whole_range():
    rng = np.random.default_rng(0)
    shapes = [sample_hand(ANATOMY, ProceduralConfig().hands, 1.0, rng).shape for _ in range(200)]
    for name in ("index", "middle", "ring", "pinky"):
        for joint, low, high in (("mcp", -5, 75), ("pip", 5, 92)):
            angles = [getattr(shape.finger(name), joint) for shape in shapes]
            assert min(angles) < low < high < max(angles)
    tied = np.corrcoef([shape.ring.pip for shape in shapes], [shape.pinky.pip for shape in shapes])[0, 1]
    assert tied > 0.5  # ring and little finger go together


def test_left_and_right_hands_of_a_shape_are_mirror_images():
    left, right = (hand_pose(ANATOMY, RELAXED_HAND, side) for side in ("left", "right"))
    assert np.allclose(left * [1, -1, -1], right)


def test_both_hands_get_the_same_variety():
    poses = np.stack([SOURCE[number].pose for number in range(16)])
    spans = {side: np.degrees(np.linalg.norm(poses[:, part], axis=-1)).std(0) for side, part in HANDS.items()}
    assert np.allclose(spans["left"], spans["right"], rtol=0.8, atol=12)


def test_a_skeleton_with_other_thumbs_gets_the_same_hand():
    """What the same shape looks like must not depend on how a body model happens to rest."""
    other = REST_JOINTS.copy()
    for side, sign in (("left", 1), ("right", -1)):
        base = other[INDEX[f"{side}_thumb1"]]
        for name, place in (("thumb2", [0.03, -0.005, 0.025]), ("thumb3", [0.06, -0.008, 0.047])):
            other[INDEX[f"{side}_{name}"]] = base + np.array(place) * [sign, 1, 1]
    there, here = digits(RELAXED_HAND, build_anatomy(other))["thumb"], digits(RELAXED_HAND)["thumb"]
    one, two = there[3] - there[0], here[3] - here[0]
    assert one @ two / np.linalg.norm(one) / np.linalg.norm(two) > 0.995


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "procedural", "bodies": {"siting": 1.0}}, "Did you mean 'sitting'"),
        ({"kind": "procedural", "hands": {"fists": 1.0}}, "Did you mean 'fist'"),
        ({"kind": "procedural", "hands": {}}, "at least one weight"),
        ({"kind": "procedural", "bodies": {"walking": -1.0}}, "none below"),
        ({"kind": "procedural", "own_hands": 1.5}, "between 0 and 1"),
        ({"kind": "procedural", "trunk": 9.0}, "between 0 and 2"),
        ({"kind": "procedual"}, "Did you mean 'procedural'"),
        ({"kind": "procedural", "hand": {}}, "Did you mean 'hands'"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(data, message):
    with pytest.raises(ConfigError, match=message):
        poses_config(data, where="recipe")
