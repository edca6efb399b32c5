"""Targets: which people become one, where, and which of their points count."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from cuffs.skeleton import JOINTS, LEFT_HAND, RIGHT_HAND
from tests.cuffs.strategies import rngs
from tests.trainer import formulas
from tests.trainer.networks import SIDE, nano_config, random_batch
from trainer.targets import TargetConfig, TargetMaker, outside_picture, points_valid, truth_bodies, valid_of

CONFIG = nano_config()
PARTS = {
    "hand_valid": lambda name: name.rstrip("123").endswith(("index", "middle", "pinky", "ring", "thumb")),
    "face_valid": lambda name: name in ("jaw", "left_eye", "right_eye"),
}


@pytest.fixture(scope="module")
def maker(body_layer):
    return TargetMaker(body_layer, CONFIG, TargetConfig())


@pytest.fixture(scope="module")
def reference_maker(body_layer):
    return TargetMaker(body_layer, CONFIG, TargetConfig(heads="reference"))


def moved(batch, person, transl):
    """One person put elsewhere."""
    changed = batch.transl.clone()
    changed[person] = torch.tensor(transl)
    return replace(batch, transl=changed)


def heads(maker, batch):
    """Head joints of all people, camera frame and pixels, float64."""
    head = truth_bodies(maker.body, batch).joints[:, 15].double()
    pixels = torch.einsum("pij,pj->pi", batch.K[batch.image_of].double(), head / head[:, 2:])[:, :2]
    return head.numpy(), pixels.numpy()


@given(rngs)
@settings(max_examples=15, deadline=None)
def test_patch_and_offset_give_the_head_back_and_targets_are_those_of_the_rule(maker, rng):
    batch = random_batch(rng, [3, 0, 2])
    targets = maker(batch)
    head, pixels = heads(maker, batch)
    expected, taken = [], set()
    for person in np.argsort(head[:, 2], kind="stable"):
        patch = (int(batch.image_of[person]), *np.floor(pixels[person] / 14).astype(int).tolist())
        if (pixels[person] >= 0).all() and (pixels[person] < SIDE).all() and patch not in taken:
            taken.add(patch)
            expected.append(int(person))
    assert targets.kept.tolist() == sorted(expected)
    assert {(n, c, r) for n, r, c in targets.heat.nonzero().tolist()} == taken
    patch = torch.stack([targets.picks.col, targets.picks.row], -1)
    assert np.allclose((patch + 0.5 + targets.offset) * 14, pixels[targets.kept], atol=1e-3)
    assert targets.offset.abs().max() <= 0.5 + 1e-5 if len(targets.kept) else True
    focal = batch.K[batch.image_of, 0, 0].double().numpy()
    codes = [formulas.depth_code(head[p, 2], focal[p], SIDE, CONFIG.depth) for p in targets.kept]
    assert np.allclose(targets.depth_code, codes, atol=1e-5)


@pytest.mark.parametrize("transl", [(3.0, 0.3, 2.5), (-3.0, 0.3, 2.5), (0.0, 3.5, 2.5), (0.6, -2.5, 2.5)])
def test_a_head_out_of_frame_is_no_target_unless_the_references_rule_is_asked_for(transl, maker, reference_maker):
    batch = moved(random_batch(np.random.default_rng(0), [2]), 1, transl)
    assert maker(batch).kept.tolist() == [0]
    assert maker(batch).heat.sum() == 1
    targets = reference_maker(batch)
    _, pixels = heads(maker, batch)
    border = np.clip(np.floor(pixels[1] / 14), 0, SIDE // 14 - 1)
    assert targets.kept.tolist() == [0, 1]
    assert (targets.picks.col[1], targets.picks.row[1]) == tuple(border)
    assert np.allclose((border + 0.5 + targets.offset[1].numpy()) * 14, pixels[1], rtol=1e-5)


def test_the_references_rule_supervises_the_pelvis_depth(maker, reference_maker):
    batch = random_batch(np.random.default_rng(0), [1])
    pelvis = reference_maker(batch).bodies.joints[:, 0, 2]
    focal = float(batch.K[0, 0, 0])
    expected = formulas.depth_code(float(pelvis), focal, SIDE, CONFIG.depth)
    assert float(reference_maker(batch).depth_code) == pytest.approx(expected, abs=1e-5)
    assert float(maker(batch).depth_code) != pytest.approx(expected, abs=1e-5)


def test_the_frame_is_half_open():
    below = float(np.nextafter(np.float32(SIDE), np.float32(0)))
    pixels = torch.tensor([[0.0, 0.0], [below, 0.0], [SIDE, 0.0], [0.0, SIDE], [-1e-30, 5.0], [5.0, -1e-30]])
    assert outside_picture(pixels, SIDE).tolist() == [False, False, True, True, True, True]


def test_a_person_behind_the_camera_is_no_target(maker, reference_maker):
    batch = moved(random_batch(np.random.default_rng(0), [2]), 0, (0.0, 0.3, -2.0))
    for make in (maker, reference_maker):
        assert make(batch).kept.tolist() == [1]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_heads_in_one_patch_the_nearest_is_kept_whatever_the_order(order, maker):
    batch = random_batch(np.random.default_rng(0), [3])
    batch = replace(batch, **{name: getattr(batch, name)[:1].expand(3, *getattr(batch, name).shape[1:]) for name in
                              ("rotvecs", "betas", "expression")})  # fmt: skip
    depth = torch.tensor([2.5, 2.52, 2.54])
    batch = replace(batch, transl=torch.stack([0 * depth, 0.3 + 0 * depth, depth], -1)[list(order)])
    assert maker(batch).kept.tolist() == [order.index(0)]


def test_a_hidden_person_out_of_frame_hides_nobody(maker):
    """Both heads clamp to one border patch; the nearer is outside."""
    batch = random_batch(np.random.default_rng(0), [2])
    _, pixels = heads(maker, moved(batch, 1, (0.0, 0.3, 3.0)))
    batch = moved(moved(batch, 1, (0.0, 0.3, 3.0)), 0, (-4.0, 0.3, 2.0))
    K = batch.K.clone()
    K[0, 0, 2] += 7 - pixels[1, 0]
    assert maker(replace(batch, K=K)).kept.tolist() == [1]


def test_no_people_give_no_targets(maker):
    targets = maker(random_batch(np.random.default_rng(0), [0, 0]))
    assert len(targets.kept) == 0
    assert not targets.heat.any()
    assert targets.bodies.verts.shape == (0, 10475, 3)


def test_a_nan_is_not_dropped_as_out_of_frame(maker):
    batch = random_batch(np.random.default_rng(0), [2])
    targets = maker(moved(batch, 1, (float("nan"), 0.3, 3.0)))
    assert 1 in targets.kept
    assert targets.head_cam.isnan().any()


FLAGS = ("hand_valid", "face_valid", "expression_valid", "betas_valid")
CHANGES = {
    "left hand": ("hand_valid", lambda b: (b.hand_valid[:, 0], b.rotvecs[:, LEFT_HAND])),
    "right hand": ("hand_valid", lambda b: (b.hand_valid[:, 1], b.rotvecs[:, RIGHT_HAND])),
    "face": ("face_valid", lambda b: (b.face_valid, b.rotvecs[:, 22:25])),
    "expression": ("expression_valid", lambda b: (b.expression_valid, b.expression)),
    "betas": ("betas_valid", lambda b: (b.betas_valid, b.betas)),
}


def cloned(batch):
    names = (*FLAGS, "rotvecs", "betas", "expression", "transl")
    return replace(batch, **{name: getattr(batch, name).clone() for name in names})


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_points_that_count_do_not_move_with_what_is_not_valid(change, maker):
    """Up to 0.3 mm: weights below a thousandth, expressions below a tenth of a millimetre, far pose correctives."""
    _, parts = change
    batch = cloned(random_batch(np.random.default_rng(0), [1]))
    flag, _ = parts(batch)
    flag[:] = False
    other = cloned(batch)
    _, values = parts(other)
    values += 0.3
    before, after = maker(batch), maker(other)
    assert torch.equal(before.verts_valid, after.verts_valid)
    for valid, name in ((before.verts_valid, "verts"), (before.joints_valid, "joints")):
        moved_m = (getattr(after.bodies, name) - getattr(before.bodies, name)).norm(dim=-1)
        assert not valid.any() or moved_m[valid].max() < 3e-4
        assert moved_m[~valid].max() > 1e-3, "what is left out does move"


def test_a_flag_leaves_out_its_own_part_alone(maker):
    batch = cloned(random_batch(np.random.default_rng(0), [1]))
    batch.hand_valid[:, 0] = False
    joints = points_valid(valid_of(batch), maker.part_of_joint)[0, :55]
    assert {name for name, valid in zip(JOINTS, joints, strict=True) if not valid} == set(JOINTS[LEFT_HAND])
    rotations = valid_of(batch).joints()[0]
    assert {name for name, valid in zip(JOINTS, rotations, strict=True) if not valid} == set(JOINTS[LEFT_HAND])
    batch.face_valid[:] = False
    rotations = valid_of(batch).joints()[0]
    assert not rotations[22:25].any()
    assert rotations[:22].all()
