"""SMPL-X in torch: the twin of `cuffs.body.model.forward`, differentiable, people of any images as one flat batch.

The model's arrays are licensed data: they live in non-persistent buffers, so no checkpoint ever holds them.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cuffs.body import BodyModel
from cuffs.skeleton import NUM_JOINTS, PARENTS, VERTEX_PICKS


class SmplxLayer(nn.Module):
    """A body model as a layer without parameters. Float32, whatever autocast says."""

    v_template: Tensor
    shapedirs: Tensor
    exprdirs: Tensor
    posedirs: Tensor
    weights: Tensor
    joint_template: Tensor
    joint_shapedirs: Tensor
    joint_exprdirs: Tensor
    faces: Tensor
    landmark_corners: Tensor
    landmark_bary: Tensor
    vertex_picks: Tensor

    def __init__(self, model: BodyModel, *, num_betas: int = 10, num_expressions: int = 10) -> None:
        super().__init__()
        self.name, self.sha256 = model.name, model.sha256
        self.num_betas, self.num_expressions = num_betas, num_expressions

        def keep(name: str, array: object, dtype: torch.dtype = torch.float32) -> None:
            self.register_buffer(name, torch.as_tensor(array).to(dtype).contiguous(), persistent=False)

        keep("v_template", model.v_template)
        keep("shapedirs", model.shapedirs[..., :num_betas])
        keep("exprdirs", model.exprdirs[..., :num_expressions])
        keep("posedirs", model.posedirs.reshape(-1, model.posedirs.shape[-1]).T)
        keep("weights", model.weights)
        keep("joint_template", model.joint_template)
        keep("joint_shapedirs", model.joint_shapedirs[..., :num_betas])
        keep("joint_exprdirs", model.joint_exprdirs[..., :num_expressions])
        keep("faces", model.faces, torch.int64)
        keep("landmark_corners", model.faces[model.lmk_faces_idx], torch.int64)
        keep("landmark_bary", model.lmk_bary)
        keep("vertex_picks", list(VERTEX_PICKS.values()), torch.int64)

    def forward(
        self,
        rotmats: Float[Tensor, "people 55 3 3"],
        betas: Float[Tensor, "people num_betas"],
        expression: Float[Tensor, "people num_expressions"],
        transl: Float[Tensor, "people 3"],
    ) -> tuple[Float[Tensor, "people verts 3"], Float[Tensor, "people 55 3"]]:
        """Vertices and joints, metres.

        Args:
            rotmats: rotation of each joint relative to its parent; the first is the root's. Hands are absolute.
            betas: shape.
            expression: of the face.
            transl: metres. The root turns about the pelvis, not about the origin.
        """
        with torch.autocast(rotmats.device.type, enabled=False):
            return self._forward(rotmats.float(), betas.float(), expression.float(), transl.float())

    def _forward(self, rotmats: Tensor, betas: Tensor, expression: Tensor, transl: Tensor) -> tuple[Tensor, Tensor]:
        verts = (
            self.v_template
            + torch.einsum("pk,vck->pvc", betas, self.shapedirs)
            + torch.einsum("pk,vck->pvc", expression, self.exprdirs)
        )
        joints = (
            self.joint_template
            + torch.einsum("pk,jck->pjc", betas, self.joint_shapedirs)
            + torch.einsum("pk,jck->pjc", expression, self.joint_exprdirs)
        )
        feature = (rotmats[:, 1:] - torch.eye(3, device=rotmats.device)).flatten(1)
        verts = verts + (feature @ self.posedirs).view_as(verts)
        rotations, placed = chain(rotmats, joints)
        offsets = placed - torch.einsum("pjab,pjb->pja", rotations, joints)
        transforms = torch.cat([rotations, offsets[..., None]], -1).flatten(2)
        blended = torch.einsum("vj,pjk->pvk", self.weights, transforms).unflatten(-1, (3, 4))
        posed = torch.einsum("pvab,pvb->pva", blended[..., :3], verts) + blended[..., 3]
        return posed + transl[:, None], placed + transl[:, None]

    def landmarks(self, verts: Float[Tensor, "people verts 3"]) -> Float[Tensor, "people 72 3"]:
        """21 vertex picks and 51 face landmarks, in `smplx`'s order (its joints 55 to 126)."""
        with torch.autocast(verts.device.type, enabled=False):
            face = torch.einsum("plki,lk->pli", verts[:, self.landmark_corners], self.landmark_bary)
            return torch.cat([verts[:, self.vertex_picks], face], 1)


def chain(
    rotmats: Float[Tensor, "people 55 3 3"], joints_rest: Float[Tensor, "people 55 3"]
) -> tuple[Float[Tensor, "people 55 3 3"], Float[Tensor, "people 55 3"]]:
    """Global rotations and positions of joints, the pelvis at its rest place."""
    rotations, joints = [rotmats[:, 0]], [joints_rest[:, 0]]
    for joint in range(1, NUM_JOINTS):
        parent = PARENTS[joint]
        bone = joints_rest[:, joint] - joints_rest[:, parent]
        rotations.append(rotations[parent] @ rotmats[:, joint])
        joints.append(joints[parent] + (rotations[parent] @ bone[..., None])[..., 0])
    return torch.stack(rotations, 1), torch.stack(joints, 1)
