"""A data set's people in the body model in use: the same pose about the same pelvis, and what follows from it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.annotate.visibility import longer_side, points_box
from cuffs.body import BodyModel, body_parts, forward, landmarks
from cuffs.body.model import chain
from cuffs.camera import in_frame, project
from cuffs.imports.records import GivenPerson
from cuffs.records import HandSizes, PersonRecord, PoseSourceRecord, SmplxRecord
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import INDEX

Array = np.ndarray

NUM_BETAS: Final = 10
NUM_EXPRESSIONS: Final = 10
RIDGE: Final = 1e-4
"""(1 cm)² a joint against one standard deviation of a shape coefficient."""

NEAR_M: Final = 0.01
SAME_CAMERA_PX: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why somebody is not in the sample."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """The camera of the finished picture."""

    K: Float[Array, "3 3"]
    width: int
    height: int


def person_record(
    model: BodyModel, given: GivenPerson, K_given: Float[Array, "3 3"], view: View
) -> PersonRecord | LeftOut:
    """Everything that a label states of a person, from the data set's parameters.

    Args:
        model: the neutral SMPL-X.
        given: by the data set.
        K_given: the person's own camera at the picture's size; it may differ from the view's where it is virtual.
        view: the picture's camera.
    """
    is_same = bool(np.abs(K_given - view.K).max() < SAME_CAMERA_PX)
    if not is_same and given.depth_valid:
        return LeftOut(cause="another camera than others in the picture")
    pelvis_cam = given.pelvis_cam if is_same else seen_by(given.pelvis_cam, K_given, view.K)
    smplx = _smplx(model, given, pelvis_cam)
    verts, joints = forward(
        model,
        rotmats=rotvec_to_rotmat(smplx.full_pose()),
        betas=smplx.betas,
        expression=smplx.expression,
        transl=smplx.transl,
    )
    if verts[:, 2].min() < NEAR_M:
        return LeftOut(cause="reaches behind the camera")
    pixels, parts = project(verts, view.K), body_parts(model)
    left, top, right, bottom = points_box(pixels)
    return PersonRecord(
        smplx=smplx,
        hand_valid=given.hand_valid,
        face_valid=given.face_valid,
        expression_valid=given.expression_valid,
        depth_valid=given.depth_valid,
        betas_valid=given.betas is not None,
        joints2d=project(joints, view.K),
        joints3d_cam=joints,
        in_frame=in_frame(joints, view.K, width=view.width, height=view.height),
        occluded=None,
        bbox_xyxy=None,
        bbox_body_xyxy=(left, top, right, bottom),
        visible_fraction=None,
        hand_px=HandSizes(left=longer_side(pixels[parts["left_hand"]]), right=longer_side(pixels[parts["right_hand"]])),
        fit_mm=None,
        fit_converged=None,
        landmarks2d=project(landmarks(model, verts), view.K),
        character=None,
        pose_source=PoseSourceRecord(body=given.origin, left_hand=given.origin, right_hand=given.origin),
    )


def seen_by(point_cam: Float[Array, "3"], K: Float[Array, "3 3"], K_other: Float[Array, "3 3"]) -> Float[Array, "3"]:
    """Where a point must be for another camera to see it in the same pixel, things about it as large.

    Exact for the point; what is in front of it or behind looks the same where both cameras are far away.
    """
    ratio = np.sqrt(K_other[0, 0] * K_other[1, 1] / (K[0, 0] * K[1, 1]))
    z = float(point_cam[2] * ratio)
    pixel = K @ (point_cam / point_cam[2])
    return np.linalg.inv(K_other) @ pixel * z


def _smplx(model: BodyModel, given: GivenPerson, pelvis_cam: Float[Array, "3"]) -> SmplxRecord:
    betas = np.zeros(NUM_BETAS)
    if given.betas is not None:
        kept = given.betas[:NUM_BETAS]
        betas[: len(kept)] = kept
    elif given.joints3d_cam is not None:
        betas = nearest_betas(model, given.pose, given.joints3d_cam)
    expression = np.zeros(NUM_EXPRESSIONS)
    if given.expression_valid:
        kept = given.expression[:NUM_EXPRESSIONS]
        expression[: len(kept)] = kept
    rest_pelvis = model.joint_template[0] + model.joint_shapedirs[0][:, :NUM_BETAS] @ betas
    return SmplxRecord.of_full_pose(given.pose, betas=betas, expression=expression, transl=pelvis_cam - rest_pelvis)


def nearest_betas(
    model: BodyModel, pose: Float[Array, "55 3"], joints3d_cam: Float[Array, "55 3"]
) -> Float[Array, "10"]:
    """A shape whose joints, in a pose, lie near others', coefficients kept small: head and hands are then about where
    they are seen. Joints are linear in betas, so this is one ridge regression.

    Args:
        model: whose shape is looked for.
        pose: axis-angle.
        joints3d_cam: where joints are, metres; only places relative to the pelvis count.
    """
    directions = np.moveaxis(model.joint_shapedirs[..., :NUM_BETAS], -1, 0)
    rest = np.concatenate([model.joint_template[None], model.joint_template + directions])
    rotmats = np.broadcast_to(rotvec_to_rotmat(pose), (NUM_BETAS + 1, 55, 3, 3))
    joints = chain(rotmats, rest)[1]
    joints = (joints - joints[:, :1])[:, : INDEX["right_wrist"] + 1].reshape(NUM_BETAS + 1, -1)
    wanted = (joints3d_cam - joints3d_cam[0])[: INDEX["right_wrist"] + 1].ravel() - joints[0]
    A = (joints[1:] - joints[0]).T
    return np.linalg.solve(A.T @ A + RIDGE * np.eye(NUM_BETAS), A.T @ wanted)
