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
    random_K,
)
from trainer.model.config import RayConfig

PATCHES = [[(1, 2), (3, 0), (4, 4)], [], [(0, 0)]]
"""Row and column of people in three images."""

PICKS = picks_of(*((image, *patch) for image, patches in enumerate(PATCHES) for patch in patches))
FIELDS = ("rotmats", "betas", "expression", "verts", "joints")

CONFIGS = {
    f"{kind}-{order}-{'sa' if self_attention else 'alone'}": nano_config(
        head={"kind": kind, "block_order": order, "self_attention": self_attention}
    )
    for kind, order, self_attention in itertools.product(
        ("hph", "iterative"), ("reference", "paper"), (True, False)
    )
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
    image, K = random_images(rng, 3), random_K(rng, 3)
    with torch.no_grad():
        ours = model(image, K, PICKS)
    weights = float64_weights(model)
    people = []
    for number, patches in enumerate(PATCHES):
        scores, found = formulas.whole_network(
            weights,
            open_body,
            image[number].numpy().astype(np.float64),
            K[number].numpy().astype(np.float64),
            patches,
            config=config,
            num_heads=2,
        )
        assert far_apart(ours.scores[number], scores) < 2e-5
        people += found
    for name in FIELDS:
        assert far_apart(getattr(ours.bodies, name), [one[name] for one in people]) < 5e-5, name
    for name, value in (("offset", ours.offset), ("head", ours.head_cam), ("depth_code", ours.depth_code)):
        assert far_apart(value, [one[name] for one in people]) < 5e-5, name
