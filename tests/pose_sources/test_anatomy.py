import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.rotations import mirror_rotvec, rotmat_to_rotvec
from cuffs.skeleton import FINGERS, INDEX, JOINTS
from pose_sources.anatomy import build_anatomy
from pose_sources.kinematics import posed_joints, turn
from pose_sources.limits import RANGES, violations
from pose_sources.rest_skeleton import REST_JOINTS, finger_tips

ANATOMY = build_anatomy(REST_JOINTS)
MOVING = [name for name in JOINTS if name.removeprefix("left_").removeprefix("right_") in RANGES]
EYE = np.tile(np.eye(3), (55, 1, 1))


def posed(**angles):
    """Positions and fingertips with some joints at given angles."""
    rotmats = EYE.copy()
    for joint, values in angles.items():
        rotmats[INDEX[joint]] = ANATOMY.rotation(joint, values)
    turned, placed = posed_joints(REST_JOINTS, rotmats)
    tips = {side: finger_tips(REST_JOINTS, turned, placed, side) for side in ("left", "right")}
    return placed, {f"{side}_{name}": tips[side][n] for side in tips for n, name in enumerate(FINGERS)}


@given(st.sampled_from(MOVING), st.tuples(st.floats(-170, 170), st.floats(-85, 85), st.floats(-170, 170)))
@settings(max_examples=200, deadline=None)
def test_angles_of_a_joint_come_back(joint, angles):
    assert np.allclose(ANATOMY.angles_deg(joint, ANATOMY.rotation(joint, angles)), angles, atol=1e-6)


@given(st.sampled_from([name for name in MOVING if name.startswith("left_")]), st.tuples(*[st.floats(-80, 80)] * 3))
@settings(max_examples=100, deadline=None)
def test_the_same_angles_on_both_sides_are_mirror_images(joint, angles):
    left = rotmat_to_rotvec(ANATOMY.rotation(joint, angles))
    right = rotmat_to_rotvec(ANATOMY.rotation(joint.replace("left", "right"), angles))
    assert np.allclose(mirror_rotvec(left), right, atol=1e-9)


def test_all_frames_are_rotations():
    assert np.allclose(ANATOMY.axes @ np.swapaxes(ANATOMY.axes, -1, -2), np.eye(3))
    assert np.allclose(np.linalg.det(ANATOMY.axes), 1)
    assert np.allclose(np.linalg.det(ANATOMY.zero), 1)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("finger", [name for name in FINGERS if name != "thumb"])
def test_flexing_a_finger_brings_its_tip_to_the_palm(side, finger):
    names = [f"{side}_{finger}{n}" for n in (1, 2, 3)]
    straight_joints, straight = posed(**{name: (0, 0, 0) for name in names})
    _, bent = posed(**{names[0]: (70, 0, 0), names[1]: (80, 0, 0), names[2]: (40, 0, 0)})
    _, back = posed(**{names[0]: (-20, 0, 0), names[1]: (0, 0, 0), names[2]: (0, 0, 0)})
    tip = f"{side}_{finger}"
    wrist, knuckle = straight_joints[INDEX[f"{side}_wrist"]], straight_joints[INDEX[names[0]]]
    palm = wrist + 0.6 * (knuckle - wrist) + [0, -0.02, 0]  # palms look down in the T-pose
    assert np.linalg.norm(bent[tip] - palm) < 0.025 < np.linalg.norm(straight[tip] - palm)
    assert back[tip][1] > straight[tip][1] > bent[tip][1]


@pytest.mark.parametrize("side", ["left", "right"])
def test_flexing_and_opposing_the_thumb_brings_its_tip_across_the_palm(side):
    thumb = {f"{side}_thumb{n}": (0, 0, 0) for n in (1, 2, 3)}
    joints, apart = posed(**thumb)
    opposed = {f"{side}_thumb1": (20, 50, -35), f"{side}_thumb2": (40, 0, 0), f"{side}_thumb3": (40, 0, 0)}
    _, across = posed(**opposed)
    towards_pinky = joints[INDEX[f"{side}_pinky1"]] - joints[INDEX[f"{side}_index1"]]
    moved = across[f"{side}_thumb"] - apart[f"{side}_thumb"]
    assert moved @ towards_pinky / np.linalg.norm(towards_pinky) > 0.03
    assert moved[1] < -0.02


@pytest.mark.parametrize(
    ("joint", "follower", "axis", "sign"),
    [
        ("left_knee", "left_ankle", 2, -1),
        ("left_hip", "left_ankle", 2, 1),
        ("right_elbow", "right_wrist", 2, 1),
        ("left_elbow", "left_wrist", 2, 1),
        ("left_ankle", "left_foot", 1, 1),
        ("right_ankle", "right_foot", 1, 1),
        ("right_wrist", "right_middle1", 1, -1),
        ("left_collar", "left_shoulder", 1, 1),
        ("spine1", "head", 2, 1),
        ("neck", "head", 2, 1),
    ],
)
def test_the_first_bending_angle_moves_the_next_joint_where_the_table_says(joint, follower, axis, sign):
    flexion = (0, 30, 0) if "wrist" in joint else (30, 0, 0)  # pronation is a wrist's first angle
    rest, _ = posed()
    bent, _ = posed(**{joint: flexion})
    assert sign * (bent[INDEX[follower]] - rest[INDEX[follower]])[axis] > 0.01


@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_shoulder_angles_are_those_that_one_sees(side, sign):
    hang = turn(np.array((0, 0, 1), dtype=float), -90 * sign)
    assert np.allclose(ANATOMY.shoulder_angles(side, hang), (0, 0, 0, 0), atol=1)
    up = turn(np.array((0, 0, 1), dtype=float), 80 * sign)
    assert ANATOMY.shoulder_angles(side, up)[0] == pytest.approx(170, abs=1)
    ahead = turn(np.array((0, 1, 0), dtype=float), -90 * sign)
    assert np.allclose(ANATOMY.shoulder_angles(side, ahead)[:2], (90, -90), atol=1)
    turned_in = turn(np.array((1, 0, 0), dtype=float), 40)
    assert ANATOMY.shoulder_angles(side, turned_in)[3] == pytest.approx(40, abs=1)


@pytest.mark.parametrize("joint", MOVING)
def test_a_joint_turned_too_far_is_named(joint):
    kind = joint.removeprefix("left_").removeprefix("right_")
    for number, limit in enumerate(RANGES[kind]):
        angles = [0.0, 0.0, 0.0]
        angles[number] = min(limit.high_deg + 5, 89.0) if number == 1 else limit.high_deg + 5
        rotmats = EYE.copy()
        rotmats[INDEX[joint]] = ANATOMY.rotation(joint, tuple(angles))
        found = [v for v in violations(ANATOMY, rotmats) if v.joint == joint and v.range == limit]
        assert len(found) == 1
        assert joint in str(found[0])
        assert limit.angle in str(found[0])
