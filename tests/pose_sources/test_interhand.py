import json

import numpy as np
import pytest

from cuffs.body.model import forward
from cuffs.errors import PoseFileError
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import FINGERS, HANDS, INDEX, JOINTS
from pose_sources import BodyAtHand, IndexedPoseSource, open_source, poses_config
from pose_sources.interhand.annotations import JOINT_OF
from pose_sources.interhand.misfit import hand_misfit_mm, similarity_residual
from tests.pose_sources.interhand_fixtures import MEAN, ORDER, make_hand, write_interhand
from tests.pose_sources.people_fixtures import write_mean_hand

MANO = "annotations/train/InterHand2.6M_train_MANO_NeuralAnnot.json"
JOINTS_FILE = "annotations/train/InterHand2.6M_train_joint_3d.json"


@pytest.fixture(scope="module")
def data(tmp_path_factory, body):
    folder = tmp_path_factory.mktemp("interhand")
    write_mean_hand(folder / "mean.npz")
    return folder, *write_interhand(folder, body.path)


def opened(folder, body, *, cache=None, **config):
    config = {"kind": "interhand", "path": str(folder), "mean_hand_path": str(folder / "mean.npz"), **config}
    at_hand = BodyAtHand(rest_joints=body.joint_template, model=body)
    return open_source(poses_config(config, where="test"), folder=folder, body=at_hand, cache=cache)


def hand_in_world(body, sample, side, fit):
    """The sample's hand on the body, moved as MANO is: R0 (x - j0) + j0 + trans."""
    pose = np.zeros((55, 3))
    pose[HANDS[side]] = sample.pose[HANDS[side]]
    _, joints = forward(
        body, rotmats=rotvec_to_rotmat(pose), betas=np.zeros(0), expression=np.zeros(0), transl=np.zeros(3)
    )
    j0 = joints[INDEX[f"{side}_wrist"]]
    return (joints - j0) @ rotvec_to_rotmat(np.array(fit["pose"][:3])).T + j0 + np.array(fit["trans"])


def test_joints_of_every_hand_are_those_that_were_annotated_in_the_world_and_in_the_picture(data, body):
    folder, mano, joints, camera = data
    source = opened(folder, body)
    assert isinstance(source, IndexedPoseSource)
    seen = 0
    for number in range(len(source)):
        sample = source[number]
        capture, frame = str(sample.origin.row), str(sample.origin.frame)
        annotated = joints.get(capture, {}).get(frame)
        for side, first in (("right", 0), ("left", 21)):
            if annotated is None or not getattr(sample.valid, f"{side}_hand"):
                continue
            placed = hand_in_world(body, sample, side, mano[capture][frame][side])
            for row, name in enumerate(ORDER):
                if name.endswith("4"):
                    continue
                theirs = np.array(annotated["world_coord"][first + row]) / 1000
                assert np.abs(placed[INDEX[f"{side}_{name}"]] - theirs).max() < 1e-4
                lens = {key: np.array(value["400262"]) for key, value in camera["13"].items()}
                pixels = []
                for point in (placed[INDEX[f"{side}_{name}"]], theirs):
                    x, y, z = lens["camrot"] @ (1000 * point - lens["campos"])
                    pixels.append(lens["focal"] * [x / z, y / z] + lens["princpt"])
                assert np.abs(pixels[0] - pixels[1]).max() < 1e-4
            seen += 1
    assert seen == 4


def test_frames_without_a_fit_are_not_there_and_hands_say_whether_they_are_known(data, body):
    source = opened(data[0], body)
    found = [source[number] for number in range(len(source))]
    assert [(one.origin.row, one.origin.frame, one.valid.left_hand, one.valid.right_hand) for one in found] == [
        (13, 1234, False, True),
        (13, 1237, True, True),
        (13, 1240, False, True),  # its left wrist is not valid
        (2, 99, True, False),
    ]
    for one in found:
        assert not (one.valid.root or one.valid.body or one.valid.jaw)
        assert not one.pose[: HANDS["left"].start].any()
        assert (one.origin.file, one.origin.licence) == (MANO, "InterHand2.6M: CC BY-NC 4.0")
    assert [one.origin.action for one in found] == ["ROM01", "ROM02", "ROM01", None]


def test_fingers_are_the_fits_and_the_mean_hand_in_the_same_order(data, body):
    folder, mano, *_ = data
    source = opened(folder, body)
    for number in range(len(source)):
        sample = source[number]
        for side, mean in zip(HANDS, MEAN, strict=True):
            if getattr(sample.valid, f"{side}_hand"):
                fit = mano[str(sample.origin.row)][str(sample.origin.frame)][side]
                assert np.allclose(sample.pose[HANDS[side]], np.reshape(fit["pose"][3:], (15, 3)) + mean)


def test_mano_joints_are_smplxs_without_a_permutation():
    names = [name.removeprefix("right_") for name in JOINTS[HANDS["right"]]]
    assert names == [f"{finger}{n}" for finger in ("index", "middle", "pinky", "ring", "thumb") for n in (1, 2, 3)]
    assert [ORDER[row] for row in JOINT_OF] == names
    assert {name[:-1] for name in names} == set(FINGERS)


def test_the_mean_hand_is_needed_and_the_message_says_where_to_get_it(data, body):
    with pytest.raises(PoseFileError, match="mean_hand_path"):
        opened(data[0], body, mean_hand_path=None)  # the open body's mean hand is another


def test_misfits_are_small_for_the_right_convention_and_large_for_the_other(body):
    for seed in range(4):
        for side, mean in zip(HANDS, MEAN, strict=True):
            fit, joints = make_hand(body.path, seed, side)
            relative = np.reshape(fit["pose"][3:], (15, 3))
            misfits = [
                hand_misfit_mm(side, hand, 1300 * joints, np.ones(21, bool), rest_joints=body.joint_template)
                for hand in (relative + mean, relative)
            ]
            assert misfits[0] < 1e-3 < 5 < misfits[1]  # whatever the size of the hand


def test_hands_far_from_the_annotated_joints_can_be_left_out(data, body, tmp_path):
    folder, mano, joints, _ = data
    spoilt = json.loads(json.dumps(mano))
    spoilt["13"]["1237"]["left"]["pose"][3:] = np.random.default_rng(0).normal(0, 1, 45).tolist()
    (tmp_path / "annotations/train").mkdir(parents=True)
    (tmp_path / MANO).write_text(json.dumps(spoilt))
    with pytest.raises(PoseFileError, match="max_misfit_mm needs _joint_3d.json"):
        opened(tmp_path, body, mean_hand_path=str(folder / "mean.npz"), max_misfit_mm=10.0)
    (tmp_path / JOINTS_FILE).write_text(json.dumps(joints))
    source = opened(tmp_path, body, mean_hand_path=str(folder / "mean.npz"), max_misfit_mm=10.0)
    assert [(source[n].valid.left_hand, source[n].valid.right_hand) for n in (1, 2)] == [(False, True), (False, True)]


def test_a_similarity_leaves_nothing_over_and_a_mirror_image_does():
    rng = np.random.default_rng(0)
    points, R = rng.normal(size=(16, 3)), rotvec_to_rotmat(rng.normal(size=3))
    assert similarity_residual(points, 3 * points @ R.T + 5) < 1e-9
    assert similarity_residual(points, points * [-1, 1, 1]) > 0.1


def test_the_index_is_kept_and_made_anew_when_a_file_changes(data, body, tmp_path, monkeypatch):
    folder, mano, *_ = data
    (tmp_path / "data/annotations/train").mkdir(parents=True)
    (tmp_path / "data" / MANO).write_text(json.dumps(mano))
    cache = tmp_path / "cache"
    config = {"mean_hand_path": str(folder / "mean.npz"), "cache": cache}
    first = opened(tmp_path / "data", body, **config)
    (kept,) = (cache / "poses").glob("index-*.npz")
    with monkeypatch.context() as patch:
        patch.setattr("pose_sources.interhand.source.build_index", None)
        again = opened(tmp_path / "data", body, **config)
    assert [again[n].pose.tobytes() for n in range(len(again))] == [first[n].pose.tobytes() for n in range(len(first))]
    kept.write_bytes(kept.read_bytes()[:100])
    assert len(opened(tmp_path / "data", body, **config)) == len(first)
    (tmp_path / "data" / MANO).write_text(json.dumps({"13": mano["13"]}))
    assert len(opened(tmp_path / "data", body, **config)) == len(first) - 1


BAD = {
    "a number missing": (lambda hand: hand["pose"].pop(), r"13.1237.right.pose has 47 numbers, but must have 48"),
    "no pose": (lambda hand: hand.pop("pose"), "13.1237.right.pose is missing"),
    "not a number": (lambda hand: hand["pose"].__setitem__(5, float("nan")), "values that are not finite"),
    "text": (lambda hand: hand.__setitem__("pose", ["a"] * 48), "something else than numbers"),
    "degrees": (lambda hand: hand["pose"].__setitem__(5, 90.0), "In degrees"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_hand_is_refused_with_its_place_or_left_out(data, body, tmp_path, case, caplog):
    folder, mano, *_ = data
    spoil, message = BAD[case]
    spoilt = json.loads(json.dumps(mano))
    spoil(spoilt["13"]["1237"]["right"])
    (tmp_path / "a.json").parent.mkdir(exist_ok=True)
    path = tmp_path / "InterHand2.6M_train_MANO_NeuralAnnot.json"
    path.write_text(json.dumps(spoilt))
    config = {"mean_hand_path": str(folder / "mean.npz"), "path": str(path)}
    with pytest.raises(PoseFileError, match=message) as caught:
        opened(tmp_path, body, **config)
    assert str(path) in str(caught.value)
    source = opened(tmp_path, body, **config, bad_data="skip")
    assert len(source) == 3
    assert len(source.skipped) == 1
    assert "1 bad files or rows are left out" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("no json", "no whole JSON"),
        ("[1, 2]", "no frames with a fitted hand"),
        ('{"13": {"1234": {"right": null', "no whole JSON"),
        ('{"13": {"1234": "text}', "no whole JSON"),
        ('{"13": {"../7": {}}}', "no numbers of capture and frame"),
        ('{"13": {"1234": ' + '{"right": ' * 5000 + "1" + "}" * 5000 + "}}", "no whole JSON|expected an object"),
        ('{"13": {"1234": {"right": ' + "[" + "1," * 600_000 + "1]}}}", "a member of"),
    ],
)
def test_damaged_and_hostile_json_is_refused_by_name(tmp_path, data, body, text, message):
    path = tmp_path / "InterHand2.6M_train_MANO_NeuralAnnot.json"
    path.write_text(text)
    with pytest.raises(PoseFileError, match=message) as caught:
        opened(tmp_path, body, path=str(path), mean_hand_path=str(data[0] / "mean.npz"))
    assert str(path) in str(caught.value)


def test_a_folder_without_annotations_is_refused(tmp_path, data, body):
    with pytest.raises(PoseFileError, match="Unpack InterHand2.6M's annotations here"):
        opened(tmp_path, body, mean_hand_path=str(data[0] / "mean.npz"))
    with pytest.raises(PoseFileError, match="splits val"):
        opened(data[0], body, splits=["val"])
