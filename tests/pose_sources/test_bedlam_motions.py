"""BEDLAM's and BEDLAM2's motions: found, told from labels, upright, with the shapes their sets come in."""

import numpy as np
import pytest

from cuffs.body.model import forward
from cuffs.errors import ConfigError, PoseFileError
from cuffs.rotations import rotvec_to_rotmat
from pose_sources import BodyAtHand, open_source, poses_config
from tests.pose_sources.bedlam_fixtures import write_bedlam_labels
from tests.pose_sources.motion_fixtures import write_smplx
from tests.pose_sources.people_fixtures import MEAN, joints_of, make_person, pelvis_at_rest

FRAMES = 4


def write_motion(path, num_betas, *, gender="neutral", gender_sub=None, seed=0):
    """`motion_seq.npz` as the real sample has it: y up, hands and face unmeasured, a newline in the information."""
    rng = np.random.default_rng(seed)
    people = [make_person(rng, num_betas) for _ in range(FRAMES)]
    poses = np.stack([person.pose for person in people])
    poses[:, 22:25] = poses[:, 10:12].mean() * 0
    poses[:, 25:] = MEAN.reshape(30, 3)
    trans = np.stack([person.transl for person in people])
    trans[0, [0, 2]] = 0
    flat = poses.reshape(FRAMES, -1)
    arrays = {
        "motion_info": np.array(["turn", "0", "/mosh/KIT/314/bend_left01_stageii.npz", "100.0", "0", "377\n"]),
        "betas": people[0].betas.astype(np.float32), "poses": flat, "global_ori": flat[:, :3], "trans": trans,
        "mocap_frame_rate": np.array(30), "gender": np.array(gender),
    }  # fmt: skip
    if gender_sub is not None:
        arrays["gender_sub"] = np.array(gender_sub)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return poses, trans, people[0].betas.astype(np.float32)


def write_bedlam2_motion(path, num_betas):
    """BEDLAM2's have neither a frame rate nor the names by which BEDLAM's are known."""
    poses, trans, betas = write_motion(path, num_betas)
    np.savez(path, poses=poses.reshape(FRAMES, -1), trans=trans, betas=betas, gender=np.array("neutral"))
    return poses, trans, betas


def opened(folder, body=None, **config):
    rest_pelvis = None if body is None else lambda betas, _: pelvis_at_rest(body.path, betas)
    return open_source(poses_config(config, where="test"), folder=folder, body=BodyAtHand(rest_pelvis=rest_pelvis))


@pytest.mark.parametrize(
    ("num_betas", "gender", "expected"),
    [
        (10, "male", ("smplx-male", "male")),
        (11, "neutral", ("smplx-neutral", "female")),
        (16, "neutral", ("smplx-lockedhead-neutral", "neutral")),
    ],
)
def test_joints_of_every_frame_are_the_recordings_turned_upright(tmp_path, body, num_betas, gender, expected):
    sub = "f" if num_betas == 11 else None
    poses, trans, betas = write_motion(tmp_path / "rp_x/1000/motion_seq.npz", num_betas, gender=gender, gender_sub=sub)
    source = opened(tmp_path, body, kind="bedlam", path=".")
    for frame in range(FRAMES):
        sample = source[frame]
        x, y, z = joints_of(body.path, poses[frame], betas, trans[frame])[:55].T
        rotmats = rotvec_to_rotmat(sample.pose)
        _, joints = forward(body, rotmats=rotmats, betas=sample.betas, expression=np.zeros(0), transl=sample.transl)
        assert np.abs(joints - np.stack([x, -z, y], 1)).max() < 1e-4
    assert (sample.betas_model, sample.gender, len(sample.betas)) == (*expected, num_betas)
    assert (sample.valid.left_hand, sample.valid.jaw) == (False, False)
    origin = sample.origin
    assert (origin.dataset, origin.file, origin.frame) == ("bedlam", "rp_x/1000/motion_seq.npz", FRAMES - 1)
    assert (origin.fps, origin.action, origin.licence) == (30, "turn", "BEDLAM: non-commercial scientific research")


@pytest.mark.parametrize("num_betas", [16, 300])
def test_bedlam2s_motions_need_no_frame_rate_and_are_used_with_sixteen_betas(tmp_path, body, num_betas):
    poses, trans, betas = write_bedlam2_motion(tmp_path / "motions_npz_training/moyo_1.npz", num_betas)
    sample = opened(tmp_path, body, kind="bedlam2", path="motions_npz_training")[2]
    assert (sample.origin.dataset, sample.origin.fps, sample.betas_model) == ("bedlam2", 30, "smplx-lockedhead-neutral")
    assert np.array_equal(sample.betas, betas[:16])
    x, y, z = joints_of(body.path, poses[2], betas[:16], trans[2])[:55].T
    rotmats = rotvec_to_rotmat(sample.pose)
    _, joints = forward(body, rotmats=rotmats, betas=sample.betas, expression=np.zeros(0), transl=sample.transl)
    assert np.abs(joints - np.stack([x, -z, y], 1)).max() < 1e-4


def test_joints_of_amass_are_the_recordings_as_they_are(tmp_path, body):
    """Its z is up already; 16 betas, a face, hands that move."""
    rng = np.random.default_rng(0)
    people = [make_person(rng, 16, face=True) for _ in range(FRAMES)]
    poses, trans = (np.stack([getattr(one, name) for one in people]) for name in ("pose", "transl"))
    write_smplx(tmp_path / "walk_stageii.npz", poses, trans, people[0].betas)
    source = opened(tmp_path, kind="amass", path=".", fps=None)
    for frame in range(FRAMES):
        sample = source[frame]
        rotmats = rotvec_to_rotmat(sample.pose)
        _, joints = forward(body, rotmats=rotmats, betas=sample.betas, expression=np.zeros(0), transl=sample.transl)
        theirs = joints_of(body.path, poses[frame], people[0].betas, trans[frame])[:55]
        assert np.abs(joints - theirs).max() < 1e-4


def test_labels_and_motions_are_told_apart(tmp_path, body):
    labels, _ = write_bedlam_labels(tmp_path / "labels", body.path)
    write_motion(tmp_path / "motions/rp_x/1000/motion_seq.npz", 11)
    assert len(opened(tmp_path, kind="bedlam", path="labels")) == 8
    assert len(opened(tmp_path, kind="bedlam", path="motions")) == FRAMES
    with pytest.raises(PoseFileError, match="what: labels, or what: motions"):
        opened(tmp_path, kind="bedlam", path=".")
    (labels / "motion_seq.npz").write_bytes((tmp_path / "motions/rp_x/1000/motion_seq.npz").read_bytes())
    left_out = opened(tmp_path, kind="bedlam", path="labels", what="labels", exclude=["*/motion_seq.npz"])
    assert len(left_out) == 8


def test_bad_motions_are_left_out_counted_and_listed_when_the_recipe_says_so(tmp_path, caplog):
    write_motion(tmp_path / "a/motion_seq.npz", 11)
    (tmp_path / "b").mkdir()
    (tmp_path / "b/motion_seq.npz").write_bytes(b"no archive")
    poses, trans, _ = write_motion(tmp_path / "c/motion_seq.npz", 11)
    poses[3, 4, 1] = np.nan
    np.savez(tmp_path / "c/motion_seq.npz", poses=poses.reshape(FRAMES, -1), trans=trans, mocap_frame_rate=30.0)
    with pytest.raises(PoseFileError, match="--skip-bad"):
        opened(tmp_path, kind="bedlam", path=".", what="motions")
    source = opened(tmp_path, kind="bedlam", path=".", what="motions", bad_data="skip")
    assert len(source) == FRAMES
    assert [one.file for one in source.skipped] == ["b/motion_seq.npz", "c/motion_seq.npz"]
    assert "2 bad files or rows are left out" in caplog.text
    assert "poses holds 1 values that are not finite, first in frame 3" in caplog.text


def test_a_misspelt_key_is_refused_with_the_right_one():
    with pytest.raises(ConfigError, match="Did you mean 'what'"):
        poses_config({"kind": "bedlam", "path": "x", "wat": "labels"}, where="test")
    with pytest.raises(ConfigError, match="Did you mean 'bedlam'"):
        poses_config({"kind": "bedlamp", "path": "x"}, where="test")
