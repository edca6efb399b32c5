"""What the network should say of a batch: patches of heads, offsets, depths, bodies, and which of it is truth."""

from dataclasses import dataclass, fields
from typing import Literal, TypeVar

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from cuffs.skeleton import JAW, LEFT_HAND, RIGHT_HAND
from trainer.batch import Batch
from trainer.body_model import SmplxLayer
from trainer.model.camera import encode_depth, project
from trainer.model.config import PATCH, ModelConfig
from trainer.model.mean import PeopleValid
from trainer.model.people import HEAD, PELVIS, Bodies
from trainer.model.picks import Picks
from trainer.model.rotations import rotvec_to_rotmat

MOVED_BY = 1e-3
"""Skinning weight from which a vertex counts as moved by joints: a finger's bend moves others by 0.1 mm at most."""

SHAPED_M = 1e-4
"""Metres per unit of an expression coefficient from which a vertex counts as the face's."""


T = TypeVar("T", Bodies, PeopleValid)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetConfig:
    """What becomes a target."""

    heads: Literal["in_frame", "reference"] = "in_frame"
    """in_frame: a person whose head joint is outside the picture is no target: there is nothing to see of it where it
    would be looked for. reference: the border patch nearest to it is trained as its head, and the depth that is
    supervised is the pelvis' (but decoded as the head's), as the released models were trained."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """Truth for those people of a batch that the network can find; metres, camera frame, float32."""

    kept: Int64[Tensor, " people"]
    """Rows of the batch's people."""

    picks: Picks
    heat: Float[Tensor, "images rows cols"]
    """1 where a head is, else 0."""

    offset: Float[Tensor, "people 2"]
    """From the patch's centre to the head, (x, y), patches."""

    head_cam: Float[Tensor, "people 3"]
    depth_code: Float[Tensor, " people"]
    K: Float[Tensor, "people 3 3"]
    bodies: Bodies
    valid: PeopleValid
    verts_valid: Bool[Tensor, "people verts"]
    """Whether a vertex is where it is said to be: not if shape, or the part that it belongs to, is no truth."""

    joints_valid: Bool[Tensor, "people 127"]


class TargetMaker(nn.Module):
    """Batches to targets; holds the body and which of its points belong to a hand or the face. Nothing to learn."""

    body: SmplxLayer
    part_of_vert: Tensor
    part_of_joint: Tensor

    def __init__(self, body: SmplxLayer, model: ModelConfig, config: TargetConfig) -> None:
        super().__init__()
        self.body, self.model, self.config = body, model, config
        verts, joints = point_parts(body)
        self.register_buffer("part_of_vert", verts, persistent=False)
        self.register_buffer("part_of_joint", joints, persistent=False)

    @torch.no_grad()
    def forward(self, batch: Batch) -> Targets:
        """Targets of a batch, float32 whatever autocast says. A NaN in it stays one, and reaches the loss."""
        with torch.autocast(batch.image.device.type, enabled=False):
            return self._forward(batch)

    def _forward(self, batch: Batch) -> Targets:
        bodies = truth_bodies(self.body, batch)
        K = batch.K[batch.image_of]
        picks, kept, offset = self._patches(bodies.joints[:, HEAD], K, batch)
        bodies, K = take(bodies, kept), K[kept]
        valid = take(valid_of(batch), kept)
        measured = bodies.joints[:, PELVIS if self.config.heads == "reference" else HEAD, 2]
        num_patches = self.model.num_patches
        heat = torch.zeros(len(batch.image), num_patches, num_patches, device=K.device)
        heat[picks.image_of, picks.row, picks.col] = 1.0
        return Targets(
            kept=kept,
            picks=picks,
            heat=heat,
            offset=offset,
            head_cam=bodies.joints[:, HEAD],
            depth_code=encode_depth(measured, K[:, 0, 0], mode=self.model.depth, image_side=self.model.image_side),
            K=K,
            bodies=bodies,
            valid=valid,
            verts_valid=points_valid(valid, self.part_of_vert),
            joints_valid=points_valid(valid, self.part_of_joint),
        )

    def _patches(self, head_cam: Tensor, K: Tensor, batch: Batch) -> tuple[Picks, Tensor, Tensor]:
        """Patches and offsets of the people who have one of their own, and those people's rows in the batch."""
        head_px = project(head_cam[:, None], K, near_m=None)[:, 0]
        patch = (head_px / PATCH).floor().nan_to_num().long()
        lost = head_cam[:, 2] <= 0
        if self.config.heads == "in_frame":
            lost |= outside_picture(head_px, self.model.image_side)
        patch = patch.clamp(0, self.model.num_patches - 1)
        lost |= behind_another(patch, head_cam[:, 2], batch.image_of, lost=lost)
        kept = (~lost).nonzero()[:, 0]
        patch = patch[kept]
        offset = head_px[kept] / PATCH - (patch + 0.5)
        return Picks(image_of=batch.image_of[kept], row=patch[:, 1], col=patch[:, 0]), kept, offset


def outside_picture(pixels: Float[Tensor, "people 2"], side: int) -> Bool[Tensor, " people"]:
    """Which points are outside: below 0, or at `side` and above. A NaN is not: it has to reach the loss and stop it."""
    return (pixels < 0).any(-1) | (pixels >= side).any(-1)


def behind_another(
    patch: Int64[Tensor, "people 2"],
    depth: Float[Tensor, " people"],
    image_of: Int64[Tensor, " people"],
    *,
    lost: Bool[Tensor, " people"],
) -> Bool[Tensor, " people"]:
    """Who shares a patch with a nearer head (or one as near that comes first); those who are lost hide nobody."""
    number = torch.arange(len(patch), device=patch.device)
    shared = (image_of[:, None] == image_of) & (patch[:, None] == patch).all(-1)
    nearer = (depth < depth[:, None]) | ((depth == depth[:, None]) & (number < number[:, None]))
    return (shared & nearer & ~lost).any(1)


def truth_bodies(body: SmplxLayer, batch: Batch) -> Bodies:
    """The bodies of all people of a batch."""
    rotmats = rotvec_to_rotmat(batch.rotvecs)
    verts, joints = body(rotmats, batch.betas, batch.expression, batch.transl)
    return Bodies(
        rotmats=rotmats,
        betas=batch.betas,
        expression=batch.expression,
        transl=batch.transl,
        verts=verts,
        joints=torch.cat([joints, body.landmarks(verts)], 1),
    )


def valid_of(batch: Batch) -> PeopleValid:
    """A batch's flags."""
    return PeopleValid(
        hand=batch.hand_valid,
        face=batch.face_valid,
        expression=batch.expression_valid,
        depth=batch.depth_valid,
        betas=batch.betas_valid,
    )


def take(record: T, rows: Int64[Tensor, " kept"]) -> T:
    """Some people of a record."""
    return type(record)(**{field.name: getattr(record, field.name)[rows] for field in fields(record)})


def point_parts(body: SmplxLayer) -> tuple[Bool[Tensor, "4 verts"], Bool[Tensor, "4 127"]]:
    """Vertices, and the 127 points, that hang on left hand, right hand, jaw and eyes, expression: one row each."""
    groups = (LEFT_HAND, RIGHT_HAND, slice(JAW, LEFT_HAND.start))
    moved = [body.weights[:, joints].sum(1) > MOVED_BY for joints in groups]
    verts = torch.stack([*moved, body.exprdirs.abs().amax((1, 2)) > SHAPED_M])
    skeleton = verts.new_zeros(4, len(body.joint_template))
    skeleton[0, LEFT_HAND] = skeleton[1, RIGHT_HAND] = True
    skeleton[3] = body.joint_exprdirs.abs().amax((1, 2)) > SHAPED_M
    landmarks = verts[:, body.landmark_corners].any(-1)
    return verts, torch.cat([skeleton, verts[:, body.vertex_picks], landmarks], 1)


def points_valid(valid: PeopleValid, parts: Bool[Tensor, "4 points"]) -> Bool[Tensor, "people points"]:
    """Points of each person that need nothing but what is truth; none where the shape is not."""
    unknown = ~torch.cat([valid.hand, valid.face[:, None], valid.expression[:, None]], 1)
    return valid.betas[:, None] & ~(unknown[..., None] & parts).any(1)
