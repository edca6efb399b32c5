"""`cuffs poses check` and `index`: sound sources pass, and every check can fail."""

import json

import numpy as np
import pytest

from cuffs.cli_sources import check_command, index_command
from cuffs.errors import CheckFailed, ConfigError, PoseFileError
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.skeleton import HANDS
from pose_sources import BodyAtHand, named_sources, open_source, poses_config
from pose_sources.checking import check_source
from pose_sources.mean_hand import MeanHand, detect_convention, read_mean_hand
from pose_sources.rest_shapes import RestShapes
from tests.pose_sources.agora_fixtures import write_agora, write_kid_template
from tests.pose_sources.bedlam_fixtures import SCENE, scene_rows, write_bedlam_labels
from tests.pose_sources.interhand_fixtures import write_interhand
from tests.pose_sources.motion_fixtures import write_smplx
from tests.pose_sources.people_fixtures import MEAN, make_person, turn, write_licensed, write_mean_hand
from tests.pose_sources.ubody_fixtures import write_ubody

MEAN_HAND = MeanHand(MEAN)


@pytest.fixture(scope="module")
def place(tmp_path_factory, body):
    """A folder with every data set, the licensed files and the mean hand."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "assets").mkdir()
    write_licensed(folder / "assets", body.path)
    write_kid_template(folder / "assets/smplx_kid_template.npy", body.path)
    write_mean_hand(folder / "mean.npz")
    for name in ("bedlam", "agora", "ubody", "interhand", "amass"):
        (folder / name).mkdir()
    write_bedlam_labels(folder / "bedlam", body.path)
    write_agora(folder / "agora", body.path, folder / "assets/smplx_kid_template.npy")
    write_ubody(folder / "ubody", body.path)
    write_interhand(folder / "interhand", body.path)
    write_motion(folder / "amass/walk_stageii.npz")
    return folder


def write_motion(path, *, swapped=False, scale=1.0, lying=False):
    rng = np.random.default_rng(0)
    people = [make_person(rng, 16) for _ in range(30)]
    poses = np.stack([person.pose for person in people])
    if not lying:
        poses[:, 0] = rotmat_to_rotvec(turn("x", 90) @ rotvec_to_rotmat(poses[:, 0]))
    left, right = (HANDS[side] for side in ("left", "right"))
    if swapped:
        poses[:, left], poses[:, right] = poses[:, right].copy(), poses[:, left].copy()
    write_smplx(path, poses, scale * np.stack([person.transl for person in people]), people[0].betas)


@pytest.fixture(scope="module")
def at_hand(place):
    return RestShapes(assets=place / "assets")


def findings(place, body, data, *, shapes):
    known = BodyAtHand(rest_joints=body.joint_template, rest_pelvis=shapes.rest_pelvis, model=body)
    if data["kind"] in ("agora", "ubody", "interhand"):
        data = {"mean_hand_path": "mean.npz", **data}
    source = open_source(poses_config(data, where="test"), folder=place, body=known)
    found = check_source(source, 100, shapes=shapes, average=body.joint_template, mean=MEAN_HAND)
    return {one.what: one for one in found}


SOUND = {
    "bedlam": ({}, {"two ways: roots", "two ways: places", "joints in the picture, exact"}),
    "agora": ({"each": "crop"}, {"joints in space, exact", "joints in the picture, exact", "hands against joints"}),
    "ubody": ({}, {"joints in the picture, rough", "hands against joints"}),
    "interhand": ({}, {"hands against joints"}),
    "amass": ({"fps": None}, {"rotations", "upward axis", "places", "hands", "left and right hands"}),
}


@pytest.mark.parametrize("kind", SOUND)
def test_sound_sources_pass_and_everything_that_can_be_is_checked(place, body, at_hand, kind):
    more, checked = SOUND[kind]
    shapes = RestShapes(assets=None) if kind == "ubody" else at_hand
    found = findings(place, body, {"kind": kind, "path": kind, **more}, shapes=shapes)
    assert not [one for one in found.values() if one.level == "bad"]
    assert {what for what, one in found.items() if one.level == "ok"} >= checked


def test_without_the_body_model_both_ways_and_rough_joints_are_still_checked(place, body):
    found = findings(place, body, {"kind": "bedlam", "path": "bedlam"}, shapes=RestShapes(assets=None))
    assert found["two ways: places"].level == "ok"
    assert found["joints in the picture, rough"].level == "ok"
    assert "smplx-neutral not at hand" in found["body models"].detail


def spoilt_labels(place, body, at_hand, folder, **changes):
    rows = {key: array.copy() for key, array in scene_rows(body.path, 0).items()}
    for key, change in changes.items():
        rows[key] = change(rows[key])
    np.savez(folder / f"{SCENE}.npz", **rows)
    return findings(place, body, {"kind": "bedlam", "path": str(folder)}, shapes=at_hand)


def test_ways_into_the_picture_that_differ_are_found(place, body, at_hand, tmp_path):
    def turned(poses):
        poses[:, :3] = rotmat_to_rotvec(turn("y", 5) @ rotvec_to_rotmat(poses[:, :3]))
        return poses

    found = spoilt_labels(place, body, at_hand, tmp_path, pose_world=turned)
    assert (found["two ways: roots"].level, found["two ways: places"].level) == ("bad", "ok")
    found = spoilt_labels(place, body, at_hand, tmp_path, trans_world=lambda places: places + 0.02)
    assert (found["two ways: roots"].level, found["two ways: places"].level) == ("ok", "bad")
    found = spoilt_labels(place, body, at_hand, tmp_path, trans_cam=lambda places: places + [0.05, 0, 0])
    assert found["joints in the picture, exact"].level == "bad"
    found = spoilt_labels(place, body, at_hand, tmp_path, pose_cam=turned)
    assert found["joints in the picture, exact"].level == "bad"


def test_places_that_differ_are_found_without_the_body_model(place, body, tmp_path):
    rng = np.random.default_rng(0)
    rows = {key: array.copy() for key, array in scene_rows(body.path, 5, people=1, pictures=6).items()}
    rows["trans_world"] += rng.normal(0, 0.02, rows["trans_world"].shape)
    np.savez(tmp_path / f"{SCENE}.npz", **rows)
    found = findings(place, body, {"kind": "bedlam", "path": str(tmp_path)}, shapes=RestShapes(assets=None))
    assert found["two ways: places"].level == "bad"


def test_hands_meant_another_way_than_they_are_read_are_found(place, body, at_hand, tmp_path):
    found = findings(
        place, body, {"kind": "agora", "path": "agora", "each": "crop", "hands": "absolute"}, shapes=at_hand
    )
    assert found["hands against joints"].level == "bad"
    for name in ("ubody", "interhand"):
        (tmp_path / name).mkdir()
    write_ubody(tmp_path / "ubody", body.path)
    for path in (tmp_path / "ubody").rglob("smplx_annotation.json"):
        fits = json.loads(path.read_text())
        for fit in fits.values():
            for side, key in enumerate(("lhand_pose", "rhand_pose")):
                fit["smplx_param"][key] = (np.array(fit["smplx_param"][key]) + MEAN[side].ravel()).tolist()
        path.write_text(json.dumps(fits))
    found = findings(place, body, {"kind": "ubody", "path": str(tmp_path / "ubody")}, shapes=at_hand)
    assert found["hands against joints"].level == "bad"
    mano, *_ = write_interhand(tmp_path / "interhand", body.path)
    for hands in mano["13"].values():
        for side, key in enumerate(("left", "right")):
            if hands[key]:
                hands[key] = {"pose": (np.array(hands[key]["pose"]) + np.r_[0, 0, 0, MEAN[side].ravel()]).tolist()}
    path = next((tmp_path / "interhand").rglob("*MANO*.json"))
    path.write_text(json.dumps(mano))
    found = findings(place, body, {"kind": "interhand", "path": str(tmp_path / "interhand")}, shapes=at_hand)
    assert found["hands against joints"].level == "bad"


def test_axes_units_and_sides_that_are_others_are_found(place, body, at_hand, tmp_path):
    config = {"kind": "amass", "path": str(tmp_path), "fps": None}
    write_motion(tmp_path / "a_stageii.npz", lying=True)
    assert findings(place, body, config, shapes=at_hand)["upward axis"].level == "bad"
    assert findings(place, body, {**config, "up_axis": "y"}, shapes=at_hand)["upward axis"].level == "ok"
    write_motion(tmp_path / "a_stageii.npz", scale=1000)
    assert findings(place, body, config, shapes=at_hand)["places"].level == "bad"
    write_motion(tmp_path / "a_stageii.npz", swapped=True)
    found = findings(place, body, config, shapes=at_hand)
    assert found["left and right hands"].level == "bad"


@pytest.mark.parametrize("relative", [False, True])
def test_the_detector_tells_measured_hands_by_their_middle_and_says_when_it_cannot(relative):
    rng = np.random.default_rng(0)
    hands = MEAN + rng.normal(0, 0.3, (20, 2, 15, 3)) - relative * MEAN
    assert detect_convention(hands, MEAN_HAND).convention == ("relative" if relative else "absolute")
    assert detect_convention(hands, None).convention is None
    assert detect_convention(hands[:3], MEAN_HAND).convention is None
    assert detect_convention(np.zeros((20, 2, 15, 3)), MEAN_HAND).convention is None
    assert detect_convention(rng.normal(0, 3, (500, 2, 15, 3)), MEAN_HAND).convention is None
    with_one = np.concatenate([hands, MEAN[None]])
    assert detect_convention(with_one, None).convention == "absolute"


def test_the_mean_hand_is_read_from_every_file_that_has_it(tmp_path):
    import pickle

    write_mean_hand(tmp_path / "smplx.npz")
    (tmp_path / "MANO_RIGHT.pkl").write_bytes(pickle.dumps({"hands_mean": MEAN[1].ravel()}))
    (tmp_path / "MANO_LEFT.pkl").write_bytes(pickle.dumps({"hands_mean": MEAN[0].ravel()}))
    poses = np.zeros((4, 55, 3))
    poses[:, 25:] = MEAN.reshape(30, 3)
    np.savez(tmp_path / "motion_seq.npz", poses=poses.reshape(4, 165))
    for path in tmp_path.iterdir():
        assert np.allclose(read_mean_hand(path).hands, MEAN)
    poses[2, 30] += 0.1
    np.savez(tmp_path / "motion_seq.npz", poses=poses.reshape(4, 165))
    np.savez(tmp_path / "smplx.npz", hands_meanl=np.zeros(45), hands_meanr=np.zeros(45))
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    (tmp_path / "MANO_RIGHT.pkl").write_bytes(pickle.dumps([1]))
    for name in ("motion_seq.npz", "smplx.npz", "other.npz", "MANO_RIGHT.pkl", "missing.pkl", "missing.npz"):
        with pytest.raises(PoseFileError, match=name):
            read_mean_hand(tmp_path / name)


KINDS = {
    "bedlam/all_npz_12_training": "bedlam", "agora": "agora", "agora/smplx_gt": "agora", "ubody": "ubody",
    "interhand": "interhand", "amass": "amass", "amass/walk_stageii.npz": "amass",
}  # fmt: skip


@pytest.mark.parametrize("path", KINDS)
def test_kinds_are_told_from_what_lies_there(place, path):
    (found,) = named_sources(str(place / path), skip_bad=True, mean_hand=place / "mean.npz")
    assert KINDS[path] == found.config.KIND
    assert found.config.bad_data == "skip"
    assert getattr(found.config, "mean_hand_path", str(place / "mean.npz")) == str(place / "mean.npz")


def test_kinds_can_be_said_and_unknown_ones_are_refused(place, tmp_path):
    (found,) = named_sources(f"bedlam2:{place}/bedlam", skip_bad=False, mean_hand=None)
    assert found.config.KIND == "bedlam2"
    with pytest.raises(PoseFileError, match="is not there"):
        named_sources(str(tmp_path / "missing"), skip_bad=False, mean_hand=None)
    with pytest.raises(PoseFileError, match="amass:PATH or bedlam:PATH"):
        named_sources(str(tmp_path), skip_bad=False, mean_hand=None)
    (tmp_path / "no.yaml").write_text("name: none")
    with pytest.raises(ConfigError, match="no key `poses`"):
        named_sources(str(tmp_path / "no.yaml"), skip_bad=False, mean_hand=None)


RECIPE = """
poses:
  kind: mixture
  bodies:
    - {source: {kind: bedlam, path: bedlam}}
    - {source: {kind: amass, path: nowhere}, missing: skip}
  hands:
    - {source: {kind: interhand, path: interhand}}
"""


def test_the_commands_say_what_is_there_what_is_missing_and_what_is_bad(place, tmp_path, monkeypatch, capsys, body):
    monkeypatch.setenv("CUFFS_ASSETS", str(place / "assets"))
    monkeypatch.setenv("CUFFS_CACHE", str(tmp_path))
    monkeypatch.setattr("cuffs.cli_sources.find_body_model", lambda _: body)
    (place / "recipe.yaml").write_text(RECIPE)
    index_command((str(place / "recipe.yaml"), str(place / "ubody")), mean_hand=place / "mean.npz")
    said = capsys.readouterr().out
    assert "poses.bodies[0]: bedlam, 8 poses; BEDLAM: non-commercial" in said
    assert "poses.bodies[1]: left out" in said
    assert "poses.hands[0]: interhand, 4 poses" in said
    assert "ubody, 5 poses" in said
    check_command(str(place / "recipe.yaml"), count=20, mean_hand=place / "mean.npz")
    assert "ok   two ways: roots" in capsys.readouterr().out
    (tmp_path / "motions").mkdir()
    write_motion(tmp_path / "motions/a_stageii.npz", lying=True)
    (tmp_path / "motions/b_stageii.npz").write_bytes(b"none")
    with pytest.raises(PoseFileError, match="--skip-bad"):
        index_command((str(tmp_path / "motions"),))
    index_command((f"amass:{tmp_path}/motions",), skip_bad=True)
    said = capsys.readouterr().out
    assert "1 bad files or rows left out" in said
    assert "left out: b_stageii.npz" in said
    with pytest.raises(CheckFailed, match="upward axis"):
        check_command(f"amass:{tmp_path}/motions", skip_bad=True)
