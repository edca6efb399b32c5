"""DINOv2's vision transformer (Oquab et al., TMLR 2024), without registers, its tensors named as in the official files.

Last layer's normalised patch tokens are all that is needed here: no masking, no heads, no stochastic depth.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, scaled_dot_product_attention

from trainer.model.config import PATCH

PRETRAINED_GRID = 37
"""Patches along a side of the pictures (518 px) that the official position table is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VitShape:
    """Sizes of a vision transformer."""

    width: int
    num_heads: int
    num_blocks: int


SHAPES = {
    "dinov2_vits14": VitShape(width=384, num_heads=6, num_blocks=12),
    "dinov2_vitb14": VitShape(width=768, num_heads=12, num_blocks=12),
    "dinov2_vitl14": VitShape(width=1024, num_heads=16, num_blocks=24),
    "vit_tiny14": VitShape(width=192, num_heads=3, num_blocks=6),
    "vit_nano14": VitShape(width=64, num_heads=2, num_blocks=2),
}


class PatchEmbed(nn.Module):
    """Patches to tokens, rows first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, PATCH, stride=PATCH)

    def forward(self, image: Float[Tensor, "images 3 side side"]) -> Float[Tensor, "images patches width"]:
        """Tokens without position."""
        return self.proj(image).flatten(2).mT


class Attention(nn.Module):
    """Self-attention among all tokens."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "images tokens width"]) -> Float[Tensor, "images tokens width"]:
        """Mixed tokens."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class LayerScale(nn.Module):
    """A learnt factor per channel."""

    def __init__(self, width: int, start: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), start))

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Scaled tokens."""
        return x * self.gamma


class Mlp(nn.Module):
    """Two linear maps with an exact GELU between."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Each token by itself."""
        return self.fc2(gelu(self.fc1(x)))


class Block(nn.Module):
    """Attention and MLP, both after a norm, scaled and added."""

    def __init__(self, shape: VitShape, layer_scale: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(shape.width, eps=1e-6)
        self.attn = Attention(shape.width, shape.num_heads)
        self.ls1 = LayerScale(shape.width, layer_scale)
        self.norm2 = nn.LayerNorm(shape.width, eps=1e-6)
        self.mlp = Mlp(shape.width, 4 * shape.width)
        self.ls2 = LayerScale(shape.width, layer_scale)

    def forward(self, x: Float[Tensor, "images tokens width"]) -> Float[Tensor, "images tokens width"]:
        """The next layer's tokens."""
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class VisionTransformer(nn.Module):
    """Pictures to one token per patch. Random weights come from torch's global generator: see `build_model`."""

    mask_token: Tensor

    def __init__(self, shape: VitShape, *, layer_scale: float = 1.0) -> None:
        super().__init__()
        self.width = shape.width
        self.cls_token = nn.Parameter(torch.randn(1, 1, shape.width) * 1e-6)
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + PRETRAINED_GRID**2, shape.width))
        # Part of the official files, but only DINOv2's own training uses it: not a parameter, or DDP would wait for it.
        self.register_buffer("mask_token", torch.zeros(1, shape.width))
        self.patch_embed = PatchEmbed(shape.width)
        self.blocks = nn.ModuleList(Block(shape, layer_scale) for _ in range(shape.num_blocks))
        self.norm = nn.LayerNorm(shape.width, eps=1e-6)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, image: Float[Tensor, "images 3 side side"]) -> Float[Tensor, "images patches width"]:
        """The last layer's normalised patch tokens, rows first.

        Args:
            image: square, its side a multiple of 14, normalised as ImageNet.
        """
        tokens = self.patch_embed(image)
        tokens = torch.cat([self.cls_token.expand(len(image), -1, -1), tokens], 1)
        tokens = tokens + resample_positions(self.pos_embed, image.shape[-1] // PATCH)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens[:, 1:])


def resample_positions(
    pos_embed: Float[Tensor, "1 positions width"], num_patches: int
) -> Float[Tensor, "1 tokens width"]:
    """The position table for a grid of another size, the class token's position first.

    As the released weights were trained: bicubic, no antialiasing, and the scale not num_patches / 37 but
    (num_patches + 0.1) / 37. Plain resizing differs by 2 to 7 %. The official grid itself is taken as it is.
    """
    if num_patches == PRETRAINED_GRID:
        return pos_embed
    with torch.autocast(pos_embed.device.type, enabled=False):
        grid = pos_embed[:, 1:].float().unflatten(1, (PRETRAINED_GRID, PRETRAINED_GRID)).permute(0, 3, 1, 2)
        scale = (num_patches + 0.1) / PRETRAINED_GRID
        grid = interpolate(grid, scale_factor=(scale, scale), mode="bicubic", antialias=False)
        return torch.cat([pos_embed[:, :1], grid.flatten(2).mT], 1)
