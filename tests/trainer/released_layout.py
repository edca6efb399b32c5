"""The rule that names every tensor of a released checkpoint, by width D, number of blocks and patches along a side."""

import torch

from tests.trainer.networks import random_tensor


def released_shapes(width, num_blocks, num_patches):
    """Name -> shape. For 384, 12, 32 these are the 237 tensors of the released ViT-S at 448, body model left out."""
    token = width + 99
    shapes = {
        "cls_token": (1, 1, width), "pos_embed": (1, 1370, width), "mask_token": (1, width),
        "patch_embed.proj.weight": (width, 3, 14, 14), "patch_embed.proj.bias": (width,),
        "norm.weight": (width,), "norm.bias": (width,),
    }  # fmt: skip
    for number in range(num_blocks):
        at = f"blocks.{number}"
        shapes |= {f"{at}.{norm}.{kind}": (width,) for norm in ("norm1", "norm2") for kind in ("weight", "bias")}
        shapes |= {f"{at}.ls1.gamma": (width,), f"{at}.ls2.gamma": (width,)}
        for name, outputs, inputs in (
            ("attn.qkv", 3 * width, width), ("attn.proj", width, width),
            ("mlp.fc1", 4 * width, width), ("mlp.fc2", width, 4 * width),
        ):  # fmt: skip
            shapes |= {f"{at}.{name}.weight": (outputs, inputs), f"{at}.{name}.bias": (outputs,)}
    shapes = {f"backbone.encoder.{name}": shape for name, shape in shapes.items()}
    for name, outputs in (("mlp_classif", 1), ("mlp_offset", 2)):
        shapes |= {f"{name}.0.weight": (width, width), f"{name}.0.bias": (width,)}
        shapes |= {f"{name}.2.weight": (outputs, width), f"{name}.2.bias": (outputs,)}
    head = {f"cross_{what}_{axis}": (num_patches, token) for what in ("queries", "values") for axis in "xy"}
    head |= {
        "init_body_pose": (1, 318), "init_betas": (1, 10), "init_betas_kid": (1, 11), "init_cam": (1, 3),
        "init_expression": (1, 10), "transformer.pos_embedding": (1, 1, 1024),
        "transformer.to_token_embedding.weight": (1024, token + 331), "transformer.to_token_embedding.bias": (1024,),
    }  # fmt: skip
    for name, outputs in (("decpose", 318), ("decshape", 10), ("deccam", 3), ("decexpression", 10)):
        head |= {f"{name}.weight": (outputs, 1024), f"{name}.bias": (outputs,)}
    for number in range(2):
        at = f"transformer.transformer.layers.{number}"
        head |= {f"{at}.{step}.norm.{kind}": (1024,) for step in range(3) for kind in ("weight", "bias")}
        head |= {f"{at}.0.fn.to_qkv.weight": (768, 1024), f"{at}.1.fn.to_kv.weight": (512, token)}
        head |= {f"{at}.1.fn.to_q.weight": (256, 1024)}
        widths = {"0.fn.to_out.0": 256, "1.fn.to_out.0": 256, "2.fn.net.0": 1024, "2.fn.net.3": 1024}
        for name, inside in widths.items():
            head |= {f"{at}.{name}.weight": (1024, inside), f"{at}.{name}.bias": (1024,)}
    return shapes | {f"x_attention_head.{name}": shape for name, shape in head.items()}


def random_released(width, num_blocks, num_patches):
    """A random state dict of that layout, body-model arrays included as the released files have them."""
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for name, shape in released_shapes(width, num_blocks, num_patches).items():
        tensors[name] = random_tensor(name, torch.zeros(shape), generator)
        if name.startswith("x_attention_head.dec"):
            tensors[name] *= 0.1
    # As released: a mean pose that is degenerate under its own convention wherever nothing is added to it.
    tensors["x_attention_head.init_body_pose"] = torch.tensor([1.0, 0, 0, 1, 0, 0]).repeat(53)[None]
    tensors["x_attention_head.decpose.bias"] = torch.randn(318, generator=generator)
    tensors["x_attention_head.init_cam"] = torch.tensor([[0.9, 0.0, 0.0]])
    return tensors | {"smpl_layer.bm_x.v_template": torch.zeros(4, 3)}
