"""Fitted parameters seen from another frame."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel
from cuffs.fit.person import FittedPose
from cuffs.records import SmplxRecord
from cuffs.records.checks import require_rigid
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat

Array = np.ndarray


def rest_pelvis(model: BodyModel, params: FittedPose) -> Float[Array, "3"]:
    """The pelvis of the shaped body before it is posed: the point that the root turns about."""
    shape = model.joint_shapedirs[0, :, : len(params.betas)] @ params.betas
    face = model.joint_exprdirs[0, :, : len(params.expression)] @ params.expression
    return np.asarray(model.joint_template[0] + shape + face, np.float64)


def to_camera(params: FittedPose, T_cam_world: Float[Array, "4 4"], pelvis: Float[Array, "3"]) -> FittedPose:
    """The same body's parameters in the camera frame.

    SMPL-X turns about the pelvis j0, not about the origin, so y = R0 (x - j0) + j0 + transl becomes
    R R0 (x - j0) + R (j0 + transl) + t, and the new translation is R (j0 + transl) - j0 + t.

    Args:
        params: in the world.
        T_cam_world: rigid.
        pelvis: from `rest_pelvis`.

    Raises:
        RecordError: if the transform is not rigid.
    """
    require_rigid("T_cam_world", T_cam_world)
    R, t = T_cam_world[:3, :3], T_cam_world[:3, 3]
    pose = params.pose.copy()
    pose[0] = rotmat_to_rotvec(R @ rotvec_to_rotmat(pose[0]))
    return replace(params, pose=pose, transl=R @ (pelvis + params.transl) - pelvis + t)


def smplx_record(params: FittedPose) -> SmplxRecord:
    """The parameters as they are written into samples."""
    return SmplxRecord.of_full_pose(params.pose, betas=params.betas, expression=params.expression, transl=params.transl)
