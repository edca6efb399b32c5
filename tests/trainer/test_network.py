"""The network against the float64 formulas, and the laws that its outputs obey."""

import itertools

import numpy as np
import pytest
import torch

from tests.trainer import formulas
from tests.trainer.networks import (
    SIDE,
    float64_weights,
    nano_config,
    nano_model,
    picks_of,
    random_images,
    random_intrinsics,
)
from trainer.model.config import BackboneConfig, RayConfig
from trainer.model.mean import neutral_person
from trainer.model.network import build_model

PATCHES = [[(1, 2), (3, 0), (4, 4)], [], [(0, 0)]]
"""Row and column of people in three images."""

PICKS = picks_of(*((image, *patch) for image, patches in enumerate(PATCHES) for patch in patches))
FIELDS = ("rotmats", "betas", "expression", "verts", "joints")

CONFIGS = {
    f"{kind}-{order}-{'sa' if self_attention else 'alone'}": nano_config(
        head={"kind": kind, "block_order": order, "self_attention": self_attention}
    )
    for kind, order, self_attention in itertools.product(("hph", "iterative"), ("reference", "paper"), (True, False))
    if kind == "hph" or (order, self_attention) == ("reference", True)
}
CONFIGS |= {f"rays-{kind}": nano_config(rays=RayConfig(kind=kind)) for kind in ("paper", "linear", "none")}
CONFIGS |= {
    "released": nano_config(rays=RayConfig(swap_patch_axes=True), depth="reference"),
    "three-layers": nano_config(head={"num_layers": 3}),
}


def far_apart(ours, theirs):
    """Largest difference relative to the largest value."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def rows_of(prediction):
    """A person's outputs as one vector each."""
    parts = [getattr(prediction.bodies, name).flatten(1) for name in FIELDS]
    return torch.cat([*parts, prediction.offset, prediction.head_cam, prediction.depth_code[:, None]], 1)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_the_network_is_the_float64_formula(config, body_layer, open_body):
    rng = np.random.default_rng(0)
    model = nano_model(body_layer, config)
    image, K = random_images(rng, 3), random_intrinsics(rng, 3)
    with torch.no_grad():
        ours = model(image, K, PICKS)
    weights = float64_weights(model)
    people = []
    for number, patches in enumerate(PATCHES):
        scores, found = formulas.whole_network(weights, open_body, (image[number], K[number]), patches, config)
        assert far_apart(ours.scores[number], scores) < 2e-5
        people += found
    for name in FIELDS:
        assert far_apart(getattr(ours.bodies, name), [one[name] for one in people]) < 5e-5, name
    for name, value in (("offset", ours.offset), ("head", ours.head_cam), ("depth_code", ours.depth_code)):
        assert far_apart(value, [one[name] for one in people]) < 5e-5, name


LAWS = {
    name: CONFIGS[name]
    for name in ("hph-reference-sa", "hph-paper-sa", "hph-reference-alone", "iterative-reference-sa")
}


def told(model, image, K, picks):
    with torch.no_grad():
        return rows_of(model(image, K, picks))


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(1)
    return random_images(rng, 3), random_intrinsics(rng, 3)


@pytest.mark.parametrize("config", LAWS.values(), ids=LAWS)
def test_a_person_does_not_depend_on_other_images_or_on_padding(config, body_layer, scene):
    """Alone its image needs three seats; beside an image with six people it has three more, all empty."""
    model, (image, K) = nano_model(body_layer, config), scene
    alone = told(model, image[:1], K[:1], picks_of((0, 1, 2), (0, 3, 0), (0, 4, 4)))
    crowd = [(1, n, n % 3) for n in range(5)] + [(1, 0, 4)]
    beside = told(model, image, K, picks_of((0, 1, 2), (0, 3, 0), (0, 4, 4), *crowd))
    assert far_apart(beside[:3], alone) < 1e-5


@pytest.mark.parametrize("config", LAWS.values(), ids=LAWS)
def test_a_person_does_not_depend_on_the_order_of_people(config, body_layer, scene):
    model, (image, K) = nano_model(body_layer, config), scene
    people = [(0, 1, 2), (2, 0, 0), (0, 3, 0), (2, 4, 1), (0, 4, 4)]
    order = [4, 1, 0, 3, 2]
    given = told(model, image, K, picks_of(*people))
    shuffled = told(model, image, K, picks_of(*(people[n] for n in order)))
    assert far_apart(shuffled, given[order]) < 1e-5


@pytest.mark.parametrize("config", LAWS.values(), ids=LAWS)
def test_only_self_attention_lets_people_of_one_image_change_each_other(config, body_layer, scene):
    model, (image, K) = nano_model(body_layer, config), scene
    alone = told(model, image[:1], K[:1], picks_of((0, 1, 2)))
    together = told(model, image[:1], K[:1], picks_of((0, 1, 2), (0, 1, 3), (0, 4, 4)))
    apart = far_apart(together[:1], alone)
    sees_others = config.head.kind == "hph" and config.head.self_attention
    assert apart > 1e-4 if sees_others else apart < 1e-5


@pytest.mark.parametrize("config", LAWS.values(), ids=LAWS)
def test_pictures_without_people_work_and_give_gradients_of_zero(config, body_layer, scene):
    model, (image, K) = nano_model(body_layer, config), scene
    found = model(image, K, picks_of())
    assert found.bodies.verts.shape == (0, 10475, 3)
    assert found.logits.shape == (3, 5, 5)
    (rows_of(found).sum() + found.logits.sum()).backward()
    without = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert not without, "DistributedDataParallel would wait for these"
    assert not model.x_attention_head.decpose.weight.grad.any()
    model.zero_grad()


def test_without_intrinsics_the_camera_sees_60_degrees(body_layer, scene):
    model, (image, _) = nano_model(body_layer, nano_config()), scene
    focal = formulas.focal_of_60_degrees(SIDE)
    K = torch.tensor([[focal, 0, SIDE / 2], [0, focal, SIDE / 2], [0, 0, 1]], dtype=torch.float32).expand(3, 3, 3)
    assert torch.equal(told(model, image, None, PICKS), told(model, image, K, PICKS))


@pytest.mark.parametrize("kind", ["reference", "paper", "linear", "none"])
def test_only_a_network_with_rays_knows_the_camera_beyond_geometry(kind, body_layer, scene):
    model, (image, K) = nano_model(body_layer, nano_config(rays=RayConfig(kind=kind))), scene
    other = K.clone()
    other[:, :2, 2] += 4
    with torch.no_grad():
        pose, pose_other = (model(image, each, PICKS).bodies.rotmats for each in (K, other))
    assert torch.equal(pose, pose_other) == (kind == "none")


@pytest.mark.parametrize("depth", ["reference", "canonical"])
def test_the_head_joint_projects_to_its_pixel_at_its_depth(depth, body_layer, scene):
    model, (image, K) = nano_model(body_layer, nano_config(depth=depth)), scene
    with torch.no_grad():
        found = model(image, K, PICKS)
    head = found.bodies.joints[:, 15]
    assert torch.allclose(head, found.head_cam, atol=1e-5)
    K = K[PICKS.image_of]
    pixels = torch.einsum("pij,pj->pi", K, head / head[:, 2:])[:, :2]
    expected = (torch.stack([PICKS.col, PICKS.row], -1) + 0.5 + found.offset) * 14
    assert torch.allclose(pixels, expected, atol=1e-3)
    codes = [
        formulas.depth_code(z, f, SIDE, depth) for z, f in zip(head[:, 2].tolist(), K[:, 0, 0].tolist(), strict=True)
    ]
    assert far_apart(found.depth_code, codes) < 1e-5


def test_depth_stops_at_50_metres_and_its_gradient_stays_finite(body_layer, scene):
    model, (image, K) = nano_model(body_layer, nano_config()), scene
    model.x_attention_head.deccam.bias.data[0] = 1e4
    found = model(image, K, PICKS)
    assert torch.allclose(found.head_cam[:, 2], torch.tensor(50.0))
    found.head_cam.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_bf16_autocast_leaves_rays_bodies_and_placement_in_float32(body_layer, scene):
    """bf16 has three digits: what it may blur is what the layers say, not where a body then is."""
    model, (image, K) = nano_model(body_layer, nano_config()), scene
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        rays = model.rays(K)
        found = model(image, K, PICKS)
    assert torch.equal(rays, model.rays(K))
    assert {getattr(found.bodies, name).dtype for name in FIELDS} == {torch.float32}
    head = found.bodies.joints[:, 15]
    pixels = torch.einsum("pij,pj->pi", K[PICKS.image_of], head / head[:, 2:])[:, :2]
    expected = (torch.stack([PICKS.col, PICKS.row], -1) + 0.5 + found.offset) * 14
    assert torch.allclose(pixels, expected, atol=1e-3)
    identity = found.bodies.rotmats @ found.bodies.rotmats.mT
    assert torch.allclose(identity, torch.eye(3).expand_as(identity), atol=1e-5)
    assert far_apart(rows_of(found), told(model, image, K, PICKS)) < 0.05


def test_a_picture_of_another_side_is_refused(body_layer):
    model = nano_model(body_layer, nano_config())
    with pytest.raises(ValueError, match="70 x 70 pictures, not \\(84, 84\\)"):
        model(torch.zeros(1, 3, 84, 84), None, picks_of())


def test_the_same_seed_gives_the_same_weights_and_disturbs_nothing(body_layer):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again, other = (build_model(nano_config(), body_layer, neutral_person(), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    assert not torch.equal(first.backbone.encoder.pos_embed, other.backbone.encoder.pos_embed)


def test_an_untrained_network_says_the_mean_person(body_layer, scene):
    model, (image, K) = build_model(nano_config(), body_layer, neutral_person(), seed=0), scene
    with torch.no_grad():
        found = model(image, K, PICKS)
    upright = found.bodies.joints[:, 15] - found.bodies.joints[:, 0]
    assert (upright[:, 1] < -0.4).all(), "the head is above the pelvis: y points down"
    nose, head = found.bodies.joints[:, 55], found.bodies.joints[:, 15]
    assert (nose[:, 2] < head[:, 2]).all(), "the face looks at the camera"
    assert found.scores.max() < 0.05


def test_hrnet_serves_in_place_of_the_transformer(body_layer, scene):
    """And in evaluation a person doesn't depend on the other images, batch normalisation or not."""
    config = nano_config(backbone=BackboneConfig(name="hrnet_w48", width=64))
    model, (image, K) = build_model(config, body_layer, neutral_person(), seed=0), scene
    found = model(image, K, PICKS)
    (rows_of(found).sum() + found.logits.sum()).backward()
    assert not [name for name, parameter in model.named_parameters() if parameter.grad is None]
    model.eval()
    alone = told(model, image[:1], K[:1], picks_of(*((0, *patch) for patch in PATCHES[0])))
    assert far_apart(told(model, image, K, PICKS)[:3], alone) < 1e-5
