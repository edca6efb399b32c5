"""Skins of the ten tones, rendered side by side in even white light, and measured in Lab."""

import bpy
import numpy as np
import pytest

from blender_scripts.materials.graph import REST
from blender_scripts.materials.skin import reflectance, skin_material
from blender_scripts.meshes import add_mesh, set_materials, set_vector_attribute
from blender_scripts.picture import render_light, set_up_picture
from blender_scripts.session import clear_scene
from cuffs.character.tones import TONES_LAB, lab_of, monk_tone, rgb_of
from cuffs.records import MaterialSpec, RenderSpec

pytestmark = pytest.mark.bpy

CELL_PX = 12
SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]])


def photographed(session, folder, colours):
    """Mean linear RGB of a flat patch of each skin, without its sheen, lit from everywhere by white light of 1."""
    clear_scene()
    set_up_picture(RenderSpec(samples=8, adaptive_threshold=0.0, denoise=False), session)
    scene = bpy.context.scene
    for number, colour in enumerate(colours):
        patch = add_mesh(f"patch {number}", SQUARE + [number, 0, 0], TRIANGLES)
        set_vector_attribute(patch, REST, SQUARE * 0.3)
        material = skin_material(f"skin {number}", MaterialSpec(kind="skin", colour=colour))
        surface = next(node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
        surface.inputs["Specular IOR Level"].default_value = 0.0  # sheen is the light's colour, not the skin's
        set_materials(patch, [material])
    scene.world = bpy.data.worlds.new("white")
    if scene.world.node_tree is None:
        scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    camera = bpy.data.cameras.new("above")
    camera.type, camera.ortho_scale = "ORTHO", float(len(colours))
    scene.camera = bpy.data.objects.new("above", camera)
    scene.camera.location = (len(colours) / 2, 0.5, 2.0)
    scene.collection.objects.link(scene.camera)
    scene.render.resolution_x, scene.render.resolution_y = CELL_PX * len(colours), CELL_PX
    scene.render.resolution_percentage = 100
    light = render_light(folder).light
    inner = light[2:-2].reshape(CELL_PX - 4, len(colours), CELL_PX, 3)[:, :, 2:-2]
    clear_scene()
    return inner.mean((0, 2))


def test_rendered_skin_is_nearest_in_lab_to_its_own_tone_and_darker_tone_by_tone(session, tmp_path):
    tones = [tuple(rgb.tolist()) for rgb in rgb_of(TONES_LAB)]
    assert [monk_tone(tone) for tone in tones] == list(range(1, 11))
    seen = lab_of(photographed(session, tmp_path, tones))
    wanted = lab_of(np.array([reflectance(tone) for tone in tones]))
    apart = np.linalg.norm(seen[:, None] - wanted, axis=2)
    lighter = [0, 1, 3, 4, 5, 6, 7, 8, 9]  # the third is as light as the second, only yellower
    assert (np.diff(seen[lighter, 0]) < 0).all(), seen.round(1)
    assert apart.diagonal().max() < 4, (seen.round(1), wanted.round(1))
    assert (apart.argmin(1) == np.arange(10)).all(), apart.round(1)
