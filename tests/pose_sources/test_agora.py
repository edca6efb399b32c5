import dataclasses
import pickle

import numpy as np
import pytest
import torch

from cuffs.body.model import forward
from cuffs.camera import project
from cuffs.errors import PoseFileError
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import HANDS
from pose_sources import BodyAtHand, IndexedPoseSource, open_source, poses_config
from pose_sources.agora.pickles import read_agora_pickle
from pose_sources.rest_shapes import RestShapes
from tests.pose_sources.agora_fixtures import (
    BODY_ONLY,
    GIRL,
    MAN,
    PICTURES,
    WOMAN,
    make_fits,
    make_frame,
    write_agora,
    write_kid_template,
)
from tests.pose_sources.foreign_pickles import gpu_pickle, pickle_frame, real_frame
from tests.pose_sources.people_fixtures import MEAN, write_licensed, write_mean_hand


@pytest.fixture(scope="module")
def assets(tmp_path_factory, body):
    """A folder of licensed files: the reference body under each name."""
    folder = tmp_path_factory.mktemp("assets")
    write_licensed(folder, body.path)
    write_kid_template(folder / "smplx_kid_template.npy", body.path)
    write_mean_hand(folder / "mean.npz")
    return folder


@pytest.fixture(scope="module")
def shapes(assets):
    return RestShapes(assets=assets)


@pytest.fixture(scope="module")
def data(tmp_path_factory, body, assets):
    folder = tmp_path_factory.mktemp("agora")
    return folder, *write_agora(folder, body.path, assets / "smplx_kid_template.npy")


@pytest.fixture(scope="module")
def kid_body(body, assets):
    """The reference body with the kid's direction after ten betas."""
    kid = np.load(assets / "smplx_kid_template.npy")
    direction = (kid - kid.mean(0) - body.v_template)[..., None]
    with np.load(body.path) as arrays:
        regressor = arrays["J_regressor"].astype(float)
    return dataclasses.replace(
        body,
        shapedirs=np.concatenate([body.shapedirs[..., :10], direction], -1),
        joint_shapedirs=np.concatenate(
            [body.joint_shapedirs[..., :10], (regressor @ direction[..., 0])[..., None]], -1
        ),
    )


def opened(folder, assets, shapes=None, *, cache=None, **config):
    config = {"kind": "agora", "path": str(folder), "mean_hand_path": str(assets / "mean.npz"), **config}
    at_hand = BodyAtHand(rest_pelvis=None if shapes is None else shapes.rest_pelvis)
    return open_source(poses_config(config, where="test"), folder=folder, body=at_hand, cache=cache)


def every(source):
    return [source[number] for number in range(len(source))]


def test_joints_of_every_person_in_every_picture_are_the_dataframes(data, assets, shapes, body, kid_body):
    source = opened(data[0], assets, shapes, each="crop")
    assert isinstance(source, IndexedPoseSource)
    assert len(source) == 6
    for number in range(len(source)):
        labelled = source.labelled(number)
        sample = labelled.sample
        model = kid_body if sample.is_kid else body
        _, joints = forward(
            model,
            rotmats=rotvec_to_rotmat(sample.pose),
            betas=sample.betas,
            expression=labelled.expression,
            transl=sample.transl,
        )
        in_camera = joints @ labelled.R_cam_world.T
        assert np.abs(in_camera - labelled.joints3d_cam).max() < 1e-4
        of_gpu = sample.origin.frame == 1 and sample.origin.file == "SMPLX/validation_0_withjv.pkl"
        limit_px = 1e-2 if of_gpu else 1e-4  # it has single precision, and an expression
        assert np.abs(project(in_camera, labelled.K) - labelled.joints2d).max() < limit_px


def test_joints_of_every_fit_are_the_scans_turned_upright(data, assets, shapes, body, kid_body):
    folder, fits, joints = data
    for sample in every(opened(folder, assets, shapes)):
        name = sample.origin.file.removeprefix("smplx_gt/").removesuffix(".pkl")
        _, found = forward(
            kid_body if sample.is_kid else body,
            rotmats=rotvec_to_rotmat(sample.pose),
            betas=sample.betas,
            expression=fits[name]["expression"][0],
            transl=sample.transl,
        )
        x, y, z = joints[name][:55].T
        assert np.abs(found - np.stack([x, -z, y], 1)).max() < 1e-4


def test_the_hands_are_relative_in_the_file_and_absolute_here(data, assets):
    folder, fits, _ = data
    for sample in every(opened(folder, assets)):
        name = sample.origin.file.removeprefix("smplx_gt/").removesuffix(".pkl")
        stored = [fits[name][f"{side}_hand_pose"].reshape(15, 3) for side in HANDS]
        found = np.stack([sample.pose[part] for part in HANDS.values()])
        assert np.allclose(found, np.stack(stored) + MEAN, atol=1e-6)
        assert sample.valid.left_hand == sample.valid.jaw == (name != BODY_ONLY)
    absolute = every(opened(folder, assets, hands="absolute", mean_hand_path=None))[0]
    assert np.allclose(absolute.pose[HANDS["left"]].ravel(), fits[WOMAN]["left_hand_pose"])
    with pytest.raises(PoseFileError, match="mean_hand_path"):
        opened(folder, assets, mean_hand_path=None)


def test_kids_and_genders_name_the_models_they_were_fitted_with(data, assets, body, tmp_path):
    named = {
        sample.origin.file.removeprefix("smplx_gt/"): (sample.betas_model, len(sample.betas), sample.is_kid)
        for sample in every(opened(data[0], assets))
    }
    assert named == {
        f"{WOMAN}.pkl": ("smplx-female", 10, False),
        f"{MAN}.pkl": ("smplx-male", 10, False),  # an adult's eleventh beta is not used
        f"{GIRL}.pkl": ("smplx-neutral-kid", 11, True),  # girls were fitted with the neutral model
        f"{BODY_ONLY}.pkl": ("smplx-male", 10, False),
    }
    write_agora(tmp_path, body.path, assets / "smplx_kid_template.npy", gendered=False)
    models = [sample.betas_model for sample in every(opened(tmp_path, assets))]
    assert sorted(models) == ["smplx-neutral"] * 3 + ["smplx-neutral-kid"]
    assert {sample.gender for sample in every(opened(tmp_path, assets))} == {"female", "male"}


def test_kids_can_be_dropped_and_without_the_template_nobody_knows_where_they_stand(data, assets, tmp_path):
    assert not any(sample.is_kid for sample in every(opened(data[0], assets, kids="drop")))
    (tmp_path / "SMPLX_NEUTRAL.npz").symlink_to(assets / "SMPLX_NEUTRAL.npz")
    for sample in every(opened(data[0], assets, RestShapes(assets=tmp_path))):
        assert sample.transl is None  # no gendered models either
    fits = opened(data[0], assets)
    with pytest.raises(PoseFileError, match="each: crop"):
        fits.labelled(0)


def test_people_that_are_hidden_or_not_valid_are_no_crops(data, assets):
    found = [(one.origin.file, one.origin.row, one.origin.frame) for one in every(opened(data[0], assets, each="crop"))]
    train, validation = "SMPLX/train_0_withjv.pkl", "SMPLX/validation_0_withjv.pkl"
    assert found == [
        (train, 0, 0), (train, 1, 0), (train, 1, 1), (validation, 0, 0), (validation, 0, 1), (validation, 1, 0),
    ]  # fmt: skip
    assert len(opened(data[0], assets, each="crop", max_occlusion=50.0)) == 4


def test_without_dataframes_fits_are_read_and_crops_are_refused(data, assets, tmp_path, caplog):
    (tmp_path / "smplx_gt").symlink_to(data[0] / "smplx_gt")
    found = every(opened(tmp_path / "smplx_gt", assets))
    assert "gender is not known" in caplog.text
    assert {sample.betas_model for sample in found} == {"smplx-unknown", "smplx-unknown-kid"}
    with pytest.raises(PoseFileError, match="each: crop needs the dataframes"):
        opened(tmp_path / "smplx_gt", assets, each="crop")


def test_the_index_is_kept(data, assets, tmp_path, monkeypatch):
    first = every(opened(data[0], assets, each="crop", cache=tmp_path))
    monkeypatch.setattr("pose_sources.agora.source.build_index", None)
    again = every(opened(data[0], assets, each="crop", cache=tmp_path))
    assert [one.pose.tobytes() for one in again] == [one.pose.tobytes() for one in first]


@pytest.mark.parametrize("version", ["1.5.3", "2.2.3"])
def test_what_pandas_really_wrote_is_read_without_pandas(tmp_path, version):
    (tmp_path / "a.pkl").write_bytes(real_frame(version))
    columns = read_agora_pickle(tmp_path / "a.pkl").columns()
    assert {name: values.tolist() for name, values in columns.items()} == {
        "imgPath": ["a"], "camX": [1.0], "X": [[1, 2]], "isValid": [[True]], "flag": [True],
    }  # fmt: skip


@pytest.mark.parametrize("layout", ["old", "new"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_dataframes_of_every_layout_and_protocol_are_read_without_their_meshes(data, tmp_path, layout, protocol):
    columns = make_frame(data[2], PICTURES["train_0"])
    whole = pickle_frame(columns, layout=layout, protocol=protocol)
    (tmp_path / "a.pkl").write_bytes(whole)
    found = read_agora_pickle(tmp_path / "a.pkl").columns()
    assert set(found) == set(columns)
    for name, values in columns.items():
        for row, value in enumerate(values):
            if name == "gt_verts":
                assert all(np.size(one) == 0 for one in found[name][row])
            elif name.startswith("gt_joints"):
                assert all(np.array_equal(a, b) for a, b in zip(found[name][row], value, strict=True))
            else:
                assert found[name][row] == value


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_tensors_from_a_gpu_are_read_without_one(tmp_path, protocol):
    arrays = {"betas": np.arange(10.0)[None], "body_pose": np.arange(63.0).reshape(1, 63)}
    data = gpu_pickle(arrays, protocol)
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="CUDA"):
            pickle.loads(data)
    (tmp_path / "a.pkl").write_bytes(data)
    found = read_agora_pickle(tmp_path / "a.pkl")
    assert {name: array.tolist() for name, array in found.items()} == {n: a.tolist() for n, a in arrays.items()}


def test_views_of_tensors_come_through(tmp_path):
    tensor = torch.arange(24.0).reshape(4, 6)
    views = {
        "columns": tensor[:, 1:3],
        "turned": tensor.T,
        "one": tensor[2, 3],
        "none": tensor[:0],
        "whole": tensor.int(),
    }
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(views))
    found = read_agora_pickle(tmp_path / "a.pkl")
    for name, view in views.items():
        assert np.array_equal(found[name], view.numpy())


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def evil_pickles():
    import os

    yield "a call", pickle.dumps({"betas": Calls(os.system, "touch ran")}), "more than data"
    yield (
        "a call in a tensor",
        gpu_pickle({"a": np.ones(3)}).replace(b"torch\nFloatStorage", b"posix\nsystem" + b" " * 6),
        "",
    )
    yield "a great memo", b"\x80\x04K\x01r\xff\xff\xff\x7f.", "more than fit into it"
    yield "cut short", pickle.dumps({"betas": np.ones(10)})[:-20], "can't be used"
    yield "empty", b"", "can't be used"
    yield "no pickle", b"hello", "can't be used"
    yield (
        "a great array",
        b"\x80\x02cnumpy\nndarray\n(J\x00\x00\x00\x7fJ\x00\x00\x00\x7f\x86\x85R.",
        "can't be used|fit's named",
    )


@pytest.mark.parametrize("case", range(7))
def test_hostile_and_damaged_fits_are_refused_by_name_and_nothing_runs(data, assets, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    _, evil, message = list(evil_pickles())[case]
    for name, source in ((WOMAN, evil), (MAN, (data[0] / f"smplx_gt/{MAN}.pkl").read_bytes())):
        path = tmp_path / f"smplx_gt/{name}.pkl"
        path.parent.mkdir(parents=True)
        path.write_bytes(source)
    with pytest.raises(PoseFileError, match=message or "can't be used") as caught:
        opened(tmp_path, assets)
    assert f"{WOMAN}.pkl" in str(caught.value)
    assert not (tmp_path / "ran").exists()
    source = opened(tmp_path, assets, bad_data="skip")
    assert len(source) == 1
    assert [one.file for one in source.skipped] == [f"smplx_gt/{WOMAN}.pkl"]


BAD = {
    "a missing key": (lambda fit: fit.pop("transl"), "the key 'transl' is missing"),
    "PCA hands": (lambda fit: fit.update(left_hand_pose=np.zeros((1, 12))), "left_hand_pose is .1, 12."),
    "many betas": (lambda fit: fit.update(betas=np.zeros((1, 16))), "betas is .1, 16.* version is not known"),
    "not a number": (lambda fit: fit.update(body_pose=np.full((1, 63), np.nan)), "body_pose holds 63 values"),
    "text": (lambda fit: fit.update(betas=np.full((1, 10), "x")), "betas is"),
    "degrees": (lambda fit: fit.update(global_orient=np.array([[90.0, 0, 0]])), "In degrees"),
    "SMPL": (lambda fit: fit.update(root_pose=np.zeros((1, 3))), "it is a fit of SMPL"),
}


@pytest.mark.parametrize("case", BAD)
def test_malformed_fits_are_refused_by_name(data, assets, tmp_path, case):
    spoil, message = BAD[case]
    fit = dict(data[1][WOMAN])
    spoil(fit)
    path = tmp_path / f"smplx_gt/{WOMAN}.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps(fit))
    with pytest.raises(PoseFileError, match=message) as caught:
        opened(tmp_path, assets)
    assert str(path) in str(caught.value)


BAD_FRAMES = {
    "a missing column": (lambda columns: columns.pop("kid"), "the column 'kid' is missing"),
    "lists that differ": (lambda columns: columns["Yaw"][1].pop(), "row 1, person 0: Yaw is no list of 2 people"),
    "no numbers": (lambda columns: columns["X"].__setitem__(1, ["a", "b"]), "row 1, person 0: 'a' should be a number"),
    "no path": (lambda columns: columns["gt_path_smplx"].__setitem__(0, ["x", "y"]), "gt_path_smplx is 'x'"),
    "a path out of the folder": (
        lambda columns: columns["gt_path_smplx"].__setitem__(0, ["../../etc/passwd.obj"] * 2),
        "the fit 'etc/passwd' is not among those that are there",
    ),
}


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_malformed_dataframes_are_refused_by_name_or_left_out(data, assets, body, tmp_path, case):
    spoil, message = BAD_FRAMES[case]
    write_agora(tmp_path, body.path, assets / "smplx_kid_template.npy")
    columns = make_frame(data[2], PICTURES["train_0"])
    spoil(columns)
    path = tmp_path / "SMPLX/train_0_withjv.pkl"
    path.write_bytes(pickle_frame(columns, layout="new", protocol=4))
    with pytest.raises(PoseFileError, match=message) as caught:
        opened(tmp_path, assets, each="crop")
    assert str(path) in str(caught.value)
    source = opened(tmp_path, assets, each="crop", bad_data="skip")
    assert len(source) >= 3
    assert source.skipped


def test_missing_folders_are_named(data, assets, tmp_path):
    with pytest.raises(PoseFileError, match=r"Unpack AGORA's smplx_gt_neutral_gender.zip or smplx_gt.zip here"):
        opened(tmp_path, assets)
    with pytest.raises(PoseFileError, match="no smplx_gt_neutral_gender in it"):
        opened(data[0], assets, fits="neutral")
    (tmp_path / "smplx_gt").mkdir()
    with pytest.raises(PoseFileError, match=r"no fits \(\*.pkl\) in it"):
        opened(tmp_path, assets)


def test_the_fixture_has_what_makes_agora_hard_to_read(body, assets):
    fits, _ = make_fits(body.path, assets / "smplx_kid_template.npy")
    assert fits[MAN]["betas"].shape == fits[GIRL]["betas"].shape == (1, 11)
    assert all(fit["keypoints_3d"].shape == (25, 3) for fit in fits.values())
