"""What a recipe's `model:` block can say: every part of the network and every quirk, by name."""

from dataclasses import dataclass, field
from typing import Literal

from cuffs.errors import ConfigError

PATCH = 14
"""Side of a patch, pixels."""

BackboneName = Literal[
    "dinov2_vits14", "dinov2_vitb14", "dinov2_vitl14", "vit_tiny14", "vit_nano14", "conv_tiny14", "hrnet_w48"
]  # fmt: skip
RayName = Literal["reference", "paper", "linear", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneConfig:
    """What turns the picture into one token per patch."""

    name: BackboneName = "dinov2_vits14"
    """dinov2_*: as released. vit_tiny14 (192 wide, 6 blocks) and vit_nano14 (64, 2) are of the same class, for CPUs and
    tests. conv_tiny14: a small convolutional network, which learns more from a thousand pictures. hrnet_w48: the
    ablation's convolutional network, its tokens resampled to the same grid."""

    weights: str = "none"
    """none: random. hub: the official file in torch hub's cache folder. Else the path of a .pth or .safetensors file
    with the official tensor names; a relative one starts at the recipe's folder."""

    layer_scale: float = 1.0
    """Where LayerScale starts; loaded weights bring their own."""

    width: int = 384
    """Length of hrnet_w48's tokens; the ViTs have their own."""

    def __post_init__(self) -> None:
        if self.layer_scale <= 0:
            raise ConfigError(f"backbone.layer_scale is {self.layer_scale}, but must be above 0.")
        if self.width < 1:
            raise ConfigError(f"backbone.width is {self.width}, but must be 1 or more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RayConfig:
    """How tokens are told about the camera."""

    kind: RayName = "reference"
    """Fourier features of each patch's ray: reference takes x, y and the constant z (99 numbers), paper x and y (66).
    linear: a learnt map of (fx, fy, cx, cy) / side, the same for all patches. none: nothing."""

    num_bands: int = 16
    max_band: float = 32.0
    """Bands run from 1 to this, evenly."""

    swap_patch_axes: bool = False
    """Quirk of the released weights: patch (row i, column j) gets the ray of pixel (14 i + 7, 14 j + 7), which is its
    mirror image's about the diagonal. Never for own training."""

    def __post_init__(self) -> None:
        if self.num_bands < 1:
            raise ConfigError(f"rays.num_bands is {self.num_bands}, but must be 1 or more.")
        if self.max_band < 1:
            raise ConfigError(f"rays.max_band is {self.max_band}, but must be 1 or more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadConfig:
    """What turns a picked token into a person."""

    kind: Literal["hph", "iterative"] = "hph"
    """hph: the Human Perception Head, queries that look at all tokens. iterative: HMR's regressor on one token."""

    block_order: Literal["reference", "paper"] = "reference"
    """In hph. reference: self-attention, cross-attention, MLP. paper: cross-attention, self-attention, MLP."""

    self_attention: bool = True
    """Whether the people of one image see each other; if not, nothing of the others reaches a person's query."""

    num_layers: int = 2
    width: int = 1024
    """Of hph's queries, of iterative's hidden layers."""

    num_heads: int = 8
    head_width: int = 32
    mlp_width: int = 1024
    num_steps: int = 3
    """Updates of iterative."""

    def __post_init__(self) -> None:
        for name in ("num_layers", "width", "num_heads", "head_width", "mlp_width", "num_steps"):
            if getattr(self, name) < 1:
                raise ConfigError(f"head.{name} is {getattr(self, name)}, but must be 1 or more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The whole network."""

    image_side: int = 448
    """Pixels, divisible by 14. Position tables have this side's size: a model reads pictures of this side alone."""

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    rays: RayConfig = field(default_factory=RayConfig)
    head: HeadConfig = field(default_factory=HeadConfig)
    depth: Literal["reference", "canonical"] = "canonical"
    """What the network's depth number means, with f_n the focal length of a 60 degree view. reference: log(d) f_n / f.
    canonical: log(d f_n / f), whose errors weigh the same at every focal length."""

    def __post_init__(self) -> None:
        if self.image_side < PATCH or self.image_side % PATCH:
            raise ConfigError(f"image_side is {self.image_side}, but must be a multiple of {PATCH}.")

    @property
    def num_patches(self) -> int:
        """Patches along a side."""
        return self.image_side // PATCH


RELEASED_RAYS = RayConfig(swap_patch_axes=True)
"""The released models' camera embedding, quirk included."""
