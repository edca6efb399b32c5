"""From the network's numbers to bodies in front of the camera."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from cuffs.skeleton import INDEX, NUM_JOINTS
from trainer.body_model import SmplxLayer
from trainer.model.camera import DepthMode, decode_depth, rays_through
from trainer.model.config import PATCH
from trainer.model.mean import POSED
from trainer.model.person_head import PersonParameters
from trainer.model.picks import Picks
from trainer.model.rotations import sixd_to_rotmat

HEAD, PELVIS = INDEX["head"], INDEX["pelvis"]
"""The primary keypoint, and what meshes are centred on."""

NUM_POINTS = 127
"""55 joints, 21 picked vertices, 51 face landmarks: `smplx`'s joints without the face's outline."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bodies:
    """Bodies in the camera frame, metres, float32; one flat list over all images."""

    rotmats: Float[Tensor, "people 55 3 3"]
    betas: Float[Tensor, "people 10"]
    expression: Float[Tensor, "people 10"]
    transl: Float[Tensor, "people 3"]
    verts: Float[Tensor, "people verts 3"]
    joints: Float[Tensor, "people 127 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """What the network says of a batch at given patches: what losses are taken of."""

    logits: Float[Tensor, "images rows cols"]
    """Of a head being in a patch."""

    picks: Picks
    offset: Float[Tensor, "people 2"]
    """From the patch's centre to the head, (x, y), patches."""

    depth_code: Float[Tensor, " people"]
    """See `encode_depth`."""

    head_cam: Float[Tensor, "people 3"]
    """The primary keypoint, metres."""

    bodies: Bodies

    @property
    def scores(self) -> Float[Tensor, "images rows cols"]:
        """Probabilities, kept within 1e-4 of 0 and 1."""
        return scores_of(self.logits)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """What was found in pictures: people image by image, near to far by the head's z."""

    image_of: Int64[Tensor, " people"]
    scores: Float[Tensor, " people"]
    head_px: Float[Tensor, "people 2"]
    """The head joint, pixels of the network's picture."""

    head_cam: Float[Tensor, "people 3"]
    """The head joint, metres."""

    rotvecs: Float[Tensor, "people 55 3"]
    """As `Batch` has them: radians, hands absolute, eyes at rest."""

    bodies: Bodies


def scores_of(logits: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """Probabilities, kept within 1e-4 of 0 and 1 as the released models have them."""
    return logits.sigmoid().clamp(1e-4, 1 - 1e-4)


def head_pixels(picks: Picks, offset: Float[Tensor, "people 2"]) -> Float[Tensor, "people 2"]:
    """Where the head joint is, pixels: the patch's centre and the offset."""
    patch = torch.stack([picks.col, picks.row], -1)
    return (patch + 0.5 + offset) * PATCH


def place_heads(
    head_px: Float[Tensor, "people 2"],
    depth_code: Float[Tensor, " people"],
    K: Float[Tensor, "people 3 3"],
    *,
    mode: DepthMode,
    image_side: int,
) -> Float[Tensor, "people 3"]:
    """The head joint in the camera frame, metres: on the ray of its pixel, at its depth."""
    depth = decode_depth(depth_code, K[:, 0, 0], mode=mode, image_side=image_side)
    return rays_through(head_px[:, None], K)[:, 0] * depth[:, None]


def posed_rotmats(pose_sixd: Float[Tensor, "people 53 6"]) -> Float[Tensor, "people 55 3 3"]:
    """Rotations in SMPL-X's order, the eyes at rest."""
    rotmats = torch.eye(3, device=pose_sixd.device).expand(pose_sixd.shape[0], NUM_JOINTS, 3, 3).clone()
    rotmats[:, list(POSED)] = sixd_to_rotmat(pose_sixd)
    return rotmats


def build_bodies(body: SmplxLayer, parameters: PersonParameters, head_cam: Float[Tensor, "people 3"]) -> Bodies:
    """Posed bodies, moved so that their head joints are where they should be."""
    rotmats = posed_rotmats(parameters.pose_sixd)
    origin = torch.zeros_like(head_cam)
    verts, joints = body(rotmats, parameters.betas, parameters.expression, origin)
    transl = head_cam - joints[:, HEAD]
    verts, joints = verts + transl[:, None], joints + transl[:, None]
    return Bodies(
        rotmats=rotmats,
        betas=parameters.betas,
        expression=parameters.expression,
        transl=transl,
        verts=verts,
        joints=torch.cat([joints, body.landmarks(verts)], 1),
    )
