"""A capture is a function of its spec alone."""

import subprocess
import sys

import bpy
import numpy as np
import pytest
from PIL import ExifTags, Image

from cuffs.records import LightSpec, RenderSpec
from tests.blender_scripts.scenes import place, scene

pytestmark = pytest.mark.bpy

KINDS = {
    "studio": (place("studio"), LightSpec(kind="studio")),
    "outdoor": (place("outdoor"), LightSpec(kind="sun")),
    "hdri": (place("hdri", "sky.png"), LightSpec(kind="environment")),
    "photo": (place("photo", "sky.png"), LightSpec(kind="sun")),
}


@pytest.fixture(autouse=True)
def panorama(assets_folder):
    rows = np.linspace(220, 60, 64, dtype=np.uint8)[:, None, None]
    Image.fromarray(np.broadcast_to(rows, (64, 128, 3)).copy()).save(assets_folder / "places" / "sky.png")


def test_the_same_spec_gives_the_same_bytes_whatever_came_before(capture):
    specs = [
        scene(number, size=(64, 64), people=1 + number % 2, place=where, light=light,
              render=RenderSpec(samples=4, seed=number))
        for number, (where, light) in enumerate(KINDS.values())
    ]  # fmt: skip
    there = [capture(spec).bytes for spec in specs]
    back = [capture(spec).bytes for spec in reversed(specs)][::-1]
    for first, second in zip(there, back, strict=True):
        assert first == second


def test_another_seed_changes_the_noise_and_nothing_else(capture):
    one, two = (
        capture(scene(8, size=(48, 48), render=RenderSpec(samples=2, denoise=False, seed=seed))).bytes
        for seed in (1, 2)
    )
    assert {name for name in one if one[name] != two[name]} == {"image.png"}


@pytest.mark.parametrize("kind", KINDS)
def test_no_place_is_too_dark_or_burnt_out(ask, kind):
    where, light = KINDS[kind]
    folder = ask(scene(9, size=(64, 64), place=where, light=light, render=RenderSpec(samples=4)))
    pixels = np.asarray(Image.open(folder / "image.png"), float) / 255
    assert pixels.shape == (64, 64, 3)
    assert 0.2 < pixels.mean() < 0.8
    assert (pixels.min(-1) > 0.99).mean() < 0.02


def test_pictures_say_nothing_of_when_or_where_they_were_made(ask):
    with Image.open(ask(scene(10, size=(32, 32))) / "image.png") as image:
        assert image.info.keys() <= {"dpi", "exif"}
        assert set(image.getexif()) <= {ExifTags.Base.XResolution, ExifTags.Base.YResolution}


def test_nothing_of_a_scene_stays_behind(capture):
    capture(scene(11, size=(32, 32), people=2))
    kinds = ("objects", "meshes", "materials", "images", "worlds", "armatures", "lights", "cameras", "shape_keys")
    left = {kind: len(getattr(bpy.data, kind)) for kind in kinds}
    assert not any(left.values()), left


OPEN_AND_RENDER = """
import sys, bpy
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
bpy.context.scene.render.filepath = sys.argv[2]
bpy.ops.render.render(write_still=True)
"""


def test_a_saved_scene_renders_the_same_picture_elsewhere(ask, tmp_path):
    saved, again = tmp_path / "scene.blend", tmp_path / "again.png"
    folder = ask(scene(12, size=(48, 48), place=place("hdri", "sky.png")), blend=saved)
    subprocess.run([sys.executable, "-c", OPEN_AND_RENDER, str(saved), str(again)], check=True, capture_output=True)
    assert np.array_equal(*(np.asarray(Image.open(path).convert("RGB")) for path in (folder / "image.png", again)))
