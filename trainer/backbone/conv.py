"""A small convolutional network for little data and CPUs: what a transformer has to learn of pictures, it has built in.

Residual blocks (He et al., CVPR 2016) with group normalisation (Wu and He, ECCV 2018), so that a picture's tokens never
depend on the other pictures of its batch, in training either. Ours; there are no official weights.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from trainer.model.config import PATCH

CHANNELS_OF_A_GROUP = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvShape:
    """Sizes of a convolutional network."""

    widths: tuple[int, int, int, int]
    """Channels at strides 4, 8, 16, 32."""

    blocks: tuple[int, int, int, int]
    """Residual blocks there."""


CONV_SHAPES = {"conv_tiny14": ConvShape(widths=(32, 64, 128, 256), blocks=(1, 2, 3, 2))}


def _conv(inside: int, outside: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inside, outside, size, stride, padding=size // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.GroupNorm(max(1, outside // CHANNELS_OF_A_GROUP), outside))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a short cut; the first may halve the side."""

    def __init__(self, inside: int, outside: int, *, stride: int) -> None:
        super().__init__()
        self.first = _conv(inside, outside, stride=stride)
        self.second = _conv(outside, outside)
        nn.init.zeros_(self.second[1].weight)  # pyright: ignore[reportArgumentType] -- blocks begin as their short cut
        same = inside == outside and stride == 1
        self.short_cut = nn.Identity() if same else _conv(inside, outside, size=1, stride=stride)

    def forward(self, x: Float[Tensor, "images inside h w"]) -> Float[Tensor, "images outside h2 w2"]:
        """The next features."""
        return (self.short_cut(x) + self.second(self.first(x).relu())).relu()


class ConvTokens(nn.Module):
    """Pictures to one token per 14 px patch, as the ViTs give them, so that all that follows is the same.

    The picture is first enlarged by 16 / 14: then a cell of stride 16 is a patch.
    """

    def __init__(self, shape: ConvShape) -> None:
        super().__init__()
        self.width = shape.widths[-1]
        self.stem = _conv(3, shape.widths[0], size=5, stride=2)
        insides = (shape.widths[0], *shape.widths[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(
                ResidualBlock(inside, outside, stride=2),
                *(ResidualBlock(outside, outside, stride=1) for _ in range(count - 1)),
            )
            for inside, outside, count in zip(insides, shape.widths, shape.blocks, strict=True)
        )
        self.fine = nn.Linear(shape.widths[2], self.width)
        self.norm = nn.LayerNorm(self.width, eps=1e-6)

    def forward(self, image: Float[Tensor, "images 3 side side"]) -> Float[Tensor, "images patches width"]:
        """Normalised tokens, rows first: stride 16's features and, upsampled, stride 32's.

        Args:
            image: square, its side a multiple of 14, normalised as ImageNet.
        """
        grid = image.shape[-1] // PATCH
        enlarged = interpolate(image.float(), size=(16 * grid, 16 * grid), mode="bilinear")
        x = self.stem(enlarged.contiguous(memory_format=torch.channels_last)).relu()
        features = [x := stage(x) for stage in self.stages]
        coarse = interpolate(features[3].float(), size=(grid, grid), mode="bilinear")
        return self.norm(self.fine(features[2].flatten(2).mT) + coarse.flatten(2).mT)
