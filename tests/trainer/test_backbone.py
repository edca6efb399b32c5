"""Backbones: the position table and the transformer against formulas, official names, weights from files."""

from typing import get_args

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from cuffs.config import build
from cuffs.errors import AssetMissing, CheckpointError, ConfigError
from tests.trainer import formulas
from tests.trainer.networks import nano_config, random_tensor
from trainer.backbone import Backbone
from trainer.backbone.conv import CONV_SHAPES, ConvTokens
from trainer.backbone.hrnet import HRNet
from trainer.backbone.vit import SHAPES, VisionTransformer, resample_positions
from trainer.backbone.weights import load_backbone, weights_path
from trainer.model.config import BackboneConfig, BackboneName, ModelConfig
from trainer.model.mean import neutral_person
from trainer.model.network import build_model


def random_vit(name, seed=0):
    vit = VisionTransformer(SHAPES[name])
    generator = torch.Generator().manual_seed(seed)
    vit.load_state_dict({name: random_tensor(name, value, generator) for name, value in vit.state_dict().items()})
    return vit.eval()


@pytest.mark.parametrize("count", [1, 5, 16, 32, 36, 37, 38, 48, 64, 92])
def test_positions_are_resampled_as_the_formula_says(count):
    table = np.random.default_rng(0).normal(size=(1370, 8))
    ours = resample_positions(torch.tensor(table[None], dtype=torch.float32), count)[0]
    assert np.abs(ours.numpy() - formulas.positions(table, count)).max() < 2e-5


def test_plain_resizing_and_antialiasing_would_be_told_apart():
    """So that the test above can fail: their differences are as large as the facts say, not 1e-5."""
    grid = torch.randn(1, 8, 37, 37, generator=torch.Generator().manual_seed(0))
    table = torch.cat([torch.zeros(1, 1, 8), grid.flatten(2).mT], 1)
    ours = resample_positions(table, 32)[0, 1:].T.unflatten(1, (32, 32))
    for antialias in (False, True):
        plain = torch.nn.functional.interpolate(grid, size=(32, 32), mode="bicubic", antialias=antialias)[0]
        assert (plain - ours).norm() / ours.norm() > 0.02


@pytest.mark.parametrize(("name", "side"), [("vit_nano14", 14), ("vit_nano14", 70), ("dinov2_vits14", 42)])
def test_tokens_are_the_float64_formula(name, side):
    vit = random_vit(name)
    image = np.random.default_rng(0).normal(size=(3, side, side))
    weights = {key: value.numpy().astype(np.float64) for key, value in vit.state_dict().items()}
    with torch.no_grad():
        ours = vit(torch.tensor(image[None], dtype=torch.float32))[0].numpy()
    theirs = formulas.vit_tokens(weights, image, SHAPES[name].num_heads)
    assert np.abs(ours - theirs).max() < 2e-5 * np.abs(theirs).max()


@pytest.mark.parametrize("name", ["dinov2_vits14", "dinov2_vitb14", "dinov2_vitl14"])
def test_sizes_are_the_published_ones(name):
    with torch.device("meta"):
        tensors = VisionTransformer(SHAPES[name]).state_dict()
    millions = sum(value.numel() for value in tensors.values()) / 1e6
    assert millions == pytest.approx({"s": 22.06, "b": 86.58, "l": 304.37}[name[-3]], abs=0.01)


@pytest.mark.parametrize("side", [0, 13, 15, 447])
def test_sides_that_patches_do_not_fill_are_refused(side):
    with pytest.raises(ConfigError, match=f"image_side is {side}, but must be a multiple of 14"):
        build(ModelConfig, {"image_side": side}, where="recipe.model")


def saved(vit, path):
    if path.suffix == ".safetensors":
        save_file(dict(vit.state_dict()), path)
    else:
        torch.save(vit.state_dict(), path)
    return path


@pytest.mark.parametrize("file", ["official.pth", "official.safetensors"])
def test_official_weights_load_from_a_file(file, body_layer, tmp_path):
    official = random_vit("vit_nano14", seed=7)
    path = saved(official, tmp_path / file)
    config = nano_config(backbone=BackboneConfig(name="vit_nano14", weights=str(path)))
    model = build_model(config, body_layer, neutral_person(), seed=0)
    loaded = model.backbone.encoder.state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in official.state_dict().items())


def test_official_weights_load_from_the_hubs_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(AssetMissing, match=r"dinov2_vits14_pretrain\.pth"):
        weights_path("dinov2_vits14", "hub")
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    official = random_vit("dinov2_vits14")
    path = saved(official, tmp_path / "hub" / "checkpoints" / "dinov2_vits14_pretrain.pth")
    assert weights_path("dinov2_vits14", "hub") == path
    vit = VisionTransformer(SHAPES["dinov2_vits14"])
    assert load_backbone(vit, path) == ()
    assert torch.equal(vit.pos_embed, official.pos_embed)


def test_a_backbone_without_hub_weights_says_so():
    with pytest.raises(ConfigError, match="torch hub has none for hrnet_w48"):
        weights_path("hrnet_w48", "hub")


def test_another_networks_weights_are_refused_by_name(tmp_path):
    path = saved(random_vit("vit_nano14"), tmp_path / "nano.pth")
    with pytest.raises(CheckpointError, match=r"56 tensors are missing: blocks\.2\.attn\.proj\.bias"):
        load_backbone(VisionTransformer(SHAPES["vit_tiny14"]), path)


@pytest.fixture(scope="module")
def hrnet():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return HRNet(96).eval()


@pytest.mark.parametrize("side", [56, 70, 98])
def test_hrnet_gives_a_token_per_patch_at_any_side(side, hrnet):
    with torch.no_grad():
        tokens = hrnet(torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0)))
    assert tokens.shape == (2, (side // 14) ** 2, 96)
    assert tokens.isfinite().all()


@pytest.mark.parametrize("quadrant", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_hrnet_keeps_rows_and_columns_apart(quadrant, hrnet):
    """What is painted into a quadrant changes the tokens of that quadrant most."""
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    painted = image.clone()
    top, left = (40 + 112 * part for part in quadrant)
    painted[..., top : top + 30, left : left + 30] = 3.0
    with torch.no_grad():
        change = (hrnet(painted) - hrnet(image)).norm(dim=-1)[0].view(2, 8, 2, 8).mean((1, 3))
    assert divmod(int(change.argmax()), 2) == quadrant


OFFICIAL_HRNET = {
    "conv1.weight": (64, 3, 3, 3), "bn2.running_var": (64,), "layer1.0.downsample.0.weight": (256, 64, 1, 1),
    "layer1.3.conv3.weight": (256, 64, 1, 1), "transition1.0.0.weight": (48, 256, 3, 3),
    "transition1.1.0.0.weight": (96, 256, 3, 3), "stage2.0.branches.1.3.conv2.weight": (96, 96, 3, 3),
    "stage2.0.fuse_layers.0.1.0.weight": (48, 96, 1, 1), "stage2.0.fuse_layers.1.0.0.0.weight": (96, 48, 3, 3),
    "transition2.2.0.0.weight": (192, 96, 3, 3), "stage3.3.fuse_layers.2.0.0.0.weight": (48, 48, 3, 3),
    "stage3.3.fuse_layers.2.0.1.0.weight": (192, 48, 3, 3), "transition3.3.0.1.bias": (384,),
    "stage4.2.branches.3.0.bn1.num_batches_tracked": (), "stage4.2.fuse_layers.0.3.1.weight": (48,),
}  # fmt: skip


def test_hrnets_tensors_have_the_official_names(hrnet):
    own = {name: tuple(value.shape) for name, value in hrnet.state_dict().items()}
    assert OFFICIAL_HRNET.items() <= own.items()
    backbone = [value.numel() for name, value in hrnet.named_parameters() if not name.startswith(("tokens", "norm."))]
    assert sum(backbone) / 1e6 == pytest.approx(65.3, abs=0.1)


def test_hrnets_official_weights_load_beside_its_own_last_layer(hrnet, tmp_path):
    official = {n: v + 1 for n, v in hrnet.state_dict().items() if not n.startswith(("tokens", "norm."))}
    torch.save(official | {"classifier.weight": torch.zeros(1000, 2048)}, tmp_path / "hrnet.pth")
    other = HRNet(96)
    last = other.tokens.weight.clone()
    assert load_backbone(other, tmp_path / "hrnet.pth") == ()
    assert torch.equal(other.conv1.weight, official["conv1.weight"])
    assert torch.equal(other.tokens.weight, last)


@pytest.fixture(scope="module")
def conv():
    """Every tensor random, so that no block is its short cut alone."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = ConvTokens(CONV_SHAPES["conv_tiny14"]).train()
        for value in network.parameters():
            value.data += 0.05 * torch.randn_like(value)
        return network


@pytest.mark.parametrize("side", [14, 70, 98])
def test_the_small_convolutional_network_looks_at_each_picture_alone_even_in_training(side, conv):
    images = torch.randn(3, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        tokens, alone = conv(images), conv(images[1:2])
    assert tokens.shape == (3, (side // 14) ** 2, 256)
    assert torch.allclose(tokens[1:2], alone, atol=1e-5)


def test_the_small_convolutional_networks_tokens_are_of_their_own_patches(conv):
    """What is painted over a patch changes its token, or that of a neighbour, most."""
    image = torch.randn(1, 3, 112, 112, generator=torch.Generator().manual_seed(0))
    for patch in ((1, 6), (5, 2), (7, 7)):
        painted = image.clone()
        painted[..., 14 * patch[0] : 14 * patch[0] + 14, 14 * patch[1] : 14 * patch[1] + 14] = 3.0
        with torch.no_grad():
            change = (conv(painted) - conv(image)).norm(dim=-1)[0].view(8, 8)
        most = divmod(int(change.argmax()), 8)
        assert max(abs(most[0] - patch[0]), abs(most[1] - patch[1])) <= 1


def test_every_backbone_can_be_named_in_a_recipe():
    for name in get_args(BackboneName):
        config = build(ModelConfig, {"backbone": {"name": name}}, where="recipe.model")
        with torch.device("meta"):
            assert Backbone(config.backbone).width > 0
    with pytest.raises(ConfigError, match="Did you mean 'dinov2_vits14'"):
        build(ModelConfig, {"backbone": {"name": "dinov2_vits"}}, where="recipe.model")
