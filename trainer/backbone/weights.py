"""Official backbone weights from a file of the user's, or from torch hub's cache. Nothing is ever downloaded."""

from pathlib import Path

import torch

from cuffs.errors import AssetMissing, ConfigError
from trainer.backbone.conv import ConvTokens
from trainer.backbone.hrnet import HRNet
from trainer.backbone.vit import VisionTransformer
from trainer.tensor_files import fill, read_tensors

HUB_FILES = {
    "dinov2_vits14": "dinov2_vits14_pretrain.pth",
    "dinov2_vitb14": "dinov2_vitb14_pretrain.pth",
    "dinov2_vitl14": "dinov2_vitl14_pretrain.pth",
}
"""What `torch.hub.load("facebookresearch/dinov2", NAME)` leaves in its cache."""

CLASSIFIER = ("incre_modules.", "downsamp_modules.", "final_layer.", "classifier.")
"""Beginnings of names in HRNet's official files that only classification uses."""

OWN_LAYERS = ("tokens.", "norm.")
"""HRNet's last step here, which no official file has: it keeps its random start."""


def weights_path(name: str, weights: str) -> Path | None:
    """The file that a recipe's `backbone.weights` means; None for a random start.

    Args:
        name: of the backbone.
        weights: none, hub, or a path.

    Raises:
        ConfigError: if the hub has no weights for this backbone.
        AssetMissing: if the file isn't there.
    """
    if weights == "none":
        return None
    if weights == "hub" and name not in HUB_FILES:
        raise ConfigError(f"backbone.weights: torch hub has none for {name}; give a file, or none.")
    path = Path(torch.hub.get_dir()) / "checkpoints" / HUB_FILES[name] if weights == "hub" else Path(weights)
    if not path.is_file():
        remedy = f"fetch {HUB_FILES.get(name, 'it')} from the model's own page, and name it as backbone.weights"
        raise AssetMissing(f"The official weights of {name}", path, remedy)
    return path


def load_backbone(encoder: VisionTransformer | ConvTokens | HRNet, path: Path) -> tuple[str, ...]:
    """Fill a backbone from a .pth or .safetensors file with the official names.

    Returns:
        Names in the file that it has no use for.

    Raises:
        CheckpointError: naming what is missing or has another shape; nothing in the file is run.
    """
    tensors = read_tensors(path)
    if isinstance(encoder, HRNet):
        own = {name: value for name, value in encoder.state_dict().items() if name.startswith(OWN_LAYERS)}
        return fill(encoder, {**tensors, **own}, where=path, ignored=CLASSIFIER)
    return fill(encoder, tensors, where=path)
