"""Places as Blender builds them: things of their stated size, effects that touch no label, files that run nothing."""

import json
from dataclasses import replace

import bpy
import numpy as np
import pytest
from PIL import Image

from blender_scripts.check_rooms import main as check_rooms
from blender_scripts.places.blend_room import read_room
from blender_scripts.session import clear_scene
from blender_scripts.things.build import OVERHEAD, THING_KINDS, add_things
from cuffs.camera import inverse, project, transform
from cuffs.errors import AssetBroken, RecordError
from cuffs.exposure import ExposureLimits, exposure_of
from cuffs.lens import bend
from cuffs.records import DevelopSpec, LightSpec, MaterialSpec, ThingSpec
from cuffs.scene.layout import stage_of
from cuffs.scene.moods import MOODS
from cuffs.scene.outside import sample_outside
from cuffs.scene.place_config import LightConfig, sample_light
from cuffs.scene.rooms import sample_room
from tests.blender_scripts.scenes import FLOOR, place, scene

pytestmark = [pytest.mark.bpy, pytest.mark.usefixtures("session")]

SIZES = {
    "rug": (2.0, 1.4, 0.01), "pavement": (30.0, 4.0, 0.13), "marking": (30.0, 0.12, 0.003), "grass": (3.0, 3.0, 0.045),
    "tree": (5.0, 5.0, 8.0), "conifer": (3.0, 3.0, 9.0), "house": (10.0, 9.0, 10.0), "brick_house": (10.0, 9.0, 10.0),
    "car": (4.4, 1.8, 1.5), "lamp_post": (0.3, 0.3, 4.5), "lamp_post_lit": (0.3, 0.3, 4.5), "parasol": (2.6, 2.6, 2.5),
}  # fmt: skip


def thing(kind, variant=0, size=None):
    size = size or SIZES.get(kind, (1.2, 0.7, 1.1))
    return ThingSpec(
        kind=kind, at_world=(0, 0, 0), yaw_deg=0, size_m=size, colour=(0.4, 0.3, 0.2), second_colour=(0.2,) * 3,
        variant=variant,
    )  # fmt: skip


@pytest.mark.parametrize("kind", THING_KINDS)
def test_things_have_the_size_that_they_say(kind):
    """What the planner keeps clear of people is what stands there."""
    for variant in range(4):
        clear_scene()
        spec = thing(kind, variant)
        add_things([spec])
        verts = np.array([vertex.co for one in bpy.context.scene.objects for vertex in one.data.vertices])
        around = verts if kind not in OVERHEAD else verts[verts[:, 2] < 2.0]
        assert (np.abs(around[:, :2]) <= np.array(spec.size_m[:2]) / 2 + 0.1).all(), np.abs(around[:, :2]).max(0)
        assert verts[:, 2].min() > -0.3
        assert verts[:, 2].max() < 1.15 * spec.size_m[2] + 0.35
        assert np.isfinite(verts).all()


def test_equal_things_share_one_mesh_and_unknown_ones_are_named():
    clear_scene()
    add_things([replace(thing("chair"), at_world=(float(number), 0, 0)) for number in range(5)])
    assert len({one.data.name for one in bpy.context.scene.objects}) == 1
    assert len(bpy.context.scene.objects) == 5
    with pytest.raises(RecordError, match="no thing 'throne'"):
        add_things([thing("throne")])


def staged(seed, kind, style=None, mood=None):
    """A scene of tube people in a place that was drawn for them."""
    rng = np.random.default_rng(seed)
    spec = scene(seed, size=(64, 64), people=1, props=())
    bodies = [np.array([[*one.pelvis_world[:2], z] for z in (0.0, 1.7)]) + rng.normal(0, 0.2, (2, 3)) * [1, 1, 0]
              for one in spec.people]  # fmt: skip
    stage = stage_of(bodies, spec.camera, spec.image)
    where = sample_room(style, stage, rng) if kind == "room" else sample_outside(kind, stage, rng)
    moods = {} if mood is None else {
        name: float(name == mood) for name in MOODS["room" if kind == "room" else "outside"]
    }  # fmt: skip
    lighting = sample_light(LightConfig(moods=moods), where, stage, rng)
    return replace(
        spec,
        place=replace(where, things=where.things + lighting.fixtures),
        light=lighting.light,
        render=replace(spec.render, samples=4, denoise=True),
        develop=DevelopSpec(metering="people"),
    )


@pytest.mark.parametrize(
    ("kind", "style", "mood"),
    [
        ("room", "living", "evening lamps"),
        ("room", "warehouse", "ceiling lamps"),
        ("street", None, "night lamps"),
        ("park", None, "golden hour"),
    ],
)
def test_drawn_places_are_neither_burnt_nor_black(capture, kind, style, mood):
    spec = staged(2, kind, style, mood)
    found = capture(spec)
    picture = np.asarray(Image.open(found.folder / "image.png"))
    exposure = exposure_of(picture, found.data["person"] > 0)
    assert exposure.causes(ExposureLimits(), low_light=spec.light.low_light) == (), exposure


def test_a_place_is_the_same_every_time(capture):
    spec = staged(5, "room", "office")
    assert capture(spec).bytes == capture(spec).bytes


def test_effects_touch_the_picture_and_no_label(capture):
    """Aperture, shake, exposure, noise: annotation comes from a sharp pass of its own."""
    plain = scene(4, size=(64, 56))
    plain = replace(plain, develop=DevelopSpec(metering="people"))
    camera = replace(plain.camera, aperture_m=0.05, focus_m=1.2, shake_deg=(0.8, 0.4, 0.2))
    changed = replace(
        plain, camera=camera, develop=DevelopSpec(metering="people", exposure_ev=-0.5, shot_noise=0.05, seed=3)
    )
    sharp, blurred = capture(plain), capture(changed)
    assert sharp.bytes["data.npz"] == blurred.bytes["data.npz"]
    assert sharp.bytes["image.png"] != blurred.bytes["image.png"]


def linear_light(folder):
    return (np.asarray(Image.open(folder / "image.png"), float) / 255) ** 2.2


def test_shake_smears_by_the_turn_that_it_states(capture):
    """The still picture, averaged over the turn's shifts, is the shaken one; its middle is where the labels are."""
    spec = scene(6, size=(112, 84), props=())
    spec = replace(spec, render=replace(spec.render, samples=24, denoise=True))
    turn_deg = 5.0
    shaken = replace(spec, camera=replace(spec.camera, shake_deg=(0.0, turn_deg, 0.0)))
    still, moved = (linear_light(capture(one).folder) for one in (spec, shaken))
    half = round(np.radians(turn_deg) * spec.camera.K[0, 0] / 2)
    error = {
        middle: np.abs(np.mean([np.roll(still, middle + shift, 1) for shift in range(-half, half + 1)], 0) - moved)
        for middle in (-half, 0, half)
    }
    inner = slice(2 * half + 1, -2 * half - 1)
    mean = {middle: float(one[:, inner].mean()) for middle, one in error.items()}
    assert mean[0] < 0.5 * min(mean[-half], mean[half], float(np.abs(still - moved)[:, inner].mean()))


def test_a_bent_picture_shows_things_where_bent_labels_have_them(capture):
    """Every vertex of somebody's shell projects to within a pixel of their mask, if it goes through the lens."""
    spec = scene(8, size=(128, 112), props=())
    camera = replace(spec.camera, distortion=(-0.25, 0.05, 0.002, -0.001, 0.0))
    found = capture(replace(spec, camera=camera))
    points = transform(inverse(camera.T_world_cam), found.people[0]["shell_world"].astype(float))
    mask = np.pad(found.data["person"] == 1, 1)
    near = np.any([np.roll(mask, (row, column), (0, 1)) for row in (-1, 0, 1) for column in (-1, 0, 1)], 0)[1:-1, 1:-1]
    hit = []
    for seen in (bend(points, camera.distortion), points):
        pixels = np.floor(project(seen, camera.K)).astype(int)
        inside = ((pixels >= 0) & (pixels < [128, 112])).all(1)
        hit.append(near[pixels[inside, 1], pixels[inside, 0]].mean())
    assert hit[0] > 0.999
    assert hit[1] < 0.97


# --- users' rooms


def write_room(path, *, script=None, driver=None, outside=None, size=6.0, mesh=True):
    """A .blend file with a floor, a spot, and whatever shall be refused."""
    data = bpy.data.scenes.new("room")
    blocks = {data}
    if mesh:
        floor = bpy.data.meshes.new("floor")
        floor.from_pydata([(-size / 2, -size / 2, 0), (size / 2, -size / 2, 0), (0, size / 2, 0)], [], [(0, 1, 2)])
        thing = bpy.data.objects.new("floor", floor)
        data.collection.objects.link(thing)
    spot = bpy.data.objects.new("people here", None)
    spot.location = (0.5, -0.25, 0.1)
    data.collection.objects.link(spot)
    if driver:
        curve = spot.driver_add("location", 0)
        curve.driver.expression = driver
    if outside:
        image = bpy.data.images.new("wallpaper", 4, 4)
        image.source, image.filepath = "FILE", str(outside)
        material = bpy.data.materials.new("paper")
        material.use_nodes = True
        material.node_tree.nodes.new("ShaderNodeTexImage").image = image
        floor.materials.append(material)
    if script:
        text = bpy.data.texts.new("startup.py")
        text.write(script)
        text.use_module = True
        blocks.add(text)
    bpy.context.view_layer.update()
    bpy.data.libraries.write(str(path), blocks, fake_user=True)
    for kind in ("scenes", "texts"):
        for thing in list(getattr(bpy.data, kind)):
            if thing.name in ("room", "startup.py"):
                getattr(bpy.data, kind).remove(thing)
    clear_scene()
    return path


def test_a_room_says_where_people_stand_and_comes_to_lie_beneath_them(tmp_path, assets_folder, capture):
    path = write_room(tmp_path / "hall.blend")
    room = read_room(path)
    assert room.spots == ((0.5, -0.25, 0.1),)
    assert {thing.name for thing in room.objects} == {"floor", "people here"}
    clear_scene()
    (assets_folder / "places" / "hall.blend").write_bytes(path.read_bytes())
    spec = scene(3, props=())
    there = replace(place("blend", "hall.blend"), origin_m=(0.5, -0.25, 0.1))
    lamps = LightSpec(kind="lamps", ambient_share=0.3)
    found = capture(replace(spec, place=there, light=lamps))
    assert np.asarray(Image.open(found.folder / "image.png")).max() > 20
    assert len(bpy.data.objects) == 0


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"script": "import os"}, r"holds scripts \(startup.py\)"),
        ({"driver": "__import__('os').getpid()"}, "driver of people here.location is a Python expression"),
        ({"outside": "/etc/hostname"}, "'wallpaper' lies in another file"),
        ({"size": 0.02}, "0.02 m across"),
        ({"mesh": False}, "holds no mesh"),
    ],
)
def test_rooms_that_would_run_or_reach_something_are_refused_by_name(tmp_path, what, says):
    path = write_room(tmp_path / "bad.blend", **what)
    with pytest.raises(AssetBroken, match=says) as caught:
        read_room(path)
    assert "bad.blend" in str(caught.value)
    clear_scene()


def test_a_script_in_a_room_does_not_run(tmp_path):
    traces = tmp_path / "ran"
    path = write_room(tmp_path / "trap.blend", script=f"open({str(traces)!r}, 'w').close()")
    assert not bpy.context.preferences.filepaths.use_scripts_auto_execute
    with pytest.raises(AssetBroken):
        read_room(path)
    assert not traces.exists()
    clear_scene()


def test_what_is_no_blend_file_is_refused(tmp_path):
    path = tmp_path / "text.blend"
    path.write_text("this is no room")
    with pytest.raises(AssetBroken, match="text.blend"):
        read_room(path)


def test_the_report_names_spots_and_problems(session, tmp_path, monkeypatch):
    good, bad = write_room(tmp_path / "good.blend"), write_room(tmp_path / "bad.blend", script="x")
    monkeypatch.setattr("blender_scripts.check_rooms.start_session", lambda *_: session)
    assert check_rooms(["--out", str(tmp_path / "report.json"), str(good), str(bad)]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report[str(good)] == {"spots": [[0.5, -0.25, 0.1]]}
    assert "startup.py" in report[str(bad)]["problem"]


def test_unknown_patterns_are_named(ask):
    floor = MaterialSpec(kind="floor", colour=(0.3, 0.3, 0.3), pattern="lava")
    folder = ask(scene(1, place=replace(place("studio"), ground=floor)))
    assert "lava" in json.loads((folder / "failure.json").read_text())["detail"]
    assert FLOOR.pattern != "lava"
