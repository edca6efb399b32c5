"""Exports, each read back by what its readers use: numpy, pickle, pandas, datasets; the body posed by smplx."""

import io
import json
import pickle
from dataclasses import replace

import numpy as np
import pandas
import pytest
import smplx
import torch
from PIL import Image

from cuffs.camera import intrinsics, project
from cuffs.codec import encode
from cuffs.errors import AssetMissing, ConfigError
from cuffs.export import export_dataset
from cuffs.export.agora import HEIGHT, WIDTH, agora_camera, placed_picture
from cuffs.export.bedlam import bedlam_camera
from cuffs.export.stream import SourceSample, pinhole_picture
from cuffs.lens import bend
from tests.cuffs.audit.scenes import encoded


@pytest.fixture(scope="module")
def reference(body):
    """The smplx package's own body, in double precision."""
    options = {"use_pca": False, "num_betas": 11, "num_expression_coeffs": 10, "dtype": torch.float64}
    models = {flat: smplx.create(str(body.path), "smplx", flat_hand_mean=flat, **options) for flat in (True, False)}
    names = ("global_orient", "body_pose", "jaw_pose", "leye_pose", "reye_pose", "left_hand_pose", "right_hand_pose")

    def pose(pose165, shape, transl, *, flat_hand_mean=True, expression=None):
        parts = np.split(pose165, np.cumsum([3, 63, 3, 3, 3, 45]))
        arguments = {name: torch.tensor(part[None]) for name, part in zip(names, parts, strict=True)}
        shape = np.concatenate([shape, np.zeros(11 - len(shape))])
        arguments |= {"betas": torch.tensor(shape[None]), "transl": torch.tensor(transl[None])}
        arguments["expression"] = torch.tensor((np.zeros(10) if expression is None else expression)[None])
        with torch.no_grad():
            found = models[flat_hand_mean](**arguments)
        return found.joints[0, :127].numpy(), found.vertices[0].numpy()

    return pose


def bedlam_rows(exports):
    for path in sorted((exports["bedlam"] / "all_npz_12_training").glob("*.npz")):
        with np.load(path) as arrays:
            rows = {name: arrays[name] for name in arrays.files}
        for number in range(len(rows["imgname"])):
            yield path.stem, {name: column[number] for name, column in rows.items()}


def test_both_of_bedlams_projection_routes_give_its_keypoints(exports, made, reference):
    people = [person for one in made for person in one.sample.people]
    rows = [row for _, row in bedlam_rows(exports)]
    assert len(rows) == len(people)
    for row, person in zip(rows, people, strict=True):
        R, t = row["cam_ext"][:3, :3], row["cam_ext"][:3, 3]
        first, _ = reference(row["pose_cam"], row["shape"], row["trans_cam"])
        second, _ = reference(row["pose_world"], row["shape"], row["trans_world"])
        for points in (first + t, second @ R.T + t):
            pixels = project(points, row["cam_int"])
            assert np.abs(pixels - row["gtkps"][:, :2]).max() < 1e-4
        assert (row["gtkps"][:, 2] == 1).all()
        assert np.array_equal(row["pose_cam"], person.smplx.full_pose().ravel())
        assert np.array_equal(row["expression"], person.smplx.expression)


def test_bedlams_world_is_turned_by_the_cameras_roll_and_pitch_alone(exports, made):
    for _, row in bedlam_rows(exports):
        R = row["cam_ext"][:3, :3]
        assert abs(R[2, 0]) < 1e-12  # the first column of Rz Rx has no z
        assert np.allclose(R @ R.T, np.eye(3))
    camera = made[0].sample.camera
    R, _ = bedlam_camera(camera.T_world_cam, np.array([0, 0, 2.0]))
    down_world = R.T @ (camera.T_world_cam[:3, :3].T @ [0, 0, -1.0])
    assert np.allclose(down_world, [0, 1, 0])


def test_people_of_one_bedlam_picture_have_their_own_offset(exports):
    found = {}
    for scene, row in bedlam_rows(exports):
        found.setdefault((scene, row["imgname"]), []).append(row["cam_ext"])
    pairs = [cameras for cameras in found.values() if len(cameras) == 2]
    assert pairs
    for first, second in pairs:
        assert np.allclose(first[:3, :3], second[:3, :3])
        assert np.linalg.norm(first[:3, 3] - second[:3, 3]) > 0.3


def test_bedlams_pictures_lie_where_its_readers_look(exports, made):
    names = {(scene, str(row["imgname"])) for scene, row in bedlam_rows(exports)}
    assert len(names) == len(made)
    for scene, name in names:
        with Image.open(exports["bedlam"] / "training" / scene / "png" / name) as picture:
            assert picture.format == "PNG"
            assert picture.size == (448, 336)


def test_multihmrs_pickle_has_the_shapes_that_its_loader_wants(exports, made):
    with (exports["multihmr"] / "cuffs_training.pkl").open("rb") as file:
        found = pickle.load(file)
    assert len(found) == len(made)
    for (name, entry), one in zip(found.items(), made, strict=True):
        with Image.open(exports["multihmr"] / "training" / name) as picture:
            assert tuple(entry["size"]) == picture.size
        assert np.allclose(entry["focal"], one.sample.camera.K[[0, 1], [0, 1]])
        assert np.allclose(entry["princpt"], one.sample.camera.K[:2, 2])
        for human, person in zip(entry["humans"], one.sample.people, strict=True):
            assert human["smplx_shape"].reshape(11)[:10] == pytest.approx(person.smplx.betas, abs=1e-6)
            shapes = {key: value.shape for key, value in human.items() if key != "smplx_gender"}
            assert shapes["smplx_root_pose"] == (1, 3)
            assert shapes["smplx_body_pose"] == (21, 3)
            assert shapes["smplx_right_hand_pose"] == (15, 3)
            assert np.allclose(human["smplx_transl"], person.smplx.transl, atol=1e-6)


def test_huggingface_reads_pictures_masks_and_parameters(exports, made, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    found = datasets.load_dataset(str(exports["hf"]), cache_dir=str(tmp_path), split="train")
    assert len(found) == len(made)
    for row, one in zip(found, made, strict=True):
        assert row["image"].size == (448, 336)
        assert np.array_equal(np.asarray(row["mask"]), one.mask)
        assert np.allclose(row["K"], one.sample.camera.K)
        assert json.loads(row["annotation"]) == json.loads(json.dumps(encode(one.sample)))
        for person, label in zip(row["people"], one.sample.people, strict=True):
            assert np.array_equal(person["body_pose"], label.smplx.body_pose.ravel())


def agora_to_camera(points_scan, row, number):
    """pose_formats.md 2.5, for pictures of cam00, on points."""

    def turn_x(deg):
        c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])

    def turn_y(deg):
        c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])

    def opencv(x, y, z):
        return np.array([y, -z, x]) / 100

    assert "cam00" in row.imgPath
    assert "hdri" not in row.imgPath
    place = opencv(row.X[number], row.Y[number], row.Z[number])
    camera, yaw, pitch = opencv(400, -275, 265), 135, 30
    own = points_scan @ np.diag([1, -1, -1]) @ turn_y(row.Yaw[number] - 90).T
    return (own + place - camera) @ turn_y(-yaw).T @ turn_x(pitch).T


def test_agoras_formulas_bring_people_to_where_they_are_in_the_picture(exports, made, reference):
    frames = [pandas.read_pickle(path) for path in sorted((exports["agora"] / "SMPLX").glob("train_*_withjv.pkl"))]
    rows = [row for frame in frames for row in frame.itertuples()]
    assert len(rows) == len(made)
    for row, one in zip(rows, made, strict=True):
        with Image.open(exports["agora"] / "train" / row.imgPath.replace(".png", "_1280x720.png")) as picture:
            assert picture.size == (1280, 720)
        for number, person in enumerate(one.sample.people):
            path = exports["agora"] / row.gt_path_smplx[number].replace(".obj", ".pkl")
            with path.open("rb") as file:
                pkl = pickle.load(file)
            order = ("global_orient", "body_pose", "jaw_pose", "leye_pose", "reye_pose")
            pose = np.concatenate([pkl[name][0] for name in (*order, "left_hand_pose", "right_hand_pose")])
            joints, verts = reference(
                pose, pkl["betas"][0], pkl["transl"][0], flat_hand_mean=False, expression=pkl["expression"][0]
            )
            joints, verts = agora_to_camera(joints, row, number), agora_to_camera(verts, row, number)
            assert np.abs(joints[:55] - person.joints3d_cam).max() < 1e-6
            assert np.abs(joints - row.gt_joints_3d[number]).max() < 1e-5
            assert np.abs(verts - row.gt_verts[number]).max() < 1e-5
            focal = 18 / 36 * 3840
            pixels = joints[:, :2] / joints[:, 2:] * focal + [1920, 1080]
            assert np.abs(pixels - row.gt_joints_2d[number]).max() < 1e-2
            assert row.gender[number] == "neutral"
            assert not row.kid[number]


def dots(K, points_cam, size):
    """A dark picture with a soft white dot where each point is seen."""
    width, height = size
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    picture = np.zeros((height, width))
    for u, v in project(points_cam, K):
        picture += np.exp(-((x - u) ** 2 + (y - v) ** 2) / 8)
    return np.repeat((picture.clip(0, 1) * 255).astype(np.uint8)[..., None], 3, 2)


def centre_near(picture, place):
    x, y = (round(value) for value in place)
    window = picture[y - 7 : y + 8, x - 7 : x + 8, 0].astype(float)
    rows, columns = np.mgrid[y - 7 : y + 8, x - 7 : x + 8]
    return np.array([(columns * window).sum(), (rows * window).sum()]) / window.sum() + 0.5


def test_pictures_are_straightened_and_placed_where_labels_are(made):
    size, points = (320, 240), np.array([[0.3, 0.2, 1.0], [-0.4, -0.2, 1.0], [0.1, -0.3, 1.0]])
    K = intrinsics(fov_x_deg=62, width=320, height=240, offset_px=(7, -4))
    lens = (-0.12, 0.02, 0.001, -0.002, 0.0)
    sample = made[0].sample
    camera = replace(sample.camera, K=K, distortion=lens)
    picture = dots(K, bend(points, lens), size)
    source = SourceSample(
        shard="shard",
        sample=replace(sample, camera=camera),
        jpeg=encoded(picture, "JPEG", quality=98),
        mask_png=None,
    )
    straight = pinhole_picture(source)
    placed = np.asarray(placed_picture(source, agora_camera()))
    assert placed.shape == (HEIGHT, WIDTH, 3)
    bent = project(bend(points, lens), K)
    for number, (u, v) in enumerate(project(points, K)):
        assert np.linalg.norm(centre_near(straight, (u, v)) - [u, v]) < 0.15
        assert np.linalg.norm(bent[number] - [u, v]) > 1  # or the test would see nothing
        where = project(points[number : number + 1], agora_camera())[0]
        assert np.linalg.norm(centre_near(placed, where) - where) < 0.5


def test_a_folder_that_exists_is_left_alone(exports, body, tmp_path):
    (tmp_path / "kept").mkdir()
    with pytest.raises(ConfigError, match="exists already"):
        export_dataset(exports["dataset"], "bedlam", tmp_path / "kept", body)


def test_an_export_that_fails_leaves_nothing(exports, body, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(AssetMissing, match="pyarrow"):
        export_dataset(exports["dataset"], "hf", tmp_path / "hf", body)
    assert list(tmp_path.iterdir()) == []


def test_pictures_without_distortion_are_passed_on_as_they_are(exports, made):
    path = exports["multihmr"] / "training" / "shard-000000" / f"{made[0].sample.key}.jpg"
    assert path.read_bytes() == encoded(made[0].picture, "JPEG", quality=95)
    assert Image.open(io.BytesIO(path.read_bytes())).size == (448, 336)
