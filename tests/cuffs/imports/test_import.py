"""Imports of files in the forms of data sets, made by another implementation: pixels, flags, turned pictures."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image

from cuffs.cli_import import Reading, import_command
from cuffs.errors import AssetMissing, PoseFileError
from cuffs.imports.picture import PictureUnusable
from cuffs.plan import read_plan
from cuffs.shards import iterate_samples, read_member, read_sample
from cuffs.shards.verify import verify_dataset
from cuffs.skeleton import INDEX
from tests.cuffs.imports.conftest import UBODY_PICTURES
from tests.cuffs.imports.pictures import WRIST, brightness, write_bedlam_pictures, write_picture
from tests.pose_sources.agora_fixtures import PICTURES, WOMAN, make_fits, seen
from tests.pose_sources.bedlam_fixtures import CLOSEUP, SCENE, write_bedlam2_labels


def samples_of(folder):
    """Annotations and pictures by what the picture is called in its data set."""
    found = {}
    for tar, _, entry in iterate_samples(folder):
        sample = read_sample(tar, entry)
        picture = Image.open(io.BytesIO(read_member(tar, entry, "jpg")))
        assert picture.size == (sample.image.width, sample.image.height)
        found[sample.provenance.place.partition(":")[2]] = (sample, picture)
    assert list(verify_dataset(folder, read_plan(folder))) == []
    return found


def stored_people(sample, rows, name):
    """Pairs of a person of a sample and their row in the labels, by where the pelvis is."""
    for number in np.flatnonzero(rows["imgname"] == name):
        target = rows["gtkps"][number, :55, :2]
        yield min(sample.people, key=lambda p: np.abs(p.joints2d - target).max()), number


def test_bedlam_comes_with_its_own_pixels_and_closeups_stand_upright(bedlam, imported):
    _, scenes = bedlam
    found = samples_of(imported["bedlam"])
    assert len(found) == 4
    for scene, rows in scenes.items():
        for name in np.unique(rows["imgname"]):
            sample, picture = found[f"{scene}/{name}"]
            assert sample.image.height > sample.image.width or scene != CLOSEUP
            assert len(sample.people) == (rows["imgname"] == name).sum()
            assert sample.provenance.split == ("val" if scene == SCENE.replace("20221020-3-8", "none") else "train")
            for person, number in stored_people(sample, rows, name):
                # the eleventh shape coefficient is not ours: a few pixels; the pelvis stays exactly
                off = np.abs(person.joints2d - rows["gtkps"][number, :55, :2])
                assert off[0].max() < 0.01
                assert off.max() < 0.02 * sample.image.height
                np.testing.assert_allclose(person.smplx.body_pose.ravel(), rows["pose_cam"][number, 3:66], atol=1e-9)
                np.testing.assert_allclose(person.smplx.right_hand_pose.ravel(), rows["pose_cam"][number, 120:])
                np.testing.assert_allclose(person.smplx.betas, rows["shape"][number, :10])
                x, y = rows["gtkps"][number, WRIST, :2]
                if 8 < x < sample.image.width - 8 and 8 < y < sample.image.height - 8:
                    assert brightness(picture, x, y) > 200
                unmeasured = number == 0
                assert (person.hand_valid.left, person.hand_valid.right) == (not unmeasured, not unmeasured)
                assert person.betas_valid
                assert person.depth_valid
                assert not person.face_valid
                assert not person.expression_valid


@pytest.mark.usefixtures("as_licensed")
def test_shapes_of_a_model_that_is_not_ours_are_marked_so(body, tmp_path):
    root = tmp_path / "bedlam2"
    root.mkdir()
    rows = write_bedlam2_labels(root, body.path)
    for name in np.unique(rows["imgname"]):
        write_picture(root / f"20240425_1_171_yogastudio/png/{name}", (720, 1280), [], lies=True)
    import_command("bedlam2", root, tmp_path / "out", workers=1)
    people = [person for sample, _ in samples_of(tmp_path / "out").values() for person in sample.people]
    assert len(people) == len(rows["shape"])
    assert not any(person.betas_valid or person.depth_valid for person in people)
    assert sum(not person.hand_valid.right for person in people) == 1, "one pair of hands nobody measured"


def test_agora_takes_the_small_pictures_with_the_small_camera(body, agora, imported):
    _, joints = make_fits(body.path, agora[1])
    found = samples_of(imported["agora"])
    splits = {name: sample.provenance.split for name, (sample, _) in found.items()}
    checked = 0
    for file, pictures in PICTURES.items():
        for name, people in pictures:
            if name not in found:
                continue
            assert splits[name] == ("val" if file.startswith("validation") else "train")
            for fit, place, yaw, hidden in people:
                if fit != WOMAN or hidden > 90:
                    continue
                points, pixels = seen(joints[fit], name, place, yaw)
                person = min(found[name][0].people, key=lambda p, at=points[0]: np.abs(p.joints3d_cam[0] - at).max())
                assert np.abs(person.joints3d_cam - points[:55]).max() < 1e-4
                assert np.abs(person.joints2d - pixels[:55] / 3).max() < 0.05
                assert person.betas_valid
                assert person.face_valid
                assert person.hand_valid.left
                checked += 1
    assert checked >= 2
    bodies = [p for sample, _ in found.values() for p in sample.people if "_bfh" not in p.pose_source.body.file]
    assert bodies
    everybody = [p for sample, _ in found.values() for p in sample.people]
    assert any(not p.hand_valid.left and not p.face_valid for p in everybody), "the body-only fit's hands mean nothing"


def test_ubody_keeps_its_pixels_but_not_its_depth(ubody, imported):
    _, fits, people = ubody
    found, names = samples_of(imported["ubody"]), UBODY_PICTURES
    assert set(found) == set(names.values())
    for number, name in names.items():
        sample, _ = found[name]
        (person,) = sample.people
        given = fits[number]["smplx_param"]
        assert sample.camera.K[0, 0] > 30000
        assert not person.depth_valid
        assert person.betas_valid
        assert sample.provenance.split == ("test" if "show_b" in name else "train")
        np.testing.assert_allclose(person.smplx.global_orient, given["root_pose"], atol=1e-6)
        np.testing.assert_allclose(person.smplx.transl, given["trans"], atol=1e-9)
        assert person.hand_valid.right == bool(given.get("rhand_valid", people[number]["righthand_valid"]))
        stored = np.reshape(people[number]["lefthand_kpts"], (21, 3))[1:4, :2]  # thumb 1 to 3
        rows = [INDEX[f"left_thumb{n}"] for n in (1, 2, 3)]
        assert np.abs(person.joints2d[rows] - stored).max() < 0.01


@pytest.mark.usefixtures("as_licensed")
def test_multi_hmr_s_layout_comes_back_as_it_was_and_unknown_keys_are_named(bedlam, tmp_path, caplog):
    root, scenes = bedlam
    rows = scenes[SCENE]
    data = {}
    for name in np.unique(rows["imgname"]):
        mine = np.flatnonzero(rows["imgname"] == name)
        data[f"{SCENE}/png/{name}"] = {
            "focal": rows["cam_int"][0, [0, 1], [0, 1]], "princpt": rows["cam_int"][0, :2, 2],
            "size": np.array([1280, 720]), "depth_map": "x.exr",
            "humans": [humans_entry(rows, row) for row in mine],
        }  # fmt: skip
    (root / "cuffs_training.pkl").write_bytes(pickle.dumps(data))
    import_command("cuffs", root, tmp_path / "out", Reading(hands="absolute"), workers=1)
    assert "'depth_map' of a picture (2×)" in caplog.text
    found = samples_of(tmp_path / "out")
    for name, entry in data.items():
        sample, _ = found[name]
        given = sorted(float(human["smplx_transl"][2]) for human in entry["humans"])
        assert sorted(p.smplx.transl[2] for p in sample.people) == pytest.approx(given, abs=0.05)


def humans_entry(rows, row):
    pose = rows["pose_cam"][row].reshape(55, 3)
    return {
        "smplx_root_pose": pose[:1], "smplx_body_pose": pose[1:22], "smplx_jaw_pose": pose[22:23],
        "smplx_leye_pose": pose[23:24], "smplx_reye_pose": pose[24:25], "smplx_left_hand_pose": pose[25:40],
        "smplx_right_hand_pose": pose[40:], "smplx_shape": rows["shape"][row], "smplx_gender": "neutral",
        "smplx_transl": rows["trans_cam"][row] + rows["cam_ext"][row, :3, 3],
    }  # fmt: skip


@pytest.mark.usefixtures("as_licensed")
def test_a_pickle_of_another_layout_is_described_and_one_that_runs_code_is_refused(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"x/0.jpg": {"K": np.eye(3), "people": [1, 2]}}))
    with pytest.raises(PoseFileError, match=r"'K': array \(3, 3\) float64, 'people': a list of 2"):
        import_command("cuffs", tmp_path / "a.pkl", tmp_path / "out")
    (tmp_path / "b.pkl").write_bytes(pickle.dumps(print))
    with pytest.raises(PoseFileError, match="more than data"):
        import_command("cuffs", tmp_path / "b.pkl", tmp_path / "out")


@pytest.mark.usefixtures("as_licensed")
def test_an_import_goes_on_where_it_was_and_missing_pictures_are_counted(bedlam, tmp_path, capsys):
    root, scenes = bedlam
    images = tmp_path / "some"
    write_bedlam_pictures(images, {SCENE: scenes[SCENE]})
    out = tmp_path / "out"
    with pytest.raises(PictureUnusable, match="--images"):
        import_command("bedlam", root, out, Reading(images=images), workers=1, shard_size=2)
    first = out / "shards/shard-000000.tar"
    assert first.exists() != (out / "shards/shard-000001.tar").exists()
    skipping = tmp_path / "skipping"
    import_command("bedlam", root, skipping, Reading(images=images, skip_bad=True), workers=1, shard_size=2)
    assert "left out      2  the picture is missing" in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in (skipping / "shards").iterdir()}
    import_command("bedlam", root, skipping, Reading(images=images, skip_bad=True), workers=1, shard_size=2)
    assert {path: path.stat().st_mtime_ns for path in (skipping / "shards").iterdir()} == before
    assert "the picture is missing 2" in (skipping / "CARD.md").read_text()


def test_the_stand_in_body_is_refused(bedlam, body, tmp_path):
    assert body.name == "open-body"
    with pytest.raises(AssetMissing, match="CUFFS_ASSETS"):
        import_command("bedlam", bedlam[0], tmp_path / "out")
