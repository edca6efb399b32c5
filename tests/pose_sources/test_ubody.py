import json

import numpy as np
import pytest

from cuffs.body.model import forward
from cuffs.camera import project
from cuffs.errors import PoseFileError
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import HANDS
from pose_sources import BodyAtHand, IndexedPoseSource, open_source, poses_config
from tests.pose_sources.people_fixtures import MEAN, write_mean_hand
from tests.pose_sources.ubody_fixtures import write_ubody

FITS = "annotations/TalkShow/smplx_annotation.json"
KEYPOINTS = "annotations/TalkShow/keypoint_annotation.json"


@pytest.fixture(scope="module")
def data(tmp_path_factory, body):
    folder = tmp_path_factory.mktemp("ubody")
    write_mean_hand(folder / "mean.npz")
    return folder, *write_ubody(folder, body.path)


def opened(folder, *, cache=None, mean=None, **config):
    config = {"kind": "ubody", "path": str(folder), "mean_hand_path": str((mean or folder) / "mean.npz"), **config}
    return open_source(poses_config(config, where="test"), folder=folder, body=BodyAtHand(), cache=cache)


def ids(source):
    return [source[number].origin.row for number in range(len(source))]


def test_joints_of_every_person_land_on_the_keypoints(data, body):
    source = opened(data[0])
    assert isinstance(source, IndexedPoseSource)
    for number in range(len(source)):
        labelled = source.labelled(number)
        sample = labelled.sample
        rotmats = rotvec_to_rotmat(sample.pose)
        rotmats[0] = labelled.R_cam_world @ rotmats[0]
        _, joints = forward(
            body, rotmats=rotmats, betas=sample.betas, expression=labelled.expression, transl=labelled.transl_cam
        )
        known = labelled.joints_known
        assert known.sum() == 12 + 30
        assert np.abs(project(joints, labelled.K) - labelled.joints2d)[known].max() < 1e-4


def test_annotations_without_parameters_or_that_are_not_valid_are_left_out_in_the_files_order(data):
    assert ids(opened(data[0])) == [7, 3, 1, 2, 6]
    assert ids(opened(data[0], scenes=["TalkShow"])) == [3, 1, 2, 6]
    assert opened(data[0]).skipped == ()


def test_origins_name_scene_video_and_frame(data):
    source = opened(data[0])
    found = [source[number].origin for number in range(len(source))]
    assert [(one.file, one.action, one.frame) for one in found] == [
        ("annotations/Movie/smplx_annotation.json", "Movie, film", 7),
        (FITS, "TalkShow, show_b", 345),
        (FITS, "TalkShow, show_a", 1),
        (FITS, "TalkShow, show_a", 2),
        (FITS, "TalkShow, show_b", 6),
    ]


def test_videos_are_split_by_the_lists_for_testing(data):
    assert ids(opened(data[0], split="test")) == [3, 6]
    assert ids(opened(data[0], split="train")) == [7, 1, 2]
    assert ids(opened(data[0], split="test", test_list="inter_scene")) == [7]


def test_hands_are_valid_as_the_parameters_say_else_the_keypoints(data):
    source = opened(data[0])
    valid = {one.origin.row: one.valid for one in (source[number] for number in range(len(source)))}
    assert {number: (one.left_hand, one.right_hand) for number, one in valid.items()} == {
        1: (True, True), 2: (True, False), 3: (True, True), 6: (False, True), 7: (True, True),
    }  # fmt: skip
    assert all(one.jaw and one.body and not one.eyes and not one.root for one in valid.values())


def test_hands_are_relative_to_the_mean_hand_in_the_file_and_absolute_here(data):
    source, hands = opened(data[0]), data[3]
    for number in range(len(source)):
        sample = source[number]
        found = np.stack([sample.pose[part] for part in HANDS.values()])
        assert np.allclose(found, hands[sample.origin.row] + MEAN)
    with pytest.raises(PoseFileError, match="mean_hand_path"):
        opened(data[0], mean_hand_path=None)


def test_a_level_camera_sees_people_upright_and_their_distance_means_nothing(data):
    source = opened(data[0])
    for number in range(len(source)):
        assert rotvec_to_rotmat(source[number].pose[0])[2, 1] > 0.9
        assert source[number].transl is None


def test_without_keypoints_only_hands_that_the_parameters_call_valid_are(data, tmp_path, caplog):
    (tmp_path / FITS).parent.mkdir(parents=True)
    (tmp_path / FITS).write_bytes((data[0] / FITS).read_bytes())
    source = opened(tmp_path, mean=data[0])
    assert "keypoint_annotation.json is not there" in caplog.text
    assert ids(source) == [3, 1, 2, 5, 6]
    assert (source[4].valid.left_hand, source[4].valid.right_hand) == (False, False)
    assert source.labelled(0).joints2d is None


def test_the_index_is_kept(data, tmp_path, monkeypatch):
    first = opened(data[0], cache=tmp_path)
    monkeypatch.setattr("pose_sources.ubody.source.build_index", None)
    again = opened(data[0], cache=tmp_path)
    assert [again[n].pose.tobytes() for n in range(len(again))] == [first[n].pose.tobytes() for n in range(len(first))]
    assert [again[n].origin for n in range(len(again))] == [first[n].origin for n in range(len(first))]


BAD = {
    "a number missing": (lambda fit: fit["smplx_param"]["body_pose"].pop(), "1.smplx_param.body_pose has 62 numbers"),
    "no hand": (lambda fit: fit["smplx_param"].pop("lhand_pose"), "1.smplx_param.lhand_pose is missing"),
    "not a number": (lambda fit: fit["smplx_param"].update(trans=[0, float("inf"), 0]), "trans holds 1 values"),
    "degrees": (lambda fit: fit["smplx_param"].update(root_pose=[180, 0, 0]), "In degrees"),
    "no camera": (lambda fit: fit.pop("cam_param"), "no object cam_param"),
    "a flag of two": (lambda fit: fit["smplx_param"].update(lhand_valid=[1, 0]), "lhand_valid has 2 numbers"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_annotation_is_refused_with_its_place_or_left_out(data, tmp_path, case, caplog):
    spoil, message = BAD[case]
    fits = json.loads((data[0] / FITS).read_text())
    spoil(fits["1"])
    (tmp_path / FITS).parent.mkdir(parents=True)
    (tmp_path / FITS).write_text(json.dumps(fits))
    (tmp_path / KEYPOINTS).write_bytes((data[0] / KEYPOINTS).read_bytes())
    with pytest.raises(PoseFileError, match=message) as caught:
        opened(tmp_path, mean=data[0])
    assert str(tmp_path / FITS) in str(caught.value)
    source = opened(tmp_path, mean=data[0], bad_data="skip")
    assert ids(source) == [3, 2, 6]
    assert [one.file for one in source.skipped] == [f"{FITS}, annotation 1"]
    assert "1 bad files or rows are left out" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ('{"1": {"smplx_param": ', "no whole JSON"),
        ('{"../1": {"smplx_param": {}}}', "the key is no annotation's id"),
        ('{"1": {"smplx_param": [1]}}', "no object smplx_param"),
        ('{"1": "text"}', "no annotations with a valid fit"),
        ('{"1": {"a": "' + "x" * 2**21 + '"}}', "a member of"),
    ],
)
def test_damaged_and_hostile_files_are_refused_by_name(data, tmp_path, text, message):
    (tmp_path / FITS).parent.mkdir(parents=True)
    (tmp_path / FITS).write_text(text)
    with pytest.raises(PoseFileError, match=message) as caught:
        opened(tmp_path, mean=data[0])
    assert str(tmp_path) in str(caught.value)


def test_missing_folders_scenes_and_lists_are_named(data, tmp_path):
    with pytest.raises(PoseFileError, match=r"Unpack UBody's annotations.zip here"):
        opened(tmp_path, mean=data[0])
    with pytest.raises(PoseFileError, match="scenes TalkShaw"):
        opened(data[0], scenes=["TalkShaw"])
    (tmp_path / FITS).parent.mkdir(parents=True)
    (tmp_path / FITS).write_bytes((data[0] / FITS).read_bytes())
    with pytest.raises(PoseFileError, match="splits.zip"):
        opened(tmp_path, mean=data[0], split="train")
    (tmp_path / "splits").mkdir()
    np.save(tmp_path / "splits/intra_scene_test_list.npy", np.array(["a", {}], dtype=object), allow_pickle=True)
    with pytest.raises(PoseFileError, match="can't be read"):
        opened(tmp_path, mean=data[0], split="train")
