"""The open body against what it is made from: anny's people, dual-quaternion skinning, its own bytes."""

import threading
import time

import numpy as np
import pytest
from scipy.spatial import cKDTree

from cuffs.body import body_parts, find, find_body_model, forward
from cuffs.body.model import chain
from cuffs.body.open_body import one_thread, open_body_arrays
from cuffs.body.open_crowd import any_adult, usual_adult
from cuffs.body.open_people import People
from cuffs.body.open_truth import true_rest
from cuffs.character.open_identity import IdentityConfig, sample_phenotype
from cuffs.character.skinning import dual_quaternion_skinning, pack_weights
from cuffs.npz import npz_bytes, read_npz
from cuffs.rotations import rotvec_to_rotmat
from cuffs.seeding import stream
from cuffs.skeleton import EYEBALLS, INDEX, JAW, NUM_JOINTS
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.procedural.source import open_procedural

SKIN = EYEBALLS["left"].start
PEOPLE = 100


@pytest.fixture(scope="module")
def people(cache):
    with one_thread():
        return People(cache)


@pytest.fixture(scope="module")
def strangers(people):
    """Adults as characters are drawn, none of whom the body was made from: vertices and joints in the T-pose."""
    rng = stream(1, "strangers")
    traits = [sample_phenotype(IdentityConfig(), rng).traits() for _ in range(PEOPLE)]
    laid = people.lay(traits, [{}] * PEOPLE)
    return np.stack([verts for verts, _ in laid]), np.stack([joints for _, joints in laid])


@pytest.fixture(scope="module")
def ten_betas(body, strangers):
    """The ten betas nearest to each stranger."""
    verts, _ = strangers
    offsets = (verts - body.v_template).reshape(PEOPLE, -1)
    return np.linalg.lstsq(body.shapedirs[..., :10].reshape(-1, 10), offsets.T, rcond=None)[0].T


@pytest.mark.slow
def test_building_it_again_gives_the_same_bytes(body, people):
    with one_thread():
        arrays, extra = open_body_arrays(people)
    assert npz_bytes(arrays) == body.path.read_bytes()
    assert npz_bytes(extra) == body.path.with_name("open_body_extra.npz").read_bytes()


@pytest.mark.slow
def test_joints_of_strangers_are_regressed_to_a_millimetre(body, strangers):
    verts, joints = strangers
    regressor = read_npz(body.path)["J_regressor"]
    assert np.allclose(regressor.sum(1), 1, atol=1e-5)
    error_mm = np.linalg.norm(regressor @ verts - joints, axis=2) * 1e3
    assert error_mm.mean(0).max() < 1.0
    assert error_mm.mean() < 0.3


@pytest.mark.slow
def test_ten_betas_hold_strangers(body, strangers, ten_betas):
    """Poses may not help here: a fit's own residual at rest is smaller."""
    verts, joints = strangers
    found = body.v_template + np.einsum("pk,vck->pvc", ten_betas, body.shapedirs[..., :10])
    assert np.linalg.norm(found - verts, axis=2)[:, :SKIN].mean() < 0.0018
    assert 0.5 < ten_betas.std(0).min() < ten_betas.std(0).max() < 2
    found_joints = body.joint_template + np.einsum("pk,jck->pjc", ten_betas, body.joint_shapedirs[..., :10])
    assert np.linalg.norm(found_joints - joints, axis=2).mean() < 0.0015


@pytest.mark.slow
def test_more_betas_hold_more(body, people):
    """Directions 11 to 300 are real ones: with all of them, anybody's shape is held, odd and wide people's too."""
    rng = stream(2, "strangers")
    labels = people.local_labels
    odd = dict(zip(labels, rng.uniform(-0.5, 0.5, len(labels)).tolist(), strict=True))
    (usual, _), (strange, _) = people.lay([any_adult(rng), any_adult(rng)], [{}, odd])
    for verts, limits_mm in ((usual, (2.5, 1.0, 0.4)), (strange, (20.0, 8.0, 3.0))):
        offsets = (verts - body.v_template).reshape(-1)
        for count, limit_mm in zip((10, 60, 300), limits_mm, strict=True):
            basis, _ = np.linalg.qr(body.shapedirs[..., :count].reshape(-1, count))
            left_mm = np.linalg.norm((offsets - basis @ (basis.T @ offsets)).reshape(-1, 3)[:SKIN], axis=1).mean() * 1e3
            assert left_mm < limit_mm, count


@pytest.mark.slow
def test_true_places_lie_on_the_character(body, people):
    """What registration is measured against lies on the MakeHuman mesh of the same odd person, wherever that stands."""
    rng = stream(3, "strangers")
    traits, moved = usual_adult(rng), np.array([0.3, -0.2, 1.0])
    labels = people.local_labels
    odd = dict(zip(labels, rng.uniform(-0.5, 0.5, len(labels)).tolist(), strict=True))
    full = people.full.rest(traits, odd)
    places = true_rest(body, people.soma, traits, local_changes=odd, bone_heads=full.bone_heads + moved)
    gap, _ = cKDTree(full.verts + moved).query(places)
    assert np.median(gap) < 0.004  # vertices lie about a centimetre apart
    assert np.percentile(gap, 99) < 0.015


def test_correctives_bring_linear_skinning_near_dual_quaternions(body):
    """On poses that the correctives were not made from."""
    bones, shares = pack_weights(body.weights, influences=8)
    source = open_procedural(ProceduralConfig())
    plain, corrected = [], []
    for number in range(0, 40, 2):
        pose = source[number].pose.copy()
        pose[[0, JAW, INDEX["left_eye"], INDEX["right_eye"]]] = 0
        rotmats = rotvec_to_rotmat(pose)
        rotations, joints = chain(rotmats, body.joint_template)
        T_to_rest = np.tile(np.eye(4), (NUM_JOINTS, 1, 1))
        T_to_rest[:, :3, :3] = rotations
        T_to_rest[:, :3, 3] = joints - np.einsum("jab,jb->ja", rotations, body.joint_template)
        aim = dual_quaternion_skinning(body.v_template, bones, shares, T_to_rest)
        none = {"betas": np.zeros(0), "expression": np.zeros(0), "transl": np.zeros(3)}
        verts, _ = forward(body, rotmats=rotmats, **none)
        feature = (rotmats[1:] - np.eye(3)).ravel()
        blended = np.einsum("vj,jab->vab", body.weights, T_to_rest[:, :3, :3])
        without = verts - np.einsum("vab,vbf,f->va", blended, body.posedirs, feature, optimize=True)
        corrected.append(np.linalg.norm(verts - aim, axis=1))
        plain.append(np.linalg.norm(without - aim, axis=1))
    for name in ("body", "fingers"):
        part = body_parts(body)[name]
        assert np.stack(corrected)[:, part].mean() < 0.4 * np.stack(plain)[:, part].mean(), name


def test_hands_and_face_are_drawn_finer_than_the_trunk(body):
    parts = body_parts(body)
    assert len(parts["face"]) > 1200
    assert len(parts["left_hand"]) == len(parts["right_hand"]) > 700


def test_two_processes_that_need_it_build_it_once(body, tmp_path, monkeypatch):
    built = []

    def slow_build(path, _cache):
        built.append(path)
        time.sleep(0.3)
        path.write_bytes(body.path.read_bytes())

    monkeypatch.setattr("cuffs.body.open_body.build_open_body", slow_build)
    found = []
    threads = [threading.Thread(target=lambda: found.append(find_body_model(tmp_path / "cache"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert {model.sha256 for model in found} == {body.sha256}


def test_a_build_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def broken_build(path, _cache):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("cuffs.body.open_body.build_open_body", broken_build)
    with pytest.raises(KeyboardInterrupt):
        find_body_model(tmp_path)
    assert not find.open_body_path(tmp_path).exists()
    assert [path.name for path in tmp_path.iterdir()] == [f"{find.OPEN_NAME}.lock"]
