"""The body model: our forward against `smplx`, the open body's own laws, bad files and what is said of them."""

import pickle
import shutil

import numpy as np
import pytest
import smplx
import torch
from hypothesis import given, settings

from cuffs.body import body_parts, find_body_model, forward, landmarks, load_body_model
from cuffs.body.open_hands import hands
from cuffs.body.open_outline import EDGE_M
from cuffs.errors import AssetBroken, AssetMissing
from cuffs.npz import read_npz
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import EYEBALLS, INDEX, MIRROR, VERTEX_PICKS, descendants
from tests.cuffs.strategies import rngs

FLIP = np.array([-1.0, 1.0, 1.0])
PARTS = ("global_orient", "body_pose", "jaw_pose", "leye_pose", "reye_pose", "left_hand_pose", "right_hand_pose")
ROWS = ((0, 1), (1, 22), (22, 23), (23, 24), (24, 25), (25, 40), (40, 55))


@pytest.fixture(scope="module")
def reference(body):
    """The unmodified `smplx` package on the same file."""
    return smplx.create(str(body.path), "smplx", use_pca=False, flat_hand_mean=True, num_betas=10, batch_size=3)


@pytest.fixture(scope="module")
def extra(body):
    return read_npz(body.path.with_name("open_body_extra.npz"))


def posed(body, pose, betas=None, expression=None, transl=None):
    shape = pose.shape[:-2]
    return forward(
        body,
        rotmats=rotvec_to_rotmat(pose),
        betas=np.zeros((*shape, 10)) if betas is None else betas,
        expression=np.zeros((*shape, 10)) if expression is None else expression,
        transl=np.zeros((*shape, 3)) if transl is None else transl,
    )


@given(rngs)
@settings(max_examples=8, deadline=None)
def test_forward_agrees_with_smplx(body, reference, rng):
    pose, transl = rng.normal(size=(3, 55, 3)) * 0.5, rng.normal(size=(3, 3))
    betas, expression = rng.normal(size=(2, 3, 10))
    flat = {
        name: torch.tensor(pose[:, a:b].reshape(3, -1), dtype=torch.float32)
        for name, (a, b) in zip(PARTS, ROWS, strict=True)
    }
    for name, value in (("betas", betas), ("expression", expression), ("transl", transl)):
        flat[name] = torch.tensor(value, dtype=torch.float32)
    with torch.no_grad():
        expected = reference(**flat)
    verts, joints = posed(body, pose, betas, expression, transl)
    assert np.abs(verts - expected.vertices.numpy()).max() < 1e-5
    ours = np.concatenate([joints, landmarks(body, verts)], 1)
    assert ours.shape == expected.joints.shape == (3, 127, 3)
    assert np.abs(ours - expected.joints.numpy()).max() < 1e-5


@given(rngs)
@settings(max_examples=5, deadline=None)
def test_batches_are_the_same_as_one_by_one(body, rng):
    pose, betas = rng.normal(size=(2, 2, 55, 3)) * 0.3, rng.normal(size=(2, 2, 10))
    together, _ = posed(body, pose, betas)
    alone, _ = posed(body, pose[1, 0], betas[1, 0])
    assert np.allclose(together[1, 0], alone, atol=1e-12)


@given(rngs)
@settings(max_examples=5, deadline=None)
def test_turning_the_root_turns_about_the_pelvis(body, rng):
    """transl' = R (j0 + transl) - j0 + t: README, Conventions."""
    pose, transl, move = rng.normal(size=(55, 3)) * 0.3, rng.normal(size=3), rng.normal(size=3)
    R = rotvec_to_rotmat(rng.normal(size=3))
    betas = rng.normal(size=10)
    pelvis = body.joint_template[0] + body.joint_shapedirs[0, :, :10] @ betas
    verts, _ = posed(body, pose, betas, transl=transl)
    rotmats = rotvec_to_rotmat(pose)
    rotmats[0] = R @ rotmats[0]
    turned, _ = forward(
        body, rotmats=rotmats, betas=betas, expression=np.zeros(10), transl=R @ (pelvis + transl) - pelvis + move
    )
    assert np.allclose(turned, verts @ R.T + move, atol=1e-8)


@given(rngs)
@settings(max_examples=5, deadline=None)
def test_the_open_body_is_exactly_mirror_symmetric(body, extra, rng):
    image = extra["mirror"]
    pose, betas = rng.normal(size=(55, 3)) * 0.4, rng.normal(size=10)
    mirrored = (pose * [1, -1, -1])[list(MIRROR)]
    verts, joints = posed(body, pose, betas)
    other, other_joints = posed(body, mirrored, betas)
    assert np.allclose(other[image] * FLIP, verts, atol=1e-6)
    assert np.allclose(other_joints[list(MIRROR)] * FLIP, joints, atol=1e-6)


def test_each_expression_direction_is_even_or_odd(body, extra):
    image = extra["mirror"]
    for number in range(10):
        direction = body.exprdirs[..., number]
        mirrored = direction[image] * FLIP
        assert np.abs(direction).max() > 1e-4
        assert min(np.abs(mirrored - direction).max(), np.abs(mirrored + direction).max()) < 1e-6


def test_layout_is_smplx(body):
    assert body.v_template.shape == (10475, 3)
    assert body.shapedirs.shape[-1] == 300
    assert body.exprdirs.shape[-1] == 100
    assert np.abs(body.posedirs).max() > 1e-3
    assert np.allclose(body.weights.sum(1), 1, atol=1e-6)
    assert (body.weights >= -1e-9).all()


def test_vertex_picks_sit_where_their_names_say(body):
    at = {name: body.v_template[number] for name, number in VERTEX_PICKS.items()}
    assert at["nose"][2] > at["left_ear"][2] + 0.05
    assert at["left_ear"][0] > 0.05 > -0.05 > at["right_ear"][0]
    assert at["left_eye"][2] < at["nose"][2]
    assert at["left_eye"][2] > body.joint_template[INDEX["left_eye"]][2]
    assert at["left_big_toe"][0] < at["left_small_toe"][0]
    assert at["left_big_toe"][2] > at["left_small_toe"][2] > at["left_heel"][2]
    assert at["left_heel"][1] < body.joint_template[INDEX["left_ankle"]][1]
    for side in ("left", "right"):
        for finger in ("thumb", "index", "middle", "ring", "pinky"):
            last, before = (body.joint_template[INDEX[f"{side}_{finger}{k}"]] for k in (3, 2))
            own = np.flatnonzero(np.isin(body.weights.argmax(1), descendants(f"{side}_{finger}3")))
            along = (body.v_template[own] - last) @ (last - before)
            tip = (at[f"{side}_{finger}_tip"] - last) @ (last - before)
            short_m = (along.max() - tip) / np.linalg.norm(last - before)
            assert short_m < 0.002, f"{side} {finger}"


def test_left_is_left(body):
    left = [INDEX[name] for name in ("left_hip", "left_knee", "left_wrist", "left_thumb3", "left_eye")]
    assert (body.joint_template[left, 0] > 0).all()
    dominant = body.weights.argmax(1)
    assert body.v_template[dominant == INDEX["left_wrist"], 0].min() > 0.3
    assert body.v_template[EYEBALLS["left"], 0].min() > 0


def test_face_landmarks_lie_in_ibugs_order(body):
    points = landmarks(body, body.v_template)[21:]
    right_brow, left_brow, bridge, nostrils, right_eye, left_eye, mouth, inner = np.split(
        points, [5, 10, 14, 19, 25, 31, 43]
    )
    for row in (right_brow, left_brow, nostrils):
        assert (np.diff(row[:, 0]) > 0).all()  # from the person's right to their left
    assert (np.diff(bridge[:, 1]) < 0).all()
    assert right_brow[:, 0].max() < 0 < left_brow[:, 0].min()
    assert right_brow[:, 1].min() > right_eye[:, 1].max()
    assert nostrils[:, 1].min() > mouth[:, 1].max()
    assert right_eye[0, 0] < right_eye[3, 0] < left_eye[0, 0] < left_eye[3, 0]
    assert mouth[0, 0] < 0 < mouth[6, 0]
    assert mouth[3, 1] > inner[2, 1] > inner[6, 1] > mouth[9, 1]  # upper lip, its edge, the lower one's, lower lip
    assert (points[:, 2] > body.joint_template[INDEX["head"], 2]).all()


@pytest.mark.parametrize("turn_deg", [-39, -10, 0, 10, 39])
def test_the_jaws_outline_runs_from_ear_to_ear_and_stays_on_the_edge(body, turn_deg):
    """smplx's own contour, with its own rule for which row goes with which turn of the head."""
    model = smplx.create(
        str(body.path), "smplx", use_pca=False, flat_hand_mean=True, num_betas=10, use_face_contour=True
    )
    turn = torch.zeros(1, 63)
    turn[0, 3 * (INDEX["neck"] - 1) + 1] = np.radians(turn_deg)
    with torch.no_grad():
        out = model(body_pose=turn)
    outline = out.joints[0, 127:].numpy()
    assert outline.shape == (17, 3)
    assert outline[0, 0] < outline[8, 0] < outline[16, 0]
    assert outline[8, 1] == outline[:, 1].min()
    verts = out.vertices[0].numpy()
    head = np.isin(body.weights.argmax(1), [INDEX["head"], INDEX["jaw"]])
    ahead = head & (body.v_template[:, 2] > body.v_template[VERTEX_PICKS["left_ear"], 2] + EDGE_M)
    right, left = outline[1:6], outline[11:16]  # cheeks; further down the edge runs level
    for point in (*(right if turn_deg <= 0 else ()), *(left if turn_deg >= 0 else ())):
        level = ahead & (np.abs(verts[:, 1] - point[1]) < 0.004)
        edge = verts[level, 0].min() if point[0] < outline[8, 0] else verts[level, 0].max()
        assert abs(point[0] - edge) < 0.012
    for point in outline[11:16] if turn_deg < 0 else outline[1:6] if turn_deg > 0 else ():
        assert abs(point[0] - outline[8, 0]) > 0.03  # the cheek that is turned to the front ends at the ear


def test_the_jaw_opens_the_mouth_and_leaves_the_skull_alone(body):
    pose = np.zeros((55, 3))
    pose[INDEX["jaw"], 0] = 0.3
    verts, _ = posed(body, pose)
    moved = np.linalg.norm(verts - body.v_template, axis=1)
    points = landmarks(body, verts)[21:] - landmarks(body, body.v_template)[21:]
    assert points[40, 1] < -0.015  # the middle of the lower lip
    assert np.abs(points[:31]).max() < 0.002  # brows, nose, eyes
    assert moved[body.v_template[:, 1] > body.joint_template[INDEX["left_eye"], 1]].max() < 0.002


def test_parts_cover_the_skin_once(body):
    parts = body_parts(body)
    together = np.concatenate([parts[name] for name in ("body", "head", "left_hand", "right_hand")])
    assert np.array_equal(np.sort(together), parts["all"])
    assert set(parts["fingers"]) < set(parts["left_hand"]) | set(parts["right_hand"])
    assert set(parts["face"]) < set(parts["head"])
    assert len(parts["face"]) > 500


def test_hand_components_are_orthonormal():
    mean, components = hands()
    assert np.allclose(components @ components.T, np.eye(45))
    assert np.abs(mean).max() > 0.1


def test_the_users_file_takes_the_open_bodys_place(body, tmp_path, monkeypatch):
    arrays = dict(np.load(body.path, allow_pickle=False))
    del arrays["is_open_body"]
    arrays["part2num"] = np.array({"Pelvis": 0}, dtype=object)  # the official file has objects that nobody needs
    np.savez(tmp_path / "SMPLX_NEUTRAL.npz", **arrays)
    monkeypatch.setenv("CUFFS_ASSETS", str(tmp_path))
    found = find_body_model()
    assert (found.name, found.path) == ("smplx-neutral", tmp_path / "SMPLX_NEUTRAL.npz")
    assert found.sha256 == body.sha256


def test_a_pickle_of_plain_arrays_is_the_same_model(body, tmp_path):
    arrays = dict(np.load(body.path, allow_pickle=False))
    (tmp_path / "SMPLX_NEUTRAL.pkl").write_bytes(pickle.dumps(arrays, protocol=2))
    assert load_body_model(tmp_path / "SMPLX_NEUTRAL.pkl").sha256 == body.sha256


class Evil:
    def __reduce__(self):
        return (print, ("this must never run",))


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_would_run_code_is_refused(tmp_path, capsys, protocol):
    path = tmp_path / "SMPLX_NEUTRAL.pkl"
    path.write_bytes(pickle.dumps({"v_template": Evil()}, protocol=protocol))
    with pytest.raises(AssetBroken, match="more than data"):
        load_body_model(path)
    assert capsys.readouterr().out == ""


def damaged(body, tmp_path, **changes):
    arrays = dict(np.load(body.path, allow_pickle=False))
    for name, change in changes.items():
        if change is None:
            del arrays[name]
        else:
            arrays[name] = change(arrays[name])
    np.savez(tmp_path / "SMPLX_NEUTRAL.npz", **arrays)
    return tmp_path / "SMPLX_NEUTRAL.npz"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"v_template": lambda a: a[:100]}, r"v_template has shape \(100, 3\)"),
        ({"posedirs": lambda a: a[..., :207]}, "posedirs has shape"),
        ({"shapedirs": lambda a: a[..., :16]}, "16 directions"),
        ({"hands_meanl": None, "hands_meanr": None}, r"no hands_\* keys"),
        ({"weights": lambda a: a * np.nan}, "weights holds numbers that are not finite"),
        ({"kintree_table": lambda a: a[:, ::-1]}, "not SMPL-X's tree"),
        ({"lmk_faces_idx": None}, "'lmk_faces_idx' is missing"),
        ({"f": lambda a: a + 9999}, "f points outside"),
    ],
)
def test_what_is_wrong_with_a_bad_file_is_said(body, tmp_path, changes, says):
    path = damaged(body, tmp_path, **changes)
    with pytest.raises(AssetBroken, match=says) as caught:
        load_body_model(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 3


def test_gendered_missing_and_truncated_files_are_explained(body, tmp_path):
    shutil.copy(body.path, tmp_path / "SMPLX_MALE.npz")
    with pytest.raises(AssetBroken, match="gendered"):
        load_body_model(tmp_path / "SMPLX_MALE.npz")
    with pytest.raises(AssetMissing, match="download SMPL-X"):
        load_body_model(tmp_path / "nothing.npz")
    (tmp_path / "SMPLX_NEUTRAL.npz").write_bytes(body.path.read_bytes()[:5000])
    with pytest.raises(AssetBroken, match="not a whole"):
        load_body_model(tmp_path / "SMPLX_NEUTRAL.npz")
