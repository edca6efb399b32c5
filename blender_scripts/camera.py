"""The camera of a scene."""

import bpy
import numpy as np
from mathutils import Matrix

from cuffs.records import CameraSpec, ImageSpec

SENSOR_MM = 36.0  # any value would do: only its ratio to the lens matters
FLIP_YZ = np.diag([1.0, -1.0, -1.0, 1.0])  # OpenCV camera axes to Blender's, which look along -z
CLIP_M = (0.01, 1000.0)


def add_camera(spec: CameraSpec, image: ImageSpec) -> bpy.types.Object:
    """Make the active camera project as `cuffs.camera.project` does, to 0.01 px, off-centre K included."""
    K, width, height = spec.K, image.width, image.height
    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit = "HORIZONTAL"
    lens.sensor_width = SENSOR_MM
    lens.lens = float(K[0, 0]) * SENSOR_MM / width
    lens.shift_x = (width / 2 - float(K[0, 2])) / width
    lens.shift_y = (float(K[1, 2]) - height / 2) / width  # Blender measures both in widths
    lens.clip_start, lens.clip_end = CLIP_M
    camera = bpy.data.objects.new("camera", lens)
    camera.matrix_world = Matrix((spec.T_world_cam @ FLIP_YZ).tolist())
    scene = bpy.context.scene
    scene.collection.objects.link(camera)
    scene.camera = camera
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0
    return camera
