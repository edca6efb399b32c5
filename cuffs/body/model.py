"""SMPL-X in numpy: what the `smplx` package computes, in float64, with batch dimensions in front.

The `smplx` package is the reference (tests hold this against it); `trainer/body_model.py` is the torch twin.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from cuffs.skeleton import NUM_JOINTS, PARENTS, VERTEX_PICKS

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyModel:
    """A body model's arrays. Metres; at rest y is up, the body faces z, its left is x."""

    name: str
    """smplx-neutral or open-body."""

    path: Path
    sha256: str
    """Of the arrays, whatever the file's form."""

    v_template: Float[Array, "verts 3"]
    faces: Int[Array, "faces 3"]
    shapedirs: Float[Array, "verts 3 betas"]
    exprdirs: Float[Array, "verts 3 expressions"]
    posedirs: Float[Array, "verts 3 486"]
    weights: Float[Array, "verts 55"]
    joint_template: Float[Array, "55 3"]
    """Joints of the template: the regressor applied once."""

    joint_shapedirs: Float[Array, "55 3 betas"]
    joint_exprdirs: Float[Array, "55 3 expressions"]
    lmk_faces_idx: Int[Array, "51"]
    lmk_bary: Float[Array, "51 3"]
    hands_mean: Float[Array, "2 45"]
    """Left, right: what a forgotten `flat_hand_mean=True` would add."""

    @property
    def num_betas(self) -> int:
        """Shape directions in the file."""
        return self.shapedirs.shape[-1]


def forward(
    model: BodyModel,
    *,
    rotmats: Float[Array, "*batch 55 3 3"],
    betas: Float[Array, "*batch num_betas"],
    expression: Float[Array, "*batch num_expressions"],
    transl: Float[Array, "*batch 3"],
) -> tuple[Float[Array, "*batch verts 3"], Float[Array, "*batch 55 3"]]:
    """Vertices and joints of posed bodies.

    Args:
        model: the body model.
        rotmats: rotation of each joint relative to its parent; the first is the root's. Hands are absolute.
        betas: any number up to the model's; the others are 0.
        expression: any number up to the model's; the others are 0.
        transl: metres. The root turns about the pelvis, not about the origin.
    """
    shape = np.concatenate([model.shapedirs[..., : betas.shape[-1]], model.exprdirs[..., : expression.shape[-1]]], -1)
    coefficients = np.concatenate([betas, expression], -1)
    verts_rest = model.v_template + np.einsum("...k,vck->...vc", coefficients, shape, optimize=True)
    joints_rest = (
        model.joint_template
        + np.einsum("...k,jck->...jc", betas, model.joint_shapedirs[..., : betas.shape[-1]])
        + np.einsum("...k,jck->...jc", expression, model.joint_exprdirs[..., : expression.shape[-1]])
    )
    feature = (rotmats[..., 1:, :, :] - np.eye(3)).reshape(*rotmats.shape[:-3], (NUM_JOINTS - 1) * 9)
    verts_rest = verts_rest + (feature @ model.posedirs.reshape(-1, feature.shape[-1]).T).reshape(verts_rest.shape)
    rotations, joints = chain(rotmats, joints_rest)
    offsets = joints - np.einsum("...jab,...jb->...ja", rotations, joints_rest)
    transforms = np.concatenate([rotations, offsets[..., None]], -1)
    blended = (model.weights @ transforms.reshape(*transforms.shape[:-2], 12)).reshape(*verts_rest.shape, 4)
    verts = np.einsum("...vab,...vb->...va", blended[..., :3], verts_rest) + blended[..., 3]
    return verts + transl[..., None, :], joints + transl[..., None, :]


def chain(
    rotmats: Float[Array, "*batch 55 3 3"], joints_rest: Float[Array, "*batch 55 3"]
) -> tuple[Float[Array, "*batch 55 3 3"], Float[Array, "*batch 55 3"]]:
    """Global rotations and positions of joints, the pelvis at its rest place."""
    rotations, joints = [rotmats[..., 0, :, :]], [joints_rest[..., 0, :]]
    for joint in range(1, NUM_JOINTS):
        parent = PARENTS[joint]
        bone = joints_rest[..., joint, :] - joints_rest[..., parent, :]
        rotations.append(rotations[parent] @ rotmats[..., joint, :, :])
        joints.append(joints[parent] + np.einsum("...ab,...b->...a", rotations[parent], bone))
    return np.stack(rotations, -3), np.stack(joints, -2)


def landmarks(model: BodyModel, verts: Float[Array, "*batch verts 3"]) -> Float[Array, "*batch 72 3"]:
    """21 vertex picks and 51 face landmarks, in `smplx`'s order (its joints 55 to 126)."""
    picks = verts[..., list(VERTEX_PICKS.values()), :]
    corners = verts[..., model.faces[model.lmk_faces_idx], :]
    face = np.einsum("...lki,lk->...li", corners, model.lmk_bary)
    return np.concatenate([picks, face], -2)
