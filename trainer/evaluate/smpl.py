"""SMPL as 3DPW's labels need it: 24 joints, 6890 vertices (Loper et al. 2015)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from cuffs.errors import AssetBroken
from cuffs.rotations import rotvec_to_rotmat
from trainer.evaluate.licensed import SMPL, SMPL_VERTS, need, read_named

NUM_JOINTS: Final = 24
NUM_BETAS: Final = 10
SHAPES: Final = {
    "v_template": (SMPL_VERTS, 3),
    "posedirs": (SMPL_VERTS, 3, 9 * (NUM_JOINTS - 1)),
    "J_regressor": (NUM_JOINTS, SMPL_VERTS),
    "weights": (SMPL_VERTS, NUM_JOINTS),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmplModel:
    """SMPL's arrays, metres."""

    v_template: Float[np.ndarray, "6890 3"]
    shapedirs: Float[np.ndarray, "6890 3 10"]
    posedirs: Float[np.ndarray, "6890 3 207"]
    J_regressor: Float[np.ndarray, "24 6890"]
    weights: Float[np.ndarray, "6890 24"]
    parents: Int[np.ndarray, "24"]


def load_smpl(assets: Path | None, gender: str, *, by: str) -> SmplModel:
    """The user's SMPL file of a gender.

    Raises:
        AssetMissing: if it isn't there.
        AssetBroken: naming what is wrong with it.
    """
    wanted = SMPL[gender]
    path = need(assets, wanted, by=by)
    arrays = read_named(path, wanted)
    remedy = f"get it again: {wanted.source}"
    for name, shape in {**SHAPES, "shapedirs": None, "kintree_table": (2, NUM_JOINTS)}.items():
        if name not in arrays:
            raise AssetBroken(wanted.what, path, f"the key {name!r} is missing", remedy)
        found = arrays[name]
        if shape is not None and (found.shape != shape or found.dtype.kind not in "fiu"):
            raise AssetBroken(wanted.what, path, f"{name} has shape {found.shape}, not {shape}", remedy)
    directions = arrays["shapedirs"]
    if directions.ndim != 3 or directions.shape[:2] != (SMPL_VERTS, 3) or directions.shape[2] < NUM_BETAS:
        raise AssetBroken(wanted.what, path, f"shapedirs has shape {directions.shape}", remedy)
    parents = arrays["kintree_table"][0].astype(np.int64)
    if not all(0 <= parents[joint] < joint for joint in range(1, NUM_JOINTS)):
        raise AssetBroken(wanted.what, path, "kintree_table is no tree whose parents come first", remedy)
    return SmplModel(
        shapedirs=directions[..., :NUM_BETAS].astype(np.float64),
        parents=parents,
        **{name: arrays[name].astype(np.float64) for name in SHAPES},
    )


def smpl_verts(
    model: SmplModel,
    pose: Float[np.ndarray, "24 3"],
    betas: Float[np.ndarray, "10"],
    transl: Float[np.ndarray, "3"],
) -> Float[np.ndarray, "6890 3"]:
    """Vertices of a posed body, metres.

    Args:
        model: SMPL.
        pose: axis-angle of every joint, radians; the first is the root's.
        betas: shape.
        transl: metres. The root turns about the pelvis.
    """
    rest = model.v_template + model.shapedirs @ betas
    joints = model.J_regressor @ rest
    rotmats = rotvec_to_rotmat(pose)
    rest = rest + model.posedirs @ (rotmats[1:] - np.eye(3)).ravel()
    turns, places = [rotmats[0]], [joints[0]]
    for joint in range(1, NUM_JOINTS):
        parent = model.parents[joint]
        turns.append(turns[parent] @ rotmats[joint])
        places.append(places[parent] + turns[parent] @ (joints[joint] - joints[parent]))
    rotations = np.stack(turns)
    offsets = np.stack(places) - np.einsum("jab,jb->ja", rotations, joints)
    blended = np.einsum("vj,jab->vab", model.weights, rotations)
    return np.einsum("vab,vb->va", blended, rest) + model.weights @ offsets + transl
