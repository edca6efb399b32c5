"""Losses against a float64 formula that goes person by person, and the laws of their sums, flags and ranks."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from cuffs.config import build
from cuffs.errors import ConfigError
from tests.trainer.loss_formulas import expected_terms
from tests.trainer.networks import float64_weights, nano_config, nano_model, random_batch
from trainer.batch import Batch
from trainer.losses import (
    TERMS,
    LossConfig,
    active_weights,
    focal,
    loss_sums,
    mean_terms,
    total_loss,
)
from trainer.model.config import RayConfig
from trainer.targets import TargetConfig, TargetMaker

REFERENCE = LossConfig(detection="focal", near_m=None)
RELEASED = nano_config(rays=RayConfig(swap_patch_axes=True), depth="reference")


def batch_of(seed, people_per_image):
    """A random batch."""
    return random_batch(np.random.default_rng(seed), people_per_image)


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_reference_losses_are_the_float64_formula(seed, open_body, body_layer):
    model = nano_model(body_layer, RELEASED, seed)
    batch = batch_of(seed, [2, 0, 1])
    targets = TargetMaker(body_layer, RELEASED, TargetConfig(heads="reference"))(batch)
    assert len(targets.kept) == 3
    with torch.no_grad():
        found = loss_sums(model(batch.image, batch.K, targets.picks), targets, REFERENCE)
    ours = dict(zip(TERMS, mean_terms(found.sums, found.counts).tolist(), strict=True))
    theirs = expected_terms(float64_weights(model), open_body, batch, RELEASED)
    assert ours.keys() == theirs.keys()
    for name in TERMS:
        assert ours[name] == pytest.approx(theirs[name], rel=1e-4), name


@pytest.fixture(scope="module")
def model(body_layer):
    return nano_model(body_layer, nano_config())


@pytest.fixture(scope="module")
def maker(body_layer):
    return TargetMaker(body_layer, nano_config(), TargetConfig())


def sums_of(model, maker, batch, config=LossConfig()):  # noqa: B008 (frozen)
    targets = maker(batch)
    return loss_sums(model(batch.image, batch.K, targets.picks), targets, config)


def terms_of(model, maker, batch, config=LossConfig()):  # noqa: B008 (frozen)
    with torch.no_grad():
        found = sums_of(model, maker, batch, config)
    return dict(zip(TERMS, mean_terms(found.sums, found.counts).tolist(), strict=True))


def joined(first, second):
    """One batch of two."""
    values = {
        field.name: torch.cat([getattr(first, field.name), getattr(second, field.name)])
        for field in fields(Batch)
        if field.name not in ("keys", "image_of")
    }
    image_of = torch.cat([first.image_of, second.image_of + len(first.image)])
    return Batch(keys=first.keys + second.keys, image_of=image_of, **values)


@pytest.mark.parametrize("detection", ["bce", "focal"])
@pytest.mark.parametrize("people", [([2, 1], [1]), ([2], [0, 0]), ([0], [0])])
def test_the_mean_of_two_ranks_gradients_is_that_of_the_joined_batch(detection, people, model, maker):
    config = LossConfig(detection=detection)
    weights = active_weights(config, 0)
    ranks = [batch_of(seed, each) for seed, each in enumerate(people)]
    counts = sum(sums_of(model, maker, batch, config).counts for batch in ranks)
    gradients = []
    for batch in ranks:
        model.zero_grad()
        total_loss(sums_of(model, maker, batch, config), counts=counts, world_size=2, weights=weights).backward()
        gradients.append({name: parameter.grad.clone() for name, parameter in model.named_parameters()})
    model.zero_grad()
    whole = sums_of(model, maker, joined(*ranks), config)
    assert torch.equal(whole.counts, counts)
    total_loss(whole, counts=whole.counts, world_size=1, weights=weights).backward()
    for name, parameter in model.named_parameters():
        mean = (gradients[0][name] + gradients[1][name]) / 2
        assert (mean - parameter.grad).abs().max() <= 1e-5 * max(1.0, float(parameter.grad.abs().max())), name
    model.zero_grad()


def test_without_people_only_detection_is_left(model, maker):
    terms = terms_of(model, maker, batch_of(0, [0, 0]))
    assert terms.pop("detection") > 0
    assert set(terms.values()) == {0.0}


def spoil(batch, name, rows, **changes):
    """The flag off, and its values changed."""
    flag = getattr(batch, name).clone()
    flag[rows] = False
    return replace(batch, **{name: flag}, **changes)


def shifted(values, rows, by):
    values = values.clone()
    values[rows] += by
    return values


HAND, FACE = slice(25, 40), slice(22, 25)
FLAGGED = {
    "hand_valid": ("rotvecs", (0, HAND), (0, 0), {"rotations", "joints_3d", "verts_3d", "joints_2d", "verts_2d"}),
    "face_valid": ("rotvecs", (0, FACE), 0, {"rotations", "joints_3d", "verts_3d", "joints_2d", "verts_2d"}),
    "expression_valid": ("expression", 0, 0, {"expression", "joints_3d", "verts_3d", "joints_2d", "verts_2d"}),
    "betas_valid": ("betas", 0, 0, {"betas", "joints_3d", "verts_3d", "joints_2d", "verts_2d"}),
    "depth_valid": ("transl", 0, 0, {"depth", "translation"}),
}  # fmt: skip


@pytest.mark.parametrize("flag", FLAGGED)
def test_what_is_not_valid_changes_no_term_and_does_when_it_is(flag, model, maker):
    values, rows, flag_rows, touched = FLAGGED[flag]
    batch = batch_of(3, [2])
    other = replace(batch, **{values: shifted(getattr(batch, values), rows, 0.05)})
    valid, other_valid = terms_of(model, maker, batch), terms_of(model, maker, other)
    assert all(valid[name] != other_valid[name] for name in touched)
    masked = terms_of(model, maker, spoil(batch, flag, flag_rows))
    other_masked = terms_of(model, maker, spoil(other, flag, flag_rows))
    for name in touched:
        # The mesh moves by 0.1 mm where weights are below a thousandth; betas and transl move the head joint itself.
        slack = 2e-3 if name.endswith("d") else 1e-6
        assert other_masked[name] == pytest.approx(masked[name], rel=slack), name
        assert masked[name] != valid[name]


@pytest.mark.parametrize("term", TERMS)
def test_a_nan_in_the_truth_or_the_prediction_is_never_hidden(term, model, maker):
    """Of every term: NaN in what it reads makes it NaN."""
    batch = batch_of(3, [2])
    with torch.no_grad():
        targets = maker(batch)
        found = model(batch.image, batch.K, targets.picks)
    nan = torch.tensor(torch.nan)
    spoilt = {"detection": "logits", "depth": "depth_code", "translation": "head_cam", "rotations": "rotmats"}
    name = spoilt.get(term, term.split("_")[0])
    if hasattr(found, name):
        broken = replace(found, **{name: getattr(found, name) + nan})
    else:
        broken = replace(found, bodies=replace(found.bodies, **{name: getattr(found.bodies, name) + nan}))
    sums = dict(zip(TERMS, loss_sums(broken, targets, LossConfig()).sums, strict=True))
    assert sums[term].isnan()
    with torch.no_grad():
        broken = replace(batch, transl=batch.transl + nan)
        found = sums_of(model, maker, broken)
    weights = active_weights(LossConfig(), 0)
    assert total_loss(found, counts=found.counts, world_size=1, weights=weights).isnan()


def test_a_guess_behind_the_camera_has_a_finite_error_with_a_slope(model, maker):
    batch = batch_of(3, [1])
    targets = maker(batch)
    found = model(batch.image, batch.K, targets.picks)
    joints = (found.bodies.joints.detach() - torch.tensor([0, 0, 4.0])).requires_grad_()
    behind = replace(found, bodies=replace(found.bodies, joints=joints))
    sums = dict(zip(TERMS, loss_sums(behind, targets, LossConfig()).sums, strict=True))
    sums["joints_2d"].backward()
    assert joints.grad.isfinite().all()
    assert joints.grad.any()


def test_true_points_at_no_depth_at_all_leave_gradients_finite(model, maker):
    batch = batch_of(3, [1])
    targets = maker(batch)
    found = model(batch.image, batch.K, targets.picks)
    verts = targets.bodies.verts.clone()
    verts[0, :2] = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    at_lens = replace(targets, bodies=replace(targets.bodies, verts=verts))
    loss_sums(found, at_lens, LossConfig()).sums.sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    model.zero_grad()


def test_losses_are_float32_under_autocast(model, maker):
    batch = batch_of(3, [2])
    targets = maker(batch)
    with torch.no_grad():
        found = model(batch.image, batch.K, targets.picks)
        plain = loss_sums(found, targets, LossConfig())
        with torch.autocast("cpu", torch.bfloat16):
            cast, again = loss_sums(found, targets, LossConfig()), maker(batch)
    assert torch.equal(cast.sums, plain.sums)
    assert torch.equal(again.bodies.verts, targets.bodies.verts)
    assert torch.equal(again.offset, targets.offset)


def test_detections_gradient_does_not_end_where_the_score_does(model, maker):
    """The score is kept 1e-4 from 0 and 1; a head missed that surely must still be learnt."""
    batch = batch_of(3, [1])
    targets = maker(batch)
    found = model(batch.image, batch.K, targets.picks)
    logits = torch.full_like(found.logits, -20.0).requires_grad_()
    loss_sums(replace(found, logits=logits), targets, LossConfig()).sums[0].backward()
    assert logits.grad[targets.heat > 0].item() == pytest.approx(-1)


def test_focal_forgives_what_is_nearly_right():
    heat = torch.tensor([[[1.0, 0.0]]])
    right, unsure = focal(torch.tensor([[[0.9, 0.1]]]), heat), focal(torch.tensor([[[0.5, 0.5]]]), heat)
    assert float(right) == pytest.approx(-2 * 0.01 * np.log(0.9))
    assert float(unsure) == pytest.approx(-2 * 0.25 * np.log(0.5))


def test_the_2d_terms_begin_at_their_step():
    config = LossConfig(reprojection_from_step=100)
    before, after = (dict(zip(TERMS, active_weights(config, step).tolist(), strict=True)) for step in (99, 100))
    assert before["joints_2d"] == before["verts_2d"] == 0
    assert after["joints_2d"] == after["verts_2d"] == 1
    assert {name: before[name] for name in TERMS if "2d" not in name} == {
        name: after[name] for name in TERMS if "2d" not in name
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"weights": {"detection": -1}}, "detection is -1.0, but must be 0 or more"),
        ({"weights": {"detecton": 1}}, "Did you mean 'detection'"),
        ({"detection": "bse"}, "Did you mean 'bce'"),
        ({"near_m": 0}, "near_m is 0.0, but must be above 0"),
        ({"reprojection_from_step": -1}, "must be 0 or more"),
    ],
)
def test_a_recipes_mistakes_are_named(data, message):
    with pytest.raises(ConfigError, match=message):
        build(LossConfig, data, where="recipe.losses")


def test_defaults_are_the_published_weights():
    published = dict.fromkeys(TERMS, 1.0) | {"detection": 10.0, "rotations": 0.1, "joints_3d": 100.0, "verts_3d": 100.0}
    assert dict(zip(TERMS, active_weights(LossConfig(), 0).tolist(), strict=True)) == pytest.approx(published)
