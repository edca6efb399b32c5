"""The commands, from content to shards, and what they say of content that is spoiled."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import yaml
from PIL import Image
from scipy.ndimage import binary_dilation

from cuffs.errors import AssetBroken, UnavailableError
from cuffs.humgen3d.addon import find_addon
from cuffs.humgen3d.cast import HumGenCast
from cuffs.humgen3d.config import HumGenConfig
from cuffs.humgen3d.content import read_content
from cuffs.humgen3d.maker import HumanMaker
from cuffs.humgen3d.sampling import sample_human
from cuffs.humgen3d.survey import surveyed
from cuffs.humgen3d.tables import plain_human
from cuffs.seeding import stream
from cuffs.shards import iterate_samples
from cuffs.shards.reader import read_member
from tests.humgen_double.blender import ROOT, Blender, addon_path

pytestmark = [pytest.mark.bpy, pytest.mark.slow]

RECIPE = ROOT / "render_configs/cuffs-humgen3d.yaml"
COUNT = 4
NEAR_PX = 3


def run(arguments, *, root, cache, expected=0):
    """A command as a user gives it; what it said."""
    settings = {"CUFFS_HUMGEN3D": str(root), "CUFFS_HUMGEN3D_ADDON": str(addon_path()), "CUFFS_CACHE": str(cache)}
    environment = {key: value for key, value in os.environ.items() if key != "CUFFS_ASSETS"} | settings
    command = [sys.executable, "-m", "cuffs.cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == expected, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """The recipe that users are given, small and cheap, with two people in two scenes each."""
    data = yaml.safe_load(RECIPE.read_text())
    data |= {"image": {"width": 128, "height": 128}, "num_identities": 2, "scenes_per_look": 2, "splits": {}}
    data["render"] = {"samples": 1, "adaptive_threshold": 0.2}
    data["place"] = {"kinds": {"studio": 1.0}, "occluders": {"share": 0.0}}
    path = tmp_path_factory.mktemp("recipe") / "small.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


@pytest.fixture(scope="module")
def dataset(registered, same, own_cache, recipe, tmp_path_factory):
    """What `cuffs make` leaves, with tables there."""
    assert not any(one.made.misses for one in registered.values())
    out = tmp_path_factory.mktemp("made") / "out"
    run(["make", recipe, "--count", COUNT, "--seed", 6, "--out", out], root=same[0].root, cache=own_cache)
    return out


def read(dataset):
    """Annotations and masks."""
    for tar_path, _, entry in iterate_samples(dataset):
        annotation, mask = (read_member(tar_path, entry, suffix) for suffix in ("json", "mask.png"))
        yield json.loads(annotation), np.array(Image.open(io.BytesIO(mask)))


def test_clothed_people_of_both_sexes_come_into_the_shards_with_their_labels_on_them(dataset):
    samples = list(read(dataset))
    assert len(samples) == COUNT
    sexes = set()
    for annotation, mask in samples:
        (person,) = annotation["people"]
        assert person["character"]["kind"] == "humgen3d"
        assert person["fit_converged"]
        assert person["fit_mm"]["all"]["mean"] < 10
        garments = person["character"]["garments"]
        assert any(name.startswith("outfits/") for name in garments)
        sexes.add(garments[0].split("/")[1])
        seen = np.array(person["occluded"], float) == 0
        x, y = np.array(person["joints2d"])[seen].T.astype(int)
        near = binary_dilation(mask == 1, iterations=NEAR_PX)
        assert near[y.clip(0, 127), x.clip(0, 127)].mean() > 0.95
    assert sexes == {"female", "male"}


def test_a_plan_holds_no_vertex_of_the_content(dataset, registered):
    num_verts = {len(one.human.identity.rest) for one in registered.values()}
    for path in (dataset / "assets").rglob("*"):
        if path.suffix == ".npz":
            with np.load(path) as file:
                assert not {size for name in file.files for size in file[name].shape} & num_verts, path
        elif path.suffix == ".json":
            lists = [each for each in json.loads(path.read_text()).values() if isinstance(each, list)]
            assert max(map(len, lists), default=0) <= 55, path


def test_its_audit_knows_the_shapes_that_the_plan_gave(dataset, same, own_cache):
    said = run(["audit", dataset], root=same[0].root, cache=own_cache)
    assert re.search(r"ok +Shapes of identities +0 of samples", said)
    assert re.search(r"ok +Stale meshes +0 of samples", said)


def test_a_scene_made_again_alone_is_the_scene_made_in_a_row(dataset, same, own_cache):
    key = [annotation["key"] for annotation, _ in read(dataset)][1]  # its human waited since the scene before
    said = run(["replay", dataset, key], root=same[0].root, cache=own_cache)
    assert f"{key}.json: the same bytes as in the shard" in said
    assert f"{key}.mask.png: the same bytes as in the shard" in said


def test_carried_vertices_are_not_written(same, own_cache, recipe, tmp_path):
    wanted = tmp_path / "verts.yaml"
    wanted.write_text(recipe.read_text() + "keep_verts: true\n")
    arguments = ["plan", wanted, "--count", 1, "--out", tmp_path / "out"]
    said = run(arguments, root=same[0].root, cache=own_cache, expected=2)
    assert "licence forbids" in said


def test_without_tables_planning_says_which_command_makes_them(same, cache, recipe, tmp_path):
    for path in cache.glob("open_body*"):
        (tmp_path / path.name).symlink_to(path)
    arguments = ["plan", recipe, "--count", 1, "--out", tmp_path / "out"]
    said = run(arguments, root=same[0].root, cache=tmp_path, expected=3)
    assert "cuffs correspond --character humgen3d" in said


def test_the_doctor_makes_a_human_of_each_sex_or_says_what_is_wrong(same, own_cache, tmp_path):
    said = run(["doctor", "--humgen3d", same[0].root], root=same[0].root, cache=own_cache)
    assert "test human, female: made" in said
    assert "test human, male: made" in said
    said = run(["doctor", "--humgen3d", tmp_path], root=tmp_path, cache=own_cache, expected=3)
    assert "the folder is empty" in said


def test_items_that_can_not_be_used_are_counted_and_named(spoiled, tmp_path):
    fine = read_content(spoiled)
    suit, cut, whole = fine.outfits["female"]
    blender = Blender(spoiled, tmp_path / "spoiling")
    blender.ask("spoil", path=str(spoiled / suit), what="mask")
    blender.close()
    (spoiled / cut).write_bytes((spoiled / cut).read_bytes()[:500])
    face, *faces = fine.expressions
    np.savez(spoiled / face, indices=np.array([[10**7]]), relative_coordinates=np.ones(1))
    hair, *_ = fine.hair["female"]
    (spoiled / hair).write_text(json.dumps({"blend_file": "nowhere.blend", "hair_systems": {"x": {}}}))
    preset = spoiled / fine.presets["female"][0]
    preset.write_text("{")
    skin, pattern = fine.textures["female"][0], fine.patterns[0]
    (spoiled / skin).write_bytes((spoiled / skin).read_bytes()[:400])
    (spoiled / pattern).write_text("no picture")
    content = read_content(spoiled)
    assert set(content.broken) == {fine.presets["female"][0]}
    few = {path for sex in ("female", "male") for path in (*content.outfits[sex], *content.footwear[sex])}
    few = few - {suit, cut, whole} | set(faces) | set(content.hair["male"]) | set(content.hair["female"][1:])
    maker = HumanMaker(spoiled, find_addon(addon_path()))
    try:
        tried = surveyed(content.without(dict.fromkeys(few, "not tried here")), maker, tmp_path)
    finally:
        maker.close()
    assert "hides the body's group 'mask_of_another_body'" in tried.broken[suit]
    assert not {suit, cut, face, hair} - set(tried.broken)
    assert all(tried.broken[path] for path in (cut, face, hair))
    assert all("not a whole picture" in tried.broken[path] for path in (skin, pattern))
    assert skin not in tried.textures["female"]
    assert pattern not in tried.patterns
    assert tried.outfits["female"] == (whole,)


@pytest.mark.parametrize(
    ("what", "error", "said"),
    [
        ("node", AssetBroken, "freckles can't be set: a node of the material is missing"),
        ("bone", UnavailableError, "lacks the bones forearm.L"),
    ],
)
def test_a_base_model_of_another_version_makes_nobody(spoiled, tmp_path, what, error, said):
    blender = Blender(spoiled, tmp_path / "spoiling")
    blender.ask("spoil", path=str(spoiled / "models/HG_HUMAN.blend"), what=what)
    blender.close()
    maker, content = HumanMaker(spoiled, find_addon(addon_path())), read_content(spoiled)
    human = plain_human(content, "female")
    try:
        with pytest.raises(error, match=re.escape(said)):
            maker.make(replace(human, skin={"freckles": 0.5}))
    finally:
        maker.close()


@pytest.mark.usefixtures("registered")
def test_a_human_who_can_not_be_made_is_drawn_anew_and_counted(spoiled, body, own_cache, caplog):
    content, config = read_content(spoiled), HumGenConfig()
    bad = content.presets["female"][1]
    data = json.loads((spoiled / bad).read_text())
    (spoiled / bad).write_text(json.dumps({**data, "keys": ["no", "keys"]}))

    def preset(number, attempt):
        return sample_human(config, content, stream(0, "humgen3d", number, attempt)).preset

    number = next(each for each in count() if preset(each, 0) == bad and preset(each, 1) != bad)
    maker = HumanMaker(spoiled, find_addon(addon_path()))
    cast = HumGenCast(config=config, seed=0, model=body, content=content, maker=maker, cache=own_cache)
    performer = cast.performer(number)
    cast.close()
    assert cast.used[number][0].preset == preset(number, 1)
    assert np.isfinite(performer.identity.rest).all()
    assert set(cast.skipped) == {bad}
    assert f"identity {number}, draw 0, is left out" in caplog.text
    assert "left out of this plan: 1 items" in caplog.text
