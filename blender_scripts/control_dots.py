"""`python -m blender_scripts.control_dots`: scenes again, with dots that Blender itself sticks on people's vertices.

The control of annotations (`benchmarks/control.py`) looks for the dots in the pixels. A dot is a disc whose parent is
a vertex of the body mesh, turned to the camera by a constraint: where it lies is Blender's own evaluation, through none
of our read-out, matrices or projection. It floats a few millimetres off the skin, straight towards the camera, so that
the surface that it sits on hides nothing of it and its centre projects to the same point.

For each spec the folder gets `KEY.npz`:
    body_world float32 (people, verts, 3): the worker's read-out.
    person, limb uint8 (height, width): the worker's data pass.
    alone bool (people, height, width): each person's pixels with everybody and everything else taken away.
    dots float32 (groups, height, width, 3): the share of each pixel that dots cover, that times the dot's number, and
        times its square. Dot d of person p is number 1 + p * dots + d, and in the group number % groups, so that
        neighbours rarely share a pixel.
    dot_area_m2, dot_float_m: of each dot's disc, and how far off the skin it floats.
Exit codes: 0 done · 2 a spec or file is malformed · 3 something needed is missing.
"""

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np
from jaxtyping import Bool, Float, Int

from blender_scripts.assets import Assets
from blender_scripts.capture import build_scene
from blender_scripts.data_pass import render_data
from blender_scripts.materials.body import glow_graph
from blender_scripts.session import start_session
from cuffs.codec import decode
from cuffs.errors import CuffsError, RecordError
from cuffs.exr import read_exr
from cuffs.npz import read_npz, write_npz
from cuffs.records import SceneSpec
from cuffs.warp import Warp, plan_warp

logger = logging.getLogger("blender_scripts.control_dots")

Array = np.ndarray

FIRST_INDEX = 1000
"""Object index of the dot numbered 0, which there is none of; people's are below: a scene has 250 at most."""

CORNERS = 24
FLOAT_RADII = 2.5
"""How far off the skin a dot floats, in its own radii: skin up to 68 degrees from facing the camera passes under it."""

GROUPS = 6
SAMPLES = 36
"""A pixel. A dot of 0.7 px radius is hit by 55 rays, which place its centre to about 0.05 px."""

MARGIN_PX = 8
"""Around people, within the part of the picture that is rendered for dots."""


def shoot(spec: SceneSpec, vertices: Int[Array, " dots"], radius_m: float, scratch: Path) -> dict[str, Array]:
    """Render the scene that Blender holds as this module says, all but `body_world`. Changes the scene for good.

    Args:
        spec: the scene, already built.
        vertices: numbers of the body mesh's vertices that carry a dot, on everybody.
        radius_m: of a dot.
        scratch: a folder for passing files.

    Raises:
        RecordError: if the lens bends the picture: dots are measured as a pinhole shows them.
    """
    if spec.camera.distortion is not None:
        raise RecordError(f"{spec.key}: dots are for cameras without distortion.")
    things = [thing for thing in bpy.context.scene.objects if thing.type == "MESH"]
    warp = plan_warp(spec.camera, spec.image)
    whole = render_data(scratch, warp)
    people = range(1, len(spec.people) + 1)
    alone = np.stack([_alone(things, number, scratch, warp) for number in people])
    dots = []
    for number in people:
        body = next(thing for thing in things if thing.pass_index == number and thing.name.startswith("body"))
        dots += _add_dots(body, vertices, radius_m, FIRST_INDEX + 1 + (number - 1) * len(vertices))
    _set_up_dots()
    _look_only_at(alone.any(0))
    return {
        "person": whole.person,
        "limb": whole.limb,
        "alone": alone,
        "dots": _render_groups(dots, scratch),
        "dot_area_m2": np.array(CORNERS / 2 * np.sin(2 * np.pi / CORNERS) * radius_m**2),
        "dot_float_m": np.array(FLOAT_RADII * radius_m),
    }


def _alone(things: list[bpy.types.Object], number: int, scratch: Path, warp: Warp) -> Bool[Array, "height width"]:
    for thing in things:
        thing.visible_camera = thing.pass_index == number
    pixels = render_data(scratch, warp).person == number
    for thing in things:
        thing.visible_camera = True
    return pixels


def _add_dots(
    body: bpy.types.Object, vertices: Int[Array, " dots"], radius_m: float, first_index: int
) -> list[bpy.types.Object]:
    disc = _disc(radius_m)
    dots = []
    for number, vertex in enumerate(vertices.tolist()):
        dot = bpy.data.objects.new(f"dot_{first_index + number}", disc)
        dot.pass_index = first_index + number
        dot.parent, dot.parent_type, dot.parent_vertices = body, "VERTEX", (vertex, 0, 0)
        turn = dot.constraints.new("TRACK_TO")
        turn.target, turn.track_axis, turn.up_axis = bpy.context.scene.camera, "TRACK_Z", "UP_Y"
        bpy.context.scene.collection.objects.link(dot)
        dots.append(dot)
    return dots


def _disc(radius_m: float) -> bpy.types.Mesh:
    """A disc across the z axis, before its origin."""
    angles = 2 * np.pi * np.arange(CORNERS) / CORNERS
    rim = np.stack([np.cos(angles), np.sin(angles), np.full(CORNERS, FLOAT_RADII)], 1) * radius_m
    mesh = bpy.data.meshes.new("dot")
    mesh.from_pydata(rim.tolist(), [], [list(range(CORNERS))])
    return mesh


def _set_up_dots() -> None:
    """Dots shine their number, everything else is black; what a pixel holds is the plain mean over its square."""
    material, graph = glow_graph("dots")
    number = graph.math("SUBTRACT", graph.node("ShaderNodeObjectInfo").outputs["Object Index"], float(FIRST_INDEX))
    is_dot = graph.math("GREATER_THAN", number, 0.5)
    colour = graph.combine(1.0, number, graph.math("MULTIPLY", number, number))
    graph.output(graph.node("ShaderNodeEmission", {"Color": colour, "Strength": is_dot}).outputs[0])
    scene = bpy.context.scene
    scene.view_layers[0].material_override = material
    scene.cycles.samples = SAMPLES
    scene.cycles.pixel_filter_type = "BOX"


def _look_only_at(wanted: Bool[Array, "height width"]) -> None:
    """Render the box around some pixels; the rest stays black."""
    height, width = wanted.shape
    columns, rows = np.flatnonzero(wanted.any(0)), np.flatnonzero(wanted.any(1))
    render = bpy.context.scene.render
    render.use_border, render.use_crop_to_border = True, False
    render.border_min_x = max(0.0, (columns[0] - MARGIN_PX) / width)
    render.border_max_x = min(1.0, (columns[-1] + 1 + MARGIN_PX) / width)
    render.border_min_y = max(0.0, 1 - (rows[-1] + 1 + MARGIN_PX) / height)
    render.border_max_y = min(1.0, 1 - (rows[0] - MARGIN_PX) / height)


def _render_groups(dots: list[bpy.types.Object], scratch: Path) -> Float[Array, "groups height width 3"]:
    path = scratch / "dots.exr"
    bpy.context.scene.render.filepath = str(path)
    pictures = []
    for group in range(GROUPS):
        for dot in dots:
            dot.visible_camera = (dot.pass_index - FIRST_INDEX) % GROUPS == group
        bpy.ops.render.render(write_still=True)
        channels = read_exr(path)
        pictures.append(np.stack([channels[band] for band in "RGB"], -1))
        path.unlink()
    return np.stack(pictures)


def main(arguments: list[str] | None = None) -> int:
    """Make all specs of a folder; the exit code."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m blender_scripts.control_dots")
    parser.add_argument("--assets", type=Path, required=True, help="a plan's assets")
    parser.add_argument("--specs", type=Path, required=True, help="folder of SceneSpecs, one KEY.json each")
    parser.add_argument("--dots", type=Path, required=True, help="npz: vertices, radius_m")
    parser.add_argument("--out", type=Path, required=True, help="folder for KEY.npz")
    wanted = parser.parse_args(arguments)
    try:
        session, assets = start_session("cpu", 0), Assets(wanted.assets)
        dots = read_npz(wanted.dots)
        for path in sorted(wanted.specs.glob("*.json")):
            spec = decode(SceneSpec, json.loads(path.read_text()), where=str(path))
            characters = build_scene(spec, session, assets)
            depsgraph = bpy.context.evaluated_depsgraph_get()
            body_world = np.stack([character.read_body(depsgraph) for character in characters])
            with tempfile.TemporaryDirectory() as scratch:
                arrays = shoot(spec, dots["vertices"], float(dots["radius_m"]), Path(scratch))
            write_npz(wanted.out / f"{spec.key}.npz", {"body_world": body_world, **arrays})
            logger.info("%s is done", spec.key)
    except CuffsError as problem:
        logger.error("%s", problem)
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
