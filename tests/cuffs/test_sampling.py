"""Drawing cameras, people and places: pure, within their ranges, one stream a purpose."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.camera import inverse, project, transform
from cuffs.codec import encode
from cuffs.errors import ConfigError
from cuffs.recipe import load_recipe, recipe_hash
from cuffs.records import ImageSpec
from cuffs.scene.camera_config import CameraConfig, place_camera, sample_camera
from cuffs.scene.gates import GatesConfig, feet_cause, hand_in_body_cause, overlap_cause
from cuffs.scene.people import PeopleConfig, about_z, facing_rad, sample_count, sample_spots
from cuffs.scene.place_config import LightConfig, PlaceConfig, sample_light, sample_place
from cuffs.skeleton import LIMBS
from tests.cuffs.stages import STAGE
from tests.cuffs.strategies import rngs

RECIPES = sorted((Path(__file__).parents[2] / "render_configs").glob("*.yaml"))
STILL = {"pitch_deg": (0.0, 0.0), "pan_deg": (0.0, 0.0), "roll_deg": (0.0, 0.0)}


def twice(draw, seed):
    return draw(np.random.default_rng(seed)), draw(np.random.default_rng(seed))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_every_sampler_repeats_itself(seed):
    place = sample_place(PlaceConfig(), {}, STAGE, np.random.default_rng(seed))
    for draw in (
        lambda rng: sample_camera(CameraConfig(), rng),
        lambda rng: sample_spots(PeopleConfig(), 3, rng),
        lambda rng: sample_count(PeopleConfig(count={"1": 1, "3": 2}), rng),
        lambda rng: sample_place(PlaceConfig(), {}, STAGE, rng),
        lambda rng: sample_light(LightConfig(), place, STAGE, rng),
    ):
        first, second = twice(draw, seed)
        assert encode(first) == encode(second)


@given(rngs)
@settings(max_examples=50, deadline=None)
def test_a_camera_is_as_far_as_drawn_and_looks_at_its_target(rng):
    config = CameraConfig(distance_m=(0.8, 6.0), height_m=(0.2, 2.5), principal_offset=(0.1, 0.1), **STILL)
    draw, image = sample_camera(config, rng), ImageSpec(width=320, height=240)
    target = np.array([*rng.normal(size=2), rng.uniform(0.3, 1.6)])
    camera = place_camera(draw, target_world=target, facing_rad=float(rng.uniform(-3, 3)), image=image)
    seen = transform(inverse(camera.T_world_cam), target[None])
    if camera.T_world_cam[2, 3] > 0.05:  # not lifted out of the ground
        assert np.isclose(np.linalg.norm(seen), draw.distance_m)
    centre = camera.K[:2, 2]
    assert np.allclose(project(seen, camera.K)[0], centre, atol=1e-6)
    assert np.abs(centre - [160, 120]).max() <= 32 + 1e-9


@pytest.mark.parametrize(("yaw", "side"), [(0, "front"), (180, "back"), (90, "left")])
def test_yaw_zero_is_in_front_and_ninety_on_the_persons_left(yaw, side):
    """Golden: somebody who faces x, with their left at y."""
    config = CameraConfig(distance_m=(2, 2), height_m=(1, 1), yaw_deg=(yaw, yaw), **STILL)
    draw = sample_camera(config, np.random.default_rng(0))
    place = place_camera(draw, target_world=np.array([0, 0, 1.0]), facing_rad=0.0, image=ImageSpec(width=64, height=64))
    expected = {"front": [2, 0, 1], "back": [-2, 0, 1], "left": [0, 2, 1]}[side]
    assert np.allclose(place.T_world_cam[:3, 3], expected, atol=1e-9)


@given(rngs)
@settings(deadline=None)
def test_turning_a_person_turns_where_they_face(rng):
    upright = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])  # body y up, front at world x
    yaw = float(rng.uniform(-3, 3))
    assert np.isclose(np.angle(np.exp(1j * (facing_rad(about_z(yaw) @ upright) - yaw))), 0, atol=1e-9)


def test_a_hand_in_the_belly_is_noticed_and_one_beside_it_is_not():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(4000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    belly = directions * 0.2
    for distance, cause in ((0.1, "left_hand_in_body"), (0.22, None), (0.5, None)):
        hand = directions[:200] * 0.02 + [distance, 0, 0]
        limb = np.array([LIMBS.index("torso")] * 4000 + [LIMBS.index("left_hand")] * 200)
        normals = np.concatenate([directions, directions[:200]])
        found = hand_in_body_cause(GatesConfig(), verts=np.concatenate([belly, hand]), normals=normals, limb=limb)
        assert found == cause


@pytest.mark.parametrize(
    ("action", "feet_mm", "cause"),
    [
        ("standing, arms crossed", (0.0, 10.5), "feet_off_ground"),
        ("standing", (11.0, 0.0), "feet_off_ground"),
        ("standing", (0.0, 9.5), None),
        ("walking", (0.0, 120.0), None),
        (None, (0.0, 120.0), None),
    ],
)
def test_who_stands_has_both_feet_on_the_ground_and_who_walks_need_not(action, feet_mm, cause):
    assert feet_cause(GatesConfig(), action=action, feet_mm=feet_mm) == cause


def test_people_who_touch_overlap():
    ball = np.random.default_rng(0).normal(size=(2000, 3))
    ball *= 0.3 / np.linalg.norm(ball, axis=1, keepdims=True)
    assert overlap_cause(GatesConfig(), [ball, ball + [0.58, 0, 0]]) == "people_overlap"
    assert overlap_cause(GatesConfig(), [ball, ball + [0.8, 0, 0]]) is None
    assert overlap_cause(GatesConfig(), [ball]) is None


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_recipes_that_we_ship_are_sound(path):
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    assert recipe_hash(recipe) == recipe_hash(load_recipe(path))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("camera: {distance: [2, 3]}", r"no such key 'distance'. Did you mean 'distance_m'"),
        ("camera: {distance_m: [3, 2]}", "runs from 3.0 down to 2.0; swap the two"),
        ("camera: {fov_x_deg: [56, 300]}", "must lie within"),
        ("camera: {look_at: {nose: 1}}", "no such part"),
        ("camera: {look_at: {body: -1}}", "at least one weight"),
        ("image: {width: 0, height: 9}", "image.width is 0"),
        ("render: {samples: many}", "a whole number"),
        ("people: {count: {'0': 1}}", "not a number of people"),
        ("gates: {fit_mean_mm: {nose: 1}}", "no such part"),
        ("splits: {val: 1.5}", "share between 0 and 1"),
        ("place: {kinds: {hdri: 1}}", "must name a folder"),
        ("chunk_size: 0", "1 or more"),
        ("- a list", "YAML|keys and values"),
        ("a: {b", "not YAML"),
    ],
)
def test_a_bad_recipe_is_refused_with_file_key_and_remedy(tmp_path, change, says):
    base = {
        "name": "name: bad",
        "image": "image: {width: 64, height: 64}",
        "render": "render: {samples: 1}",
        "camera": "camera: {}",
        "poses": "poses: {kind: procedural}",
    }
    base[change.split(":")[0]] = change
    path = tmp_path / "bad.yaml"
    path.write_text("\n".join(base.values()) + "\n")
    with pytest.raises(ConfigError, match=says) as caught:
        load_recipe(path)
    assert "bad.yaml" in str(caught.value)
    assert caught.value.exit_code == 2
