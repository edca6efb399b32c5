"""Blender's camera must be `cuffs.camera.project`, off-centre K included."""

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from blender_scripts.camera import add_camera
from blender_scripts.session import clear_scene
from cuffs.camera import inverse, look_at, project, transform
from cuffs.records import CameraSpec
from cuffs.warp import Frame

pytestmark = pytest.mark.bpy


@pytest.mark.parametrize("size", [(96, 80), (80, 96), (448, 448), (641, 360)])
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.usefixtures("session")
def test_blender_projects_as_we_do(size, seed):
    rng = np.random.default_rng(seed)
    width, height = size
    focal_px = rng.uniform(0.4, 3) * width
    cx, cy = np.array(size) / 2 + rng.uniform(-0.2, 0.2, 2) * size
    spec = CameraSpec(
        K=np.array([[focal_px, 0, cx], [0, focal_px, cy], [0, 0, 1]]),
        T_world_cam=look_at(eye_world=rng.normal(size=3) * 3, target_world=rng.normal(size=3), roll_rad=rng.normal()),
    )
    clear_scene()
    camera = add_camera(spec, Frame(K=spec.K, width=width, height=height))
    bpy.context.view_layer.update()
    points_cam = rng.uniform([-1, -1, 1], [1, 1, 5], size=(60, 3))
    points_world = transform(spec.T_world_cam, points_cam)
    seen = np.array([world_to_camera_view(bpy.context.scene, camera, Vector(point)) for point in points_world])
    pixels = np.stack([seen[:, 0] * width, (1 - seen[:, 1]) * height], 1)
    np.testing.assert_allclose(pixels, project(transform(inverse(spec.T_world_cam), points_world), spec.K), atol=0.01)
    np.testing.assert_allclose(seen[:, 2], points_cam[:, 2], rtol=1e-5)
