"""What is refused and why: every cause found where it is, and nowhere else."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cuffs.errors import ConfigError
from cuffs.records import PoseValidity
from cuffs.rotations import rotmat_to_rotvec
from cuffs.skeleton import HANDS, INDEX
from pose_sources import BodyAtHand, open_poses, poses_config
from pose_sources.contact import KINDS, measure_contacts
from pose_sources.features import parse_expression
from pose_sources.limits import RANGES
from pose_sources.mixture import Poses, Weighted
from pose_sources.natural import NaturalConfig, build_judge
from pose_sources.natural.judge import THUMB_MORE_DEG
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.procedural.source import open_procedural
from pose_sources.survey import attempt_many, survey_poses
from tests.pose_sources.motion_fixtures import upright_motion, write_bedlam, write_smplx

NO_MESH = dict.fromkeys(
    ("finger_finger_mm", "finger_palm_mm", "hand_hand_mm", "hand_body_mm", "body_body_mm", "below_ground_mm",
     "above_ground_mm"), None
)  # fmt: skip


@pytest.fixture(scope="module")
def judge(body):
    return build_judge(NaturalConfig(), body, body.joint_template)


def cheap(body, **change):
    return build_judge(NaturalConfig(**{**NO_MESH, **change}), None, body.joint_template)


def names(judge, sample, before=None):
    return {cause.name for cause in judge.causes(sample, before)}


def turned(sample, anatomy, joint, angles_deg):
    pose = sample.pose.copy()
    pose[INDEX[joint]] = rotmat_to_rotvec(anatomy.rotation(joint, angles_deg))
    return replace(sample, pose=pose)


def test_made_up_poses_pass(judge, made_up):
    """They are made within joint limits and clear of the body; flesh in contact is within the recipe's limits."""
    refused = Counter(name for one in judge.all_causes(made_up, [None] * len(made_up)) for name in one)
    assert sum(refused.values()) <= 1


def test_one_by_one_the_first_cause_is_the_same(judge, made_up, anatomy):
    broken = [turned(sample, anatomy, "left_knee", (-80.0, 0.0, 0.0)) for sample in made_up[:3]]
    samples = [*made_up[:8], *broken]
    for sample, causes in zip(samples, judge.all_causes(samples, [None] * len(samples)), strict=True):
        alone = judge.causes(sample)
        assert [cause.name for cause in alone] == [cause.name for cause in causes][: len(alone)]


def test_every_contact_is_refused_exactly_beyond_its_limit(body, contact_mesh, made_up):
    """Of disturbed poses, some with their hands clasped, which have all kinds of contacts."""
    rng, samples = np.random.default_rng(0), []
    source = open_procedural(ProceduralConfig(bodies={"standing": 1.0}), body.joint_template)
    drawn = [source[number] for number in range(80)]
    clasped = [sample for sample in drawn if "clasped" in (sample.origin.action or "")]
    for sample in made_up + clasped:
        pose = sample.pose.copy()
        pose[HANDS["left"]] += rng.normal(0, 0.5, (15, 3))
        arms = [INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("shoulder", "elbow")]
        pose[arms] += rng.normal(0, 0.1 if sample in clasped else 0.5, (4, 3))
        samples.append(replace(sample, pose=pose))
    contacts = measure_contacts(contact_mesh, np.stack([sample.pose for sample in samples]))
    for kind in KINDS:
        depths = np.array([found[kind].depth_mm for found in contacts])
        assert depths.max() > 3, kind
        limit = float(np.median(depths[depths > 2]))
        only = {**NO_MESH, "body_limits_deg": None, "hand_limits_deg": None, f"{kind}_mm": limit}
        judge = build_judge(NaturalConfig(**only), body, body.joint_template)
        found = [{cause.name for cause in causes} for causes in judge.all_causes(samples, [None] * len(samples))]
        assert found == [{kind} if depth > limit else set() for depth in depths]


@given(st.sampled_from(["left_knee", "spine1", "right_index2", "left_thumb2"]), st.floats(0, 40), st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_joints_are_refused_exactly_beyond_their_range_and_the_limit(body, anatomy, made_up, joint, beyond, high):
    flexion = RANGES[joint.removeprefix("left_").removeprefix("right_")][0]
    angle = flexion.high_deg + beyond if high else flexion.low_deg - beyond
    limit = 15.0 + THUMB_MORE_DEG * ("thumb" in joint)
    assume(abs(beyond - limit) > 1e-3)
    found = names(
        cheap(body, body_limits_deg=15.0, hand_limits_deg=15.0), turned(made_up[0], anatomy, joint, (angle, 0.0, 0.0))
    )
    part = "hand_limits" if joint.endswith("2") else "body_limits"
    assert found == ({part} if beyond > limit else set())


@pytest.mark.parametrize(
    ("joint", "angles", "name"),
    [
        ("left_knee", (-60.0, 0.0, 0.0), "body_limits"),
        ("spine2", (0.0, 0.0, 60.0), "body_limits"),
        ("right_middle2", (-70.0, 0.0, 0.0), "hand_limits"),
        ("right_ankle", (0.0, 0.0, 170.0), "flipped_foot"),
    ],
)
def test_impossible_joints_are_named(body, anatomy, made_up, joint, angles, name):
    found = cheap(body).causes(turned(made_up[0], anatomy, joint, angles))
    assert name in {cause.name for cause in found}
    assert any(joint in cause.detail for cause in found)


def test_limits_that_are_null_are_not_checked(body, anatomy, made_up):
    bent = turned(made_up[0], anatomy, "left_knee", (-60.0, 0.0, 0.0))
    assert names(cheap(body), bent) == {"body_limits"}
    assert names(cheap(body, body_limits_deg=None), bent) == set()
    assert names(cheap(body, body_limits_deg=60.0), bent) == set()


def test_parts_that_were_not_measured_are_no_reason(body, anatomy, made_up):
    bent = turned(made_up[0], anatomy, "left_index2", (-80.0, 0.0, 0.0))
    assert names(cheap(body), bent) == {"hand_limits"}
    assert names(cheap(body), replace(bent, valid=PoseValidity(left_hand=False))) == set()


def test_the_floor_is_checked_where_it_is_known(judge, made_up):
    standing = next(sample for sample in made_up if (sample.origin.action or "").startswith("standing"))
    for height, name in ((0.0, None), (0.6, "above_ground"), (-0.4, "below_ground")):
        on_floor = replace(standing, transl=np.array([0.0, 0.0, 0.97 + height]), ground_z=0.0)
        found = names(judge, on_floor) & {"above_ground", "below_ground"}
        assert found == ({name} if name else set())
        assert not names(judge, replace(on_floor, ground_z=None)) & {"above_ground", "below_ground"}


def test_frames_that_stand_still_are_refused_only_when_asked(body, made_up):
    sample, other = made_up[0], made_up[1]
    assert names(cheap(body, frozen=True), sample, sample) == {"frozen"}
    assert names(cheap(body, frozen=True), sample, other) == set()
    assert names(cheap(body, frozen=False), sample, sample) == set()


def test_padded_ends_of_recordings_are_drawn_again_and_counted(tmp_path, body):
    poses, trans, betas = upright_motion(frames=8)
    poses[4:] = poses[4]
    write_smplx(tmp_path / "walk_stageii.npz", poses, trans, betas)
    data = {
        "kind": "mixture",
        "bodies": [{"source": {"kind": "amass", "path": ".", "fps": None}}],
        "natural": {**NO_MESH, "body_limits_deg": None, "hand_limits_deg": None, "frozen": True},
    }
    at_hand = BodyAtHand(rest_joints=body.joint_template)
    opened = open_poses(poses_config(data, where="recipe"), folder=tmp_path, body=at_hand)
    rng = np.random.default_rng(0)
    drawn = [opened.draw(rng) for _ in range(60)]
    assert {one.body.origin.frame for one in drawn} == {0, 1, 2, 3, 4}
    refused = Counter(cause for one in drawn for cause in one.refused)
    assert set(refused) == {"frozen"}
    assert 20 < refused["frozen"] < 65  # three of eight frames are frozen


class Fixed:
    name, licence = "fixed", "CC0"

    def __init__(self, samples):
        self.samples = samples

    def draw(self, rng):
        return self.samples[int(rng.integers(len(self.samples)))]


def test_refusals_are_counted_and_replay(body, anatomy, made_up):
    broken = turned(made_up[0], anatomy, "left_knee", (-60.0, 0.0, 0.0))
    poses = Poses(Weighted((Fixed([made_up[0], broken]),), (1.0,)), judge=cheap(body), anatomy=anatomy)
    rng = np.random.default_rng(0)
    drawn = [poses.draw(rng) for _ in range(200)]
    assert all(one.body is made_up[0] for one in drawn)
    assert 150 < sum(len(one.refused) for one in drawn) < 260
    again = np.random.default_rng(0)
    assert [poses.draw(again).refused for _ in range(200)] == [one.refused for one in drawn]


def test_a_recipe_that_refuses_all_says_why(body, anatomy, made_up):
    broken = turned(made_up[0], anatomy, "left_knee", (-60.0, 0.0, 0.0))
    poses = Poses(Weighted((Fixed([broken]),), (1.0,)), judge=cheap(body, tries=7), anatomy=anatomy)
    with pytest.raises(ConfigError, match=r"all of 7 drawn poses were refused \(body_limits 7\)"):
        poses.draw(np.random.default_rng(0))


def test_conditions_on_the_whole_pose_are_kept_and_counted(anatomy, made_up):
    where = parse_expression("standing", {"standing": ""}, where="where")
    poses = Poses(Weighted((Fixed(made_up),), (1.0,)), where=where, anatomy=anatomy)
    drawn = [poses.draw(np.random.default_rng(seed)) for seed in range(20)]
    assert all((one.body.origin.action or "").startswith(("standing", "walking")) for one in drawn)
    assert {cause for one in drawn for cause in one.refused} == {"where"}
    accepted, refused = attempt_many(poses, 10, 0)
    assert len(accepted) == 10
    assert {one.causes[0].name for one in refused} == {"where"}


def test_limits_on_the_mesh_need_a_body_model(body):
    with pytest.raises(ConfigError, match="need a body model"):
        build_judge(NaturalConfig(), None, body.joint_template)


def test_sources_that_are_not_there_are_left_out_and_named(tmp_path, caplog):
    write_bedlam(tmp_path / "motion_seq.npz", *upright_motion())
    there = {"source": {"kind": "amass", "path": "motion_seq.npz"}}
    gone = {"source": {"kind": "amass", "path": "elsewhere"}, "weight": 9.0, "missing": "skip"}
    data = {"kind": "mixture", "bodies": [gone, there], "hands": [gone]}
    with caplog.at_level("WARNING"):
        poses = open_poses(poses_config(data, where="recipe"), folder=tmp_path)
    assert poses.bodies.shares == (1.0,)
    assert poses.hands is None
    assert "poses.bodies[0] is left out: amass" in caplog.text
    assert "elsewhere is not there" in caplog.text
    assert "bodies keep their own hands" in caplog.text
    with pytest.raises(ConfigError.__mro__[1], match="none of the sources of bodies is there") as caught:
        open_poses(poses_config({"kind": "mixture", "bodies": [gone]}, where="recipe"), folder=tmp_path)
    assert "elsewhere" in str(caught.value)


def test_stand_ins_are_used_only_where_nothing_else_is_there(tmp_path, caplog):
    write_bedlam(tmp_path / "motion_seq.npz", *upright_motion())
    there = {"source": {"kind": "amass", "path": "motion_seq.npz"}}
    gone = {"source": {"kind": "amass", "path": "elsewhere"}, "missing": "skip"}
    made_up = {"source": {"kind": "procedural"}, "stand_in": True}

    def names(bodies, hands):
        data = {"kind": "mixture", "bodies": bodies, "hands": hands}
        poses = open_poses(poses_config(data, where="recipe"), folder=tmp_path)
        assert poses.hands is not None
        return [[source.name for source in part.sources] for part in (poses.bodies, poses.hands)]

    assert names([made_up, there], [there, gone, made_up]) == [["amass"], ["amass"]]
    with caplog.at_level("WARNING"):
        assert names([gone, made_up], [there, made_up]) == [["procedural"], ["amass"]]
    assert "poses.bodies: nothing else is there, so procedural stands in" in caplog.text


def test_a_survey_tells_what_a_recipe_changes(tmp_path, body):
    write_bedlam(tmp_path / "motion_seq.npz", *upright_motion(frames=40))
    data = {
        "kind": "mixture",
        "bodies": [{"source": {"kind": "amass", "path": "motion_seq.npz"}, "select": {"toward": {"lean_deg": -0.3}}}],
        "hands": [{"source": {"kind": "procedural"}, "select": {"pool": 40, "where": "hands_open > 0.7"}}],
        "natural": {**NO_MESH, "body_limits_deg": None},
    }
    survey = survey_poses(
        poses_config(data, where="recipe"), 20, 0, folder=tmp_path, body=BodyAtHand(rest_joints=body.joint_template),
        cache=tmp_path,
    )  # fmt: skip
    assert survey.before is not None
    assert len(survey.after.poses) == len(survey.before.poses) == 20
    assert survey.after.features["hands_open"].min() > survey.before.features["hands_open"].min()
    assert survey.attempts == 20 + len(survey.refused)
