"""HRNet-W48 (Wang et al., TPAMI 2020) for the ablation, its tensors named as in the official classification files.

Batch normalisation makes a person's output depend on the other pictures of the batch while training, as it always does
in this network; in evaluation it doesn't.
"""

from collections.abc import Sequence
from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from trainer.model.config import PATCH

WIDTHS = (48, 96, 192, 384)
"""Channels at strides 4, 8, 16, 32."""

MODULES = (1, 4, 3)
"""How often stages 2, 3, 4 exchange between their 2, 3, 4 branches."""


def _conv(inside: int, outside: int, *, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, size, stride, padding=size // 2, bias=False)


def _conv_bn_relu(inside: int, outside: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(_conv(inside, outside, stride=stride), nn.BatchNorm2d(outside), nn.ReLU())


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a short cut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(width, width), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _conv(width, width), nn.BatchNorm2d(width)

    def forward(self, x: Float[Tensor, "images width h w"]) -> Float[Tensor, "images width h w"]:
        """The next features."""
        return (x + self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))).relu()


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 with a short cut, out to 256 channels."""

    def __init__(self, inside: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(inside, 64, size=1), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = _conv(64, 64), nn.BatchNorm2d(64)
        self.conv3, self.bn3 = _conv(64, 256, size=1), nn.BatchNorm2d(256)
        self.downsample = (
            nn.Identity() if inside == 256 else nn.Sequential(_conv(inside, 256, size=1), nn.BatchNorm2d(256))
        )

    def forward(self, x: Float[Tensor, "images inside h w"]) -> Float[Tensor, "images 256 h w"]:
        """The next features."""
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
        return (self.downsample(x) + self.bn3(self.conv3(y))).relu()


def _path(source: int, target: int) -> nn.Module:
    """What takes branch `source` to the size and width of branch `target`; upsampling itself has no weights."""
    if source == target:
        return nn.Identity()
    if source > target:
        return nn.Sequential(_conv(WIDTHS[source], WIDTHS[target], size=1), nn.BatchNorm2d(WIDTHS[target]))
    steps = [_conv_bn_relu(WIDTHS[source], WIDTHS[source], stride=2) for _ in range(target - source - 1)]
    last = nn.Sequential(_conv(WIDTHS[source], WIDTHS[target], stride=2), nn.BatchNorm2d(WIDTHS[target]))
    return nn.Sequential(*steps, last)


class Exchange(nn.Module):
    """Four blocks on every branch, then each branch gets the sum of all."""

    def __init__(self, num_branches: int) -> None:
        super().__init__()
        numbers = range(num_branches)
        self.branches = nn.ModuleList(nn.Sequential(*(BasicBlock(WIDTHS[n]) for _ in range(4))) for n in numbers)
        self.fuse_layers = nn.ModuleList(nn.ModuleList(_path(j, i) for j in numbers) for i in numbers)

    def forward(self, branches: Sequence[Tensor]) -> list[Tensor]:
        """Features of all branches."""
        branches = [blocks(x) for blocks, x in zip(self.branches, branches, strict=True)]
        fused = []
        for target, paths in zip(branches, self.fuse_layers, strict=True):
            assert isinstance(paths, nn.ModuleList)
            moved = [path(x) for path, x in zip(paths, branches, strict=True)]
            fused.append(reduce(torch.add, (_fit(x, target) for x in moved)).relu())
        return fused


def _fit(x: Tensor, target: Tensor) -> Tensor:
    """Nearest upsampling where the size differs; odd sizes included."""
    return x if x.shape[-2:] == target.shape[-2:] else interpolate(x, size=target.shape[-2:], mode="nearest")


class HRNet(nn.Module):
    """Pictures to one token per 14 px patch, as the ViTs give them, so that all that follows is the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.conv1, self.bn1 = _conv(3, 64, stride=2), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = _conv(64, 64, stride=2), nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Bottleneck(64), *(Bottleneck(256) for _ in range(3)))
        self.transition1 = nn.ModuleList(
            [_conv_bn_relu(256, WIDTHS[0], stride=1), nn.Sequential(_conv_bn_relu(256, WIDTHS[1], stride=2))]
        )
        self.stage2 = nn.Sequential(*(Exchange(2) for _ in range(MODULES[0])))
        self.transition2 = _added_branch(2)
        self.stage3 = nn.Sequential(*(Exchange(3) for _ in range(MODULES[1])))
        self.transition3 = _added_branch(3)
        self.stage4 = nn.Sequential(*(Exchange(4) for _ in range(MODULES[2])))
        self.tokens = nn.Linear(sum(WIDTHS), width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, image: Float[Tensor, "images 3 side side"]) -> Float[Tensor, "images patches width"]:
        """Normalised tokens, rows first.

        Args:
            image: square, its side a multiple of 14, normalised as ImageNet.
        """
        x = self.bn2(self.conv2(self.bn1(self.conv1(image)).relu())).relu()
        x = self.layer1(x)
        branches = self.stage2([transition(x) for transition in self.transition1])
        branches = self.stage3([*branches, self.transition2[-1](branches[-1])])
        branches = self.stage4([*branches, self.transition3[-1](branches[-1])])
        grid = (image.shape[-1] // PATCH,) * 2
        # Antialiased, or the two finer branches would leave out most of what they know.
        resampled = [interpolate(x.float(), size=grid, mode="bilinear", antialias=True) for x in branches]
        return self.norm(self.tokens(torch.cat(resampled, 1).flatten(2).mT))


def _added_branch(number: int) -> nn.ModuleList:
    """The transition that opens branch `number`; the branches before it go on as they are."""
    opened = nn.Sequential(_conv_bn_relu(WIDTHS[number - 1], WIDTHS[number], stride=2))
    return nn.ModuleList([*(nn.Identity() for _ in range(number)), opened])
