"""Who, which limb and how far, at every pixel's centre: one sample, no anti-aliasing, never denoised.

All surfaces shine a colour that says what they are: red is the person's number, green the depth along the optical axis,
blue the limb. Nothing else shines, so what a pixel's one ray meets is what the pixel holds, exactly.
"""

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from jaxtyping import Float, UInt8

from blender_scripts.camera import aim, sharpen_camera
from blender_scripts.hair_curves import show_for_data
from blender_scripts.materials.body import glow_graph
from blender_scripts.skinned_mesh import LIMB
from blender_scripts.world import black_world
from cuffs.exr import read_exr
from cuffs.warp import Warp, looked_up

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DataPass:
    """What `Capture`'s data.npz holds."""

    person: UInt8[Array, "height width"]
    limb: UInt8[Array, "height width"]
    depth_z: Float[Array, "height width"]


def render_data(scratch: Path, warp: Warp) -> DataPass:
    """Render the scene's data. Changes the scene for good: the picture comes first.

    Args:
        scratch: a folder for one file, which is removed.
        warp: from a pinhole picture to the final one.

    Raises:
        RuntimeError: if a number that must be whole isn't: the device rounds, or a surface was not overridden.
    """
    _set_up_data()
    aim(warp.frame)
    path = scratch / "data.exr"
    render = bpy.context.scene.render
    settings = render.image_settings
    if hasattr(settings, "media_type"):  # from Blender 5.0 on
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGB", "32"
    settings.exr_codec = "NONE"
    render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    person, depth_z, limb = (looked_up(read_exr(path)[channel], warp) for channel in "RGB")
    path.unlink()
    return DataPass(person=_whole(person), limb=_whole(limb), depth_z=depth_z.copy())


def _set_up_data() -> None:
    scene = bpy.context.scene
    sharpen_camera()
    show_for_data()
    for thing in scene.objects:
        if thing.type == "LIGHT" or thing.is_shadow_catcher:  # a catcher is a shadow on a photograph, not a surface
            thing.hide_render = True
    scene.world = black_world()
    scene.view_layers[0].material_override = _data_material()
    scene.view_settings.view_transform = "Raw"
    scene.view_settings.exposure = 0.0
    cycles = scene.cycles
    cycles.samples, cycles.seed, cycles.max_bounces = 1, 0, 0
    cycles.use_adaptive_sampling = cycles.use_denoising = cycles.use_fast_gi = False
    cycles.sample_clamp_direct = cycles.sample_clamp_indirect = 0.0
    cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 0.01


def _data_material() -> bpy.types.Material:
    material, graph = glow_graph("data")
    person = graph.node("ShaderNodeObjectInfo").outputs["Object Index"]
    depth_z = graph.node("ShaderNodeCameraData").outputs["View Z Depth"]
    limb = graph.node("ShaderNodeAttribute", settings={"attribute_name": LIMB}).outputs["Fac"]
    colour = graph.combine(person, depth_z, limb)
    graph.output(graph.node("ShaderNodeEmission", {"Color": colour, "Strength": 1.0}).outputs[0])
    return material


def _whole(values: Float[Array, "height width"]) -> UInt8[Array, "height width"]:
    rounded = np.rint(values)
    if not np.array_equal(rounded, values):
        worst = float(np.abs(values - rounded).max())
        raise RuntimeError(f"the data pass holds numbers that are not whole, by up to {worst:.3g}.")
    return rounded.astype(np.uint8)
