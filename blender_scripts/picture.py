"""The picture: Cycles' settings, all that could change a pixel pinned."""

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from jaxtyping import Float

from blender_scripts.session import Session
from cuffs.exr import read_exr
from cuffs.records import RenderSpec

Array = np.ndarray

ALBEDO = "Denoising Albedo"

BOUNCES = {"max_bounces": 4, "diffuse_bounces": 2, "glossy_bounces": 2, "transmission_bounces": 2, "volume_bounces": 0}
LEAST_SAMPLES = 30
STAMPS = (
    "use_stamp_time", "use_stamp_date", "use_stamp_frame", "use_stamp_camera", "use_stamp_scene", "use_stamp_note",
    "use_stamp_marker", "use_stamp_filename", "use_stamp_render_time", "use_stamp_memory", "use_stamp_hostname",
)  # fmt: skip
"""What Blender would write into the PNG: when and where it was rendered, which is telemetry."""


def set_up_picture(spec: RenderSpec, session: Session) -> None:
    """Set everything that decides the picture, whatever was set before."""
    scene = bpy.context.scene
    _set_up_cycles(scene, spec, session)
    _set_up_view(scene, spec)
    render = scene.render
    render.threads_mode, render.threads = "FIXED", session.threads
    render.use_persistent_data = render.use_motion_blur = render.film_transparent = False
    render.use_compositing = render.use_sequencer = render.use_stamp = render.use_border = False
    render.dither_intensity = 0.0
    render.use_file_extension = False
    for stamp in STAMPS:
        setattr(render, stamp, False)


def least_samples(samples: int) -> int:
    """Samples that every pixel gets before Cycles may stop it for being smooth enough.

    Left to itself (0), Cycles takes 16 / threshold^0.3 of them, 52 at 0.02, and looks only after every sixteenth: of 64
    samples none would ever be saved. 30 makes the look after 32 count; at the one after 16 hands lose too much
    (docs/places.md, "What it costs").
    """
    return min(samples, LEAST_SAMPLES)


def _set_up_view(scene: bpy.types.Scene, spec: RenderSpec) -> None:
    """The display's curve, and PNG as the format: what `render_picture` and `save_picture` write."""
    view = scene.view_settings
    scene.display_settings.display_device = "sRGB"
    view.view_transform, view.look = spec.view_transform, "None"
    view.exposure, view.gamma, view.use_curve_mapping = spec.exposure_ev, 1.0, False
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):  # from Blender 5.0 on
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.color_depth, settings.compression = "PNG", "RGB", "8", 15


def _set_up_cycles(scene: bpy.types.Scene, spec: RenderSpec, session: Session) -> None:
    scene.render.engine = "CYCLES"
    scene.view_layers[0].material_override = None
    cycles = scene.cycles
    cycles.device = session.cycles_device
    cycles.samples, cycles.seed = spec.samples, spec.seed % 2**31
    cycles.use_adaptive_sampling = spec.adaptive_threshold > 0
    cycles.adaptive_threshold, cycles.adaptive_min_samples = spec.adaptive_threshold, least_samples(spec.samples)
    cycles.use_denoising = spec.denoise
    if spec.denoise:
        cycles.denoiser, cycles.denoising_use_gpu = "OPENIMAGEDENOISE", False
        cycles.denoising_input_passes, cycles.denoising_prefilter = "RGB_ALBEDO_NORMAL", "FAST"
        cycles.denoising_quality = "HIGH"
    for name, count in BOUNCES.items():
        setattr(cycles, name, count)
    cycles.transparent_max_bounces = 8
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_direct, cycles.sample_clamp_indirect = 0.0, 4.0
    cycles.film_exposure, cycles.pixel_filter_type, cycles.filter_width = 1.0, "BLACKMAN_HARRIS", 1.5
    cycles.use_auto_tile = False
    cycles.use_light_tree = False  # three lamps at most: looking through a tree costs a quarter of the render
    cycles.time_limit = 0.0


def render_picture(path: Path) -> None:
    """Render the scene that was set up, to an 8-bit RGB PNG."""
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Light:
    """A render before it is developed, linear RGB."""

    light: Float[Array, "height width 3"]
    albedo: Float[Array, "height width 3"]
    """Of the first surface at each pixel."""


def render_light(scratch: Path) -> Light:
    """Render the scene that was set up, as light and albedo.

    Args:
        scratch: a folder for one file, which is removed.

    Raises:
        RecordError: if Blender wrote something else than it was asked for.
    """
    scene = bpy.context.scene
    scene.view_layers[0].cycles.denoising_store_passes = True
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):  # from Blender 5.0 on
        settings.media_type = "MULTI_LAYER_IMAGE"
        settings.use_exr_interleave = True  # one part, as before; else a part a pass
    settings.file_format, settings.color_depth, settings.exr_codec = "OPEN_EXR_MULTILAYER", "32", "NONE"
    path = scratch / "light.exr"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    channels = {name.split(".", 1)[1]: pixels for name, pixels in read_exr(path).items()}
    path.unlink()
    scene.view_layers[0].cycles.denoising_store_passes = False
    light, albedo = (np.stack([channels[f"{name}.{band}"] for band in "RGB"], -1) for name in ("Combined", ALBEDO))
    return Light(light=light, albedo=albedo)


def save_picture(picture: Float[Array, "height width 3"], spec: RenderSpec, path: Path) -> None:
    """Write a developed picture as an 8-bit RGB PNG, by the spec's view transform."""
    scene = bpy.context.scene
    _set_up_view(scene, spec)
    height, width = picture.shape[:2]
    image = bpy.data.images.new("picture", width, height, alpha=False, float_buffer=True)
    opaque = np.concatenate([picture, np.ones_like(picture[..., :1])], -1)
    image.pixels.foreach_set(np.ascontiguousarray(opaque[::-1], np.float32).ravel())
    image.save_render(str(path), scene=scene)
    bpy.data.images.remove(image)
