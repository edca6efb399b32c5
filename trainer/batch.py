"""What one training step reads: the contract between data loading and the network."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Square images and the people in them, as one flat list over all images. There may be no people at all."""

    keys: tuple[str, ...]
    """Of the samples, one an image."""

    image: Float[Tensor, "images 3 side side"]
    """RGB, ImageNet mean and standard deviation already taken out, float32."""

    K: Float[Tensor, "images 3 3"]
    """Intrinsics in pixels of that image; pixel (0, 0) is the outer corner of the top-left pixel."""

    image_of: Int64[Tensor, " people"]
    """Row of `image` that a person is in; people of one image lie together, near to far by the head's z."""

    rotvecs: Float[Tensor, "people 55 3"]
    """Axis-angle of every joint, in the order of `cuffs.skeleton.JOINTS`, radians; the root in the camera frame."""

    betas: Float[Tensor, "people 10"]
    expression: Float[Tensor, "people 10"]

    transl: Float[Tensor, "people 3"]
    """SMPL-X's `transl`, metres, camera frame."""

    hand_valid: Bool[Tensor, "people 2"]
    """Whether the left and the right hand's pose is truth."""

    face_valid: Bool[Tensor, " people"]
    expression_valid: Bool[Tensor, " people"]
    depth_valid: Bool[Tensor, " people"]
    betas_valid: Bool[Tensor, " people"]

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device; copies from pinned memory don't wait."""
        moved = {
            field.name: value.to(device, non_blocking=True)
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), Tensor)
        }
        return Batch(keys=self.keys, **moved)
