"""One scene, from its spec to the contents of a capture folder."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from blender_scripts.assets import Assets
from blender_scripts.camera import add_camera
from blender_scripts.character import Character, create_character
from blender_scripts.data_pass import DataPass, render_data
from blender_scripts.humgen3d.troupe import role_of
from blender_scripts.lights import add_lamps
from blender_scripts.picture import render_light, render_picture, save_picture, set_up_picture
from blender_scripts.place_files import load_place_image
from blender_scripts.places import add_place
from blender_scripts.places.blend_room import add_blend_room
from blender_scripts.places.build import Surroundings
from blender_scripts.props import add_prop
from blender_scripts.session import Session, clear_scene, peak_rss_mb
from blender_scripts.world import add_world
from cuffs.codec import encode
from cuffs.develop import develop, metered_gain
from cuffs.npz import npz_bytes
from cuffs.records import Capture, CapturedFile, DevelopSpec, SceneSpec, Timings
from cuffs.warp import plan_warp, smoothly_looked_up

DATA_DENSITY = 2
"""Where a lens bends the picture, data are rendered this much finer, so that the nearest one is within a third of a
pixel of the place that is meant."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """What a parent asks for."""

    spec: SceneSpec
    spec_sha256: str
    """Of the spec's bytes as they came."""

    blend: Path | None
    """Where the scene is saved as well."""


def capture_scene(order: Order, session: Session, assets: Assets, folder: Path) -> None:
    """Make a scene and fill a folder with what `Capture` says.

    Raises:
        CuffsError: if the spec asks for something that isn't there.
        RuntimeError: if Blender can't do it.
    """
    started, started_cpu_s = time.perf_counter(), time.process_time()
    characters = build_scene(order.spec, session, assets)
    if order.blend is not None:
        save_blend(order.blend)
    built = time.perf_counter()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    meshes = [person_arrays(character, depsgraph) for character in characters]
    read, read_cpu_s = time.perf_counter(), time.process_time()
    data = _render(order.spec, folder)
    rendered, rendered_cpu_s = time.perf_counter(), time.process_time()
    for number, arrays in enumerate(meshes):
        (folder / f"person_{number}.npz").write_bytes(npz_bytes(arrays))
    (folder / "data.npz").write_bytes(npz_bytes(_data_arrays(data)))
    clear_scene(keep=[thing for character in characters for thing in character.stay()])
    timings = Timings(
        setup_s=built - started,
        render_s=rendered - read,
        readout_s=(read - built) + (time.perf_counter() - rendered),
        max_rss_mb=peak_rss_mb(),
        cpu_s=time.process_time() - started_cpu_s,
        render_cpu_s=rendered_cpu_s - read_cpu_s,
    )
    capture = Capture(
        key=order.spec.key,
        spec_sha256=order.spec_sha256,
        num_people=len(characters),
        files=tuple(_captured(path) for path in sorted(folder.iterdir())),
        timings=timings,
        device=session.device_name,
        blender=bpy.app.version_string,
    )
    (folder / "capture.json").write_text(json.dumps(encode(capture), indent=1))


def _render(spec: SceneSpec, folder: Path) -> DataPass:
    """Render picture and data; the picture goes to the folder."""
    picture_warp = plan_warp(spec.camera, spec.image)
    data_warp = plan_warp(spec.camera, spec.image, density=DATA_DENSITY)
    if spec.develop is None and spec.camera.distortion is None:
        render_picture(folder / "image.png")
        return render_data(folder, data_warp)
    how = spec.develop or DevelopSpec(metering="fixed")
    rendered = render_light(folder)
    data = render_data(folder, data_warp)
    light = smoothly_looked_up(rendered.light, picture_warp)
    gain = 1.0
    if how.metering == "people":
        albedo = smoothly_looked_up(rendered.albedo, picture_warp)
        gain = metered_gain(light, albedo, data.person > 0)
    save_picture(develop(light, how, gain=gain), spec.render, folder / "image.png")
    return data


def build_scene(spec: SceneSpec, session: Session, assets: Assets) -> list[Character]:
    """Replace whatever Blender holds by the spec's scene, ready to render; its people, in the spec's order.

    Raises:
        CuffsError: if the spec asks for something that isn't there.
    """
    roles = [role_of(number, person.character) for number, person in enumerate(spec.people, start=1)]
    clear_scene(keep=assets.troupe.only(roles))
    set_up_picture(spec.render, session)
    frame = plan_warp(spec.camera, spec.image).frame
    add_camera(spec.camera, frame)
    characters = add_people(spec, assets)
    for number, prop in enumerate(spec.props):
        add_prop(prop, number)
    centre_world = np.mean([person.pelvis_world for person in spec.people], axis=0)
    eye_world = spec.camera.T_world_cam[:3, 3]
    add_place(spec.place, Surroundings(centre_world=centre_world, eye_world=eye_world, seed=spec.render.seed))
    file = assets.path("places", spec.place.file) if spec.place.file is not None else None
    image = load_place_image(file) if file is not None and spec.place.kind != "blend" else None
    add_world(spec.place, spec.light, T_world_cam=spec.camera.T_world_cam, frame=frame, file=image)
    if file is not None and spec.place.kind == "blend":
        add_blend_room(spec.place, file)
    add_lamps(spec.light, centre_world=centre_world, eye_world=eye_world)
    return characters


def save_blend(path: Path) -> None:
    """Save the scene, compressed and with its images inside.

    Raises:
        RuntimeError: if it can't be written.
    """
    bpy.ops.file.pack_all()
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True, check_existing=False)


def add_people(spec: SceneSpec, assets: Assets) -> list[Character]:
    """Everybody of a scene, dressed and posed; errors as for `build_scene`."""
    characters: list[Character] = []
    for number, person in enumerate(spec.people, start=1):
        character = create_character(person.character, number, assets)
        character.shape()
        character.dress()
        character.pose(person)
        characters.append(character)
    return characters


def person_arrays(character: Character, depsgraph: bpy.types.Depsgraph) -> dict[str, np.ndarray]:
    """What `Capture` says of one person's file."""
    shell = character.read_shell(depsgraph)
    return {
        "body_world": character.read_body(depsgraph),
        "shell_world": shell.verts,
        "shell_faces": shell.faces,
        "shell_counts": shell.counts,
    }


def _data_arrays(data: DataPass) -> dict[str, np.ndarray]:
    return {"person": data.person, "limb": data.limb, "depth_z": data.depth_z}


def _captured(path: Path) -> CapturedFile:
    content = path.read_bytes()
    return CapturedFile(name=path.name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
