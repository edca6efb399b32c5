import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cuffs.errors import ConfigError, PoseFileError
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import BODY, INDEX, LEFT_HAND
from pose_sources import IndexedPoseSource, open_poses, poses_config
from pose_sources.amass import AmassConfig, open_amass
from tests.pose_sources.motion_fixtures import (
    FRAMES,
    Y_FROM_Z,
    upright_motion,
    write_bedlam,
    write_smplh,
    write_smplx,
)

POSES, TRANS, BETAS = upright_motion()
J0 = np.array([0.01, -0.36, 0.02])


def opened(folder, **config):
    return open_amass(AmassConfig(path=".", **{"fps": None, **config}), folder=folder)


def test_smplx_files_come_back_as_they_were_written(tmp_path):
    write_smplx(tmp_path / "walk_stageii.npz", POSES, TRANS, BETAS)
    source = opened(tmp_path)
    assert isinstance(source, IndexedPoseSource)
    assert len(source) == FRAMES
    for frame in range(FRAMES):
        sample = source[frame]
        assert np.array_equal(sample.pose, POSES[frame])
        assert np.array_equal(sample.transl, TRANS[frame])
        assert np.array_equal(sample.betas, BETAS)
    assert sample.betas_model == "smplx-female"
    assert (sample.origin.dataset, sample.origin.file, sample.origin.frame) == ("amass", "walk_stageii.npz", FRAMES - 1)
    assert sample.origin.fps == 120.0  # 120.000045 is a rounding error
    assert all(getattr(sample.valid, part) for part in ("root", "body", "left_hand", "right_hand", "jaw", "eyes"))


def test_smplh_files_lack_the_face_and_say_so(tmp_path):
    write_smplh(tmp_path / "walk_poses.npz", POSES, TRANS, BETAS)
    sample = opened(tmp_path)[3]
    assert np.array_equal(sample.pose[: BODY.stop], POSES[3, : BODY.stop])
    assert np.array_equal(sample.pose[LEFT_HAND.start :], POSES[3, LEFT_HAND.start :])
    assert not sample.pose[INDEX["jaw"] : LEFT_HAND.start].any()
    assert (sample.valid.jaw, sample.valid.eyes, sample.valid.left_hand) == (False, False, True)
    assert (sample.gender, sample.betas_model, sample.origin.fps) == ("male", "smplh-male", 60.0)


def test_bedlam_files_are_turned_upright_and_their_hands_are_known_to_be_made_up(tmp_path):
    write_bedlam(tmp_path / "motion_seq.npz", POSES, TRANS, BETAS)
    sample = opened(tmp_path)[5]
    assert np.allclose(rotvec_to_rotmat(sample.pose[0]), rotvec_to_rotmat(POSES[5, 0]))
    assert np.array_equal(sample.pose[BODY], POSES[5, BODY])
    assert (sample.valid.left_hand, sample.valid.right_hand, sample.valid.jaw) == (False, False, False)
    assert (sample.origin.dataset, sample.origin.action) == ("bedlam", "turn")
    assert sample.transl is None  # it can't be turned without knowing the pelvis


def test_y_up_and_z_up_files_of_one_motion_agree_in_place_too(tmp_path):
    """Rule 0.2: v = R0 (v_rest - j0) + j0 + transl must come out at the same point of the world, turned."""
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS[:10])
    turned = TRANS @ Y_FROM_Z.T + J0 @ (Y_FROM_Z - np.eye(3)).T
    write_bedlam(tmp_path / "b.npz", POSES, turned, BETAS)
    source = open_amass(AmassConfig(path=".", fps=None), folder=tmp_path, rest_pelvis=lambda *_: J0)
    for frame in range(FRAMES):
        one, two = source[frame], source[FRAMES + frame]
        assert np.allclose(one.transl, two.transl)
        assert np.allclose(rotvec_to_rotmat(one.pose[0]), rotvec_to_rotmat(two.pose[0]))
        up = rotvec_to_rotmat(two.pose[0])[:, 1]
        assert up[2] > 0.99


def test_the_upward_axis_can_be_given(tmp_path):
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS)
    lying = opened(tmp_path, up_axis="y")[0]
    assert abs(rotvec_to_rotmat(lying.pose[0])[2, 1]) < 0.1


@pytest.mark.parametrize("hand", ["flat", "mean", "constant"])
def test_hands_that_never_move_are_not_valid(tmp_path, hand):
    poses = POSES.copy()
    poses[:, LEFT_HAND] = 0.0 if hand == "flat" else 0.3
    if hand == "mean":
        poses[:, LEFT_HAND.start + 1] = [0.1088, -0.0660, -0.7562]
    write_smplx(tmp_path / "a.npz", poses, TRANS, BETAS)
    valid = opened(tmp_path)[0].valid
    assert (valid.left_hand, valid.right_hand) == (False, True)


def test_a_single_frame_has_valid_hands_unless_they_are_flat_or_the_mean(tmp_path):
    write_smplx(tmp_path / "a.npz", POSES[:1], TRANS[:1], BETAS)
    flat = POSES[:1].copy()
    flat[:, LEFT_HAND] = 0
    write_smplx(tmp_path / "b.npz", flat, TRANS[:1], BETAS)
    source = opened(tmp_path)
    assert (source[0].valid.left_hand, source[1].valid.left_hand) == (True, False)


@pytest.mark.parametrize(("fps", "kept"), [(None, 12), (60, 6), (30, 3), (50, 6), (1, 1), (500, 12)])
def test_frames_are_left_out_in_whole_steps_and_never_made(tmp_path, fps, kept):
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS)
    source = opened(tmp_path, fps=fps)
    assert len(source) == kept
    frames = [source[number].origin.frame for number in range(len(source))]
    assert len(set(np.diff(frames))) <= 1
    assert all(np.array_equal(source[n].pose, POSES[frame]) for n, frame in enumerate(frames))


def test_a_folder_is_numbered_through_by_name_without_the_files_that_are_no_motions(tmp_path):
    (tmp_path / "s1").mkdir()
    write_smplx(tmp_path / "s1" / "b_stageii.npz", POSES[:5], TRANS[:5], BETAS)
    write_smplh(tmp_path / "s1" / "a_poses.npz", POSES[:4], TRANS[:4], BETAS)
    np.savez(tmp_path / "s1" / "shape.npz", betas=BETAS)
    np.savez(tmp_path / "s1" / "female_stagei.npz", betas=BETAS)
    source = opened(tmp_path)
    assert [(s.origin.file, s.origin.frame) for s in (source[n] for n in range(len(source)))] == [
        ("s1/a_poses.npz", n) for n in range(4)
    ] + [("s1/b_stageii.npz", n) for n in range(5)]
    with pytest.raises(IndexError):
        source[len(source)]


def test_drawing_by_file_gives_short_recordings_their_share(tmp_path):
    write_smplx(tmp_path / "long.npz", *upright_motion(frames=40))
    write_smplx(tmp_path / "short.npz", *upright_motion(frames=2))
    rng = np.random.default_rng(0)
    files = [opened(tmp_path, draw_by="file").draw(rng).origin.file for _ in range(60)]
    assert 15 < files.count("short.npz") < 45
    files = [opened(tmp_path).draw(rng).origin.file for _ in range(60)]
    assert files.count("short.npz") < 12


def test_frozen_frames_can_be_skipped(tmp_path):
    poses = POSES.copy()
    poses[4:] = poses[4]
    write_smplx(tmp_path / "a.npz", poses, TRANS, BETAS)
    rng = np.random.default_rng(0)
    assert max(opened(tmp_path, skip_frozen=True).draw(rng).origin.frame for _ in range(40)) <= 4
    poses[:] = poses[4]
    write_smplx(tmp_path / "a.npz", poses, TRANS, BETAS)
    with pytest.raises(PoseFileError, match="nothing moved"):
        opened(tmp_path, skip_frozen=True).draw(rng)


def test_the_same_stream_draws_the_same_frame(tmp_path):
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS)
    draws = [open_poses(AmassConfig(path="a.npz"), folder=tmp_path).draw(np.random.default_rng(4)) for _ in range(2)]
    assert draws[0].body.pose.tobytes() == draws[1].body.pose.tobytes()


BAD_AT_OPENING = {
    "frames missing": ({"poses": np.zeros((0, 165)), "trans": np.zeros((0, 3))}, "poses has no frames"),
    "another width": ({"poses": np.zeros((12, 72))}, r"poses has shape \(12, 72\)"),
    "another rank": ({"poses": np.zeros((12, 55, 3))}, r"poses has shape \(12, 55, 3\)"),
    "fewer translations": ({"trans": np.zeros((11, 3))}, r"trans has shape \(11, 3\)"),
    "betas of a matrix": ({"betas": np.zeros((2, 10))}, r"betas has shape \(2, 10\)"),
    "no rate": ({"mocap_frame_rate": np.array(0.0)}, "mocap_frame_rate is 0.0"),
    "a rate that is none": ({"mocap_frame_rate": np.array(np.nan)}, "mocap_frame_rate is nan"),
    "many rates": ({"mocap_frame_rate": np.ones(3)}, r"mocap_frame_rate has shape \(3,\)"),
    "objects for poses": ({"poses": np.array([{"a": 1}], dtype=object)}, "poses holds Python objects"),
    "text for poses": ({"poses": np.full((12, 165), "x")}, "poses holds <U1"),
}


@pytest.mark.parametrize("case", BAD_AT_OPENING)
def test_a_malformed_file_is_refused_when_it_is_opened(tmp_path, case):
    extra, message = BAD_AT_OPENING[case]
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS, extra)
    with pytest.raises(PoseFileError, match=message) as caught:
        opened(tmp_path)
    assert str(tmp_path / "a.npz") in str(caught.value)


@pytest.mark.parametrize("key", ["poses", "trans", "mocap_frame_rate"])
def test_a_missing_array_is_named(tmp_path, key):
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS)
    with np.load(tmp_path / "a.npz", allow_pickle=True) as arrays:
        np.savez(tmp_path / "a.npz", **{name: arrays[name] for name in arrays if name != key})
    with pytest.raises(PoseFileError, match=key):
        opened(tmp_path)


BAD_AT_READING = {
    "a pose that is no number": ("poses", lambda poses: _set(poses, (7, 3), np.nan), "poses holds 1 values .* frame 7"),
    "an infinite place": ("trans", lambda trans: _set(trans, (2, 1), np.inf), "trans holds 1 values .* frame 2"),
    "degrees": ("poses", lambda poses: poses * 57.3, "Is it in degrees"),
    "a gender in numbers": ("gender", lambda _: np.array(1.0), "gender holds float64, but must hold text"),
    "a gender in objects": ("gender", lambda _: np.array("f", dtype=object), "Python objects"),
}


def _set(array, place, value):
    array = array.copy()
    array[place] = value
    return array


@pytest.mark.parametrize("case", BAD_AT_READING)
def test_numbers_that_are_none_are_refused_when_the_file_is_read(tmp_path, case):
    key, spoil, message = BAD_AT_READING[case]
    values = {"poses": POSES.reshape(FRAMES, -1), "trans": TRANS, "gender": np.array("female")}
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS, {key: spoil(values[key])})
    source = opened(tmp_path)
    with pytest.raises(PoseFileError, match=message) as caught:
        source[0]
    assert str(tmp_path / "a.npz") in str(caught.value)


def test_objects_in_arrays_that_are_not_needed_are_never_read(tmp_path):
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS)
    assert len(opened(tmp_path)) == FRAMES  # it holds the object array markers_latent_vids


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_archive_is_refused(tmp_path, share):
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS)
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(PoseFileError, match="not a whole"):
        opened(tmp_path)


@given(st.integers(0, 10**6), st.integers(0, 255))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_byte_gives_a_message_or_a_pose_but_no_other_error(tmp_path, place, value):
    path = tmp_path / "whole.npz"
    if not path.exists():
        write_smplx(path, POSES[:2], TRANS[:2], BETAS)
        with np.load(path, allow_pickle=True) as arrays:
            np.savez_compressed(path, **{name: arrays[name] for name in arrays})
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    (tmp_path / "spoilt.npz").write_bytes(bytes(data))
    try:
        source = open_amass(AmassConfig(path="spoilt.npz"), folder=tmp_path)
        assert np.isfinite(source[0].pose).all()
    except PoseFileError as problem:
        assert "spoilt.npz" in str(problem)


def test_links_out_of_the_folder_are_refused_and_can_be_left_out(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    write_smplx(tmp_path / "secret.npz", POSES, TRANS, BETAS)
    write_smplx(inside / "a.npz", POSES, TRANS, BETAS)
    (inside / "link.npz").symlink_to(tmp_path / "secret.npz")
    with pytest.raises(PoseFileError, match="leads out"):
        opened(inside)
    assert len(opened(inside, exclude=("link.npz",))) == FRAMES


def test_a_folder_without_motions_and_a_place_that_is_not_there_are_named(tmp_path):
    with pytest.raises(PoseFileError, match="no motion files"):
        opened(tmp_path)
    with pytest.raises(PoseFileError, match="is not there"):
        open_amass(AmassConfig(path="nowhere"), folder=tmp_path)


def test_a_file_that_vanishes_after_opening_is_named(tmp_path):
    write_smplx(tmp_path / "a.npz", POSES, TRANS, BETAS)
    source = opened(tmp_path)
    shutil.rmtree(tmp_path)
    with pytest.raises(PoseFileError, match="not there"):
        source[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "amass"}, "'path' is missing"),
        ({"kind": "amass", "path": ""}, "path is empty"),
        ({"kind": "amass", "path": "x", "fps": 0}, "fps is 0"),
        ({"kind": "amass", "path": "x", "up_axis": "x"}, "not one of"),
        ({"kind": "amass", "path": "x", "frame_rate": 3}, "no such key"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(data, message):
    with pytest.raises(ConfigError, match=message):
        poses_config(data, where="recipe")
