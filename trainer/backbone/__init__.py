"""Backbones: square pictures in, one token per 14 px patch out."""

from jaxtyping import Float
from torch import Tensor, nn

from trainer.backbone.conv import CONV_SHAPES, ConvTokens
from trainer.backbone.hrnet import HRNet
from trainer.backbone.vit import SHAPES, VisionTransformer
from trainer.model.config import BackboneConfig

__all__ = ["Backbone"]


class Backbone(nn.Module):
    """The network that a recipe names, below `encoder` as in the released models. Random: weights are loaded after."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.encoder = _encoder(config)
        self.width = self.encoder.width

    def forward(self, image: Float[Tensor, "images 3 side side"]) -> Float[Tensor, "images patches width"]:
        """Tokens of all patches, rows first.

        Args:
            image: square, its side a multiple of 14, normalised as ImageNet.
        """
        return self.encoder(image)


def _encoder(config: BackboneConfig) -> VisionTransformer | ConvTokens | HRNet:
    if config.name == "hrnet_w48":
        return HRNet(config.width)
    if config.name in CONV_SHAPES:
        return ConvTokens(CONV_SHAPES[config.name])
    return VisionTransformer(SHAPES[config.name], layer_scale=config.layer_scale)
