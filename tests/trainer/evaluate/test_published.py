"""Measures against a published evaluator: OpenMMLab's, by which its model zoo is measured on 3DPW, EHF and AGORA."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cuffs.skeleton import INDEX
from tests.trainer.evaluate import fixtures as made
from tests.trainer.evaluate.published import load_published
from trainer.evaluate.mupots import open_mupots
from trainer.evaluate.parts import find_parts, mesh_errors, mesh_figure
from trainer.evaluate.shots import judge
from trainer.evaluate.three_dpw import open_three_dpw
from trainer.metrics import hand_vertices, person_errors
from trainer.model.people import Bodies

MM = 1000.0


@pytest.fixture(scope="module")
def published():
    return load_published()


@pytest.fixture(scope="module")
def assets(tmp_path_factory):
    return made.write_assets(tmp_path_factory.mktemp("licensed") / "files")


def seen(points):
    return np.ones((1, len(points)), bool)


def centred(points, root):
    """What its datasets do before they measure: roots on the origin, millimetres, a batch of one."""
    return MM * (points - root)[None]


def test_meshes_as_it_measures_ehf(published, open_body, assets):
    parts = find_parts(open_body, assets)
    (_, true, _), (_, guess, _) = made.bodies(open_body, 2, seed=4)
    truth, ours = (mesh_figure(verts, made.K_EHF, parts) for verts in (true, guess))
    told = mesh_errors(parts)(ours, truth)
    hands = {"left_wrist": parts.left_hand, "right_wrist": parts.right_hand}
    places = [("pve", "pelvis", np.arange(len(true))), ("face_pve", "neck", parts.face)]
    places += [("hands_pve", wrist, rows) for wrist, rows in hands.items()]
    for number, (name, joint, rows) in enumerate(places):
        roots = ours.joints[INDEX[joint]], truth.joints[INDEX[joint]]
        theirs = published.vertice_pve(centred(guess[rows], roots[0]), centred(true[rows], roots[1]))
        assert told[name][max(0, number - 2)] == pytest.approx(theirs, rel=1e-9), name
        aligned = published.vertice_pve(MM * guess[None, rows], MM * true[None, rows], "procrustes")
        assert told[f"pa_{name}"][max(0, number - 2)] == pytest.approx(aligned, rel=1e-6), name


def test_joints_as_it_measures_3dpw(published, tmp_path, assets):
    made.write_three_dpw(tmp_path)
    benchmark = open_three_dpw("3dpw", tmp_path, assets)
    shot = list(benchmark.shots())[1]
    rng = np.random.default_rng(2)
    guesses = [replace(person, joints=person.joints + rng.normal(0, 0.05, (15, 3))) for person in shot.people]
    judged = judge(benchmark, shot, guesses)
    told = benchmark.summary([judged])
    ours, true = (np.stack([person.joints for person in people]) for people in (guesses, shot.people))
    pairs = [MM * (points[:, 1:] - points[:, :1]) for points in (ours, true)]
    mask = np.ones((2, 14), bool)
    assert told["mpjpe_mm"] == pytest.approx(published.keypoint_mpjpe(*pairs, mask), rel=1e-9)
    assert told["pa_mpjpe_mm"] == pytest.approx(published.keypoint_mpjpe(*pairs, mask, "procrustes"), rel=1e-6)


def test_shares_of_right_joints_as_it_measures_mpi_inf_3dhp(published, tmp_path, assets):
    """MuPoTs-3D's limit is that benchmark's. Somebody is found in each picture, everybody else is missed."""
    made.write_mupots(tmp_path, sequences=(1,))
    benchmark = open_mupots("mupots", tmp_path, assets)
    rng = np.random.default_rng(3)
    judged, shares = [], []
    for shot in benchmark.shots():
        guess = replace(shot.people[0], joints=shot.people[0].joints + rng.normal(0, 0.1, (15, 3)))
        judged.append(judge(benchmark, shot, [guess]))
        pair = [centred(person.joints[1:], person.joints[0]) for person in (guess, shot.people[0])]
        shares.append(published.keypoint_3d_pck(*pair, seen(pair[0][0])))
    told = benchmark.summary(judged)
    assert 0 < np.mean(shares) < 100
    assert told["pck3d_matched"] == pytest.approx(np.mean(shares), rel=1e-6)
    assert told["pck3d_all"] == pytest.approx(np.mean(shares) * 2 / 3, rel=1e-6)


def test_what_training_logs_as_validation(published, open_body):
    people = made.bodies(open_body, 4, seed=6)
    ours, truth = (bodies(people[start::2]) for start in (0, 1))
    told = person_errors(ours, truth, hand_vertices(open_body, torch.device("cpu")))
    for row in range(2):
        verts, joints = ([one[row].double().numpy() for one in (ours.verts, truth.verts)],
                         [one[row].double().numpy() for one in (ours.joints, truth.joints)])  # fmt: skip
        meshes = [centred(v, j[0]) for v, j in zip(verts, joints, strict=True)]
        assert told.pve[row].item() == pytest.approx(published.vertice_pve(*meshes), rel=1e-5)
        assert told.pa_pve[row].item() == pytest.approx(published.vertice_pve(*meshes, "procrustes"), rel=1e-4)
        body = [centred(j[:22], j[0]) for j in joints]
        mask = np.ones((1, 22), bool)
        assert told.mpjpe[row].item() == pytest.approx(published.keypoint_mpjpe(*body, mask), rel=1e-5)
        assert told.pa_mpjpe[row].item() == pytest.approx(published.keypoint_mpjpe(*body, mask, "procrustes"), rel=1e-4)


def bodies(people):
    rest = torch.zeros(len(people), 1)
    joints = [np.concatenate([joints, np.zeros((127 - len(joints), 3))]) for _, _, joints in people]
    return Bodies(
        rotmats=torch.eye(3).expand(len(people), 55, 3, 3),
        betas=rest.expand(-1, 10),
        expression=rest.expand(-1, 10),
        transl=rest.expand(-1, 3),
        verts=torch.tensor(np.array([verts for _, verts, _ in people])),
        joints=torch.tensor(np.array(joints)),
    )
