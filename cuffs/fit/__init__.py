from cuffs.fit.camera_frame import rest_pelvis, smplx_record, to_camera
from cuffs.fit.gauss_newton import FitSettings
from cuffs.fit.person import FitModel, FittedPose, PersonFit, fit_pose, fit_rest, prepare_fit

__all__ = [
    "FitModel",
    "FitSettings",
    "FittedPose",
    "PersonFit",
    "fit_pose",
    "fit_rest",
    "prepare_fit",
    "rest_pelvis",
    "smplx_record",
    "to_camera",
]
