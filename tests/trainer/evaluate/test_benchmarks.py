"""Benchmarks as users unpack them: what is read, what is measured, what is said of incomplete folders."""

import io
import pickle
from dataclasses import replace

import numpy as np
import pytest
import smplx
import torch
from scipy.spatial.transform import Rotation

from cuffs.errors import AssetBroken, AssetMissing
from cuffs.skeleton import VERTEX_PICKS
from tests.pose_sources.bedlam_fixtures import CLOSEUP, write_bedlam_labels
from tests.pose_sources.people_fixtures import MEAN, joints_of
from tests.pose_sources.ubody_fixtures import write_ubody
from tests.trainer.evaluate import fixtures as made
from trainer.evaluate.agora import open_agora, read_frame
from trainer.evaluate.agora_zip import as_pickle, person_dict
from trainer.evaluate.bedlam import open_bedlam
from trainer.evaluate.ehf import open_ehf
from trainer.evaluate.mupots import open_mupots
from trainer.evaluate.panoptic import open_panoptic
from trainer.evaluate.parts import find_parts, mesh_errors, mesh_figure
from trainer.evaluate.shots import judge
from trainer.evaluate.smpl import load_smpl, smpl_verts
from trainer.evaluate.three_dpw import open_three_dpw, read_sequence
from trainer.evaluate.ubody import open_ubody

MM = 1000.0


@pytest.fixture(scope="module")
def assets(tmp_path_factory):
    return made.write_assets(tmp_path_factory.mktemp("licensed") / "files")


@pytest.fixture(scope="module")
def meaning(open_body):
    """The open body with SMPL-X's mean hand, which the fixtures' hands are relative to."""
    return replace(open_body, hands_mean=MEAN.reshape(2, 45))


@pytest.fixture(scope="module")
def parts(open_body):
    return find_parts(open_body, None)


def as_found(benchmark, people, K):
    return [benchmark.figure(made.found(*person), K) for person in people]


def judged_by(benchmark, figures_of):
    """All shots, each with the guesses that `figures_of` makes of it."""
    return [judge(benchmark, shot, figures_of(shot)) for shot in benchmark.shots()]


def truth_itself(shot):
    return [person for person in shot.people if person.counted]


def test_ehf_puts_its_meshes_before_its_camera(tmp_path, open_body, parts):
    people = made.write_ehf(tmp_path, open_body)
    benchmark = open_ehf("ehf", tmp_path, parts)
    shots = list(benchmark.shots())
    assert [shot.path.name for shot in shots] == ["01_img.png", "02_img.png", "03_img.png"]
    for shot, person in zip(shots, people, strict=True):
        np.testing.assert_allclose(shot.people[0].verts, person[1], atol=1e-5)
        (figure,) = as_found(benchmark, [person], shot.K)
        np.testing.assert_allclose(figure.points_px, shot.people[0].points_px, atol=0.01)
        assert judge(benchmark, shot, [figure]).errors[0]["pve"][0] < 0.01
    told = benchmark.summary(judged_by(benchmark, truth_itself))
    assert told["pve_mm"] == told["hands_pve_mm"] == 0
    assert told["recall"] == 1
    assert "3 of 100" in " ".join(benchmark.notes)


def test_ehf_says_what_is_missing(tmp_path, open_body, parts):
    with pytest.raises(AssetMissing, match="NN_align.ply"):
        open_ehf("ehf", tmp_path, parts)
    made.write_ehf(tmp_path, open_body, 2)
    (tmp_path / "02_img.png").unlink()
    with pytest.raises(AssetMissing, match="02_img.png"):
        open_ehf("ehf", tmp_path, parts)
    made.picture(tmp_path / "02_img.png")
    (tmp_path / "01_align.ply").write_bytes(b"ply\nformat nothing\n")
    with pytest.raises(AssetBroken, match="01_align.ply"):
        list(open_ehf("ehf", tmp_path, parts).shots())


def test_our_smpl_is_the_reference_one(assets):
    """The package `smplx` on the same files; the man's is an old pickle that chumpy wrote."""
    rng = np.random.default_rng(0)
    female = load_smpl(assets, "female", by="a test")
    data = smplx.utils.Struct(
        **{name: getattr(female, name) for name in ("v_template", "shapedirs", "posedirs", "J_regressor", "weights")},
        kintree_table=np.stack([female.parents, np.arange(24)]), f=np.zeros((10, 3), np.int64),
    )  # fmt: skip
    reference = smplx.SMPL(model_path="", data_struct=data, dtype=torch.float64, create_transl=False)
    pose, betas, transl = rng.normal(0, 0.4, (24, 3)), rng.normal(size=10), rng.normal(size=3)
    with torch.no_grad():
        theirs = reference(
            global_orient=torch.tensor(pose[None, 0]), body_pose=torch.tensor(pose[1:].reshape(1, 69)),
            betas=torch.tensor(betas[None]), transl=torch.tensor(transl[None]),
        ).vertices[0].numpy()  # fmt: skip
    np.testing.assert_allclose(smpl_verts(female, pose, betas, transl), theirs, atol=1e-6)
    male = load_smpl(assets, "male", by="a test")
    assert male.v_template.shape == (6890, 3) and np.isfinite(male.weights).all()


def test_3dpw_is_measured_as_a_loop_over_its_people_says(tmp_path, assets):
    data = made.write_three_dpw(tmp_path)
    benchmark = open_three_dpw("3dpw", tmp_path, assets)
    shots = list(benchmark.shots())
    assert [len(shot.people) for shot in shots] == [1, 2]
    regressor = np.load(assets / "J_regressor_h36m.npy")
    model = load_smpl(assets, "female", by="a test")
    woman = smpl_verts(model, data["poses"][1][1].reshape(24, 3), data["betas"][1][:10], data["trans"][1][1])
    T = data["cam_poses"][1]
    in_camera = np.array([T[:3, :3] @ point + T[:3, 3] for point in woman])
    np.testing.assert_allclose(shots[1].people[1].verts, in_camera, atol=1e-9)
    rng = np.random.default_rng(1)
    wrong = in_camera + rng.normal(0, 0.02, in_camera.shape)
    guess = replace(shots[1].people[1], verts=wrong, joints=(regressor @ wrong)[[0, *LSP]])
    judged = judge(benchmark, shots[1], [guess])
    ours, true = regressor @ wrong, regressor @ in_camera
    by_hand = np.mean([np.linalg.norm((ours[j] - ours[0]) - (true[j] - true[0])) for j in LSP])
    assert judged.errors[0]["mpjpe"][0] == pytest.approx(MM * by_hand, rel=1e-9)
    vertices = np.linalg.norm((wrong - ours[0]) - (in_camera - true[0]), axis=1).mean()
    assert judged.errors[0]["pve"][0] == pytest.approx(MM * vertices, rel=1e-9)
    assert (judged.missed, judged.extra) == (1, 0)
    told = benchmark.summary(judged_by(benchmark, truth_itself))
    assert [told["mpjpe_mm"], told["pa_mpjpe_mm"], told["pve_mm"]] == pytest.approx([0, 0, 0], abs=1e-6)


LSP = [3, 2, 1, 4, 5, 6, 16, 15, 14, 11, 12, 13, 8, 10]
"""Of the 17 by `multi_hmr`'s successors: ankles to hips, wrists to shoulders, neck, head."""


def test_3dpw_s_pickles_are_python_2_s_and_only_a_latin1_reader_reads_them(tmp_path):
    data = made.write_three_dpw(tmp_path)
    path = tmp_path / "sequenceFiles" / "test" / "downtown_bar_00.pkl"
    with pytest.raises(UnicodeDecodeError):
        pickle.loads(path.read_bytes())
    theirs, ours = pickle.loads(path.read_bytes(), encoding="latin1"), read_sequence(path)
    assert ours["genders"] == theirs["genders"] == data["genders"]
    for name in ("poses", "trans", "betas", "cam_poses"):
        for one, other in zip(ours[name], theirs[name], strict=True):
            np.testing.assert_array_equal(one, other)


def test_3dpw_says_what_is_missing(tmp_path, assets):
    with pytest.raises(AssetMissing, match="sequenceFiles"):
        open_three_dpw("3dpw", tmp_path, assets)
    made.write_three_dpw(tmp_path)
    with pytest.raises(AssetMissing, match=r"J_regressor_h36m|smplx_to_smpl"):
        open_three_dpw("3dpw", tmp_path, None)
    sequence = tmp_path / "sequenceFiles" / "test" / "downtown_bar_00.pkl"
    sequence.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(AssetBroken, match="os.system, which is more than data"):
        read_sequence(sequence)
    sequence.write_bytes(pickle.dumps({"genders": ["m"]}, protocol=2))
    with pytest.raises(AssetBroken, match="without poses"):
        read_sequence(sequence)
    (tmp_path / "imageFiles" / "downtown_bar_00").rename(tmp_path / "elsewhere")
    with pytest.raises(AssetMissing, match="pictures"):
        open_three_dpw("3dpw", tmp_path, assets)


def test_mupots_camera_comes_out_of_its_joints(tmp_path, assets):
    truth, K = made.write_mupots(tmp_path)
    benchmark = open_mupots("mupots", tmp_path, assets)
    shots = list(benchmark.shots())
    assert [len(shot.people) for shot in shots] == [1, 2, 1, 2]
    np.testing.assert_allclose(shots[0].K, K, atol=1e-6)
    px, joints = truth[1, 1, 1]
    np.testing.assert_allclose(shots[1].people[1].points_px, px[:14])
    np.testing.assert_allclose(shots[1].people[1].joints, joints[[14, *range(14)]] / MM)
    assert "18 of 20 sequences" in benchmark.notes[0]
    (tmp_path / "MultiPersonTestSet" / "TS2" / "annot.mat").unlink()
    with pytest.raises(AssetMissing, match="TS2"):
        open_mupots("mupots", tmp_path, assets)


def test_mupots_counts_joints_within_15_centimetres(tmp_path, assets):
    """By hand: of two people in the second frame one is found, with 5 of 14 joints 20 cm off."""
    made.write_mupots(tmp_path, sequences=(1,))
    benchmark = open_mupots("mupots", tmp_path, assets)

    def half(shot):
        joints = shot.people[0].joints.copy()
        joints[1:6, 0] += 0.2
        joints += [3.0, 0, 1]  # where somebody is doesn't matter
        return [replace(shot.people[0], joints=joints)]

    told = benchmark.summary(judged_by(benchmark, half))
    assert told["pck3d_matched"] == pytest.approx(100 * 9 / 14)
    assert told["pck3d_all"] == pytest.approx(100 * 2 * 9 / (3 * 14))
    nothing = benchmark.summary(judged_by(benchmark, lambda _: []))
    assert (nothing["pck3d_matched"], nothing["pck3d_all"], nothing["recall"]) == (None, 0, 0)
    everything = benchmark.summary(judged_by(benchmark, truth_itself))
    assert (everything["pck3d_matched"], everything["pck3d_all"]) == (100, 100)


def test_panoptic_sees_people_as_its_calibration_says(tmp_path, assets):
    points, K = made.write_panoptic(tmp_path)
    benchmark = open_panoptic("panoptic", tmp_path, assets)
    (shot,) = benchmark.shots()
    assert (shot.group, shot.path.name) == ("haggling", "00_16_00000120.jpg")
    np.testing.assert_array_equal(shot.K, K)
    np.testing.assert_allclose(shot.people[0].joints[0], points[0][2], atol=1e-9)
    np.testing.assert_allclose(shot.people[0].joints[1], points[0][0], atol=1e-9)
    assert np.isnan(shot.people[0].joints[2]).all(), "COCO's skeleton has no top of the head"
    off = np.zeros((15, 3))
    off[3, 1] = 0.26  # one of the thirteen: 20 mm in the mean
    guesses = [
        replace(person, joints=np.nan_to_num(person.joints) + off, points_px=np.nan_to_num(person.points_px))
        for person in shot.people
    ]
    judged = judge(benchmark, shot, guesses)
    assert [errors["mpjpe"][0] for errors in judged.errors] == pytest.approx([20, 260 / 12])
    told = benchmark.summary([judged])
    assert told["mpjpe_haggling_mm"] == told["mpjpe_mm"] == pytest.approx((20 + 260 / 12) / 2)
    assert "mafia" in benchmark.notes[0]
    with pytest.raises(AssetMissing, match="calibration"):
        open_panoptic("panoptic", tmp_path / "160422_haggling1" / "hdImgs", assets)
    (tmp_path / "160422_haggling1" / "hdPose3d_stage1_coco19").rename(tmp_path / "gone")
    with pytest.raises(AssetMissing, match="3D poses"):
        open_panoptic("panoptic", tmp_path, assets)


def test_bedlam_rows_stand_where_its_own_projections_are(tmp_path, meaning, parts):
    _, scenes = write_bedlam_labels(tmp_path, meaning.path)
    (tmp_path / "all_npz_12_training").rename(tmp_path / "all_npz_12_validation")
    with pytest.raises(AssetMissing, match="pictures of"):
        open_bedlam("bedlam", tmp_path, meaning, parts)
    for scene in scenes:
        made.picture(tmp_path / "validation" / scene / "png" / "seq_000000" / "seq_000000_0000.png")
    benchmark = open_bedlam("bedlam", tmp_path, meaning, parts)
    (shot,) = benchmark.shots()
    rows = scenes[shot.group]
    chosen = np.flatnonzero(rows["imgname"] == shot.path.relative_to(shot.path.parents[1]).as_posix())
    for person, row in zip(shot.people, chosen, strict=True):
        picked = person.verts[list(VERTEX_PICKS.values())]
        pixels = ((picked / picked[:, 2:]) @ shot.K.T)[:, :2]
        np.testing.assert_allclose(pixels, rows["gtkps"][row, 55:76, :2], atol=0.1)
    uncaptured = [row for row in range(4) if np.allclose(rows["pose_cam"][row, 75:], MEAN.ravel())]
    assert [not any(person.hands) for person in shot.people] == [row in uncaptured for row in chosen]
    assert shot.quarter_turns == int(shot.group == CLOSEUP)


def test_ubody_takes_the_test_videos_and_makes_hands_absolute(tmp_path, meaning, parts):
    fits, _, _ = write_ubody(tmp_path, meaning.path)
    with pytest.raises(AssetMissing, match="images"):
        open_ubody("ubody", tmp_path, meaning, parts)
    (tmp_path / "images").mkdir()
    shots = list(open_ubody("ubody", tmp_path, meaning, parts).shots())
    assert [shot.path.relative_to(tmp_path).as_posix() for shot in shots] == [
        "images/TalkShow/show_b_Trim2/000006.png", "images/TalkShow/show_b_Trim2/000345.png",
    ]  # fmt: skip
    assert not shots[0].camera_known
    assert shots[1].people[0].hands == (True, True) and shots[0].people[0].hands == (False, True)
    given = {name: np.array(value) for name, value in fits[3]["smplx_param"].items()}
    stored = np.concatenate([
        given["root_pose"], given["body_pose"], given["jaw_pose"], np.zeros(6), given["lhand_pose"],
        given["rhand_pose"],
    ]).reshape(55, 3)  # fmt: skip
    joints = joints_of(meaning.path, stored, given["shape"], given["trans"], given["expr"], relative_hands=True)
    picks = [9120, 8079, 5361]  # nose, tips of both thumbs: joints 55, 71 and 66
    np.testing.assert_allclose(shots[1].people[0].verts[picks], joints[[55, 71, 66]], atol=1e-5)


def test_agora_is_measured_as_its_evaluator_defines(tmp_path, open_body, parts):
    """By hand: two of three count; one is found 100 mm too wide about the hips, the third's finder is a false alarm."""
    people, K = made.write_agora(tmp_path, open_body)
    benchmark = open_agora("agora", tmp_path, open_body, parts)
    (shot,) = benchmark.shots()
    assert [person.counted for person in shot.people] == [True, True, False]
    np.testing.assert_allclose(shot.K * [[3], [3], [1]], K)
    figures = as_found(benchmark, [people[0], people[2]], shot.K)
    for figure, person in zip(figures, (shot.people[0], shot.people[2]), strict=True):
        np.testing.assert_allclose(figure.points_px, person.points_px[:24], atol=1e-6)
    judged = judge(benchmark, shot, figures)
    assert (len(judged.errors), judged.extra, judged.missed) == (1, 1, 1)
    body_error = 10.04
    errors = {name: [0.0] for name in judged.errors[0]} | {"body-MVE": [body_error], "lhand-MVE": [9.0]}
    told = benchmark.summary([replace(judged, errors=(errors,))])
    assert told["f1"] == 0.5 and told["precision"] == 0.5 and told["recall"] == 0.5
    assert told["body-MVE"] == 10.0 and told["body-NMVE"] == 20.0
    assert told["lhand-MVE"] == 4.5, "the evaluator's mean counts who was missed as 0"
    assert told["fullbody-MVE"] == 11.5 and told["fullbody-NMVE"] == 23.0
    exact = benchmark.summary(judged_by(benchmark, truth_itself))
    assert exact["f1"] == 1 and exact["fullbody-MVE"] == exact["fullbody-MPJPE"] == 0


def test_agora_puts_each_part_at_its_root(open_body, parts, tmp_path):
    people, _ = made.write_agora(tmp_path, open_body, hidden=(0.0,))
    benchmark = open_agora("agora", tmp_path, open_body, parts)
    (shot,) = benchmark.shots()
    truth = shot.people[0]
    rng = np.random.default_rng(0)
    guess = replace(
        truth, verts=truth.verts + rng.normal(0, 0.03, truth.verts.shape),
        joints=truth.joints + rng.normal(0, 0.03, truth.joints.shape),
    )  # fmt: skip
    errors = benchmark.errors(guess, truth)

    def by_hand(root_a, root_b, rows, kind):
        a, b = getattr(guess, kind)[rows], getattr(truth, kind)[rows]
        return MM * np.mean([np.linalg.norm((p - root_a) - (q - root_b)) for p, q in zip(a, b, strict=True)])

    hips = [(figure.joints[1] + figure.joints[2]) / 2 for figure in (guess, truth)]
    assert errors["body-MPJPE"][0] == pytest.approx(by_hand(*hips, list(range(22)), "joints"))
    assert errors["body-MVE"][0] == pytest.approx(by_hand(*hips, parts.body, "verts"))
    for part, root, rows, verts in (
        ("lhand", 20, [20, *range(25, 40)], parts.left_hand), ("rhand", 21, [21, *range(40, 55)], parts.right_hand),
        ("face", 12, [12, *range(76, 127)], parts.face),
    ):  # fmt: skip
        roots = guess.joints[root], truth.joints[root]
        assert errors[f"{part}-MPJPE"][0] == pytest.approx(by_hand(*roots, rows, "joints")), part
        assert errors[f"{part}-MVE"][0] == pytest.approx(by_hand(*roots, verts, "verts")), part
    assert people


def test_agora_says_what_is_missing(tmp_path, open_body, parts):
    with pytest.raises(AssetMissing, match="pictures"):
        open_agora("agora", tmp_path, open_body, parts)
    made.write_agora(tmp_path, open_body)
    frame = tmp_path / "SMPLX" / "validation_0_withjv.pkl"
    good = frame.read_bytes()
    frame.write_bytes(good[: len(good) // 2])
    with pytest.raises(AssetBroken, match="dataframe"):
        read_frame(frame)
    frame.rename(frame.with_name("validation_0.pkl"))
    with pytest.raises(AssetMissing, match="joints and vertices"):
        open_agora("agora", tmp_path, open_body, parts)
    (tmp_path / "SMPLX" / "validation_0.pkl").unlink()
    only_pictures = open_agora("agora", tmp_path, open_body, parts)
    assert [shot.people for shot in only_pictures.shots()] == [()]
    assert "submission" in only_pictures.notes[0]


def test_a_submission_s_parameters_give_back_the_person(open_body):
    """`smplx`'s layer, which the evaluator uses for rotation matrices, on what is in the pickle; numpy 1 reads it."""
    ((record, verts, joints),) = made.bodies(open_body, 1)
    K = np.array([[1777.0, 0, 640], [0, 1777, 360], [0, 0, 1]])
    data = as_pickle(person_dict(made.found(record, verts, joints), K))
    assert b"numpy._core" not in data
    read = pickle.load(io.BytesIO(data))
    layer = smplx.build_layer(
        str(open_body.path.parent.parent), model_type="smplx", gender="neutral", num_betas=10, ext="npz", use_pca=False
    )  # fmt: skip
    with torch.no_grad():
        posed = layer(**{name: torch.tensor(value) for name, value in read["params"].items()}, pose2rot=False)
    np.testing.assert_allclose(posed.vertices[0].numpy(), verts, atol=2e-5)
    pixels = (joints[:24] / joints[:24, 2:]) @ K.T
    np.testing.assert_allclose(read["joints"], 3 * pixels[:, :2], atol=1e-2)
    shapes = {name: value.shape for name, value in read["params"].items()}
    assert shapes["body_pose"] == (1, 21, 3, 3) and shapes["jaw_pose"] == (1, 1, 3, 3) and shapes["betas"] == (1, 10)
    assert read["joints"].shape == (24, 2) and read["pose2rot"] is False


def test_pa_measures_are_never_larger_and_forgive_similarities(open_body, assets):
    parts = find_parts(open_body, assets)
    assert parts.notes == ()
    (_, true, _), (_, guess, _) = made.bodies(open_body, 2)
    K = made.K_EHF
    truth, ours = mesh_figure(true, K, parts), mesh_figure(guess, K, parts)
    before = mesh_errors(parts)(ours, truth)
    R = Rotation.from_rotvec([0.3, -1.0, 0.2]).as_matrix()
    moved = mesh_figure(1.4 * guess @ R.T + [0.2, 0.1, 3.0], K, parts)
    after = mesh_errors(parts)(moved, truth)
    for name in ("pa_pve", "pa_hands_pve", "pa_face_pve", "pa_mpjpe"):
        assert after[name] == pytest.approx(before[name], rel=1e-6), name
        assert np.all(np.array(before[name]) < before[name.removeprefix("pa_")]), name
    shifted = mesh_errors(parts)(mesh_figure(guess + [0.1, 0.2, 0.3], K, parts), truth)
    for name in before:
        assert shifted[name] == pytest.approx(before[name], rel=1e-6), name
    masked = mesh_errors(parts)(ours, replace(truth, hands=(False, True), face=False))
    assert masked["hands_pve"] == before["hands_pve"][1:] and masked["face_pve"] == []
