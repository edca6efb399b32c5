"""The camera of a scene."""

import bpy
import numpy as np
from jaxtyping import Float
from mathutils import Matrix

from cuffs.records import CameraSpec
from cuffs.rotations import rotvec_to_rotmat
from cuffs.warp import Frame

SENSOR_MM = 36.0  # any value would do: only its ratio to the lens matters
FLIP_YZ = np.diag([1.0, -1.0, -1.0, 1.0])  # OpenCV camera axes to Blender's, which look along -z
CLIP_M = (0.01, 1000.0)
SHUTTER = (0, 2)
"""Frames between which the camera shakes; the scene's frame lies half-way, and the shutter is open all the time."""


def add_camera(spec: CameraSpec, frame: Frame) -> bpy.types.Object:
    """Make the active camera project as `cuffs.camera.project` does, to 0.01 px, off-centre K included.

    Args:
        spec: where the camera stands, what its lens blurs and how it shakes.
        frame: the pinhole picture that is rendered; `aim` changes it later.
    """
    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit = "HORIZONTAL"
    lens.sensor_width = SENSOR_MM
    lens.clip_start, lens.clip_end = CLIP_M
    camera = bpy.data.objects.new("camera", lens)
    scene = bpy.context.scene
    scene.collection.objects.link(camera)
    scene.camera = camera
    aim(frame)
    _open_aperture(lens, spec)
    _shake(camera, spec)
    return camera


def aim(frame: Frame) -> None:
    """Make the scene's camera render a frame."""
    scene = bpy.context.scene
    lens = scene.camera.data
    K, width, height = frame.K, frame.width, frame.height
    lens.lens = float(K[0, 0]) * SENSOR_MM / width
    lens.shift_x = (width / 2 - float(K[0, 2])) / width
    lens.shift_y = (float(K[1, 2]) - height / 2) / width  # Blender measures both in widths
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0


def sharpen_camera() -> None:
    """Close the aperture to a pinhole and freeze the camera: data are never blurred."""
    scene = bpy.context.scene
    scene.camera.data.dof.use_dof = False
    scene.render.use_motion_blur = False


def _open_aperture(lens: bpy.types.Camera, spec: CameraSpec) -> None:
    lens.dof.use_dof = spec.aperture_m > 0
    if lens.dof.use_dof:
        lens.dof.focus_distance = spec.focus_m
        lens.dof.aperture_fstop = lens.lens / 1000 / spec.aperture_m  # Blender: diameter = focal length / f-number
        lens.dof.aperture_blades = 7


def _shake(camera: bpy.types.Object, spec: CameraSpec) -> None:
    """Stand the camera; where it shakes, turn it at a steady rate, half of it before the pose and half after."""
    scene = bpy.context.scene
    camera.rotation_mode = "QUATERNION"
    if not any(spec.shake_deg):
        camera.matrix_world = Matrix((spec.T_world_cam @ FLIP_YZ).tolist())
        scene.render.use_motion_blur = False
        return
    for frame, share in zip((*SHUTTER, 1), (-0.5, 0.5, 0.0), strict=True):
        turned = spec.T_world_cam.copy()
        turned[:3, :3] = turned[:3, :3] @ _turn(spec.shake_deg, share)
        camera.matrix_world = Matrix((turned @ FLIP_YZ).tolist())
        camera.keyframe_insert("location", frame=frame)
        camera.keyframe_insert("rotation_quaternion", frame=frame)
    for curve in camera.animation_data.action.fcurves:
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"
    scene.frame_set(1)
    scene.render.use_motion_blur = True
    scene.render.motion_blur_shutter = float(SHUTTER[1] - SHUTTER[0])
    scene.render.motion_blur_position = "CENTER"


def _turn(shake_deg: tuple[float, float, float], share: float) -> Float[np.ndarray, "3 3"]:
    return rotvec_to_rotmat(np.radians(shake_deg) * share)
